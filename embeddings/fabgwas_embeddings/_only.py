"""Variants of chosen chromosomes, of whatever source."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import pyarrow as pa

from fabgwas.errors import NothingToAnalyseError
from fabgwas.variants import CHROMOSOMES, require_chromosomes
from fabgwas_embeddings._variants import Shard, VariantSource

_COUNTED = 1 << 20  # variants at once


@dataclass(frozen=True)
class OnlyChromosomes:
    """The variants of a source that lie on some chromosomes."""

    whole: VariantSource
    names: tuple[str, ...]
    """As `fabgwas.variants.CHROMOSOMES` has them, in that order."""

    @property
    def source(self) -> dict[str, Any]:
        """The file behind it: name, path, sha256, and the chromosomes."""
        return {**self.whole.source, "chromosomes": list(self.names)}

    @cached_property
    def n_variants(self) -> int:
        """Number of variants; reads them once."""
        return sum(self.read(shard).num_rows for shard in self._cut(_COUNTED))

    @property
    def counts(self) -> dict[str, int]:
        """Variants read, dropped for each reason, and kept; empty if none can be."""
        counts = self.whole.counts
        if not counts:
            return {}
        other = counts["kept"] - self.n_variants
        return counts | {"dropped_other_chromosome": other, "kept": self.n_variants}

    def shards(self, rows: int) -> list[Shard]:
        """Cut the variants into shards of at most `rows`."""
        cut = self._cut(rows)
        if not cut:
            raise NothingToAnalyseError(
                f"{self.source['path']}: no variant lies on chromosome "
                f"{', '.join(self.names)}."
            )
        return [shard._replace(number=number) for number, shard in enumerate(cut)]

    def read(self, shard: Shard) -> pa.Table:
        """Columns pos, ref, alt, rsid of one shard, sorted."""
        return self.whole.read(shard)

    def _cut(self, rows: int) -> list[Shard]:
        return [shard for shard in self.whole.shards(rows) if shard.chrom in self.names]


def only_chromosomes(variants: VariantSource, names: Sequence[str]) -> VariantSource:
    """The variants on chromosomes of these names; no names stand for all.

    Raises
    ------
    UsageError
        If a chromosome is unknown.
    """
    if not names:
        return variants
    codes = sorted(set(require_chromosomes(names)))
    return OnlyChromosomes(variants, tuple(CHROMOSOMES[code - 1] for code in codes))
