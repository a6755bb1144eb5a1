"""What a job will take, before anything is spent."""

import time
from dataclasses import dataclass
from itertools import pairwise
from typing import NamedTuple

import numpy as np

from fabgwas_embeddings._job import Job
from fabgwas_embeddings._variants import tell_drops
from fabgwas_embeddings.encoders import Encoder
from fabgwas_embeddings.encoders._api import estimate_tokens, price_table

_TRIED_TEXTS = 64  # to measure the speed of an encoder
_COUNTED_TEXTS = 512  # to count tokens
_KEPT_TEXTS = 64  # of each shard, to choose those from
_MOST_SHARDS = 48  # described; of larger jobs a sample
_ROW_OVERHEAD = 40  # bytes of a row beside its vector: position, alleles, rsid, text hash


@dataclass(frozen=True)
class Plan:
    """Size, price and time of a job."""

    encoder: str
    model: str
    dim: int
    n_variants: int
    n_texts: int
    sampled: bool
    """Whether `n_texts` is extrapolated from some shards: an upper bound, since texts that
    shards share are counted again."""
    characters: int
    tokens: int
    tokens_estimated: bool
    """Whether tokens are guessed from characters, four to a token."""
    max_tokens: int | None
    """Longest text that the encoder reads whole."""
    long_share: float
    """Share of texts that are cut there, in a sample; 0 without a tokenizer."""
    requests: int
    price: float | None
    """USD for a million tokens; None if nobody is paid."""
    price_date: str | None
    texts_per_second: float | None
    """As measured here; None for services."""
    seconds: float | None
    """Wall time: by rate limits for services, else by the measured speed."""
    store_bytes: int
    work_bytes: int
    """Most that vectors waiting for their shards may need beside the store."""
    shards: int
    dropped: str = ""
    """How many variants of the list are left out and why."""

    @property
    def cost(self) -> float:
        """USD."""
        return (self.price or 0.0) * self.tokens / 1e6

    def _told_cuts(self) -> list[str]:
        if not self.long_share:
            return []
        return [
            f"cut          about {self.long_share:.1%} of the texts, which reach the "
            f"{self.max_tokens:,} tokens that the model reads"
        ]

    def __str__(self) -> str:
        guess = "about " if self.tokens_estimated else ""
        most = "at most " if self.sampled else ""
        lines = [
            f"encoder      {self.encoder}: {self.model}, {self.dim} numbers",
            f"variants     {self.n_variants:,} in {self.shards:,} shards"
            + (f"; {self.dropped}" if self.dropped else ""),
            f"texts        {most}{self.n_texts:,} distinct, {self.characters:,} characters",
            f"tokens       {guess}{self.tokens:,} in {self.requests:,} calls",
            *self._told_cuts(),
            f"store        {_size(self.store_bytes)}, and while working "
            f"{_size(self.work_bytes)}",
        ]
        if self.price is None:
            lines.append("price        none: the model runs on your own machine")
        else:
            date = f" (price of {self.price_date})" if self.price_date else ""
            lines.append(
                f"price        {guess}{self.cost:,.2f} USD at {self.price:g} USD for a "
                f"million tokens{date}"
            )
        if self.seconds is not None:
            how = (
                "at the rate limits given"
                if self.texts_per_second is None
                else f"at {self.texts_per_second:,.0f} texts a second, measured here"
            )
            lines.append(f"time         {most}{_duration(self.seconds)} {how}")
        return "\n".join(lines)


