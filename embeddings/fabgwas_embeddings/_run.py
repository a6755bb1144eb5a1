"""Running a job: encode what is open, write shards as they become complete."""

import shutil
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np
from jaxtyping import Float32

from fabgwas.errors import UsageError
from fabgwas.store import WORK_FOLDER, EmbeddingStore, StoreWriter
from fabgwas_embeddings._job import Job
from fabgwas_embeddings._ledger import Ledger, Tally
from fabgwas_embeddings._variants import Shard
from fabgwas_embeddings.encoders import Encoded, Encoder, Group, unit_rows
from fabgwas_embeddings.encoders._api import estimate_tokens

_SAMPLED_SHARDS = 8
_SAMPLED_ROWS = 256

Engine = Callable[[Encoder, Iterator[Group]], Iterator[Encoded]]
Progress = Callable[[Tally], None]


@dataclass(frozen=True)
class EmbedResult:
    """A finished store, and what making it took."""

    store: EmbeddingStore
    n_variants: int
    n_texts: int | None
    """Distinct texts; None if the store was complete."""
    n_encoded: int
    """Texts that this run encoded; 0 if the store was complete."""
    tokens: int
    """As counted by the service that was paid."""
    seconds: float
    cosine: float | None
    """Smallest cosine of stored and exact vectors in a sample; None if nothing done."""
    counts: dict[str, int] = field(default_factory=dict)
    """Variants read, dropped for each reason, and kept; empty if nothing was done."""


class _Sample(NamedTuple):
    """Rows of the store and their vectors before they were rounded."""

    shards: list[int]
    vectors: list[Float32[np.ndarray, "variant dim"]]
    """Of the first variants of each shard."""

    def cosine(self, store: EmbeddingStore) -> float | None:
        """Smallest cosine of a stored and an exact vector."""
        if not self.shards:
            return None
        first = [row for _, row in store.iter_shards()]
        rows = [
            first[shard] + np.arange(len(vectors))
            for shard, vectors in zip(self.shards, self.vectors, strict=True)
        ]
        stored = unit_rows(store.take(np.concatenate(rows)))
        exact = unit_rows(np.concatenate(self.vectors))
        return float(np.einsum("ij,ij->i", stored, exact).min())


def run_locally(encoder: Encoder, groups: Iterator[Group]) -> Iterator[Encoded]:
    """The engine that encodes in this process."""
    return encoder.stream(groups)


def run_job(
    job: Job,
    engine: Engine = run_locally,
    progress: Progress = lambda _: None,
    *,
    max_cost: float = 5.0,
) -> EmbedResult:
    """Make the store of a job, or what is missing of it.

    May be killed at any time and started again: groups that are done stay done, and the
    finished store is the same to the byte.

    Raises
    ------
    UsageError
        If what is left to be encoded would cost more than `max_cost` USD, by an estimate.
    """
    began = time.monotonic()
    done = job.finished()
    if done is not None:
        # what is left if a run was killed while it deleted its ledger
        shutil.rmtree(job.path / WORK_FOLDER, ignore_errors=True)
        return EmbedResult(
            done, done.n_variants, None, 0, 0, time.monotonic() - began, None
        )
    writer = StoreWriter(job.path, job.metadata)
    with closing(job.open_ledger()) as ledger:
        job.encoder.use_folder(ledger.folder)
        job.claim(ledger)
        before = ledger.tally()
        _check_cost(job, before, max_cost)
        sample = _encode_and_write(job, engine, ledger, writer, progress)
        tally = ledger.tally()
        counts = job.variants.counts
        store = writer.close()
        ledger.delete()
    return EmbedResult(
        store=store,
        n_variants=store.n_variants,
        n_texts=tally.texts,
        n_encoded=before.texts_open,
        tokens=tally.tokens,
        seconds=time.monotonic() - began,
        cosine=sample.cosine(store),
        counts=counts,
    )


def _check_cost(job: Job, tally: Tally, max_cost: float) -> None:
    if job.encoder.price is None or not tally.texts:
        return
    tokens = estimate_tokens(tally.characters) * tally.texts_open / tally.texts
    cost = tokens * job.encoder.price / 1e6
    if cost > max_cost:
        raise UsageError(
            f"this would cost about {cost:,.2f} USD ({tokens:,.0f} tokens at "
            f"{job.encoder.price:g} USD for a million), and at most {max_cost:,.2f} USD "
            "may be spent; allow more, or describe fewer variants."
        )


def _encode_and_write(
    job: Job, engine: Engine, ledger: Ledger, writer: StoreWriter, progress: Progress
) -> _Sample:
    """Encode open groups in any order, and write each shard as soon as it can be."""
    waiting = [
        shard for shard in job.shards if not writer.has_shard(shard.chrom, shard.part)
    ]
    sample = _Sample([], [])

    def write_complete() -> None:
        while waiting and not ledger.open_parts(waiting[0].number):
            _write(job, ledger, writer, waiting.pop(0), sample)

    write_complete()
    for shard, number, vectors, tokens in engine(
        job.encoder, _groups(job, ledger, waiting)
    ):
        ledger.finish_part(shard, ledger.part(shard, number), vectors, tokens)
        progress(ledger.tally())
        if waiting and shard == waiting[0].number:
            write_complete()
    write_complete()
    return sample


def _groups(job: Job, ledger: Ledger, shards: list[Shard]) -> Iterator[Group]:
    """The groups still to be encoded, described when they are asked for."""
    for shard in tuple(shards):
        parts = ledger.open_parts(shard.number)
        if not parts:
            continue
        found = job.describe(shard)
        owned = [found.texts[text] for text in ledger.owned(shard.number, found.hashes)]
        del found
        for part in parts:
            yield Group(shard.number, part.number, owned[part.start : part.stop])


def _write(
    job: Job, ledger: Ledger, writer: StoreWriter, shard: Shard, sample: _Sample
) -> None:
    """Write one shard, and keep some exact vectors to compare with what was stored."""
    found = job.describe(shard)
    distinct = ledger.vectors(shard.number, found.hashes)
    writer.write_shard(shard.chrom, shard.part, found.variants, distinct[found.text_of])
    ledger.drop_vectors(shard.number)
    if len(sample.shards) < _SAMPLED_SHARDS:
        sample.shards.append(shard.number)
        sample.vectors.append(distinct[found.text_of[:_SAMPLED_ROWS]])
