"""Variants as integer keys: chromosomes, alleles, strand, and how two lists match."""

from collections.abc import Sequence
from functools import lru_cache
from typing import NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from jaxtyping import Bool, Int, UInt64

from fabgwas.errors import UsageError

CHROMOSOMES = (*(str(number) for number in range(1, 23)), "X", "Y", "MT")

_PLINK_NUMBERS = {"23": "X", "24": "Y", "25": "X", "26": "MT"}
_SPELLINGS = {"XY": "X", "PAR1": "X", "PAR2": "X", "M": "MT"}
_BASES = "ACGT"  # the complement of base k is base 3 - k


def chromosome_code(name: str) -> int:
    """Number of a chromosome, 1 to 25 in the order of `CHROMOSOMES`, 0 if unknown.

    ``chr1``, ``01`` and PLINK's 23 to 26 (X, Y, pseudo-autosomal, MT) are understood;
    the pseudo-autosomal regions count as X.
    """
    name = name.strip().upper().removeprefix("CHR").lstrip("0")
    name = _PLINK_NUMBERS.get(name, _SPELLINGS.get(name, name))
    return CHROMOSOMES.index(name) + 1 if name in CHROMOSOMES else 0


def require_chromosomes(names: Sequence[str]) -> list[int]:
    """`chromosome_code` of each name that a user gave.

    Raises
    ------
    UsageError
        If one is unknown.
    """
    for name in names:
        if not chromosome_code(name):
            raise UsageError(
                f"unknown chromosome {name!r}; known are 1 to 22, X, Y and MT."
            )
    return [chromosome_code(name) for name in names]


def chromosome_codes(names: pa.Array | pa.ChunkedArray) -> Int[np.ndarray, " variant"]:
    """`chromosome_code` of each name; nulls are 0."""
    index, values = _dictionary(names)
    lookup = np.array([*(chromosome_code(value) for value in values), 0], np.int8)
    return lookup[index]


class VariantKeys(NamedTuple):
    """Variants with their two alleles in a given order, ready to be matched.

    `key` is equal for two variants at the same place with the same two alleles, in either
    order and on either strand; `swapped` and `complemented` tell how the given pair
    differs from the canonical one. A palindromic pair (A/T, C/G) reads the same on
    both strands, so its `complemented` is always False.
    """

    key: UInt64[np.ndarray, " variant"]
    swapped: Bool[np.ndarray, " variant"]
    complemented: Bool[np.ndarray, " variant"]
    palindromic: Bool[np.ndarray, " variant"]


class Match(NamedTuple):
    """Pairs of equal variants of a left and a right list, in the order of the right."""

    left: Int[np.ndarray, " pair"]
    right: Int[np.ndarray, " pair"]
    sign: Int[np.ndarray, " pair"]
    """+1 where the first allele of the left is the first of the right, else -1."""
    strand_flipped: Bool[np.ndarray, " pair"]


def variant_keys(
    chrom: Int[np.ndarray, " variant"],
    pos: Int[np.ndarray, " variant"],
    first: pa.Array | pa.ChunkedArray,
    second: pa.Array | pa.ChunkedArray,
) -> VariantKeys:
    """Make keys of chromosome codes, 1-based positions and two upper-case alleles.

    The key packs 5 bits of chromosome, 31 of position and 28 of the allele pair. Pairs
    of single bases have numbers of their own; the pair of an indel is hashed, and has no
    other strand.
    """
    pair, swapped, complemented, palindromic = _allele_pairs(first, second)
    place = (chrom.astype(np.uint64) << np.uint64(59)) | (
        pos.astype(np.uint64) << np.uint64(28)
    )
    return VariantKeys(place | pair, swapped, complemented, palindromic)


def identifier_hashes(
    names: pa.Array | pa.ChunkedArray,
) -> UInt64[np.ndarray, " variant"]:
    """A number for each identifier, the same in every process; nulls are as empty ones."""
    from pandas.util import hash_array  # pandas takes a second to import

    text = pc.fill_null(names.cast(pa.string()), "").to_numpy(zero_copy_only=False)
    return hash_array(text.astype(object), categorize=False)


