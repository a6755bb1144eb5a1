"""Annotations kept by position on disk, and looked up shard by shard.

A database is read once, in batches, into one Parquet file a chromosome, sorted by position.
A shard of variants then reads only the row groups that its positions lie in, one at a time,
so neither the database nor the genome is ever in memory, however far apart variants lie.
"""

import shutil
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from jaxtyping import Int, Int64

from fabgwas.errors import InputError
from fabgwas.variants import (
    VariantKeys,
    chromosome_code,
    match_variants,
    variant_keys,
)
from fabgwas_embeddings._by_chromosome import ROW_GROUP, spread
from fabgwas_embeddings._files import fill

_MOST_SORTED = 20_000_000  # rows of a chromosome that may be sorted in memory


class PositionLookup:
    """An annotator of variants by position and alleles.

    The two alleles match in any order and on either strand. Of several records of one
    variant the first counts.

    Parameters
    ----------
    read
        Gives the database: columns chrom, pos, ref, alt and the fields; rows without a
        place are left out. Called when the first variant is looked up.
    folder
        Where the database is sorted into; what is there is taken as it is.
    fields
        Columns that are looked up.
    source
        File that the database comes from.
    """

    def __init__(
        self,
        read: Callable[[], Iterable[pa.RecordBatch]],
        folder: Path,
        fields: tuple[str, ...],
        source: dict[str, Any],
    ) -> None:
        self._read = read
        self.folder = folder
        self.fields = fields
        self.source = source

    def annotate(self, chrom: str, variants: pa.Table) -> pa.Table:
        """Add the fields to variants of one chromosome, sorted by pos."""
        if not self.folder.exists():
            _build(self._read(), self.folder, self.fields, self.source)
        pos = variants["pos"].to_numpy()
        row = np.full(len(variants), -1, np.int64)
        kinds = pq.read_schema(next(self.folder.glob("*.parquet")))
        found = [kinds.empty_table().select(self.fields)]
        rows = 0
        for records in self._near(chrom, pos):
            if not records.num_rows:
                continue
            first, last = records["pos"][0].as_py(), records["pos"][-1].as_py()
            low, high = np.searchsorted(pos, [first, last + 1]).tolist()
            near = variants.slice(low, high - low)
            match = match_variants(_keys(chrom, records), _keys(chrom, near))
            new = row[low + match.right] < 0
            row[low + match.right[new]] = rows + np.arange(new.sum())
            rows += int(new.sum())
            found.append(records.select(self.fields).take(match.left[new]))
        known = pa.concat_tables(found).combine_chunks()
        index = pa.array(row, mask=row < 0)
        for name in self.fields:
            variants = fill(variants, name, known[name].combine_chunks().take(index))
        return variants

    def _near(self, chrom: str, pos: Int[np.ndarray, " variant"]) -> Iterator[pa.Table]:
        """The records at these positions, one row group after the other."""
        path = self.folder / f"{chrom}.parquet"
        if not path.exists():
            return
        with pq.ParquetFile(path) as file:
            for group in range(file.metadata.num_row_groups):
                held = file.metadata.row_group(group).column(0).statistics
                low, high = np.searchsorted(pos, [held.min, held.max + 1])
                if low == high:
                    continue
                records = file.read_row_group(group, ["pos", "ref", "alt", *self.fields])
                there = records["pos"].to_numpy()
                at = np.minimum(np.searchsorted(pos, there), pos.size - 1)
                yield records.filter(pa.array(pos[at] == there))


class RsidLookup:
    """An annotator of variants by rsID and alleles, for databases of another build."""

    def __init__(
        self,
        batches: Iterable[pa.RecordBatch],
        fields: tuple[str, ...],
        source: dict[str, Any],
    ) -> None:
        tables = [pa.Table.from_batches([batch]) for batch in batches]
        table = pa.concat_tables(tables).combine_chunks()
        number = _rs_numbers(table["rsid"])
        known = np.flatnonzero(number > 0)
        self._keys = _rs_keys(number[known], table.take(known))
        self._records = table.take(known).select(list(fields)).combine_chunks()
        self.fields = fields
        self.source = source

    def annotate(self, chrom: str, variants: pa.Table) -> pa.Table:
        """Add the fields to variants, wherever they lie."""
        number = _rs_numbers(variants["rsid"])
        named = np.flatnonzero(number > 0)
        match = match_variants(self._keys, _rs_keys(number[named], variants.take(named)))
        row = np.full(len(variants), -1, np.int64)
        row[named[match.right]] = match.left
        index = pa.array(row, mask=row < 0)
        for name in self.fields:
            column = self._records[name].combine_chunks().take(index)
            variants = fill(variants, name, column)
        return variants


def _build(
    batches: Iterable[pa.RecordBatch],
    folder: Path,
    fields: tuple[str, ...],
    source: dict[str, Any],
) -> None:
    """Sort a database into `folder`, which is whole once it is there."""
    partial = folder.with_name(f"{folder.name}.partial")
    shutil.rmtree(partial, ignore_errors=True)
    partial.mkdir(parents=True)
    columns = ["chrom", "pos", "ref", "alt", *fields]
    spread((pa.table(batch).select(columns) for batch in batches), partial)
    if not any(partial.iterdir()):
        raise InputError(f"{source.get('path')}: holds no variant with a position.")
    for path in partial.iterdir():
        _sort(path)
    partial.replace(folder)


def _sort(path: Path) -> None:
    """Sort a file by position unless it is sorted."""
    file = pq.ParquetFile(path)
    last = 0
    for batch in file.iter_batches(columns=["pos"]):
        pos = batch.column(0).to_numpy()
        if pos[0] < last or (np.diff(pos) < 0).any():
            break
        last = pos[-1]
    else:
        return
    if file.metadata.num_rows > _MOST_SORTED:
        raise InputError(
            f"chromosome {path.stem} of the annotations has {file.metadata.num_rows} rows "
            "that are not sorted by position; sort the file first."
        )
    table = pq.read_table(path)
    order = np.argsort(table["pos"].to_numpy(), kind="stable")
    pq.write_table(table.take(order), path, row_group_size=ROW_GROUP, compression="zstd")


def _keys(chrom: str, table: pa.Table) -> VariantKeys:
    code = np.full(len(table), chromosome_code(chrom), np.int64)
    return variant_keys(code, table["pos"].to_numpy(), table["ref"], table["alt"])


def _rs_numbers(rsid: pa.ChunkedArray) -> Int64[np.ndarray, " variant"]:
    """Number of each rsID, 0 for other names."""
    found = pc.struct_field(pc.extract_regex(rsid, r"^rs(?P<number>\d{1,10})$"), "number")
    return pc.fill_null(found.cast(pa.int64()), 0).to_numpy()


def _rs_keys(number: Int64[np.ndarray, " variant"], table: pa.Table) -> VariantKeys:
    """Keys that have the number of the rsID in place of the position."""
    return variant_keys(np.zeros_like(number), number, table["ref"], table["alt"])
