"""The prior of a study: features of its variants, folds, and a cross-fitted link."""

from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from jaxtyping import Float, Int

from fabgwas.alignment import Alignment
from fabgwas.features import Reference, convolved_features, own_features
from fabgwas.io import SumStats
from fabgwas.ld import assign_blocks
from fabgwas.link import FoldReport, Moments, cross_fit, log_predictive, make_folds
from fabgwas.store import EmbeddingStore
from fabgwas.variants import chromosome_codes

_RESAMPLES = 2000


@dataclass(frozen=True)
class Gain:
    """Held-out log-likelihood of the prior minus that of the covariates alone.

    In nats per independent variant: weighted by 1 / (LD score) where that is known, with
    a 95 % interval from resampling LD blocks.
    """

    mean: float
    lower: float
    upper: float


@dataclass(frozen=True)
class FittedPrior:
    """What is expected of E z of each aligned variant, learned without its fold.

    Arrays follow the rows of `study`; means point towards the effect allele.
    """

    study: pa.Table
    """The aligned variants of the summary statistics, all with their places."""
    moments: Moments
    """Mean and variance of E z where it is not 0, and the probability of that."""
    reference: Moments
    """The same by the covariates alone: what every gain is measured against."""
    fold: Int[np.ndarray, " variant"]
    block: Int[np.ndarray, " variant"]
    """LD blocks, which no fold splits."""
    ld_score: Float[np.ndarray, " variant"] | None
    covariates: tuple[str, ...]
    scheme: str
    reports: tuple[FoldReport, ...]
    gain: Gain

    @property
    def utility(self) -> Float[np.ndarray, " variant"] | None:
        """1 / (LD score): what finding one of many variants that say the same is worth."""
        return None if self.ld_score is None else 1 / self.ld_score

    def __repr__(self) -> str:
        used = sum(report.model != "covariates" for report in self.reports)
        return (
            f"FittedPrior({self.study.num_rows:,} variants, {len(self.reports)} folds by "
            f"{self.scheme}, embedding used in {used}, held-out gain {self.gain.mean:.4f} "
            f"[{self.gain.lower:.4f}, {self.gain.upper:.4f}])"
        )


def fit_prior(
    sumstats: SumStats,
    store: EmbeddingStore,
    alignment: Alignment,
    panel: Reference | None = None,
    *,
    model: str = "auto",
    components: int = 256,
    max_shift: float = 1.0,
    population: str = "EUR",
    seed: int = 0,
) -> FittedPrior:
    """Learn the prior mean and variance of each aligned variant on other folds.

    The features are the embedding, and as covariates that are never penalised an
    intercept, the log LD score (with a panel) and the heterozygosity 2 f (1 - f) (with
    allele frequencies). Z-scores are oriented towards the alternate allele of the store
    while learning, so that it does not matter which allele the study coded.

    Parameters
    ----------
    sumstats, store, alignment
        The study, the vectors, and which row is which.
    panel
        Reference panel or LD store; without one LD scores are left out of the model.
    model
        How effects depend on embeddings: see `fabgwas.link.cross_fit`.
    components
        Principal components of the embedding to use at most.
    max_shift
        Largest shift |b| = 2 |mean| / var that a prior may give the FAB test.
    population
        LD blocks that folds respect: EUR, AFR or ASN.
    seed
        Of the resampling behind the interval of the gain.
    """
    table = _aligned_table(sumstats, store, alignment)
    sign = alignment.sign.astype(np.float64)
    chrom = chromosome_codes(table["chrom"]).astype(np.int64)
    pos = table["pos"].to_numpy().astype(np.int64)
    block = assign_blocks(chrom, pos, store.metadata.build, population)
    folds = make_folds(chrom, pos, block)
    ld_score, frequency = _from_panel(table, panel)
    names, covariates = _covariates(table, ld_score, frequency)
    weight = np.ones(sign.size) if ld_score is None else 1 / ld_score
    z = table["z"].to_numpy() * sign

    features = []
    if model != "covariates":
        own = own_features(store, alignment, covariates, components)
        features = [own] * (model != "ldscore" or panel is None)
        if panel is not None and model != "ridge":
            shape = (len(names), table, sign, panel, block)
            features.append(convolved_features(own, *shape))
    prior = cross_fit(
        z, covariates, features, weight, folds, model=model, max_shift=max_shift
    )
    difference = log_predictive(z, prior.moments) - log_predictive(z, prior.covariates)
    return FittedPrior(
        study=table,
        moments=prior.moments._replace(mean=sign * prior.moments.mean),
        reference=prior.covariates._replace(mean=sign * prior.covariates.mean),
        fold=folds.fold,
        block=block,
        ld_score=ld_score,
        covariates=names,
        scheme=folds.scheme,
        reports=tuple(prior.reports),
        gain=_gain(difference, weight, block, np.random.default_rng(seed)),
    )


