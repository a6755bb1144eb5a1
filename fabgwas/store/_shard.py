"""One Parquet file of a store, read batch by batch."""

from abc import ABC, abstractmethod
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import ClassVar

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from jaxtyping import Float32, Int64

from fabgwas.errors import InputError
from fabgwas.store._codec import decode
from fabgwas.store._schema import (
    ROW_GROUP,
    StoreMetadata,
    chromosome_column,
    footer_crc32,
)

# quicker than a memory map, and the pages do not count as memory of the process
_READ_BUFFER = 1 << 18


@dataclass(frozen=True)
class Shard(ABC):
    """A file of a store; a subclass knows its columns."""

    path: Path
    rows: int
    chroms: tuple[str, ...]
    metadata: StoreMetadata
    bytes: int | None = None
    sha256: str | None = None
    footer_crc32: int | None = None

    key_columns: ClassVar[tuple[str, ...]]

    @property
    @abstractmethod
    def vector_columns(self) -> list[str]:
        """Columns that `decode` needs."""

    @abstractmethod
    def keys(self, batch: pa.RecordBatch) -> pa.Table:
        """Columns chrom pos ref alt rsid (and text_hash if read) of a batch."""

    @abstractmethod
    def decode(
        self,
        batch: pa.RecordBatch,
        select: slice | np.ndarray,
        out: Float32[np.ndarray, "variant dim"],
    ) -> None:
        """Write the selected vectors of a batch to `out`."""

    @cached_property
    def _bounds(self) -> Int64[np.ndarray, " group_bound"]:
        """First row of each row group, and the number of rows."""
        return self._footer()[0]

    @cached_property
    def _positions(self) -> list[tuple[int, int]] | None:
        """First and last position of each row group, where the file says so."""
        return self._footer()[1]

    def groups_between(self, first: int, last: int) -> list[int]:
        """Row groups that may hold positions from `first` to `last`."""
        if self._positions is None:
            return list(range(self._bounds.size - 1))
        return [
            group
            for group, (low, high) in enumerate(self._positions)
            if low <= last and high >= first
        ]

    def groups_with(self, rows: Int64[np.ndarray, " variant"]) -> list[int]:
        """Row groups that hold any of these rows."""
        return np.unique(np.searchsorted(self._bounds, rows, side="right") - 1).tolist()

    def batches(
        self, columns: list[str], groups: list[int] | None = None
    ) -> Iterator[tuple[int, pa.RecordBatch]]:
        """Batches of at most `ROW_GROUP` rows, each with the number of its first row.

        A row group may be huge, so it is never held whole.
        """
        bounds = self._bounds
        try:
            with pq.ParquetFile(
                self.path,
                buffer_size=_READ_BUFFER,
                pre_buffer=False,
                page_checksum_verification=True,
            ) as file:
                for group in range(bounds.size - 1) if groups is None else groups:
                    row = int(bounds[group])
                    for batch in file.iter_batches(
                        ROW_GROUP, row_groups=[group], columns=columns, use_threads=False
                    ):
                        yield row, batch
                        row += batch.num_rows
                    if row != bounds[group + 1]:
                        raise self.damaged(f"row group {group} is cut at row {row}")
        except (pa.ArrowException, OSError) as error:
            raise self.damaged(error) from error

    def damaged(self, why: object) -> InputError:
        """The error that says that this file cannot be used."""
        return InputError(
            f"{self.path}: damaged shard of an embedding store ({str(why).strip()}). Copy "
            "it anew, or delete it and run the job that wrote the store again."
        )

    def _footer(self) -> tuple[np.ndarray, list[tuple[int, int]] | None]:
        try:
            if self.footer_crc32 not in (None, footer_crc32(self.path)):
                raise self.damaged("its footer differs from the one that was written")
            footer = pq.read_metadata(self.path)
        except (pa.ArrowException, OSError) as error:
            raise self.damaged(error) from error
        groups = [footer.row_group(number) for number in range(footer.num_row_groups)]
        bounds = np.cumsum([0, *(group.num_rows for group in groups)], dtype=np.int64)
        if bounds[-1] != self.rows:
            raise self.damaged(f"{bounds[-1]} rows instead of {self.rows}")
        if "pos" not in footer.schema.names:
            raise self.damaged("no column pos")
        at = footer.schema.names.index("pos")
        if self.footer_crc32 is None:
            # Arrow ends the process if it meets damaged statistics
            return bounds, None
        statistics = [group.column(at).statistics for group in groups]
        return bounds, [(s.min, s.max) for s in statistics]


class NativeShard(Shard):
    """A file in the layout of `fabgwas.store._schema`."""

    key_columns = ("pos", "ref", "alt", "rsid")

    @property
    def vector_columns(self) -> list[str]:
        """Columns that `decode` needs."""
        return ["embedding", "scale"] if self.metadata.dtype == "int8" else ["embedding"]

    def keys(self, batch: pa.RecordBatch) -> pa.Table:
        """Columns chrom pos ref alt rsid (and text_hash if read) of a batch."""
        columns = dict(zip(batch.schema.names, batch.columns, strict=True))
        chrom = chromosome_column(self.chroms[0], batch.num_rows)
        alleles = {name: pc.dictionary_encode(columns[name]) for name in ("ref", "alt")}
        return pa.table({"chrom": chrom, **columns, **alleles})

    def decode(
        self,
        batch: pa.RecordBatch,
        select: slice | np.ndarray,
        out: Float32[np.ndarray, "variant dim"],
    ) -> None:
        """Write the selected vectors of a batch to `out`."""
        kind = batch.schema.field("embedding").type
        if kind != pa.binary(self.metadata.row_bytes):
            raise self.damaged(
                f"vectors of {kind} instead of {self.metadata.dim} {self.metadata.dtype}"
            )
        decode(batch, self.metadata.dtype, select, out)
