"""Lists of variants to be embedded, from the files that people have."""

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple, Protocol, runtime_checkable

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from fabgwas.errors import InputError, NothingToAnalyseError
from fabgwas.store import sort_order
from fabgwas.variants import CHROMOSOMES, chromosome_codes
from fabgwas_embeddings._files import read_batches, read_header, source_of

VARIANT_COLUMNS = ("chrom", "pos", "ref", "alt", "rsid")

# names of a column in lower case, in order of preference
_NAMES = {
    "chrom": ("#chrom", "chrom", "chr", "chromosome", "#chr", "chr_name"),
    "pos": ("pos", "bp", "position", "genpos", "base_pair_location"),
    "ref": ("ref", "other_allele", "reference_allele", "allele0", "a2"),
    "alt": ("alt", "effect_allele", "allele1", "a1"),
    "rsid": ("rsid", "snp", "id", "variant_id", "markername"),
}
_BIM = ["chrom", "rsid", "cm", "pos", "alt", "ref"]


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


def read_variants(path: str | Path) -> VariantList:
    """Read a list of variants: .bim, .pvar, VCF, Parquet, or a table with a header.

    PLINK 1 does not say which allele is the reference; A2 is taken as ref and A1 as alt.
    In tables of summary statistics the effect allele is alt. Rows without a position, with
    alleles other than A, C, G, T, and repeated rows are left out and counted.
    """
    path = Path(path)
    if not path.is_file():
        raise InputError(f"{path}: no such file.")
    if path.suffix == ".bim":
        batches = _read_bim(path)
    elif _is_parquet(path):
        batches = _read_parquet(path)
    else:
        batches = _read_text(path)
    tables = [pa.Table.from_batches([batch]) for batch in batches]
    table = pa.concat_tables(tables) if tables else _empty()
    return _tidy(table, source_of("variants", path), str(path))


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
    return _tidy(table, source, name)


def _is_parquet(path: Path) -> bool:
    with path.open("rb") as file:
        return file.read(4) == b"PAR1"


def _read_bim(path: Path) -> Iterator[pa.RecordBatch]:
    line, _ = read_header(path)
    delimiter = "\t" if "\t" in line else " "
    if len(line.split(delimiter)) != len(_BIM):
        raise InputError(
            f"{path}: line 1 has not the six columns of a .bim file, separated by tabs or "
            "single blanks."
        )
    yield from _batches(path, _BIM, 0, delimiter, {name: name for name in VARIANT_COLUMNS})


def _read_text(path: Path) -> Iterator[pa.RecordBatch]:
    line, skipped = read_header(path)
    delimiter = next((mark for mark in ("\t", ",", " ") if mark in line), "\t")
    names = line.split(delimiter)
    yield from _batches(path, names, skipped + 1, delimiter, _choose(names, path))


def _batches(
    path: Path, names: list[str], skip: int, delimiter: str, chosen: dict[str, str]
) -> Iterator[pa.RecordBatch]:
    batches = read_batches(
        path,
        names,
        skip=skip,
        delimiter=delimiter,
        columns=list(chosen.values()),
        types={chosen["pos"]: pa.int64()},
    )
    for batch in batches:
        yield _canonical(batch, chosen)


def _read_parquet(path: Path) -> Iterator[pa.RecordBatch]:
    file = pq.ParquetFile(path)
    chosen = _choose(file.schema_arrow.names, path)
    for batch in file.iter_batches(columns=list(chosen.values())):
        yield _canonical(batch, chosen)


def _choose(names: list[str], path: Path) -> dict[str, str]:
    """Which column of a file is chrom, pos, ref, alt and, if there is one, rsid."""
    lower = {name.lower(): name for name in reversed(names)}
    chosen = {
        column: next((lower[name] for name in known if name in lower), None)
        for column, known in _NAMES.items()
    }
    for column in VARIANT_COLUMNS[:4]:
        if chosen[column] is None:
            raise InputError(
                f"{path}: no column for {column}; it may be called one of "
                f"{', '.join(_NAMES[column])}. The columns are {', '.join(names)}."
            )
    return {column: name for column, name in chosen.items() if name is not None}


def _canonical(batch: pa.RecordBatch, chosen: dict[str, str]) -> pa.RecordBatch:
    columns = {}
    for column in VARIANT_COLUMNS:
        if column not in chosen:
            columns[column] = pa.nulls(len(batch), pa.string())
            continue
        kind = pa.int32() if column == "pos" else pa.string()
        columns[column] = batch[chosen[column]].cast(kind)
    return pa.record_batch(columns)


def _empty() -> pa.Table:
    return pa.table({name: pa.array([], pa.string()) for name in VARIANT_COLUMNS})


def _tidy(table: pa.Table, source: dict[str, Any], name: str) -> VariantList:
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
