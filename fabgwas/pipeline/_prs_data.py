"""What a score is fitted to: statistics and LD of the same variants, and their features."""

from dataclasses import dataclass, replace

import numpy as np
import pyarrow as pa
from jaxtyping import Bool, Float, Int

from fabgwas.alignment import align
from fabgwas.errors import InputError, NothingToAnalyseError
from fabgwas.features import own_features
from fabgwas.io import SumStats, read_annotations
from fabgwas.ldstore import LdStore
from fabgwas.memory import require_memory
from fabgwas.prs import (
    Problem,
    ReadLd,
    Whitened,
    find_mismatches,
    guess_heritability,
    guess_intercept,
    pack_blocks,
    whiten,
)
from fabgwas.store import open_embeddings

Column = Float[np.ndarray, " variant"]


@dataclass(frozen=True)
class ScoreData:
    """The variants of a study that have LD, in the order of the LD store."""

    study: SumStats
    """Its table holds these variants only."""
    variant: Int[np.ndarray, " variant"]
    """Number of each in the LD store."""
    sign: Column
    """+1 where the effect alleles of study and store agree, else -1."""
    z: Column
    """Square root of n times the correlation of dosage and trait, towards the effect
    allele of the store; of variance 1 where there is no effect."""
    n: Column
    """People who would tell as much without confounding: the sample sizes over the
    intercept."""
    ld_score: Column
    block: Int[np.ndarray, " variant"]
    counts: dict[str, int]
    intercept: float = 1.0
    """What z was divided by the root of, and n by."""

    def take(self, keep: Bool[np.ndarray, " variant"]) -> "ScoreData":
        """Only some of the variants."""
        arrays = ("variant", "sign", "z", "n", "ld_score", "block")
        table = self.study.table.filter(pa.array(keep))
        return replace(
            self,
            study=replace(self.study, table=table),
            **{name: getattr(self, name)[keep] for name in arrays},
        )

    def without_mismatches(self, store: LdStore) -> "ScoreData":
        """Drop variants whose statistics contradict the LD: `find_mismatches`."""
        _, sizes = np.unique(self.block, return_counts=True)
        read = self._reader(store, 0.0)
        parts = np.split(self.z, np.cumsum(sizes)[:-1])
        bad = np.concatenate([find_mismatches(read(k), z) for k, z in enumerate(parts)])
        counts = {"contradict_ld": int(bad.sum()), "used": int(np.sum(~bad))}
        return replace(self.take(~bad), counts={**self.counts, **counts})

    def without_confounding(self, intercept: float | None) -> "ScoreData":
        """Divide z by the root of an LD score intercept; None estimates it."""
        if intercept is None:
            intercept = guess_intercept(self.z, self.n, self.ld_score, self.block)
        z, n = self.z / np.sqrt(intercept), self.n / intercept
        return replace(self, z=z, n=n, intercept=intercept)

    def problem(self, store: LdStore, shrinkage: float = 0.0) -> Problem:
        """The data with the LD of their blocks, shrunk further if asked."""
        import jax.numpy as jnp

        _, sizes = np.unique(self.block, return_counts=True)
        require_memory(
            4 * int(np.sum(sizes.astype(np.int64) ** 2)),
            f"the LD of {self.z.size:,} variants",
            "use fewer variants, or smaller LD blocks",
        )
        batches = pack_blocks(sizes.tolist(), self._reader(store, shrinkage))
        z, n = (jnp.asarray(values, jnp.float32) for values in (self.z, self.n))
        return Problem(batches, z, n)

    def _reader(self, store: LdStore, shrinkage: float) -> ReadLd:
        """Correlations of the variants in one of their blocks, by its number."""
        numbers, sizes = np.unique(self.block, return_counts=True)
        starts = np.cumsum([0, *sizes])

        def read(place: int) -> Float[np.ndarray, "variant variant"]:
            whole = store.block(int(numbers[place]))
            mine = self.variant[starts[place] : starts[place + 1]] - whole.start
            ld = whole.ld[np.ix_(mine, mine)] * np.float32(1 - shrinkage)
            np.fill_diagonal(ld, 1)
            return ld

        return read

    def heritability(self) -> float:
        """A first guess of the share of variance that the variants explain."""
        return guess_heritability(self.z, self.n, self.ld_score)


