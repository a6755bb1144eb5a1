"""One file of summary statistics on its way to canonical columns."""

from typing import NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from jaxtyping import Float, Int

from fabgwas.errors import InputError, NothingToAnalyseError
from fabgwas.io import _quality as quality
from fabgwas.io._alleles import UNKNOWN, Codes, Vocabulary, other_of
from fabgwas.io._formats import Layout
from fabgwas.io._statistics import Statistics, column, statistics
from fabgwas.variants import CHROMOSOMES, chromosome_code, chromosome_codes

_PLACE = (
    r"^(?:[Cc][Hh][Rr])?(?P<chrom>[0-9]{1,2}|X|Y|XY|M|MT)[:_-](?P<pos>[0-9]+)(?:$|[:_-])"
)
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


class Size(NamedTuple):
    """Sample sizes as the user gave them."""

    n: float | int | None = None
    n_cases: float | int | None = None
    n_controls: float | int | None = None


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
        self.chrom, self.unknown_chrom, self.pos = self._places()

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

    def _places(
        self,
    ) -> tuple[Int[np.ndarray, " row"], np.ndarray, Int[np.ndarray, " row"]]:
        """Chromosome codes, whether a name has none, and positions; 0 if not known."""
        name = self._text("chrom")
        if "pos" not in self.layout.columns:
            parts = pc.extract_regex(self.rsid, _PLACE)
            name, digits = (pc.struct_field(parts, field) for field in ("chrom", "pos"))
            # ten digits are more than any chromosome has
            pos = pc.if_else(pc.less(pc.utf8_length(digits), 10), digits, None)
        else:
            pos = self._text("pos")
        codes = chromosome_codes(name)
        if self.layout.format.mitochondrial != "26":
            is_mt = pc.equal(name.cast(pa.string()), self.layout.format.mitochondrial)
            codes[pc.fill_null(is_mt, False).to_numpy()] = chromosome_code("MT")
        known = name.is_valid().to_numpy()
        return codes, known & (codes == 0), _integers(pos, self.path)

    def fill(self, bim: pa.Table | None) -> None:
        """Fill missing places and alleles from the variants of a .bim, by identifier."""
        needed = self.layout.format.allele_needed or (
            self.other.size > 0 and (self.other == UNKNOWN).all()
        )
        if bim is None:
            if needed:
                raise InputError(
                    f"{self.path}: {self.layout.format.name} files lack an allele; give "
                    "the .bim of the genotypes (option bim)."
                )
            return
        at = _rows_by_name(self.rsid, bim["rsid"])
        first, second = (
            self.words.encode(bim[name].take(at))
            for name in ("effect_allele", "other_allele")
        )
        if self.layout.format.allele_needed:
            self.effect, self.other = first, second
        lacking = self.other == UNKNOWN
        self.other = np.where(lacking, other_of(self.effect, first, second), self.other)
        nowhere = (self.pos == 0) | (self.chrom == 0)
        code, pos = chromosome_codes(bim["chrom"].take(at)), bim["pos"].take(at)
        self.chrom = np.where(nowhere, code, self.chrom)
        self.pos = np.where(nowhere, pc.fill_null(pos, 0).to_numpy(), self.pos)

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
        if not sieve.keep.any():
            raise NothingToAnalyseError(
                f"{self.path}: no row is left: "
                + ", ".join(f"{name} {size:,}" for name, size in sieve.counts.items())
                + "."
            )

    def _sift_statistics(self) -> None:
        sieve, layout, found = self.sieve, self.layout, self.found
        if {"beta", "odds_ratio"} & layout.columns.keys():
            sieve.drop("missing", np.isnan(found.beta))
            sieve.drop("infinite_beta", np.isinf(found.beta))
        if "se" in layout.columns:
            sieve.drop("missing_se", np.isnan(found.se) & ~np.isfinite(found.z))
            sieve.drop("bad_se", (found.se <= 0) | np.isinf(found.se))
        sieve.drop("missing_z", np.isnan(found.z))
        sieve.drop("infinite_z", np.isinf(found.z))
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
        sieve = self.sieve
        sieve.drop(
            "chromosome_out_of_scope", self.unknown_chrom | (self.chrom > _LAST_IN_SCOPE)
        )
        sieve.drop("bad_position", (self.pos < 0) | (self.pos > _LARGEST_POSITION))
        nowhere = (self.pos == 0) | (self.chrom == 0)
        sieve.drop("missing_position", nowhere & self.rsid.is_null().to_numpy())

    def _sift_limits(
        self, min_info: float | int | None, min_maf: float | int | None
    ) -> None:
        sieve = self.sieve
        frequency = self.frequency
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
        keep = self.sieve.keep
        n, note = self._sample_size(size)
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
        } | {
            name: column(self.raw, self.layout, name)[keep]
            for name in OPTIONAL
            if name in self.layout.columns
        }
        code, pos = self.chrom[keep], self.pos[keep]
        nowhere = (code == 0) | (pos == 0)
        table = pa.table(
            {
                "chrom": pa.DictionaryArray.from_arrays(
                    pa.array(code.astype(np.int8) - 1, mask=nowhere), pa.array(CHROMOSOMES)
                ),
                "pos": pa.array(pos.astype(np.int32), mask=nowhere),
                "rsid": self.rsid if keep.all() else self.rsid.filter(pa.array(keep)),
                "effect_allele": self.words.decode(self.effect[keep]),
                "other_allele": self.words.decode(self.other[keep]),
            }
            | {name: pa.array(values, from_pandas=True) for name, values in numbers.items()}
        )
        repeated = quality.duplicated(table)
        if repeated.any():
            self.sieve.counts["dropped_duplicate"] = int(np.count_nonzero(repeated))
            table = table.filter(pa.array(~repeated))
        return table, note, warnings

    def _sample_size(self, size: Size) -> tuple[Numbers, str]:
        rows, columns = self.raw.num_rows, self.layout.columns
        n, cases, controls = size
        if n is not None:
            return np.full(rows, float(n)), f"{n:,.10g} as given"
        if cases is not None and controls is not None:
            effective = 4 / (1 / cases + 1 / controls)
            note = (
                f"effective {effective:,.0f} = 4 / (1 / cases + 1 / controls) of "
                f"{cases:,.10g} cases and {controls:,.10g} controls"
            )
            return np.full(rows, effective), note
        if "n_cases" in columns and {"n_controls", "n"} & columns.keys():
            affected = column(self.raw, self.layout, "n_cases")
            if "n_controls" in columns:
                others = column(self.raw, self.layout, "n_controls")
            else:
                others = column(self.raw, self.layout, "n") - affected
            if np.nanmax(affected, initial=0) > 0:
                with np.errstate(divide="ignore", invalid="ignore"):
                    each = 4 / (1 / affected + 1 / others)
                return each, "effective, 4 / (1 / cases + 1 / controls) of each variant"
        if "n" in columns:
            return column(self.raw, self.layout, "n"), f"column {columns['n']}"
        return np.full(rows, np.nan), "unknown"


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


def _rows_by_name(names: pa.ChunkedArray, known: pa.ChunkedArray) -> pa.Array:
    """Row of each name; null if there is none, or several that differ."""
    known = known.combine_chunks()
    tally = known.value_counts()
    single = tally.field("values").filter(pc.equal(tally.field("counts"), 1))
    row = pc.index_in(names.combine_chunks(), single, skip_nulls=True)
    return pc.index_in(single, known, skip_nulls=True).take(row)


def _integers(values: pa.ChunkedArray, path: str) -> Int[np.ndarray, " row"]:
    """Positions, 0 where missing."""
    try:
        # doubles if some are written as 1e6; a fraction is no position
        whole = values.cast(pa.int64())
    except pa.ArrowInvalid as error:
        raise InputError(
            f"{path}: position: {' '.join(str(error).split())[:200]}"
        ) from error
    return np.array(pc.fill_null(whole, 0).to_numpy())