def identifier_keys(
    identifier: UInt64[np.ndarray, " variant"],
    first: pa.Array | pa.ChunkedArray,
    second: pa.Array | pa.ChunkedArray,
) -> VariantKeys:
    """Make keys of hashed identifiers and two upper-case alleles, without a place."""
    pair, swapped, complemented, palindromic = _allele_pairs(first, second)
    return VariantKeys(identifier ^ pair, swapped, complemented, palindromic)


def match_variants(left: VariantKeys, right: VariantKeys) -> Match:
    """Find each variant of `right` in `left`; of duplicates in `left` the first counts."""
    order = np.argsort(left.key, kind="stable")
    at = np.searchsorted(left.key, right.key, sorter=order)
    found = np.zeros(right.key.size, bool)
    inside = at < left.key.size
    found[inside] = left.key[order[at[inside]]] == right.key[inside]
    index_right = np.flatnonzero(found)
    index_left = order[at[found]]
    same_order = left.swapped[index_left] == right.swapped[index_right]
    return Match(
        left=index_left,
        right=index_right,
        sign=np.where(same_order, 1, -1).astype(np.int8),
        strand_flipped=left.complemented[index_left] != right.complemented[index_right],
    )


def _dictionary(
    values: pa.Array | pa.ChunkedArray,
) -> tuple[Int[np.ndarray, " variant"], list[str]]:
    """Indices into the distinct values; nulls point just past the end."""
    if isinstance(values, pa.ChunkedArray):
        values = values.combine_chunks()
    if not pa.types.is_dictionary(values.type):
        values = values.dictionary_encode()
    distinct = values.dictionary.to_pylist()
    index = pc.fill_null(values.indices.cast(pa.int64()), len(distinct))
    return index.to_numpy(zero_copy_only=False), distinct


def _allele_pairs(
    first: pa.Array | pa.ChunkedArray, second: pa.Array | pa.ChunkedArray
) -> tuple[
    UInt64[np.ndarray, " variant"],
    Bool[np.ndarray, " variant"],
    Bool[np.ndarray, " variant"],
    Bool[np.ndarray, " variant"],
]:
    """Canonical pair number, and the two moves that lead from the pair to it."""
    index_1, values_1 = _dictionary(first)
    index_2, values_2 = _dictionary(second)
    combined = index_1 * (len(values_2) + 1) + index_2
    distinct, inverse = _distinct(combined, (len(values_1) + 1) * (len(values_2) + 1))
    # few pairs are distinct, so the work per pair may be slow and plain
    facts = np.array(
        [
            _describe_pair(
                [*values_1, ""][code // (len(values_2) + 1)],
                [*values_2, ""][code % (len(values_2) + 1)],
            )
            for code in distinct.tolist()
        ],
        dtype=np.uint64,
    ).reshape(-1, 4)
    pair, swapped, complemented, palindromic = facts[inverse].T
    return pair, swapped.astype(bool), complemented.astype(bool), palindromic.astype(bool)


def _distinct(
    codes: Int[np.ndarray, " variant"], limit: int
) -> tuple[Int[np.ndarray, " pair"], Int[np.ndarray, " variant"]]:
    """Distinct codes below `limit`, and where each code is among them."""
    if limit > max(4 * codes.size, 1 << 16):
        return np.unique(codes, return_inverse=True)
    # a table of all codes needs no sorting: 25 times as fast for a million SNVs
    present = np.zeros(limit, bool)
    present[codes] = True
    return np.flatnonzero(present), (np.cumsum(present) - 1)[codes]


@lru_cache(1 << 16)
def _describe_pair(first: str, second: str) -> tuple[int, bool, bool, bool]:
    if first in _BASES and second in _BASES and len(first) == len(second) == 1:
        a, b = _BASES.index(first), _BASES.index(second)
        number, complemented, swapped = min(
            (4 * a + b, False, False),
            (4 * b + a, False, True),
            (4 * (3 - a) + 3 - b, True, False),
            (4 * (3 - b) + 3 - a, True, True),
        )
        return number, swapped, complemented, a + b == 3
    low, high = sorted((first, second))
    return 16 + _hash(f"{low}>{high}") % (2**28 - 16), first != low, False, False


def _hash(text: str) -> int:
    """FNV-1a: the same number in every process, unlike `hash`."""
    value = 0xCBF29CE484222325
    for byte in text.encode():
        value = (value ^ byte) * 0x100000001B3 % 2**64
    return value