def _aligned_table(
    sumstats: SumStats, store: EmbeddingStore, alignment: Alignment
) -> pa.Table:
    """The matched rows; those matched by identifier get their place from the store."""
    table = sumstats.table.take(pa.array(alignment.row))
    if table["pos"].null_count == 0:
        return table
    keys = [
        block.table.filter(pa.array(np.isin(block.rows, alignment.store_row)))
        for block in store.iter_keys()
    ]
    places = pa.concat_tables(keys).select(["chrom", "pos"])
    for name, plain in (("chrom", pa.string()), ("pos", pa.int32())):
        filled = pc.coalesce(table[name].cast(plain), places[name].cast(plain))
        field = table.schema.field(name)
        table = table.set_column(
            table.schema.get_field_index(name), field, filled.cast(field.type)
        )
    return table


def _from_panel(
    table: pa.Table, panel: Reference | None
) -> tuple[Float[np.ndarray, " variant"] | None, Float[np.ndarray, " variant"] | None]:
    """LD scores of at least 1 (the median where unknown) and allele frequencies."""
    if panel is None:
        return None, None
    match = panel.match(table)
    ld_score = np.full(table.num_rows, np.nan)
    frequency = np.full(table.num_rows, np.nan)
    ld_score[match.left] = panel.ld_scores()[match.right]
    frequency[match.left] = panel.freq[match.right]
    known = np.isfinite(ld_score) & (ld_score > 0)
    if not known.any():
        return None, None
    ld_score[~known] = np.median(ld_score[known])
    return np.maximum(ld_score, 1.0), frequency


def _covariates(
    table: pa.Table,
    ld_score: Float[np.ndarray, " variant"] | None,
    panel_frequency: Float[np.ndarray, " variant"] | None,
) -> tuple[tuple[str, ...], Float[np.ndarray, "variant covariate"]]:
    columns = {"intercept": np.ones(table.num_rows)}
    if ld_score is not None:
        columns["log_ld_score"] = np.log(ld_score)
    frequency = table["effect_allele_freq"].to_numpy().astype(np.float64)
    if panel_frequency is not None:
        frequency = np.where(np.isnan(frequency), panel_frequency, frequency)
    known = ~np.isnan(frequency)
    if known.any():
        # rounded, so that f and 1 - f give the same to the last bit
        heterozygosity = np.round(2 * frequency * (1 - frequency), 9)
        columns["heterozygosity"] = np.where(
            known, heterozygosity, heterozygosity[known].mean()
        )
    return tuple(columns), np.column_stack(list(columns.values()))


def _gain(
    difference: Float[np.ndarray, " variant"],
    weight: Float[np.ndarray, " variant"],
    block: Int[np.ndarray, " variant"],
    rng: np.random.Generator,
) -> Gain:
    _, number = np.unique(block, return_inverse=True)
    sums = np.bincount(number, weight * difference)
    sizes = np.bincount(number, weight)
    drawn = rng.multinomial(sums.size, np.full(sums.size, 1 / sums.size), _RESAMPLES)
    lower, upper = np.quantile((drawn @ sums) / (drawn @ sizes), [0.025, 0.975])
    return Gain(float(sums.sum() / sizes.sum()), float(lower), float(upper))
