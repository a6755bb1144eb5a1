"""`StoreWriter`: shards written in any order, by several processes, then made one store."""

import json
from collections.abc import Iterable
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from jaxtyping import Num

from fabgwas.errors import InputError, UsageError
from fabgwas.files import TEMPORARY, sha256_of, write_atomically
from fabgwas.store._codec import encode
from fabgwas.store._keys import checked_keys, sort_order
from fabgwas.store._open import open_embeddings
from fabgwas.store._reader import EmbeddingStore
from fabgwas.store._schema import (
    METADATA_KEY,
    ROW_GROUP,
    STORE_FILE,
    ShardEntry,
    StoreMetadata,
    footer_crc32,
    read_store_file,
    shard_name,
    shard_schema,
    write_store_file,
)
from fabgwas.variants import CHROMOSOMES, chromosome_codes


class StoreWriter:
    """Write a store shard by shard; `close` completes it.

    Each shard is written under a temporary name and renamed, so a shard that is there is
    whole. Writers of several processes may share a store if one of them closes it when all
    are done. Opened on a finished store of equal metadata, the writer adds shards to it.

    Raises
    ------
    UsageError
        If `path` holds a store of other metadata.
    """

    def __init__(self, path: str | Path, metadata: StoreMetadata) -> None:
        self.path = Path(path)
        self.metadata = metadata
        self._schema = shard_schema(metadata)
        self._entries: dict[str, ShardEntry] = {}
        if (self.path / STORE_FILE).exists():
            existing, entries = read_store_file(self.path)
            if existing.to_dict() != metadata.to_dict():
                raise UsageError(
                    f"{self.path}: holds a store of other metadata ({existing.model}, "
                    f"{existing.dim} x {existing.dtype}); choose another folder."
                )
            self._entries = {entry.path: entry for entry in entries}
        self._listed = frozenset(self._entries)

    def has_shard(self, chrom: str, part: int) -> bool:
        """Whether this shard is already written."""
        return (self.path / shard_name(chrom, part)).exists()

    def write_shard(
        self,
        chrom: str,
        part: int,
        table: pa.Table,
        embedding: Num[np.ndarray, "variant dim"],
    ) -> ShardEntry:
        """Write one file: variants of one chromosome and their vectors.

        Parameters
        ----------
        chrom
            A name of `fabgwas.variants.CHROMOSOMES`.
        part
            Number of the file in its chromosome.
        table
            Columns pos, ref, alt in this order of sorting, and if known rsid and text_hash.
        embedding
            One finite vector for each row.

        Returns
        -------
        What `close` needs to know of the file, for writers of other processes.
        """
        name = shard_name(chrom, part)
        if name in self._listed:
            raise UsageError(f"{self.path / name}: is part of a finished store.")
        if embedding.shape != (table.num_rows, self.metadata.dim):
            raise ValueError(
                f"embedding must have shape {(table.num_rows, self.metadata.dim)}, "
                f"not {embedding.shape}."
            )
        table = checked_keys(chrom, table)
        path = self.path / name
        with write_atomically(path) as temporary:
            self._write(temporary, table, embedding)
            size, checksum = temporary.stat().st_size, sha256_of(temporary)
            footer = footer_crc32(temporary)
        entry = ShardEntry(name, chrom, part, table.num_rows, size, checksum, footer)
        self._entries[name] = entry
        return entry

    def close(self, shards: Iterable[ShardEntry] = ()) -> EmbeddingStore:
        """List all shards in `store.json` and open the store.

        Parameters
        ----------
        shards
            What `write_shard` returned in other processes. Files of which nothing is known
            are read once for their checksum.
        """
        entries = self._entries | {entry.path: entry for entry in shards}
        on_disk = {
            path.relative_to(self.path).as_posix()
            for path in self.path.glob("chrom=*/part-*.parquet")
        }
        lost = sorted(entries.keys() - on_disk)
        if lost:
            raise InputError(
                f"{self.path / lost[0]}: this shard was written but is gone: write it anew."
            )
        if not on_disk:
            raise ValueError("A store needs at least one shard.")
        for name in sorted(on_disk - entries.keys()):
            entries[name] = self._inspect(name)
        for pattern in (TEMPORARY, f"chrom=*/{TEMPORARY}"):
            for leftover in self.path.glob(pattern):
                leftover.unlink()
        write_store_file(self.path, self.metadata, entries.values())
        self._entries, self._listed = entries, frozenset(entries)
        return open_embeddings(self.path)

    def __enter__(self) -> "StoreWriter":
        return self

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        if kind is None:
            self.close()

    def _write(self, path: Path, table: pa.Table, embedding: np.ndarray) -> None:
        others = [name for name in self._schema.names if name != "embedding"]
        with pq.ParquetWriter(
            path,
            self._schema,
            compression={"embedding": "none"} | dict.fromkeys(others, "zstd"),
            use_dictionary=["ref", "alt"],
            write_statistics=["pos"],
            write_page_checksum=True,
        ) as file:
            # by row group, so that no second copy of all vectors is made
            for start in range(0, table.num_rows, ROW_GROUP):
                rows = table.slice(start, ROW_GROUP)
                vectors = encode(
                    embedding[start : start + ROW_GROUP], self.metadata.dtype, start
                )
                columns = [*rows.columns, *(each for each in vectors if each is not None)]
                file.write_table(pa.table(columns, schema=self._schema), ROW_GROUP)

    def _inspect(self, name: str) -> ShardEntry:
        """What is to know of a shard that another process left."""
        path = self.path / name
        try:
            footer = pq.read_metadata(path)
        except (pa.ArrowException, OSError) as error:
            raise InputError(
                f"{path}: not a Parquet file ({error}); delete it and write it again."
            ) from error
        text = (footer.metadata or {}).get(METADATA_KEY, b"null")
        if json.loads(text) != self.metadata.to_dict():
            raise InputError(
                f"{path}: belongs to a store of other metadata: delete it, write it anew."
            )
        chrom, part = name.removeprefix("chrom=").removesuffix(".parquet").split("/part-")
        size, rows = path.stat().st_size, footer.num_rows
        checksum, end = sha256_of(path), footer_crc32(path)
        return ShardEntry(name, chrom, int(part), rows, size, checksum, end)


def write_embeddings(
    path: str | Path,
    metadata: StoreMetadata,
    table: pa.Table,
    embedding: Num[np.ndarray, "variant dim"],
) -> EmbeddingStore:
    """Write a store of variants that fit in memory, in any order, and open it.

    Parameters
    ----------
    path
        Folder of the store.
    metadata
        What the vectors are.
    table
        Columns chrom, pos, ref, alt, and if known rsid and text_hash.
    embedding
        One vector for each row.
    """
    codes = chromosome_codes(table["chrom"])
    if not codes.all():
        at = int(codes.argmin())
        raise ValueError(f"chrom of row {at} is unknown: {table['chrom'][at]}.")
    writer = StoreWriter(path, metadata)
    for code in np.unique(codes).tolist():
        rows = np.flatnonzero(codes == code)
        rows = rows[sort_order(table.take(rows))]
        writer.write_shard(CHROMOSOMES[code - 1], 0, table.take(rows), embedding[rows])
    return writer.close()
