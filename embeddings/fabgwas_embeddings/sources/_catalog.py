"""The GWAS Catalog: associations, their traits, and what to leave out of them."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from fabgwas.errors import InputError
from fabgwas.io._open import blaming
from fabgwas.variants import chromosome_code
from fabgwas_embeddings._files import fill, read_batches, read_header

MOST_TRAITS = 5  # named of one variant
_COLUMNS = {
    "rsid": "SNPS",
    "chrom": "CHR_ID",
    "pos": "CHR_POS",
    "risk_allele": "STRONGEST SNP-RISK ALLELE",
    "trait": "DISEASE/TRAIT",
    "date": "DATE",
    "pvalue": "PVALUE_MLOG",
    "pubmed": "PUBMEDID",
}
_OPTIONAL = {
    "mapped_trait": "MAPPED_TRAIT",
    "mapped_uri": "MAPPED_TRAIT_URI",
    "study": "STUDY ACCESSION",
}
_SEVERAL = r"\s*(?:;|,| x )\s*"
_EPOCH = date(1970, 1, 1)
_DATES = ("%Y-%m-%d", "%d-%b-%Y")


def read_catalog(path: Path) -> pa.Table:
    """Associations of the GWAS Catalog (TSV v1.0, with or without ontology columns).

    One row for each variant of an association: rsid, chrom, pos (GRCh38, as in the
    catalog), risk_allele (null if "?"), trait, mapped_trait and mapped_uri (null in files
    without them), date, pvalue (-log10), pubmed, study.
    """
    header, skipped = read_header(path)
    names = header.split("\t")
    missing = sorted(set(_COLUMNS.values()) - set(names))
    if missing:
        raise InputError(
            f"{path}: not a GWAS Catalog table of associations: no column "
            f"{', '.join(missing)}."
        )
    known = _COLUMNS | {ours: name for ours, name in _OPTIONAL.items() if name in names}
    batches = list(
        read_batches(path, names, skip=skipped + 1, columns=list(known.values()))
    )
    table = pa.Table.from_batches(batches).rename_columns(list(known)).combine_chunks()
    for name in _OPTIONAL:
        if name not in known:
            table = table.append_column(name, pa.nulls(len(table), pa.string()))
    dates = table["date"].combine_chunks().dictionary_encode()
    parsed = pa.array(
        [_date(text, path) for text in dates.dictionary.to_pylist()], pa.date32()
    )
    table = table.set_column(
        table.schema.get_field_index("date"), "date", parsed.take(dates.indices)
    )
    at = table.schema.get_field_index("pvalue")
    with blaming(path):
        table = table.set_column(at, "pvalue", table["pvalue"].cast(pa.float64()))
        return _split(table, path)


def _date(text: str, path: Path) -> date:
    """A date as the catalog writes it, or a number of days since 1970."""
    if re.fullmatch(r"[0-9]{1,6}(\.0)?", text):
        return _EPOCH + timedelta(days=int(float(text)))
    for form in _DATES:
        try:
            return datetime.strptime(text, form).date()
        except ValueError:
            continue
    raise InputError(f"{path}: DATE {text!r} is no date; expected 2016-01-31.")


def _position(text: str, path: Path) -> int:
    if not re.fullmatch(r"[0-9]{1,9}(\.0)?", text):
        raise InputError(f"{path}: CHR_POS {text!r} is no position.")
    return int(float(text))


def _split(table: pa.Table, path: Path) -> pa.Table:
    """One row for each variant of haplotypes and interactions."""
    rows: list[int] = []
    columns: dict[str, list[Any]] = {"rsid": [], "chrom": [], "pos": [], "risk_allele": []}
    lists = [
        [re.split(_SEVERAL, text) if text else [] for text in table[name].to_pylist()]
        for name in columns
    ]
    for row, (ids, chroms, places, risks) in enumerate(zip(*lists, strict=True)):
        for each, rsid in enumerate(ids):
            rows.append(row)
            risk = risks[each] if each < len(risks) else ""
            whole = len(chroms) == len(places) == len(ids)
            columns["rsid"].append(rsid.strip())
            columns["chrom"].append(chroms[each] if whole else None)
            columns["pos"].append(_position(places[each], path) if whole else None)
            allele = risk.rpartition("-")[2] if "-" in risk else "?"
            columns["risk_allele"].append(
                allele if re.fullmatch("[ACGT]+", allele) else None
            )
    rest = table.drop_columns(list(columns)).take(pa.array(rows, pa.int64()))
    kinds = {"rsid": pa.string(), "chrom": pa.string(), "pos": pa.int32()}
    split = {n: pa.array(v, kinds.get(n, pa.string())) for n, v in columns.items()}
    return pa.table(split | {name: rest[name] for name in rest.column_names})


@dataclass(frozen=True)
class CatalogFilter:
    """Which associations may not be known, lest the texts quote the study under test.

    A trait is left out where one of `exclude_traits` is its name, its ontology term or its
    URI, or stands in it as whole words: "body height" also leaves out "infant body height".
    Case does not count. `before` keeps studies published before that day.
    """

    exclude_traits: Sequence[str] = ()
    before: date | None = None

    def apply(self, table: pa.Table) -> pa.Table:
        """The associations that may be known."""
        kept = np.ones(len(table), bool)
        if self.before is not None:
            earlier = pc.less(table["date"], pa.scalar(self.before, pa.date32()))
            kept &= pc.fill_null(earlier, False).to_numpy()
        for term in self.exclude_traits:
            pattern = rf"(?i)(?:^|\W){re.escape(term.strip())}(?:$|\W)"
            for name in ("trait", "mapped_trait", "mapped_uri"):
                found = pc.fill_null(pc.match_substring_regex(table[name], pattern), False)
                kept &= ~found.to_numpy()
        return table.filter(pa.array(kept))


@dataclass(frozen=True)
class CatalogAnnotator:
    """Adds `catalog_traits`: traits of a variant, by rsID, else by GRCh38 position."""

    rsids: pa.Array
    places: dict[str, tuple[np.ndarray, np.ndarray]]
    """Sorted positions of each chromosome, and their rows in `traits`."""
    traits: pa.Array
    build: str
    source: dict[str, Any] = field(default_factory=dict)

    fields = ("catalog_traits",)

    def annotate(self, chrom: str, variants: pa.Table) -> pa.Table:
        """Add the traits to variants of one chromosome."""
        row = pc.index_in(variants["rsid"].combine_chunks(), self.rsids, skip_nulls=True)
        found = self.traits.take(row)
        if self.build == "GRCh38" and chrom in self.places:
            pos, rows = self.places[chrom]
            wanted = variants["pos"].to_numpy()
            at = np.minimum(np.searchsorted(pos, wanted), pos.size - 1)
            index = pa.array(rows[at], mask=pos[at] != wanted)
            found = pc.coalesce(found, self.traits.take(index))
        return fill(variants, "catalog_traits", found)


def catalog_annotator(
    table: pa.Table, build: str, source: dict[str, Any]
) -> CatalogAnnotator:
    """Merge the associations of each variant: its traits, the smallest p-value first."""
    best: dict[str, dict[str, float]] = {}
    place: dict[str, tuple[str, int]] = {}
    columns = ("rsid", "chrom", "pos", "pvalue", "trait", "mapped_trait")
    rows = zip(*(table[name].to_pylist() for name in columns), strict=True)
    for rsid, chrom, pos, pvalue, reported, mapped in rows:
        known = best.setdefault(rsid, {})
        for trait in mapped.split(", ") if mapped else [reported] if reported else []:
            known[trait] = max(known.get(trait, 0.0), pvalue or 0.0)
        if chrom and pos and chromosome_code(chrom):
            place[rsid] = (chrom, pos)
    names = list(best)
    joined = [
        ", ".join(sorted(known, key=lambda trait: (-known[trait], trait))[:MOST_TRAITS])
        for known in best.values()
    ]
    places: dict[str, tuple[np.ndarray, np.ndarray]] = {}
    row_of = {rsid: row for row, rsid in enumerate(names)}
    for chrom in {chrom for chrom, _ in place.values()}:
        there = sorted((p, row_of[r]) for r, (c, p) in place.items() if c == chrom)
        pos_row = np.array(there, np.int64)
        places[chrom] = (pos_row[:, 0], pos_row[:, 1])
    traits = pa.array([text or None for text in joined], pa.string())
    return CatalogAnnotator(pa.array(names, pa.string()), places, traits, build, source)
