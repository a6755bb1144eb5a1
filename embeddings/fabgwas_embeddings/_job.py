"""A job: variants, how they are described and encoded, and the store that results."""

import hashlib
import json
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import Any

from fabgwas.errors import UsageError
from fabgwas.store import WORK_FOLDER, EmbeddingStore, StoreMetadata, open_embeddings
from fabgwas_embeddings._describe import Describer, Description
from fabgwas_embeddings._ledger import Ledger
from fabgwas_embeddings._variants import Shard, VariantSource
from fabgwas_embeddings.encoders import Encoder

_SHARD_BYTES = 1 << 27  # of float32 vectors in memory
_ROW_GROUP = 8192  # shards are whole row groups


@dataclass(frozen=True, kw_only=True)
class Job:
    """Everything that the bytes of a store depend on, and where it goes."""

    variants: VariantSource
    describer: Describer
    encoder: Encoder
    path: Path
    dtype: str = "float16"
    shard_rows: int | None = None
    """Most variants in a file; None for 128 MiB of float32 vectors."""
    exclusions: dict[str, Any] = field(default_factory=dict)
    share_texts: bool = True
    """Whether a text that several shards have is encoded once. If hardly any is, as in
    descriptions with positions, looking for them only costs time and disk."""

    @cached_property
    def metadata(self) -> StoreMetadata:
        """Metadata of the store; equal jobs have equal ones, so there is no date in it."""
        template = self.describer.template
        plain = StoreMetadata(
            model=self.encoder.model,
            revision=self.encoder.revision,
            dim=self.encoder.dim,
            dtype=self.dtype,
            normalized=True,
            build=self.describer.build,
            template=f"{template.name} {template.version}",
            template_sha256=template.sha256,
            text_fields=self.describer.text_fields,
            sources=(self.variants.source, *self.describer.sources),
            exclusions=self.exclusions,
            extra={
                "encoder": self.encoder.name,
                "shard_rows": self._rows,
                "share_texts": self.share_texts,
            },
        )
        text = json.dumps(plain.to_dict(), sort_keys=True)
        job = hashlib.sha256(text.encode()).hexdigest()
        return replace(plain, extra={**plain.extra, "job": job})

    @property
    def _rows(self) -> int:
        if self.shard_rows is not None:
            return self.shard_rows
        groups = _SHARD_BYTES // (4 * self.encoder.dim * _ROW_GROUP)
        return max(groups, 1) * _ROW_GROUP

    @cached_property
    def shards(self) -> list[Shard]:
        """All shards in the order of the store."""
        return self.variants.shards(self._rows)

    def describe(self, shard: Shard) -> Description:
        """The texts of one shard."""
        return self.describer.describe(shard.chrom, self.variants.read(shard))

    def finished(self) -> EmbeddingStore | None:
        """The store of exactly this job, if it is complete."""
        if not (self.path / "store.json").exists():
            return None
        store = open_embeddings(self.path)
        if store.metadata.to_dict() != self.metadata.to_dict():
            raise UsageError(
                f"{self.path}: holds a finished store of other variants, sources or "
                "settings; choose another folder, or replace it (option overwrite)."
            )
        return store

    def open_ledger(self) -> Ledger:
        """The ledger of this job."""
        return Ledger(
            self.path / WORK_FOLDER,
            self.metadata.extra["job"],
            self.encoder.dim,
            share_texts=self.share_texts,
        )

    def claim(self, ledger: Ledger) -> None:
        """Find the distinct texts of all shards, without encoding any."""
        for shard in self.shards:
            if not ledger.claimed(shard.number):
                found = self.describe(shard)
                ledger.claim(shard.number, found.hashes, found.texts, self.encoder.cut)
