"""Which variant of the genotypes each weight belongs to, and which allele it counts."""

from typing import Any, NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from jaxtyping import Bool, Int, Int64

from fabgwas.errors import InputError, NothingToAnalyseError
from fabgwas.io._build import detect_build
from fabgwas.io._match import match_rows
from fabgwas.io._weights import Weights

MATCHES = ("auto", "position", "id")
_PALINDROMES = pa.array(["AT", "TA", "CG", "GC"])


class WeightCounts(NamedTuple):
    """How many weights went which way: `weights` is the sum of the next four."""

    weights: int
    matched: int
    absent: int
    """No variant has this place or identifier."""
    other_alleles: int
    """A variant is there, but with other alleles."""
    ambiguous_dropped: int
    """A/T and C/G variants, if those are to be left out."""
    flipped: int
    """Matched, and the effect allele is A2 of the .bim."""
    strand_flipped: int
    """Matched after taking the complement of both alleles."""
    ambiguous_kept: int
    """Matched A/T and C/G variants, taken to be on the strand of the genotypes."""


class WeightMatch(NamedTuple):
    """Pairs of weights and variants, in the order of the weights."""

    row: Int64[np.ndarray, " pair"]
    variant: Int64[np.ndarray, " pair"]
    same: Bool[np.ndarray, " pair"]
    """Whether the effect allele is the one that dosages count."""
    counts: WeightCounts


def match_weights(
    weights: Weights, variants: pa.Table, *, by: str = "auto", keep_ambiguous: bool = True
) -> WeightMatch:
    """Find the variant of each weight.

    Parameters
    ----------
    weights
        As `read_weights` gives them.
    variants
        Those of `Genotypes`.
    by
        ``position``: place and alleles, in either order and on either strand; weights
        without the other allele match if their effect allele is there. ``id``: identifier
        and effect allele, exactly, as ``plink2 --score`` does. ``auto``: by position, and
        those that have none by identifier.
    keep_ambiguous
        False leaves out A/T and C/G variants, whose strand cannot be told.

    Raises
    ------
    InputError
        If the positions belong to different builds.
    NothingToAnalyseError
        If no weight has a variant.
    """
    if by not in MATCHES:
        raise ValueError(f"by must be one of {', '.join(MATCHES)}, but is {by!r}.")
    table = weights.table
    pairs = _Pairs(table.num_rows)
    placed = table["pos"].is_valid().to_numpy() & (by != "id")
    if placed.any():
        _check_builds(weights, variants)
        _match_places(table, variants, np.flatnonzero(placed), pairs)
    if by != "position":
        _match_one_allele(table, variants, np.flatnonzero(~placed), "rsid", pairs)
    return _result(weights, variants, pairs, keep_ambiguous=keep_ambiguous)


class _Pairs:
    """The variant of each row, -1 where there is none (yet)."""

    def __init__(self, n_rows: int) -> None:
        self.variant = np.full(n_rows, -1)
        self.same = np.zeros(n_rows, bool)
        self.strand_flipped = np.zeros(n_rows, bool)
        self.seen = np.zeros(n_rows, bool)  # a variant is there, whatever its alleles

    def add(
        self,
        rows: Int[np.ndarray, " pair"],
        variant: Int[np.ndarray, " pair"],
        same: Bool[np.ndarray, " pair"],
    ) -> None:
        new = self.variant[rows] < 0
        self.variant[rows[new]], self.same[rows[new]] = variant[new], same[new]


def _match_places(
    table: pa.Table, variants: pa.Table, rows: Int[np.ndarray, " row"], pairs: _Pairs
) -> None:
    match = match_rows(table.take(pa.array(rows)), variants)
    pairs.add(rows[match.left], match.right, match.sign > 0)
    pairs.strand_flipped[rows[match.left]] = match.strand_flipped
    single = rows[~table["other_allele"].is_valid().to_numpy()[rows]]
    _match_one_allele(table, variants, single, "place", pairs)
    rest = rows[pairs.variant[rows] < 0]
    known = _names(variants, "place")
    found = pc.index_in(_names(table.take(pa.array(rest)), "place"), known)
    pairs.seen[rest] = _bools(found.is_valid())


def _match_one_allele(
    table: pa.Table,
    variants: pa.Table,
    rows: Int[np.ndarray, " row"],
    kind: str,
    pairs: _Pairs,
) -> None:
    """Match rows by a name, and by their effect allele alone."""
    if not rows.size:
        return
    taken = table.take(pa.array(rows))
    name, known = _names(taken, kind), _names(variants, kind)
    there = pc.index_in(name, known, skip_nulls=True)
    pairs.seen[rows] |= _bools(there.is_valid())
    for side in ("effect_allele", "other_allele"):
        found = pc.index_in(
            _joined(name, taken["effect_allele"]),
            _joined(known, variants[side]),
            skip_nulls=True,
        )
        at = np.flatnonzero(_bools(found.is_valid()))
        variant = found.drop_null().to_numpy().astype(np.int64)
        pairs.add(rows[at], variant, np.full(at.size, side == "effect_allele"))


def _names(table: pa.Table, kind: str) -> Any:
    if kind == "rsid":
        return _plain(table["rsid"])
    return _joined(table["chrom"], table["pos"])


def _joined(first: Any, second: Any) -> Any:
    return pc.binary_join_element_wise(_plain(first), _plain(second), ":")


def _bools(values: Any) -> Bool[np.ndarray, " row"]:
    return np.asarray(values.to_numpy(zero_copy_only=False), bool)


def _plain(column: Any) -> Any:
    text = column.cast(pa.string())
    return text.combine_chunks() if isinstance(text, pa.ChunkedArray) else text


def _result(
    weights: Weights, variants: pa.Table, pairs: _Pairs, *, keep_ambiguous: bool
) -> WeightMatch:
    row = np.flatnonzero(pairs.variant >= 0)
    ambiguous = np.zeros(row.size, bool)
    if row.size:
        there = variants.take(pa.array(pairs.variant[row]))
        both = [there[name].cast(pa.string()) for name in ("effect_allele", "other_allele")]
        joined = _plain(pc.binary_join_element_wise(*both, ""))
        ambiguous = _bools(pc.is_in(joined, _PALINDROMES))
    kept = row if keep_ambiguous else row[~ambiguous]
    n_seen = int(np.sum(pairs.seen & (pairs.variant < 0)))
    counts = WeightCounts(
        weights=len(weights),
        matched=kept.size,
        absent=len(weights) - row.size - n_seen,
        other_alleles=n_seen,
        ambiguous_dropped=row.size - kept.size,
        flipped=int(np.sum(~pairs.same[kept])),
        strand_flipped=int(np.sum(pairs.strand_flipped[kept])),
        ambiguous_kept=int(ambiguous.sum()) if keep_ambiguous else 0,
    )
    if not kept.size:
        raise NothingToAnalyseError(
            f"{weights.path}: none of its {len(weights):,} weights fits a variant of the "
            f"genotypes: {counts.absent:,} are absent, {counts.other_alleles:,} have other "
            f"alleles there, {counts.ambiguous_dropped:,} are ambiguous."
        )
    return WeightMatch(kept, pairs.variant[kept], pairs.same[kept], counts)


def _check_builds(weights: Weights, variants: pa.Table) -> None:
    mine = weights.build or detect_build(weights.table)
    theirs = detect_build(variants)
    if mine and theirs and mine != theirs:
        raise InputError(
            f"{weights.path}: its positions are {mine}, but those of the genotypes are "
            f"{theirs}; match by identifier (option match), or lift one of them over."
        )
