"""Which rows of a study are kept, with a count for every reason to drop one."""

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from jaxtyping import Bool, Float

from fabgwas.io._statistics import Statistics
from fabgwas.variants import (
    chromosome_code,
    chromosome_codes,
    identifier_keys,
    variant_keys,
)

Rows = Bool[np.ndarray, " row"]

_LAST_IN_SCOPE = chromosome_code("X")
_COMPARED = 100_000


class Sieve:
    """Rows that are still kept, and how many were dropped for which reason."""

    def __init__(self, size: int) -> None:
        self.keep = np.ones(size, bool)
        self.counts: dict[str, int] = {"read": size}

    def drop(self, reason: str, bad: Rows) -> None:
        """Drop rows; each counts for the first reason that it meets."""
        dropped = int(np.count_nonzero(self.keep & bad))
        if dropped:
            self.counts[f"dropped_{reason}"] = dropped
            self.keep &= ~bad


def drop_by_code(sieve: Sieve, codes: pa.ChunkedArray, fatal: list[str]) -> None:
    """Drop the rows with a fatal error code, counting each code on its own.

    An empty list means that every code is fatal; rows without one (null) are kept.
    """
    encoded = codes.combine_chunks().dictionary_encode()
    index = pc.fill_null(encoded.indices, -1).to_numpy()
    for number, code in enumerate(encoded.dictionary.to_pylist()):
        if code in fatal or not fatal:
            sieve.drop(f"error_{code}", index == number)


def valid_alleles(alleles: pa.ChunkedArray) -> Rows:
    """Whether each allele is written in A, C, G and T."""
    encoded = alleles.combine_chunks().dictionary_encode()
    good = [
        set(value) <= set("ACGT") and value != ""
        for value in encoded.dictionary.to_pylist()
    ]
    index = pc.fill_null(encoded.indices.cast(pa.int64()), len(good)).to_numpy()
    return np.array([*good, False])[index]


def out_of_scope(chrom: pa.ChunkedArray) -> Rows:
    """Whether a chromosome is known to be none of 1 to 22 and X; nulls are in scope."""
    codes = chromosome_codes(chrom)
    known = ~chrom.is_null().to_numpy()
    return known & ((codes == 0) | (codes > _LAST_IN_SCOPE))


def duplicated(table: pa.Table) -> Rows:
    """Whether a row repeats the place (or identifier) and the alleles of an earlier one."""
    first, second = table["effect_allele"], table["other_allele"]
    placed = ~table["pos"].is_null().to_numpy()
    keys = np.zeros(table.num_rows, np.uint64)
    for rows in (np.flatnonzero(placed), np.flatnonzero(~placed)):
        if rows.size == 0:
            continue
        part = table.take(pa.array(rows))
        if placed[rows[0]]:
            keys[rows] = variant_keys(
                chromosome_codes(part["chrom"]),
                part["pos"].to_numpy().astype(np.int64),
                part["effect_allele"],
                part["other_allele"],
            ).key
        else:
            _, number = np.unique(
                part["rsid"].to_numpy(zero_copy_only=False).astype(str), return_inverse=True
            )
            identifier = (number.astype(np.uint64) << np.uint64(28)) | np.uint64(1 << 63)
            keys[rows] = identifier_keys(
                identifier, first.take(pa.array(rows)), second.take(pa.array(rows))
            ).key
    _, earliest = np.unique(keys, return_index=True)
    repeated = np.ones(table.num_rows, bool)
    repeated[earliest] = False
    return repeated


def doubts(
    found: Statistics, frequency: Float[np.ndarray, " row"], *, ratio_is_tested: bool
) -> tuple[str, ...]:
    """Warnings about columns that contradict each other or look mislabelled."""
    some = slice(None, None, max(1, found.z.size // _COMPARED))
    z, log_p = found.z[some], found.log_pvalue[some]
    warnings = []
    with np.errstate(divide="ignore", invalid="ignore"):
        off = np.abs(found.beta[some] / found.se[some] - z) > 0.05 + 0.05 * np.abs(z)
        gap = np.abs(found.reported_log_pvalue[some] - log_p)
        # p-values that underflow are printed as 0
        apart = np.isfinite(gap) & (gap > 0.1 + 0.1 * np.abs(log_p))
    if ratio_is_tested and off.mean() > 0.01:
        warnings.append(
            f"beta / se differs from the z-score in {off.mean():.0%} of the variants"
        )
    if apart.mean() > 0.01:
        warnings.append(
            f"the reported p-value is not that of z in {apart.mean():.0%} of the variants"
        )
    if z.size >= 100 and abs(np.median(z)) > 0.2:
        warnings.append(
            f"the median z-score is {np.median(z):.2f}: a column may be mislabelled"
        )
    known = frequency[~np.isnan(frequency)]
    if known.size >= 100 and (known <= 0.5).all():
        warnings.append("no allele frequency exceeds 0.5: is it that of the effect allele?")
    return tuple(warnings)