def plan_job(
    job: Job,
    *,
    tokens_per_minute: float | None = None,
    requests_per_minute: float | None = None,
    measure: bool = True,
) -> Plan:
    """Count texts and tokens, and work out price, time and disk.

    Parameters
    ----------
    job
        Nothing is written to its folder but sorted annotations.
    tokens_per_minute, requests_per_minute
        Limits of a service; without them its time is not told.
    measure
        Whether to encode a few texts with a local model to measure its speed.
    """
    encoder = job.encoder
    counts = _count(job)
    tried = _count_tokens(encoder, counts.some)
    tokens = estimate_tokens(counts.characters)
    if tried:
        tokens = round(counts.characters * sum(tried) / sum(map(len, counts.some)))
    most = encoder.max_tokens
    speed = _speed(encoder, counts.some) if measure and encoder.local else None
    limits = ((tokens, tokens_per_minute), (counts.requests, requests_per_minute))
    minutes = [amount / limit for amount, limit in limits if limit]
    seconds = counts.texts / speed if speed else 60 * max(minutes) if minutes else None
    n = job.variants.n_variants
    return Plan(
        encoder=encoder.name,
        model=encoder.model,
        dim=encoder.dim,
        n_variants=n,
        n_texts=counts.texts,
        sampled=counts.sampled,
        characters=counts.characters,
        tokens=tokens,
        tokens_estimated=not tried,
        max_tokens=most,
        long_share=sum(each >= most for each in tried) / len(tried)
        if tried and most
        else 0.0,
        requests=counts.requests,
        price=encoder.price,
        price_date=_price_date(encoder),
        texts_per_second=speed,
        seconds=seconds,
        store_bytes=n * (job.metadata.row_bytes + _ROW_OVERHEAD),
        work_bytes=counts.texts * encoder.dim * 4,
        shards=len(job.shards),
        dropped=tell_drops(job.variants.counts),
    )


class _Counts(NamedTuple):
    texts: int
    characters: int
    requests: int
    sampled: bool
    some: list[str]


def _count(job: Job) -> _Counts:
    """Describe the shards, or some of them and extrapolate."""
    step = max(len(job.shards) // _MOST_SHARDS, 1)
    seen: set[bytes] = set()
    texts = characters = requests = described = 0
    some: list[str] = []
    for shard in job.shards[::step]:
        found = job.describe(shard)
        pairs = zip(found.hashes, found.texts, strict=True)
        new = [text for name, text in pairs if name not in seen]
        if step == 1:
            seen.update(found.hashes)
        texts += len(new)
        characters += sum(map(len, new))
        requests += len(job.encoder.cut(new))
        described += shard.rows
        some += new[:: max(len(new) // _KEPT_TEXTS, 1)]
    scale = sum(shard.rows for shard in job.shards) / described
    texts, characters = round(texts * scale), round(characters * scale)
    return _Counts(texts, characters, round(requests * scale), step > 1, _thin(some))


def _thin(texts: list[str]) -> list[str]:
    """At most as many texts as are counted, spread evenly."""
    at = np.linspace(0, len(texts) - 1, min(len(texts), _COUNTED_TEXTS)).astype(int)
    return [texts[each] for each in at.tolist()]


def _price_date(encoder: Encoder) -> str | None:
    """When the price was documented; None if there is none, or the user gave it."""
    table = price_table()
    known = table["models"].get(encoder.model, {})
    documented = encoder.price in (known.get("price"), known.get("batch_price"))
    return table["date"] if encoder.price is not None and documented else None


def _count_tokens(encoder: Encoder, texts: list[str]) -> list[int]:
    """By the encoder's own tokenizer; empty if it has none."""
    counts = [encoder.count_tokens(text) for text in texts]
    return [count for count in counts if count is not None]


def _speed(encoder: Encoder, texts: list[str]) -> float:
    """Texts a second, in calls as large as the encoder makes them."""
    some = texts[:: max(len(texts) // _TRIED_TEXTS, 1)]
    encoder.encode(some[:1])  # loads the model
    began = time.perf_counter()
    for start, stop in pairwise([0, *encoder.cut(some)]):
        encoder.encode(some[start:stop])
    return len(some) / (time.perf_counter() - began)


def _size(size: int | float) -> str:
    for unit in ("B", "kB", "MB", "GB", "TB"):
        if size < 1000 or unit == "TB":
            return f"{size:.3g} {unit}"
        size /= 1000
    raise AssertionError("the largest unit returns")


def _duration(seconds: float) -> str:
    if seconds < 120:
        return f"{seconds:.0f} s"
    if seconds < 7200:
        return f"{seconds / 60:.0f} min"
    return (
        f"{seconds / 3600:.1f} h" if seconds < 172_800 else f"{seconds / 86_400:.1f} days"
    )
