"""Variants to be embedded: in the order of a store, each once, in shards."""

import hashlib
from dataclasses import dataclass, field
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
        bounds = np.searchsorted(codes, np.arange(1, len(CHROMOSOMES) + 2))
        cuts = [
            (CHROMOSOMES[code], part, start, min(start + rows, bounds[code + 1]))
            for code in range(len(CHROMOSOMES))
            for part, start in enumerate(range(bounds[code], bounds[code + 1], rows))
        ]
        return [Shard(i, c, p, int(a), int(b)) for i, (c, p, a, b) in enumerate(cuts)]

    def read(self, shard: Shard) -> pa.Table:
        """Columns pos, ref, alt, rsid of one shard."""
        rows = self.table.slice(shard.start, shard.rows).select(VARIANT_COLUMNS[1:])
        return pa.table({name: rows[name].combine_chunks() for name in rows.column_names})


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
    return pa.table({name: pa.array([], pa.string()) for name in VARIANT_COLUMNS})


def tidy(table: pa.Table, source: dict[str, Any], name: str) -> VariantList:
    """Split, check, sort and count."""
    counts = {"read": table.num_rows}
    table = _split_alleles(table)
    for allele in ("ref", "alt"):
        column = table.schema.get_field_index(allele)
        table = table.set_column(column, allele, pc.utf8_upper(table[allele]))
    code = chromosome_codes(table["chrom"])
    placed = pc.and_(pa.array(code > 0), pc.fill_null(pc.greater(table["pos"], 0), False))
    bases = [pc.match_substring_regex(table[a], "^[ACGT]+$") for a in ("ref", "alt")]
    bases = pc.and_(pc.fill_null(pc.and_(*bases), False), pc.not_equal(*_alleles(table)))
    counts["dropped_position"] = table.num_rows - pc.sum(placed).as_py()
    counts["dropped_alleles"] = pc.sum(pc.and_(placed, pc.invert(bases))).as_py() or 0
    kept = np.flatnonzero(pc.and_(placed, bases).to_numpy(zero_copy_only=False))
    if not kept.size:
        raise NothingToAnalyseError(f"{name}: holds no variant that can be described.")
    table, code = table.take(kept), code[kept]
    order = sort_order(table)
    order = order[np.argsort(code[order], kind="stable")]
    table, code = table.take(order).combine_chunks(), code[order]
    repeated = _repeats(table, code)
    counts["dropped_repeated"] = int(repeated.sum())
    table = table.filter(pa.array(~repeated)).combine_chunks()
    names = pa.array(["", *CHROMOSOMES]).take(pa.array(code[~repeated]))
    table = table.set_column(0, "chrom", names)
    return VariantList(table, source, counts | {"kept": table.num_rows})


def _alleles(table: pa.Table) -> tuple[pa.ChunkedArray, pa.ChunkedArray]:
    return table["ref"], table["alt"]


def _split_alleles(table: pa.Table) -> pa.Table:
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
