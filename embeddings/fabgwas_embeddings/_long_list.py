"""Long lists of variants, sorted on disk and never in memory as a whole."""

import json
import shutil
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from fabgwas.errors import NothingToAnalyseError
from fabgwas.variants import CHROMOSOMES
from fabgwas_embeddings._by_chromosome import ROW_GROUP, spread
from fabgwas_embeddings._files import source_of
from fabgwas_embeddings._variant_files import variant_tables
from fabgwas_embeddings._variants import (
    VARIANT_COLUMNS,
    Shard,
    clean,
    cut_shards,
    split_alleles,
)

_COUNTS = "counts.json"


@dataclass(frozen=True)
class LongVariantList:
    """The variants of a file, as `read_variants` gives them, one chromosome at a time.

    The file is sorted into a folder when the first variant is asked for: a Parquet file a
    chromosome, of which shards read their rows.
    """

    path: Path
    work: Path
    """Folder for sorted lists, each under the checksum of its file."""

    @cached_property
    def source(self) -> dict[str, Any]:
        """The file: name, path, sha256."""
        return source_of("variants", self.path)

    @cached_property
    def counts(self) -> dict[str, int]:
        """Variants read, dropped for each reason, and kept."""
        return json.loads((self._sorted / _COUNTS).read_text(encoding="utf-8"))

    @property
    def n_variants(self) -> int:
        """Number of variants."""
        return self.counts["kept"]

    def shards(self, rows: int) -> list[Shard]:
        """Cut the variants into shards of at most `rows`."""
        files = {chrom: self._sorted / f"{chrom}.parquet" for chrom in CHROMOSOMES}
        bounds = {
            chrom: (0, pq.read_metadata(path).num_rows)
            for chrom, path in files.items()
            if path.exists()
        }
        return cut_shards(bounds, rows)

    def read(self, shard: Shard) -> pa.Table:
        """Columns pos, ref, alt, rsid of one shard."""
        first, last = shard.start // ROW_GROUP, (shard.stop - 1) // ROW_GROUP
        with pq.ParquetFile(self._sorted / f"{shard.chrom}.parquet") as file:
            table = file.read_row_groups([*range(first, last + 1)])
        return table.slice(shard.start - first * ROW_GROUP, shard.rows).combine_chunks()

    @cached_property
    def _sorted(self) -> Path:
        folder = self.work / f"variants-{self.source['sha256'][:16]}"
        if folder.exists():
            return folder
        partial = folder.with_name(f"{folder.name}.partial")
        shutil.rmtree(partial, ignore_errors=True)
        partial.mkdir(parents=True)
        counts = self._sort(partial)
        if not counts["kept"]:
            raise NothingToAnalyseError(
                f"{self.path}: holds no variant that can be described."
            )
        (partial / _COUNTS).write_text(json.dumps(counts), encoding="utf-8")
        return partial.replace(folder)

    def _sort(self, folder: Path) -> dict[str, int]:
        """Write the files of the chromosomes; gives the counts."""
        counts = {"read": 0}

        def split() -> Any:
            for table in variant_tables(self.path):
                counts["read"] += table.num_rows
                yield split_alleles(table)

        lost = spread(split(), folder)
        for path in sorted(folder.iterdir()):
            rows = pq.read_table(path)
            table = rows.add_column(0, "chrom", pa.repeat(path.stem, len(rows)))
            table, found = clean(table.select(VARIANT_COLUMNS))
            for name, count in found.items():
                counts[name] = counts.get(name, 0) + count
            path.unlink()
            if table.num_rows:
                rest = table.drop_columns("chrom")
                pq.write_table(rest, path, row_group_size=ROW_GROUP, compression="zstd")
        counts["dropped_position"] = counts.get("dropped_position", 0) + lost
        return {"kept": 0} | counts
