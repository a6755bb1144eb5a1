"""One file of summary statistics on its way to canonical columns."""

from collections.abc import Callable
from typing import TypeAlias

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from jaxtyping import Float

from fabgwas.errors import InputError, NothingToAnalyseError
from fabgwas.io import _quality as quality
from fabgwas.io._alleles import UNKNOWN, Codes, Vocabulary, other_of
from fabgwas.io._formats import Layout
from fabgwas.io._places import Places, places_in_names, places_of_columns, rows_by_name
from fabgwas.io._sizes import Size, sample_size
from fabgwas.io._statistics import Statistics, column, statistics
from fabgwas.variants import CHROMOSOMES, chromosome_code, chromosome_codes

_LAST_IN_SCOPE = chromosome_code("X")
_LARGEST_POSITION = 2**31 - 1
CANONICAL = {
    "chrom": pa.dictionary(pa.int8(), pa.string()),
    "pos": pa.int32(),
    "rsid": pa.string(),
    "effect_allele": pa.dictionary(pa.int32(), pa.string()),
    "other_allele": pa.dictionary(pa.int32(), pa.string()),
    "effect_allele_freq": pa.float64(),
    "beta": pa.float64(),
    "se": pa.float64(),
    "z": pa.float64(),
    "log_pvalue": pa.float64(),
    "n": pa.float64(),
}
OPTIONAL = ("info", "maf")

Numbers = Float[np.ndarray, " row"]
# variants, or a function that finds those of some identifiers
KnownVariants: TypeAlias = pa.Table | Callable[[pa.ChunkedArray], pa.Table]


