"""Summary statistics and an embedding store: which row is which, and with what sign."""

from collections.abc import Iterator
from typing import NamedTuple, Protocol, runtime_checkable

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from jaxtyping import Bool, Int, Int64

from fabgwas.errors import InputError, NothingToAnalyseError
from fabgwas.interchange import expect
from fabgwas.show import as_html, as_text
from fabgwas.store import EmbeddingStore, KeyBlock
from fabgwas.store._overlap import chromosomes_of, explain_no_overlap
from fabgwas.variants import (
    VariantKeys,
    chromosome_codes,
    identifier_hashes,
    identifier_keys,
    match_variants,
    variant_keys,
)


@runtime_checkable
class HasVariants(Protocol):
    """Summary statistics, as far as an alignment needs them."""

    @property
    def table(self) -> pa.Table:
        """Columns chrom, pos, rsid, effect_allele, other_allele and perhaps frequencies."""

    @property
    def build(self) -> str | None:
        """GRCh37 or GRCh38."""

    @property
    def path(self) -> str:
        """Where they were read, for messages."""


class AlignReport(NamedTuple):
    """How many variants of the summary statistics went which way.

    `variants` = `matched` + `palindromic_dropped` + `absent`.
    """

    variants: int
    matched: int
    same_order: int
    """Matched, and the effect allele is the alternate allele of the store."""
    swapped: int
    """Matched, and the effect allele is the reference allele of the store."""
    strand_flipped: int
    """Matched after taking the complement of both alleles."""
    palindromic_kept: int
    """Matched A/T and C/G variants, taken to be on the strand of the store."""
    palindromic_dropped: int
    """A/T and C/G variants of the store whose strand cannot be told."""
    absent: int
    by_rsid: int
    """Matched by identifier and alleles, for want of a position."""


class Alignment(NamedTuple):
    """Pairs of equal variants, by ascending row of the store; each row occurs once."""

    row: Int64[np.ndarray, " variant"]
    """Row in the table of summary statistics."""
    store_row: Int64[np.ndarray, " variant"]
    sign: Int[np.ndarray, " variant"]
    """+1 where the effect allele is the alternate allele of the store, else -1."""
    report: AlignReport

    def __repr__(self) -> str:
        return as_text("Alignment", self._facts())

    def _repr_html_(self) -> str:
        return as_html("Alignment", self._facts())

    def _facts(self) -> dict[str, str]:
        counts = self.report._asdict()
        return {name.replace("_", " "): f"{n:,}" for name, n in counts.items()}


def align(
    sumstats: HasVariants,
    store: EmbeddingStore,
    *,
    palindrome_margin: float = 0.08,
    keep_palindromes: bool = True,
) -> Alignment:
    """Find each variant of the summary statistics in the store.

    Variants match by build, position and the two alleles in either order and on either
    strand; where the position is unknown, by identifier and alleles. The keys of the store
    are read once, block by block. Of equal rows, in either, the first counts.

    The strand of a palindromic variant (A/T, C/G) cannot be told from its alleles, and a
    store holds no frequencies to compare with. It is taken to be the strand of the store,
    unless its frequency is near one half: then it is dropped. `strand_flipped` of the
    report tells how often that is wrong for the others. LD Score regression and PRSice
    drop all such variants; so does ``keep_palindromes=False``.

    Parameters
    ----------
    sumstats
        What is looked for.
    store
        Where it is looked for.
    palindrome_margin
        Palindromic variants with a frequency within this distance of 0.5 are dropped;
        those of unknown frequency are kept.
    keep_palindromes
        False drops all palindromic variants.

    Raises
    ------
    InputError
        If the builds differ, or the build of the positions is unknown.
    NothingToAnalyseError
        If no variant matches.
    """
    expect(sumstats, HasVariants, "fabgwas.read_sumstats")
    expect(store, EmbeddingStore, "fabgwas.open_embeddings")
    _check_build(sumstats, store)
    table = sumstats.table
    ambiguous = _near_half(table, palindrome_margin) if keep_palindromes else True
    queries = _queries(table)
    chroms = None if any(query.by_rsid for query in queries) else chromosomes_of(table)
    seen = np.zeros(table.num_rows, bool)
    hits = [_NOTHING] + [
        hit for block in store.iter_keys(chroms) for hit in _search(block, queries, seen)
    ]
    hit = _joined(hits)
    dropped = hit.palindromic & np.broadcast_to(ambiguous, seen.shape)[hit.row]
    kept = _Hit(*(column[~dropped] for column in hit))
    if not kept.row.size:
        raise NothingToAnalyseError(
            f"{sumstats.path}: none of its {table.num_rows:,} variants can be found in "
            f"{store.path}: "
            + (
                "all there are palindromic."
                if hit.row.size
                else explain_no_overlap(store, table)
            )
        )
    report = _count(table.num_rows, hit, kept)
    return Alignment(kept.row, kept.store_row, kept.sign, report)


