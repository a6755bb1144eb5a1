"""Variants to be embedded: in the order of a store, each once, in shards."""

import hashlib
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any, NamedTuple, Protocol, runtime_checkable

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from fabgwas.errors import NothingToAnalyseError
from fabgwas.store import sort_order
from fabgwas.variants import CHROMOSOMES, chromosome_codes

VARIANT_COLUMNS = ("chrom", "pos", "ref", "alt", "rsid")


class Shard(NamedTuple):
    """A stretch of variants on one chromosome: the unit of work, and one file."""

    number: int
    chrom: str
    part: int
    start: int
    stop: int

    @property
    def rows(self) -> int:
        """Number of variants."""
        return self.stop - self.start


@runtime_checkable
class VariantSource(Protocol):
    """Variants in the order of a store, read shard by shard."""

    @property
    def source(self) -> dict[str, Any]:
        """The file behind it: name, path, sha256."""
        ...

    @property
    def n_variants(self) -> int:
        """Number of variants, of all chromosomes."""
        ...

    @property
    def counts(self) -> dict[str, int]:
        """Variants read, dropped for each reason, and kept; empty if none can be."""
        ...

    def shards(self, rows: int) -> list[Shard]:
        """Cut the variants into shards of at most `rows`."""
        ...

    def read(self, shard: Shard) -> pa.Table:
        """Columns pos, ref, alt, rsid of one shard, sorted."""
        ...


@dataclass(frozen=True)
class VariantList:
    """Variants in memory, sorted by chromosome, pos, ref and alt, none twice."""

    table: pa.Table
    source: dict[str, Any]
    counts: dict[str, int] = field(default_factory=dict)

    @property
    def n_variants(self) -> int:
        """Number of variants."""
        return self.table.num_rows

    def shards(self, rows: int) -> list[Shard]:
        """Cut the variants into shards of at most `rows`."""
        codes = chromosome_codes(self.table["chrom"])
        bounds = np.searchsorted(codes, np.arange(1, len(CHROMOSOMES) + 2)).tolist()
        return cut_shards(dict(zip(CHROMOSOMES, pairwise(bounds), strict=True)), rows)

    def read(self, shard: Shard) -> pa.Table:
        """Columns pos, ref, alt, rsid of one shard."""
        rows = self.table.slice(shard.start, shard.rows).select(VARIANT_COLUMNS[1:])
        return pa.table({name: rows[name].combine_chunks() for name in rows.column_names})


def tell_drops(counts: dict[str, int]) -> str:
    """How many variants were dropped and why; empty if none was."""
    why = {
        "dropped_position": "without a known position",
        "dropped_alleles": "with other alleles than A, C, G, T",
        "dropped_repeated": "repeated",
        "dropped_other_chromosome": "on other chromosomes",
    }
    told = [f"{counts[name]:,} {text}" for name, text in why.items() if counts.get(name)]
    return f"dropped {', '.join(told)}" if told else ""


def cut_shards(bounds: dict[str, tuple[int, int]], rows: int) -> list[Shard]:
    """Shards of at most `rows`, given the first and the last row of each chromosome."""
    cuts = [
        (chrom, part, start, min(start + rows, end))
        for chrom, (first, end) in bounds.items()
        for part, start in enumerate(range(first, end, rows))
    ]
    return [Shard(number, *cut) for number, cut in enumerate(cuts)]


def variant_list(table: pa.Table, name: str = "table") -> VariantList:
    """Variants of a table with the columns chrom, pos, ref, alt and, if known, rsid."""
    if "rsid" not in table.column_names:
        table = table.append_column("rsid", pa.nulls(table.num_rows, pa.string()))
    table = pa.table(
        {
            column: table[column].cast(pa.int32() if column == "pos" else pa.string())
            for column in VARIANT_COLUMNS
        }
    )
    digest = hashlib.sha256()
    for column in VARIANT_COLUMNS:
        digest.update("\n".join(map(str, table[column].to_pylist())).encode())
    source = {"name": "variants", "path": name, "sha256": digest.hexdigest()}
    return tidy(table, source, name)


def no_variants() -> pa.Table:
    kinds = dict.fromkeys(VARIANT_COLUMNS, pa.string()) | {"pos": pa.int32()}
    return pa.schema(kinds).empty_table()


def tidy(table: pa.Table, source: dict[str, Any], name: str) -> VariantList:
    """Split, check, sort and count."""
    read = table.num_rows
    table, counts = clean(split_alleles(table))
    if not table.num_rows:
        raise NothingToAnalyseError(f"{name}: holds no variant that can be described.")
    return VariantList(table, source, {"read": read, **counts})


def clean(table: pa.Table) -> tuple[pa.Table, dict[str, int]]:
    """Variants sorted, each once, none without place or bases; and how many those were.

    Parameters
    ----------
    table
        Columns `VARIANT_COLUMNS`, one alternate allele a row.
    """
    for allele in ("ref", "alt"):
        column = table.schema.get_field_index(allele)
        table = table.set_column(column, allele, pc.utf8_upper(table[allele]))
    code = chromosome_codes(table["chrom"])
    placed = pc.and_(pa.array(code > 0), pc.fill_null(pc.greater(table["pos"], 0), False))
    bases = [pc.match_substring_regex(table[a], "^[ACGT]+$") for a in ("ref", "alt")]
    bases = pc.and_(pc.fill_null(pc.and_(*bases), False), pc.not_equal(*_alleles(table)))
    counts = {
        "dropped_position": table.num_rows - (pc.sum(placed).as_py() or 0),
        "dropped_alleles": pc.sum(pc.and_(placed, pc.invert(bases))).as_py() or 0,
    }
    kept = np.flatnonzero(pc.and_(placed, bases).to_numpy(zero_copy_only=False))
    table, code = table.take(kept), code[kept]
    order = sort_order(table)
    order = order[np.argsort(code[order], kind="stable")]
    table, code = table.take(order).combine_chunks(), code[order]
    repeated = _repeats(table, code)
    table = table.filter(pa.array(~repeated)).combine_chunks()
    names = pa.array(["", *CHROMOSOMES]).take(pa.array(code[~repeated]))
    counts |= {"dropped_repeated": int(repeated.sum()), "kept": table.num_rows}
    return table.set_column(0, "chrom", names), counts


def _alleles(table: pa.Table) -> tuple[pa.ChunkedArray, pa.ChunkedArray]:
    return table["ref"], table["alt"]


def split_alleles(table: pa.Table) -> pa.Table:
    """One row for each alternate allele of a VCF."""
    several = pc.any(pc.match_substring(table["alt"], ",")).as_py()
    if not several:
        return table
    alts = pc.split_pattern(table["alt"].combine_chunks(), ",")
    rows = pc.list_parent_indices(alts)
    column = table.schema.get_field_index("alt")
    return table.take(rows).set_column(column, "alt", pc.list_flatten(alts))


def _repeats(table: pa.Table, code: np.ndarray) -> np.ndarray:
    """Rows that equal the row before."""
    same = np.zeros(len(table), bool)
    same[1:] = code[1:] == code[:-1]
    for column in ("pos", "ref", "alt"):
        values = table[column]
        same[1:] &= pc.equal(values[1:], values[:-1]).to_numpy()
    return same