class Study:
    """The rows of a file, the alleles and places that are known of them, and the sieve."""

    def __init__(self, raw: pa.Table, layout: Layout, path: str) -> None:
        self.layout, self.path = layout, path
        self.raw, counts = _additive(raw, layout)
        self.sieve = quality.Sieve(self.raw.num_rows)
        self.sieve.counts = counts
        self.found: Statistics = statistics(self.raw, layout)
        self.rsid = self._text("rsid")
        self.words = Vocabulary()
        self.effect = self.words.encode(self._text("effect_allele"))
        self.other = self._other_allele()
        self.places = self._places()

    def _text(self, role: str) -> pa.ChunkedArray:
        if role in self.layout.columns:
            return self.raw[self.layout.columns[role]]
        return pa.chunked_array([pa.nulls(self.raw.num_rows, pa.string())])

    def _other_allele(self) -> Codes:
        """The column, or whichever of REF and ALT the effect allele is not."""
        other = self.words.encode(self._text("other_allele"))
        if not {"ref", "alt"} <= self.layout.columns.keys():
            return other
        ref, alt = (self.words.encode(self._text(role)) for role in ("ref", "alt"))
        # several alternate alleles are tested together, whatever the effect allele is
        several = self.words.where(alt, ["," in name for name in self.words.names])
        other = np.where(several, alt, other)
        return np.where(other == UNKNOWN, other_of(self.effect, ref, alt), other)

    def _places(self) -> Places:
        if "pos" not in self.layout.columns:
            return places_in_names(self.rsid, self.path)
        return places_of_columns(
            self._text("chrom"),
            self._text("pos"),
            self.layout.format.mitochondrial,
            self.path,
        )

    def fill(self, bim: KnownVariants | None) -> None:
        """Fill missing places and alleles from known variants, by identifier.

        A function is asked for the variants that lack an allele.
        """
        lacking = self.other == UNKNOWN
        code, pos, strange = self.places
        nowhere = (pos == 0) | (code == 0)
        if bim is None:
            if self.layout.format.allele_needed or (lacking.size and lacking.all()):
                raise InputError(
                    f"{self.path}: {self.layout.format.name} files lack an allele; give "
                    "the .bim of the genotypes (option bim)."
                )
            return
        if callable(bim):
            bim = bim(self.rsid.filter(pa.array(lacking))) if lacking.any() else None
        if bim is None or not (lacking | nowhere).any():
            return
        at = rows_by_name(self.rsid, bim["rsid"])
        first, second = (
            self.words.encode(bim[name].take(at))
            for name in ("effect_allele", "other_allele")
        )
        if self.layout.format.allele_needed:
            self.effect, self.other = first, second
        self.other = np.where(lacking, other_of(self.effect, first, second), self.other)
        known = pc.fill_null(bim["pos"].take(at), 0).to_numpy()
        self.places = Places(
            np.where(nowhere, chromosome_codes(bim["chrom"].take(at)), code),
            np.where(nowhere, known, pos),
            strange,
        )

    def sift(
        self,
        min_info: float | int | None,
        min_maf: float | int | None,
        *,
        keep_indels: bool,
    ) -> None:
        """Drop rows that cannot be used.

        Raises
        ------
        InputError
            If a limit is given for what the file does not tell.
        NothingToAnalyseError
            If no row is left.
        """
        sieve, layout = self.sieve, self.layout
        if "error" in layout.columns:
            quality.drop_by_code(sieve, self._text("error"), layout.format.fatal)
        several = ["," in name for name in self.words.names]
        for allele in (self.effect, self.other):
            sieve.drop("multiallelic", self.words.where(allele, several))
        self._sift_statistics()
        self._sift_alleles(keep_indels)
        self._sift_places()
        self._sift_limits(min_info, min_maf)
        self._check_left()

    def _check_left(self) -> None:
        if not self.sieve.keep.any():
            counts = self.sieve.counts.items()
            raise NothingToAnalyseError(
                f"{self.path}: no row is left: "
                + ", ".join(f"{name} {size:,}" for name, size in counts)
                + "."
            )

    def _sift_statistics(self) -> None:
        sieve, layout, found = self.sieve, self.layout, self.found
        if {"beta", "odds_ratio"} & layout.columns.keys():
            sieve.drop("missing", np.isnan(found.beta) & np.isnan(found.z))
            sieve.drop("infinite_beta", np.isinf(found.beta))
        if "se" in layout.columns:
            sieve.drop("missing_se", np.isnan(found.se) & ~np.isfinite(found.z))
            sieve.drop("bad_se", (found.se <= 0) | np.isinf(found.se))
        sieve.drop("missing_z", np.isnan(found.z))
        # above 1e154 the p-value of z is 0 even as a logarithm
        sieve.drop("infinite_z", np.isinf(found.z) | np.isinf(found.log_pvalue))
        if layout.statistic in ("t", "p"):
            sieve.drop("bad_pvalue", found.reported > 0)

    def _sift_alleles(self, keep_indels: bool) -> None:
        sieve, words = self.sieve, self.words
        valid = [set(name) <= set("ACGT") and name != "" for name in words.names]
        pair = (self.effect, self.other)
        sieve.drop("missing_allele", (pair[0] == UNKNOWN) | (pair[1] == UNKNOWN))
        sieve.drop("non_acgt", ~(words.where(pair[0], valid) & words.where(pair[1], valid)))
        sieve.drop("equal_alleles", pair[0] == pair[1])
        if not keep_indels:
            long = [len(name) > 1 for name in words.names]
            sieve.drop("indel", words.where(pair[0], long) | words.where(pair[1], long))

    def _sift_places(self) -> None:
        sieve, (code, pos, strange) = self.sieve, self.places
        sieve.drop("chromosome_out_of_scope", strange | (code > _LAST_IN_SCOPE))
        sieve.drop("bad_position", (pos < 0) | (pos > _LARGEST_POSITION))
        nowhere = (pos == 0) | (code == 0)
        sieve.drop("missing_position", nowhere & self.rsid.is_null().to_numpy())

    def _sift_limits(
        self, min_info: float | int | None, min_maf: float | int | None
    ) -> None:
        sieve = self.sieve
        frequency = self.frequency
        if "effect_allele_freq" in self.layout.columns:
            sieve.drop("bad_frequency", (frequency < 0) | (frequency > 1))
        for limit, names in (
            (min_info, ("info",)),
            (min_maf, ("effect_allele_freq", "maf")),
        ):
            if limit is not None and not set(names) & self.layout.columns.keys():
                raise InputError(
                    f"{self.path}: holds no {' or '.join(names)} to be limited."
                )
        if min_info is not None:
            sieve.drop("low_info", ~(column(self.raw, self.layout, "info") >= min_info))
        if min_maf is not None:
            either = np.fmin(frequency, 1 - frequency)
            maf = np.fmin(either, column(self.raw, self.layout, "maf"))
            sieve.drop("low_maf", ~(maf >= min_maf))

    @property
    def frequency(self) -> Numbers:
        """Frequency of the effect allele, nan if not known."""
        frequency = column(self.raw, self.layout, "effect_allele_freq")
        return 1 - frequency if self.layout.alleles_turned else frequency

    def table(self, size: Size) -> tuple[pa.Table, str, tuple[str, ...]]:
        """The kept rows in canonical columns, which sample size was used, and warnings."""
        n, note = sample_size(self.raw, self.layout, size)
        self.sieve.drop("bad_sample_size", (n <= 0) | np.isinf(n))
        self._check_left()
        keep = slice(None) if self.sieve.keep.all() else self.sieve.keep
        found = Statistics(*(values[keep] for values in self.found))
        frequency, n = self.frequency[keep], n[keep]
        warnings = quality.doubts(found, frequency, n, self.layout.statistic)
        numbers = {
            "effect_allele_freq": frequency,
            "beta": found.beta,
            "se": found.se,
            "z": found.z,
            "log_pvalue": found.log_pvalue,
            "n": n,
        }
        for name in OPTIONAL:
            if name in self.layout.columns:
                numbers[name] = column(self.raw, self.layout, name)[keep]
        table = pa.table(
            self._variants()
            | {name: pa.array(values, from_pandas=True) for name, values in numbers.items()}
        )
        repeated = quality.duplicated(table)
        if repeated.any():
            self.sieve.count("duplicate", repeated)
            table = table.filter(pa.array(~repeated))
        return table, note, warnings

    def _variants(self) -> dict[str, pa.Array | pa.ChunkedArray]:
        """The columns that tell which variant a kept row is about."""
        keep = self.sieve.keep
        code, pos = self.places.code[keep], self.places.pos[keep]
        nowhere = (code == 0) | (pos == 0)
        index = pa.array(code.astype(np.int8) - 1, mask=nowhere)
        return {
            "chrom": pa.DictionaryArray.from_arrays(index, pa.array(CHROMOSOMES)),
            "pos": pa.array(pos.astype(np.int32), mask=nowhere),
            "rsid": self.rsid if keep.all() else self.rsid.filter(pa.array(keep)),
            "effect_allele": self.words.decode(self.effect[keep]),
            "other_allele": self.words.decode(self.other[keep]),
        }


def _additive(raw: pa.Table, layout: Layout) -> tuple[pa.Table, dict[str, int]]:
    """The rows of the additive effect, and how many others there are."""
    counts = {"read": raw.num_rows}
    if "test" not in layout.columns or not layout.format.additive:
        return raw, counts
    test = raw[layout.columns["test"]]
    additive = pc.is_in(test.cast(pa.string()), pa.array(layout.format.additive))
    dropped = raw.num_rows - pc.sum(additive).as_py() if raw.num_rows else 0
    if dropped:
        raw = raw.filter(additive)
        counts["dropped_non_additive"] = dropped
    return raw, counts