def score_data(study: SumStats, store: LdStore) -> ScoreData:
    """Find the variants of a study in an LD store.

    Raises
    ------
    InputError
        If the study has no sample sizes.
    NothingToAnalyseError
        If no variant is in the store.
    """
    match = store.match(study.table)
    # of rows that are the same variant, the first counts
    _, first = np.unique(match.right, return_index=True)
    row, variant = match.left[first], match.right[first]
    if not row.size:
        raise NothingToAnalyseError(
            f"{study.path}: none of its {len(study):,} variants is in {store.path}."
        )
    table = study.table.take(pa.array(row))
    if table["n"].null_count:
        raise InputError(
            f"{study.path}: a score needs the sample size of each variant; give it "
            "(option n)."
        )
    n = table["n"].to_numpy().astype(np.float64)
    sign = match.sign[first].astype(np.float64)
    z = table["z"].to_numpy()
    counts = {
        "without_ld": len(study) - match.left.size,
        "repeated": match.left.size - row.size,
        "used": row.size,
    }
    return ScoreData(
        study=replace(study, table=table),
        variant=variant,
        sign=sign,
        # the correlation of which z is the statistic, for a trait of variance 1
        z=sign * z / np.sqrt(1 + z**2 / n),
        n=n,
        ld_score=np.maximum(store.ld_scores()[variant], 1.0),
        block=store.variants["block"].to_numpy()[variant],
        counts=counts,
    )


def embedding_features(
    path: str, data: ScoreData, components: int
) -> tuple[Whitened, dict[str, int]]:
    """Whitened vectors of the variants; those without a vector get the mean."""
    store = open_embeddings(path)
    alignment = align(data.study, store)
    nothing = np.empty((alignment.row.size, 0))
    found = own_features(store, alignment, nothing, components).magnitude
    features = whiten(found, alignment.row, data.z.size)
    return features, {"with_embedding": alignment.row.size}


def annotation_features(path: str, data: ScoreData) -> tuple[Whitened, dict[str, int]]:
    """Whitened annotations of the variants; where one is unknown it gets its mean."""
    row, values = read_annotations(path, data.study.table)
    features = whiten(values.astype(np.float32), row, data.z.size, alike=True)
    return features, {"with_annotation": row.size}


def effects_table(
    data: ScoreData,
    mean: Column,
    details: dict[str, Column],
) -> pa.Table:
    """Weights per effect allele of the study, in the units of its effects.

    A standardised effect is multiplied by sqrt(n) se, with the n of the study, which is the
    effect per allele of a standardised effect of 1; without se, by 1 / sqrt(2 f (1 - f)),
    which gives standard deviations of the trait per allele.
    """
    table = data.study.table
    scale = _scale(data)
    columns = {
        name: table[name]
        for name in ("chrom", "pos", "rsid", "effect_allele", "other_allele")
    }
    columns["effect_allele_freq"] = table["effect_allele_freq"]
    columns["weight"] = pa.array(data.sign * mean * scale)
    for name, values in details.items():
        columns[name] = pa.array(values * scale if name == "weight_sd" else values)
    return pa.table(columns)


def weights_grid(data: ScoreData, effects: dict[str, Column]) -> pa.Table:
    """Weights of several scores, in the units of `effects_table`."""
    table, scale = data.study.table, data.sign * _scale(data)
    names = ("chrom", "pos", "rsid", "effect_allele", "other_allele")
    columns = {name: table[name] for name in names}
    return pa.table(columns | {name: pa.array(b * scale) for name, b in effects.items()})


def _scale(data: ScoreData) -> Column:
    table = data.study.table
    if table["se"].null_count == 0:
        return np.sqrt(data.n * data.intercept) * table["se"].to_numpy()
    frequency = table["effect_allele_freq"]
    if frequency.null_count or np.isnan(frequency.to_numpy()).any():
        raise InputError(
            f"{data.study.path}: weights per allele need standard errors or allele "
            "frequencies of all variants."
        )
    f = frequency.to_numpy()
    return 1 / np.sqrt(np.maximum(2 * f * (1 - f), 1e-6))
