"""One file of summary statistics on its way to canonical columns."""

from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from fabgwas.errors import InputError, NothingToAnalyseError
from fabgwas.io import _quality as quality
from fabgwas.io._bim import read_bim
from fabgwas.io._formats import Layout
from fabgwas.io._statistics import column, statistics
from fabgwas.variants import CHROMOSOMES, chromosome_codes

_PLACE_IN_NAME = r"^(?:chr)?(?P<chrom>[0-9]{1,2}|X|Y|XY|M|MT)[:_](?P<pos>[0-9]+)(?:$|[:_])"
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


class Study:
    """A file on its way to canonical columns."""

    def __init__(self, raw: pa.Table, layout: Layout, path: str) -> None:
        self.raw, self.layout, self.path = raw, layout, path
        self.sieve = quality.Sieve(raw.num_rows)
        self.warnings: tuple[str, ...] = ()
        try:
            self.found = statistics(raw, layout)
        except pa.ArrowInvalid as error:
            raise InputError(f"{path}: {' '.join(str(error).split())[:200]}.") from error
        self.rsid = self._text("rsid")
        self.chrom = self._text("chrom")
        pos = self._text("pos")
        if layout.format.place_in_name and "pos" not in layout.columns:
            place = pc.extract_regex(self.rsid, _PLACE_IN_NAME)
            self.chrom, pos = (pc.struct_field(place, name) for name in ("chrom", "pos"))
        self.pos = _integers(pos, path)
        if layout.format.mitochondrial != "26":
            self.chrom = pc.if_else(
                pc.equal(self.chrom, layout.format.mitochondrial), "MT", self.chrom
            )
        self.effect = pc.utf8_upper(self._text("effect_allele"))
        self.other = pc.utf8_upper(self._other_allele())

    def _text(self, role: str) -> pa.ChunkedArray:
        if role in self.layout.columns:
            return self.raw[self.layout.columns[role]].cast(pa.string())
        return pa.chunked_array([pa.nulls(self.raw.num_rows, pa.string())])

    def _other_allele(self) -> pa.ChunkedArray:
        """The column, or whichever of REF and ALT the effect allele is not."""
        other = self._text("other_allele")
        if "ref" not in self.layout.columns or "alt" not in self.layout.columns:
            return other
        ref, alt = self._text("ref"), self._text("alt")
        effect = self._text("effect_allele")
        derived = pc.if_else(pc.equal(effect, ref), alt, ref)
        return pc.coalesce(other, derived)

    def fill(self, bim: Path | None) -> None:
        """Fill missing places and alleles from a .bim, by identifier."""
        needs = (
            self.other.null_count == len(self.other) or self.layout.format.effect_from_bim
        )
        if bim is None:
            if needs:
                raise InputError(
                    f"{self.path}: {self.layout.format.name} files lack an allele; "
                    "give the .bim of the genotypes (option bim)."
                )
            return
        known = read_bim(bim)
        at = pc.index_in(self.rsid.combine_chunks(), known["rsid"].combine_chunks())
        a1, a2 = (
            known[name].cast(pa.string()).take(at)
            for name in ("effect_allele", "other_allele")
        )
        if self.layout.format.effect_from_bim:
            self.effect, self.other = a1, a2
        else:
            matching = pc.if_else(
                pc.equal(self.effect, a1),
                a2,
                pc.if_else(pc.equal(self.effect, a2), a1, None),
            )
            self.other = pc.coalesce(self.other, matching)
        self.chrom = pc.coalesce(self.chrom, known["chrom"].cast(pa.string()).take(at))
        self.pos = pc.coalesce(self.pos, known["pos"].take(at))

    def sift(
        self, min_info: float | None, min_maf: float | None, *, keep_indels: bool
    ) -> None:
        """Drop rows that cannot be used, and look for contradictions in the rest."""
        sieve, layout = self.sieve, self.layout
        if "test" in layout.columns:
            additive = pc.is_in(self._text("test"), pa.array(layout.format.additive))
            sieve.drop("non_additive", ~additive.to_numpy())
        if "error" in layout.columns:
            quality.drop_by_code(sieve, self._text("error"), layout.format.errors)
        if "beta" in layout.columns or "odds_ratio" in layout.columns:
            sieve.drop("missing", np.isnan(self.found.beta))
            sieve.drop("infinite", ~np.isfinite(self.found.beta))
        if "se" in layout.columns:
            sieve.drop("missing_se", np.isnan(self.found.se))
            sieve.drop("bad_se", (self.found.se <= 0) | ~np.isfinite(self.found.se))
        sieve.drop("missing_z", np.isnan(self.found.z))
        sieve.drop("infinite_z", ~np.isfinite(self.found.z))
        self._sift_variants(keep_indels)
        frequency = column(self.raw, layout, "effect_allele_freq")
        sieve.drop("bad_frequency", (frequency < 0) | (frequency > 1))
        if min_info is not None and "info" in layout.columns:
            sieve.drop("low_info", ~(column(self.raw, layout, "info") >= min_info))
        if min_maf is not None:
            maf = np.fmin(
                np.fmin(frequency, 1 - frequency), column(self.raw, layout, "maf")
            )
            sieve.drop("low_maf", maf < min_maf)
        if not sieve.keep.any():
            raise NothingToAnalyseError(f"{self.path}: no row is left ({sieve.counts}).")

    def _sift_variants(self, keep_indels: bool) -> None:
        sieve = self.sieve
        multiallelic = pc.fill_null(pc.match_substring(self.other, ","), False).to_numpy()
        sieve.drop("multiallelic", multiallelic)
        for alleles in (self.effect, self.other):
            sieve.drop("missing_allele", alleles.is_null().to_numpy())
        for alleles in (self.effect, self.other):
            sieve.drop("non_acgt", ~quality.valid_alleles(alleles))
        if not keep_indels:
            lengths = pc.add(pc.utf8_length(self.effect), pc.utf8_length(self.other))
            sieve.drop("indel", pc.fill_null(lengths, 0).to_numpy() > 2)
        same = pc.fill_null(pc.equal(self.effect, self.other), False).to_numpy()
        sieve.drop("equal_alleles", same)
        sieve.drop("chromosome_out_of_scope", quality.out_of_scope(self.chrom))
        placed = pc.fill_null(pc.greater(self.pos, 0), False).to_numpy()
        placed &= ~self.chrom.is_null().to_numpy()
        sieve.drop("missing_position", ~placed & self.rsid.is_null().to_numpy())
        negative = pc.fill_null(pc.less_equal(self.pos, 0), False).to_numpy()
        sieve.drop("bad_position", negative)

    def table(
        self, n: float | None, n_cases: float | None, n_controls: float | None
    ) -> tuple[pa.Table, str]:
        """The kept rows in canonical columns, and which sample size was used."""
        size, note = self._sample_size(n, n_cases, n_controls)
        code = chromosome_codes(self.chrom)
        chrom = pa.DictionaryArray.from_arrays(
            pa.array(code.astype(np.int8) - 1, mask=code == 0), pa.array(CHROMOSOMES)
        )
        columns = {
            "chrom": chrom,
            "pos": pc.if_else(pa.array(code > 0), self.pos, None),
            "rsid": self.rsid,
            "effect_allele": self.effect,
            "other_allele": self.other,
            "effect_allele_freq": _nullable(
                column(self.raw, self.layout, "effect_allele_freq")
            ),
            "beta": _nullable(self.found.beta),
            "se": _nullable(self.found.se),
            "z": self.found.z,
            "log_pvalue": self.found.log_pvalue,
            "n": _nullable(size),
        }
        for optional in ("info", "maf"):
            if optional in self.layout.columns:
                columns[optional] = _nullable(column(self.raw, self.layout, optional))
        keep = self.sieve.keep
        table = canonical(pa.table(columns).filter(pa.array(keep)))
        repeated = quality.duplicated(table)
        if repeated.any():
            self.sieve.counts["dropped_duplicate"] = int(repeated.sum())
            table = table.filter(pa.array(~repeated))
        keep = np.flatnonzero(keep)[~repeated]
        self.warnings = quality.doubts(
            type(self.found)(*(values[keep] for values in self.found)),
            column(self.raw, self.layout, "effect_allele_freq")[keep],
            ratio_is_tested=self.layout.format.statistic in ("ratio", "z"),
        )
        return table, note

    def _sample_size(
        self, n: float | None, n_cases: float | None, n_controls: float | None
    ) -> tuple[np.ndarray, str]:
        rows = self.raw.num_rows
        if n is not None:
            return np.full(rows, float(n)), f"{n:g} as given"
        if n_cases is not None and n_controls is not None:
            effective = 4 / (1 / n_cases + 1 / n_controls)
            note = (
                f"effective {effective:.0f} of {n_cases:g} cases, {n_controls:g} controls"
            )
            return np.full(rows, effective), note
        if {"n_cases", "n_controls"} <= self.layout.columns.keys():
            cases = column(self.raw, self.layout, "n_cases")
            controls = column(self.raw, self.layout, "n_controls")
            if np.nanmax(cases, initial=0) > 0:
                with np.errstate(divide="ignore", invalid="ignore"):
                    size = 4 / (1 / cases + 1 / controls)
                return size, "effective, 4 / (1 / cases + 1 / controls) of each variant"
        if "n" in self.layout.columns:
            return column(self.raw, self.layout, "n"), f"column {self.layout.columns['n']}"
        return np.full(rows, np.nan), "unknown"


def _integers(text: pa.ChunkedArray, path: str) -> pa.ChunkedArray:
    try:
        # through double, since some programs write positions as 1e6
        return text.cast(pa.float64()).cast(pa.int32())
    except pa.ArrowInvalid as error:
        raise InputError(
            f"{path}: position: {' '.join(str(error).split())[:200]}"
        ) from error


def _nullable(values: np.ndarray) -> pa.Array:
    return pa.array(values, from_pandas=True)


def canonical(table: pa.Table) -> pa.Table:
    """Cast to the canonical types; text that repeats becomes a dictionary."""
    columns = {}
    for name in table.column_names:
        values = table[name]
        wanted = CANONICAL.get(name, pa.float64())
        if pa.types.is_dictionary(wanted) and not pa.types.is_dictionary(values.type):
            values = values.combine_chunks().dictionary_encode()
        columns[name] = values if values.type == wanted else values.cast(wanted)
    return pa.table(columns)
