"""`EmbeddingStore`: variants and their vectors, read from disk piece by piece."""

from collections.abc import Collection, Iterator, Sequence
from html import escape
from pathlib import Path

import numpy as np
import pyarrow as pa
from jaxtyping import Float, Int, Int64
from numpy.typing import DTypeLike

from fabgwas.files import sha256_of
from fabgwas.store._blocks import KeyBlock, VectorBlock, filtered, selection
from fabgwas.store._find import find_named, find_rows
from fabgwas.store._schema import ROW_GROUP, StoreMetadata
from fabgwas.store._shard import Shard
from fabgwas.store._show import show_store
from fabgwas.variants import CHROMOSOMES, chromosome_code


class EmbeddingStore:
    """Variants with one vector each, on disk; nothing is read before it is asked for.

    Rows are numbered through the files in the order of chromosome and part. Open one with
    `open_embeddings`.
    """

    def __init__(
        self, path: Path, metadata: StoreMetadata, shards: Sequence[Shard]
    ) -> None:
        self.path = path
        self.metadata = metadata
        self.shards = tuple(shards)
        self._starts = np.cumsum([0, *(shard.rows for shard in shards)], dtype=np.int64)

    @property
    def dim(self) -> int:
        """Length of a vector."""
        return self.metadata.dim

    @property
    def n_variants(self) -> int:
        """Number of rows."""
        return int(self._starts[-1])

    @property
    def chroms(self) -> tuple[str, ...]:
        """Chromosomes of the store, in their order."""
        found = {chrom for shard in self.shards for chrom in shard.chroms}
        return tuple(sorted(found, key=chromosome_code))

    def __len__(self) -> int:
        return self.n_variants

    def iter_shards(self) -> Iterator[tuple[Shard, int]]:
        """Go through the files, each with the global number of its first row."""
        return zip(self.shards, self._starts[:-1].tolist(), strict=True)

    def iter_keys(
        self,
        chrom: str | Collection[str] | None = None,
        *,
        positions: tuple[int, int] | None = None,
        text_hash: bool = False,
    ) -> Iterator[KeyBlock]:
        """Go through the variants, at most 8,192 at a time, in the order of their rows.

        Parameters
        ----------
        chrom
            Only this chromosome, or these.
        positions
            Only from the first to the last of these base pairs, both included.
        text_hash
            Also read the column text_hash, in stores that have it.
        """
        names = [chrom] if isinstance(chrom, str) else chrom
        wanted = None if names is None else {_chromosome(name) for name in names}
        for shard, first in self.iter_shards():
            if wanted is not None and wanted.isdisjoint(shard.chroms):
                continue
            columns = [*shard.key_columns, *(["text_hash"] if text_hash else [])]
            groups = shard.groups_between(*positions) if positions else None
            for row, batch in shard.batches(columns, groups):
                rows = np.arange(first + row, first + row + batch.num_rows)
                block = KeyBlock(rows, shard.keys(batch))
                block = filtered(block, wanted, positions)
                if block.rows.size:
                    yield block

    def iter_blocks(
        self,
        rows: Int[np.ndarray, " variant"] | None = None,
        *,
        block_size: int = ROW_GROUP,
        dtype: DTypeLike = np.float32,
    ) -> Iterator[VectorBlock]:
        """Read vectors in ascending order of rows, `block_size` at a time.

        Only row groups that hold wanted rows are read, and at most a part of one and one
        block are in memory. All blocks but the last have `block_size` rows. Reading goes
        at 2.5 GB/s of float32, or 3.3 if checksums were not compared; a thread that reads
        ahead gained nothing beside a matrix product on two cores, so there is none.

        Parameters
        ----------
        rows
            Global row numbers in ascending order; None means all.
        block_size
            Variants in a block.
        dtype
            float32, or another floating type to convert to.
        """
        if block_size < 1:
            raise ValueError(f"block_size must be positive, not {block_size}.")
        total = self.n_variants if rows is None else rows.size
        if rows is not None:
            _check_rows(rows, self.n_variants)
        start = 0
        block_rows, out, filled = self._new_block(min(block_size, total))
        for shard, first, local in self._rows_by_shard(rows):
            for row, batch in shard.batches(shard.vector_columns, shard.groups_with(local)):
                low, high = np.searchsorted(local, [row, row + batch.num_rows])
                while low < high:
                    wanted = local[low : min(high, low + len(out) - filled)]
                    end = filled + wanted.size
                    block_rows[filled:end] = wanted + first
                    shard.decode(batch, selection(wanted - row), out[filled:end])
                    low, filled = low + wanted.size, end
                    if filled == len(out):
                        yield VectorBlock(start, block_rows, out.astype(dtype, copy=False))
                        start += filled
                        size = min(block_size, total - start)
                        block_rows, out, filled = self._new_block(size)

    def find(self, variants: pa.Table) -> Int64[np.ndarray, " variant"]:
        """Rows of variants given by chrom, pos, ref, alt, -1 if absent; see `find_rows`."""
        return find_rows(self, variants)

    def find_named(self, names: pa.ChunkedArray) -> pa.Table:
        """Variants with one of these identifiers; see `fabgwas.store._find.find_named`."""
        return find_named(self, names)

    def take(
        self, keys: Int[np.ndarray, " variant"] | pa.Table
    ) -> Float[np.ndarray, "variant dim"]:
        """Vectors of the given rows or variants, in any order and with repeats, as float32.

        Parameters
        ----------
        keys
            Global row numbers, or a table with the columns chrom, pos, ref, alt.

        Raises
        ------
        ValueError
            If the store lacks one of the variants; `find` tells which it has.
        """
        rows = keys
        if isinstance(keys, pa.Table):
            rows = self.find(keys)
            absent = np.flatnonzero(rows < 0)
            if absent.size:
                first = keys.select(["chrom", "pos", "ref", "alt"]).slice(absent[0], 1)
                raise ValueError(
                    f"the store lacks {absent.size} of {rows.size} variants, first "
                    f"{first.to_pylist()[0]}."
                )
        distinct, inverse = np.unique(np.asarray(rows, np.int64), return_inverse=True)
        embedding = np.empty((distinct.size, self.dim), np.float32)
        for block in self.iter_blocks(distinct):
            embedding[block.start : block.start + block.rows.size] = block.embedding
        return embedding[inverse]

    def project(
        self,
        dim: int,
        path: str | Path,
        method: str = "pca",
        *,
        seed: int = 0,
    ) -> "EmbeddingStore":
        """Write a store of shorter vectors to `path`; see `project_store`."""
        from fabgwas.store._project import project_store

        return project_store(self, dim, path, method, seed=seed)

    def verify(self) -> int:
        """Compare each file with its checksum; return how many files have one.

        Raises
        ------
        InputError
            If a file differs from what was written.
        """
        checked = [shard for shard in self.shards if shard.sha256 is not None]
        for shard in checked:
            if sha256_of(shard.path) != shard.sha256:
                raise shard.damaged("its checksum differs from the one in store.json")
        return len(checked)

    def __repr__(self) -> str:
        facts = ", ".join(f"{name} {value}" for name, value in self._facts.items())
        return f"EmbeddingStore({facts})"

    def _repr_html_(self) -> str:
        rows = "".join(
            f"<tr><th>{escape(name)}</th><td>{escape(value)}</td></tr>"
            for name, value in self._facts.items()
        )
        return f"<table><caption>EmbeddingStore</caption>{rows}</table>"

    @property
    def _facts(self) -> dict[str, str]:
        return show_store(self.metadata, self.n_variants, self.chroms)

    def _rows_by_shard(
        self, rows: Int[np.ndarray, " variant"] | None
    ) -> Iterator[tuple[Shard, int, Int64[np.ndarray, " variant"]]]:
        for number, shard in enumerate(self.shards):
            first, end = self._starts[number : number + 2].tolist()
            if rows is None:
                local = np.arange(end - first)
            else:
                low, high = np.searchsorted(rows, [first, end])
                local = rows[low:high].astype(np.int64) - first
            if local.size:
                yield shard, first, local

    def _new_block(self, size: int) -> tuple[np.ndarray, np.ndarray, int]:
        return np.empty(size, np.int64), np.empty((size, self.dim), np.float32), 0


def _check_rows(rows: Int[np.ndarray, " variant"], limit: int) -> None:
    if rows.size and (np.any(np.diff(rows) < 0) or rows[0] < 0 or rows[-1] >= limit):
        raise ValueError(
            f"rows must ascend between 0 and {limit - 1}; these begin with "
            f"{rows[:3]}, the smallest is {rows.min()}, the largest {rows.max()}."
        )


def _chromosome(name: str) -> str:
    code = chromosome_code(name)
    if not code:
        raise ValueError(f"chrom must be one of {' '.join(CHROMOSOMES)}, not {name!r}.")
    return CHROMOSOMES[code - 1]
