"""Which rows of a study are kept, with a count for every reason to drop one."""

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from jaxtyping import Bool, Float, UInt64

from fabgwas.io._statistics import Statistics
from fabgwas.variants import chromosome_codes, identifier_keys, variant_keys

Rows = Bool[np.ndarray, " row"]

_COMPARED = 100_000


class Sieve:
    """Rows that are still kept, and how many were dropped for which reason."""

    def __init__(self, size: int) -> None:
        self.keep = np.ones(size, bool)
        self.counts: dict[str, int] = {"read": size}

    def drop(self, reason: str, bad: Rows) -> None:
        """Drop rows; each counts for the first reason that it meets."""
        self.count(reason, self.keep & bad)
        self.keep &= ~bad

    def count(self, reason: str, dropped: Rows) -> None:
        """Add to the tally of a reason, if there is something to add."""
        size = int(np.count_nonzero(dropped))
        if size:
            name = f"dropped_{reason}"
            self.counts[name] = self.counts.get(name, 0) + size


def drop_by_code(sieve: Sieve, codes: pa.ChunkedArray, fatal: list[str]) -> None:
    """Drop the rows with a fatal error code, counting each code on its own.

    An empty list means that every code is fatal; rows without one (null) are kept.
    """
    encoded = codes.combine_chunks()
    index = pc.fill_null(encoded.indices, -1).to_numpy()
    for number, code in enumerate(encoded.dictionary.to_pylist()):
        if code in fatal or not fatal:
            sieve.drop(f"error_{code}", index == number)


def duplicated(table: pa.Table) -> Rows:
    """Whether a row repeats the place (or identifier) and the alleles of an earlier one."""
    keys = _keys(table)
    ordered = np.sort(keys)
    twice = np.unique(ordered[1:][ordered[1:] == ordered[:-1]])
    repeated = np.zeros(keys.size, bool)
    if twice.size:
        at = np.minimum(np.searchsorted(twice, keys), twice.size - 1)
        rows = np.flatnonzero(twice[at] == keys)
        _, first = np.unique(keys[rows], return_index=True)
        repeated[rows] = True
        repeated[rows[first]] = False
    return repeated


def _keys(table: pa.Table) -> UInt64[np.ndarray, " row"]:
    placed = (table["pos"].is_valid().to_numpy()) & (table["chrom"].is_valid().to_numpy())
    keys = np.zeros(table.num_rows, np.uint64)
    for rows in (np.flatnonzero(placed), np.flatnonzero(~placed)):
        if rows.size == 0:
            continue
        part = table if rows.size == table.num_rows else table.take(pa.array(rows))
        alleles = (part["effect_allele"], part["other_allele"])
        if placed[rows[0]]:
            place = (chromosome_codes(part["chrom"]), part["pos"].to_numpy())
            keys[rows] = variant_keys(*place, *alleles).key
        else:
            name = part["rsid"].combine_chunks().dictionary_encode().indices.to_numpy()
            # no place has a chromosome of this number
            identifier = (name.astype(np.uint64) << np.uint64(28)) | np.uint64(31 << 59)
            keys[rows] = identifier_keys(identifier, *alleles).key
    return keys


def doubts(
    found: Statistics,
    frequency: Float[np.ndarray, " row"],
    n: Float[np.ndarray, " row"],
    kind: str,
) -> tuple[str, ...]:
    """Warnings about columns that contradict each other or look mislabelled."""
    warnings = []
    if found.underflow.any():
        warnings.append(
            f"{np.count_nonzero(found.underflow):,} p-values are 0 in the file: their z is "
            "that of beta / se, or of the smallest number if that is larger"
        )
    some = slice(None, None, max(1, found.z.size // _COMPARED))
    warnings += _contradictions(Statistics(*(each[some] for each in found)), n[some], kind)
    z = found.z[some]
    middle, spread = float(np.median(z)), float(np.hypot.reduce(z - z.mean()))
    # a median of so many normal numbers has this standard error; LD makes it larger
    if abs(middle) > 0.2 + 10 * 1.25 * spread / z.size:
        warnings.append(
            f"the median of z is {middle:.2f}: a column may be mislabelled, such as an "
            "odds ratio as its logarithm"
        )
    known = frequency[~np.isnan(frequency)]
    if known.size >= 100 and (known <= 0.5).all():
        warnings.append(
            "no frequency exceeds 0.5: they may be those of the minor allele, whichever "
            "that is, and not those of the effect allele"
        )
    return tuple(warnings)


def _contradictions(
    found: Statistics, n: Float[np.ndarray, " row"], kind: str
) -> list[str]:
    warnings = []
    size = np.abs(found.z)
    with np.errstate(all="ignore"):
        ratio = found.beta / found.se
        # Student's t is larger than the z of the same p-value by about t^3 / 4n
        slack = 0.05 + 0.05 * size
        slack += np.where(
            np.isnan(n) | (kind != "t"), 0.0, np.abs(found.statistic) ** 3 / n
        )
        off = np.abs(ratio - found.statistic) > slack
        wide = np.abs(found.statistic - found.z) > slack
        # p-values that underflow are printed as 0
        apart = np.abs(found.reported - found.log_pvalue) > 0.1 * (1 - found.log_pvalue)
        apart &= np.isfinite(found.reported)
    if kind in ("t", "z", "ratio") and off.mean() > 0.01:
        warnings.append(
            f"beta / se differs from the z-score in {off.mean():.1%} of the variants"
        )
    if kind == "t":
        apart = wide
    if apart.mean() > 0.01:
        warnings.append(
            f"the p-value of the file is not that of z in {apart.mean():.1%} of the "
            "variants: it may belong to another test"
        )
    return warnings
