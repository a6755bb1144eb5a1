"""The prior of a study: features of its variants, folds, and a cross-fitted link."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
from jaxtyping import Float, Int

from fabgwas.alignment import Alignment
from fabgwas.auxiliary import Overlap, read_auxiliary
from fabgwas.errors import InputError
from fabgwas.features import (
    Columns,
    Reference,
    aligned_table,
    auxiliary_features,
    convolved_features,
    ld_and_frequency,
    own_features,
    redundancy,
    study_covariates,
)
from fabgwas.io import SumStats
from fabgwas.ld import Blocks as Partition
from fabgwas.ld import assign_blocks, find_blocks
from fabgwas.link import (
    Features,
    FoldReport,
    Gain,
    Moments,
    TooFewVariantsError,
    block_gain,
    cross_fit,
    log_predictive,
    make_folds,
)
from fabgwas.orientation import orientation
from fabgwas.progress import Progress
from fabgwas.show import as_html, as_text
from fabgwas.store import EmbeddingStore
from fabgwas.variants import chromosome_codes

Blocks = Int[np.ndarray, " variant"]


@dataclass(frozen=True)
class FittedPrior:
    """What is expected of E z of each aligned variant, learned without its fold.

    Arrays follow the rows of `study`; means point towards the effect allele.
    """

    study: pa.Table
    """The aligned variants of the summary statistics, all with their places."""
    row: Int[np.ndarray, " variant"]
    """Where they are in the summary statistics."""
    moments: Moments
    """Mean and variance of E z where it is not 0, and the probability of that."""
    reference: Moments
    """The same by the covariates alone: what every gain is measured against."""
    fold: Int[np.ndarray, " variant"]
    block: Int[np.ndarray, " variant"]
    """LD blocks, which no fold splits."""
    ld_score: Float[np.ndarray, " variant"] | None
    covariates: tuple[str, ...]
    overlaps: Mapping[str, Overlap]
    """Of each other study that informs the prior."""
    scheme: str
    reports: tuple[FoldReport, ...]
    log_ratio: Float[np.ndarray, " variant"]
    """Log-likelihood of z, held out, minus that under `reference`."""
    weight: Float[np.ndarray, " variant"]
    """1 / (LD score among the variants) if known: what each adds to a likelihood."""
    gain: Gain
    """The mean of `log_ratio`."""

    @property
    def utility(self) -> Float[np.ndarray, " variant"] | None:
        """1 / (LD score): what finding one of many variants that say the same is worth."""
        return None if self.ld_score is None else 1 / self.ld_score

    @property
    def used_folds(self) -> int:
        """Number of folds whose prior depends on the embedding."""
        return sum(report.uses_embedding for report in self.reports)

    def __repr__(self) -> str:
        return as_text("FittedPrior", self._facts())

    def _repr_html_(self) -> str:
        return as_html("FittedPrior", self._facts())

    def _facts(self) -> dict[str, str]:
        return {
            "variants": f"{self.study.num_rows:,}",
            "folds": f"{len(self.reports)} by {self.scheme}",
            "embedding used in": f"{self.used_folds}",
            "held-out gain": str(self.gain),
        }


def fit_prior(
    sumstats: SumStats,
    store: EmbeddingStore,
    alignment: Alignment,
    panel: Reference | None = None,
    *,
    aux: Sequence[SumStats] = (),
    aux_rho: float | None = None,
    aux_shift: float = 0.0,
    model: str = "auto",
    orient: str = "alternate",
    ancestral: str | None = None,
    components: int = 256,
    max_shift: float = 1.0,
    blocks: str | Partition = "EUR",
    seed: int = 0,
) -> FittedPrior:
    """Learn the prior mean and variance of each aligned variant on other folds.

    The features are the embedding, and as covariates that are never penalised an
    intercept, the log LD score (with a panel) and the heterozygosity 2 f (1 - f) (with
    allele frequencies). While learning, z-scores point towards an allele that the study
    did not choose, so that it does not matter which one it coded.

    Parameters
    ----------
    sumstats, store, alignment
        The study, the vectors, and which row is which.
    panel
        Reference panel or LD store; without one LD scores are left out of the model.
    aux
        Other studies that may inform the prior; see `fabgwas.auxiliary`.
    aux_rho
        Correlation of the null z-scores of the study and each of the others; None
        estimates it, which takes a panel.
    aux_shift
        Standard errors to move it by.
    model
        How effects depend on embeddings: see `fabgwas.link.cross_fit`.
    orient
        The allele that predicted means point towards while learning; see
        `fabgwas.orientation`.
    ancestral
        FASTA of ancestral alleles, which ``derived`` needs.
    components
        Principal components of the embedding to use at most.
    max_shift
        Largest shift |b| = 2 |mean| / var that a prior may give the FAB test.
    blocks
        LD blocks that folds respect: EUR, AFR or ASN, or those of `blocks_from_bed`.
    seed
        Of the resampling behind the interval of the gain.

    Raises
    ------
    InputError
        If the study has too few variants or LD blocks to learn from.
    """
    table = aligned_table(sumstats, store, alignment)
    chrom = chromosome_codes(table["chrom"]).astype(np.int64)
    pos = table["pos"].to_numpy().astype(np.int64)
    block = (
        assign_blocks(chrom, pos, store.metadata.build, blocks)
        if isinstance(blocks, str)
        else find_blocks(chrom, pos, blocks)
    )
    with _blaming(sumstats, store, block):
        folds = make_folds(chrom, pos, block)
    ld_score, frequency = ld_and_frequency(table, panel)
    names, covariates = study_covariates(table, ld_score, frequency)
    weight = np.ones(block.size) if panel is None else 1 / redundancy(table, panel, block)
    sign = alignment.sign * orientation(orient, store, alignment, frequency, ancestral)
    others = [read_auxiliary(table, other, ld_score, aux_rho) for other in aux]
    residuals = np.empty((block.size, len(others)))
    for number, other in enumerate(others):
        residuals[:, number] = sign * other.residual(table["z"].to_numpy(), aux_shift)
    features = _features(
        store,
        alignment,
        covariates,
        residuals,
        (table, sign, panel, block),
        model,
        components,
    )
    z = table["z"].to_numpy() * sign
    with _blaming(sumstats, store, block):
        prior = cross_fit(
            z,
            covariates,
            features,
            weight,
            folds,
            model=model,
            max_shift=max_shift,
            progress=Progress("folds"),
        )
    log_ratio = log_predictive(z, prior.moments) - log_predictive(z, prior.covariates)
    return FittedPrior(
        study=table,
        row=alignment.row,
        # 0 is added so that none is written as -0
        moments=prior.moments._replace(mean=sign * prior.moments.mean + 0.0),
        reference=prior.covariates._replace(mean=sign * prior.covariates.mean + 0.0),
        fold=folds.fold,
        block=block,
        ld_score=ld_score,
        covariates=names,
        overlaps={other.name: other.overlap for other in others},
        scheme=folds.scheme,
        reports=tuple(prior.reports),
        log_ratio=log_ratio,
        weight=weight,
        gain=block_gain(log_ratio, weight, block, seed),
    )


@contextmanager
def _blaming(sumstats: SumStats, store: EmbeddingStore, block: Blocks) -> Iterator[None]:
    """Name the study, and the store, where they share too little to learn from."""
    try:
        yield
    except TooFewVariantsError as error:
        raise InputError(
            f"{sumstats.path}: {block.size:,} aligned variants in {np.unique(block).size} "
            f"LD blocks are too few to learn a prior from {store.path}: {error}"
        ) from error


def _features(
    store: EmbeddingStore,
    alignment: Alignment,
    covariates: Columns,
    residuals: Float[np.ndarray, "variant other"],
    ld: tuple[pa.Table, Float[np.ndarray, " variant"], Reference | None, Blocks],
    model: str,
    components: int,
) -> list[Features]:
    """What the linking model may use besides the covariates."""
    table, sign, panel, block = ld
    fixed = covariates
    features: list[Features] = []
    if residuals.shape[1]:
        features.append(auxiliary_features(covariates, residuals))
        fixed = features[0].mean
    if model == "covariates":
        return features
    own = own_features(store, alignment, fixed, components, residuals)
    if model != "ldscore" or panel is None:
        features.append(own)
    if panel is not None and model != "ridge":
        dim = min(components, store.dim)
        features.append(convolved_features(own, dim, table, sign, panel, block))
    return features