class _Query(NamedTuple):
    """Variants that are looked for, sorted by key."""

    row: Int64[np.ndarray, " variant"]
    keys: VariantKeys
    by_rsid: bool


class _Hit(NamedTuple):
    row: Int64[np.ndarray, " variant"]
    store_row: Int64[np.ndarray, " variant"]
    sign: Int[np.ndarray, " variant"]
    strand_flipped: Bool[np.ndarray, " variant"]
    palindromic: Bool[np.ndarray, " variant"]
    by_rsid: Bool[np.ndarray, " variant"]


_NOTHING = _Hit(*(np.empty(0, kind) for kind in (int, int, np.int8, bool, bool, bool)))


def _queries(table: pa.Table) -> list[_Query]:
    """Variants with a place, and those that only have an identifier."""
    placed = table["pos"].is_valid().to_numpy() & (chromosome_codes(table["chrom"]) > 0)
    named = pc.fill_null(table["rsid"].cast(pa.string()), "").to_numpy() != ""
    queries = []
    for by_rsid, wanted in ((False, placed), (True, named & ~placed)):
        row = np.flatnonzero(wanted)
        make_keys = _rsid_keys if by_rsid else _place_keys
        if row.size:
            keys = make_keys(table.take(row), "effect_allele", "other_allele")
            order = np.argsort(keys.key, kind="stable")
            keys = VariantKeys(*(each[order] for each in keys))
            queries.append(_Query(row[order], keys, by_rsid))
    return queries


def _place_keys(table: pa.Table, first: str, second: str) -> VariantKeys:
    codes = chromosome_codes(table["chrom"])
    return variant_keys(codes, table["pos"].to_numpy(), table[first], table[second])


def _rsid_keys(table: pa.Table, first: str, second: str) -> VariantKeys:
    hashed = identifier_hashes(table["rsid"].combine_chunks())
    return identifier_keys(hashed, table[first], table[second])


def _search(
    block: KeyBlock, queries: list[_Query], seen: Bool[np.ndarray, " variant"]
) -> Iterator[_Hit]:
    """Hits in a block, none of them `seen` before."""
    free = np.ones(block.rows.size, bool)
    for query in queries:
        make_keys = _rsid_keys if query.by_rsid else _place_keys
        keys = make_keys(block.table, "alt", "ref")
        # only this stretch of the sorted query can match
        low = np.searchsorted(query.keys.key, keys.key.min())
        high = np.searchsorted(query.keys.key, keys.key.max(), side="right")
        match = match_variants(VariantKeys(*(each[low:high] for each in query.keys)), keys)
        row = query.row[low:high][match.left]
        first = np.zeros(row.size, bool)
        first[np.unique(row, return_index=True)[1]] = True
        new = first & ~seen[row] & free[match.right]
        seen[row[new]] = True
        right = match.right[new]
        free[right] = False
        yield _Hit(
            row[new],
            block.rows[right],
            match.sign[new],
            match.strand_flipped[new],
            keys.palindromic[right],
            np.full(right.size, query.by_rsid),
        )


def _joined(hits: list[_Hit]) -> _Hit:
    columns = [np.concatenate(column) for column in zip(*hits, strict=True)]
    order = np.argsort(columns[1], kind="stable")
    return _Hit(*(column[order] for column in columns))


def _count(variants: int, hit: _Hit, kept: _Hit) -> AlignReport:
    return AlignReport(
        variants=variants,
        matched=kept.row.size,
        same_order=int((kept.sign > 0).sum()),
        swapped=int((kept.sign < 0).sum()),
        strand_flipped=int(kept.strand_flipped.sum()),
        palindromic_kept=int(kept.palindromic.sum()),
        palindromic_dropped=hit.row.size - kept.row.size,
        absent=variants - hit.row.size,
        by_rsid=int(kept.by_rsid.sum()),
    )


def _near_half(table: pa.Table, margin: float) -> Bool[np.ndarray, " variant"]:
    """Whether a frequency is known and within `margin` of one half."""
    if not 0 <= margin <= 0.5:
        raise ValueError(f"palindrome_margin must be between 0 and 0.5, not {margin}.")
    near = np.zeros(table.num_rows, bool)
    for name in {"effect_allele_freq", "maf"} & set(table.column_names):
        frequency = pc.fill_null(table[name].cast(pa.float64()), np.nan).to_numpy()
        near |= np.abs(frequency - 0.5) < margin
    return near


def _check_build(sumstats: HasVariants, store: EmbeddingStore) -> None:
    build = store.metadata.build
    if sumstats.build == build or not sumstats.table["pos"].is_valid().to_numpy().any():
        return
    if sumstats.build is None:
        raise InputError(
            f"{sumstats.path}: the genome build of its positions is unknown; say whether "
            f"they are GRCh37 or GRCh38 (those of {store.path} are {build})."
        )
    raise InputError(
        f"{sumstats.path}: its positions are {sumstats.build}, but those of {store.path} "
        f"are {build}. Lift the summary statistics over to {build} with a chain file, or "
        f"open a store of {sumstats.build}."
    )
