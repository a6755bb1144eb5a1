"""Embeddings from OpenAI, or any server that speaks its language (vLLM, TEI, Ollama)."""

import asyncio
import random
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, wait
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np
from jaxtyping import Float32

from fabgwas.errors import RemoteError, UsageError
from fabgwas_embeddings.encoders._api import (
    MOST_INPUTS,
    MOST_TOKENS,
    TEXT_TOKENS,
    api_key,
    api_model,
    pack,
    read_vectors,
    service_name,
    without_key,
)
from fabgwas_embeddings.encoders._base import Encoded, Group
from fabgwas_embeddings.encoders._session import Session, duration, retry_after

_FIRST_WAIT = 0.5  # seconds before the second attempt; doubles each time
_LONGEST_WAIT = 60.0
_RETRIED = (408, 409, 429)  # and all from 500


class OpenAiEncoder:
    """Requests to `/v1/embeddings`, several in flight.

    The key is read from the environment and never written anywhere. A request is repeated
    after 408, 409, 429, 5xx, a broken connection or silence, later each time, or when the
    server says so; an exhausted quota and any other refusal end the job at once. What was
    answered by then is kept, so nothing is paid twice.

    Parameters
    ----------
    model
        Name of the model; size and price are known of those in `prices.toml`.
    dim
        Fewer numbers than the model has: asked of the server where it can, else cut here.
    base_url
        Another server, such as ``http://localhost:8000/v1``.
    in_flight
        Most requests at a time.
    most_inputs
        Most texts in a request; TEI takes 32 unless told otherwise.
    timeout
        Seconds until a request counts as lost.
    attempts
        Most times that a request is sent.
    key_variable
        Environment variable that holds the key.
    price
        USD for a million tokens, instead of the one in the table.
    """

    name = "openai"
    local = False
    max_tokens: int | None = TEXT_TOKENS

    def __init__(
        self,
        model: str = "text-embedding-3-large",
        dim: int | None = None,
        *,
        base_url: str | None = None,
        in_flight: int = 8,
        most_inputs: int = MOST_INPUTS,
        most_tokens: int = MOST_TOKENS,
        timeout: float = 120.0,
        attempts: int = 8,
        key_variable: str = "OPENAI_API_KEY",
        price: float | None = None,
    ) -> None:
        if in_flight < 1 or attempts < 1 or not 1 <= most_inputs <= MOST_INPUTS:
            raise UsageError(
                "encoder openai: in_flight, attempts and most_inputs are 1 or more."
            )
        facts = api_model(model, dim, paid=base_url is None)
        self.model = model
        self.dim = facts.dim
        self.revision = f"served by {service_name(base_url)}"
        self.price = facts.price if price is None else price
        self._dimensions = facts.dim if facts.shortens and dim is not None else None
        self._base_url = base_url
        self._in_flight = in_flight
        self._limits = (most_inputs, most_tokens)
        self._timeout = timeout
        self._attempts = attempts
        self._key_variable = key_variable
        self._not_before = 0.0  # the server asked for silence until then

    def count_tokens(self, text: str) -> None:
        """Not known here: the service's vocabulary is not shipped."""
        return

    def cut(self, texts: Sequence[str]) -> list[int]:
        """Ends of groups that fit into one request each."""
        return pack(texts, *self._limits)

    def encode(self, texts: Sequence[str]) -> Float32[np.ndarray, "text dim"]:
        """Vectors of length 1."""
        starts = [0, *self.cut(texts)[:-1]]
        groups = [
            Group(0, number, list(texts[start:stop]))
            for number, (start, stop) in enumerate(
                zip(starts, self.cut(texts), strict=True)
            )
        ]
        found = {encoded.number: encoded.vectors for encoded in self.stream(groups)}
        none = np.empty((0, self.dim), np.float32)
        return np.concatenate([none, *(found[number] for number in sorted(found))])

    def stream(self, groups: Iterable[Group]) -> Iterator[Encoded]:
        """Send groups, `in_flight` at a time; what is answered is given out at once.

        Raises
        ------
        RemoteError
            When a request fails for good, after the others in flight are answered.
        """
        waiting = iter(groups)
        with Session(self._key(), self._base_url, self._timeout) as session:
            flying: set[Future[Encoded]] = set()
            failure: RemoteError | None = None
            while True:
                if failure is None:
                    for group in islice(waiting, self._in_flight - len(flying)):
                        flying.add(session.start(self._fetch(session, group)))
                if not flying:
                    break
                done, flying = wait(flying, return_when=FIRST_COMPLETED)
                for future in done:
                    error = future.exception()
                    if error is None:
                        yield future.result()
                    elif isinstance(error, RemoteError):
                        failure = failure or error
                    else:
                        raise error
            if failure is not None:
                raise failure

    def use_folder(self, folder: Path) -> None:
        """Nothing needs to be kept: requests end with the process."""

    def _key(self) -> str:
        return api_key(self._key_variable, self._base_url)

    async def _fetch(self, session: Session, group: Group) -> Encoded:
        """Vectors of one group, after as many attempts as it takes."""
        who = f"{service_name(self._base_url)}, model {self.model}"
        for attempt in range(1, self._attempts + 1):
            await asyncio.sleep(self._not_before - time.monotonic())
            try:
                reply, headers = await session.ask(self._request(group.texts))
            except session.errors as error:
                pause = self._pause(error, attempt, who, session.key)
                if pause is None:
                    told = without_key(error, session.key)
                    raise RemoteError(f"{who}: {told} (after {attempt} attempts)") from None
                await asyncio.sleep(pause)
                continue
            self._heed(headers)
            vectors = read_vectors(reply.data or [], group.texts, self.dim, who)
            tokens = getattr(reply.usage, "total_tokens", 0) or 0
            return Encoded(group.shard, group.number, vectors, tokens)
        raise AssertionError("the last attempt returns or raises")

    def _request(self, texts: Sequence[str]) -> dict[str, Any]:
        request = {"model": self.model, "input": list(texts), "encoding_format": "base64"}
        return request if self._dimensions is None else request | {"dimensions": self.dim}

    def _pause(self, error: Any, attempt: int, who: str, key: str) -> float | None:
        """Seconds until the next attempt, None if there is no point in one."""
        status = getattr(error, "status_code", None)
        if getattr(error, "code", None) == "insufficient_quota":
            raise RemoteError(
                f"{who}: the quota is exhausted; what was paid for is kept, so add credit "
                "and run the same command again."
            ) from None
        if status is not None and status not in _RETRIED and status < 500:
            return None
        if attempt == self._attempts:
            return None
        headers = getattr(getattr(error, "response", None), "headers", {})
        asked = retry_after(headers)
        if asked is not None:
            if status == 429:  # the limit is for all requests, not for this one
                self._not_before = max(self._not_before, time.monotonic() + asked)
            return asked
        jitter = random.uniform(0.75, 1.0)
        return min(_FIRST_WAIT * 2 ** (attempt - 1), _LONGEST_WAIT) * jitter

    def _heed(self, headers: Mapping[str, str]) -> None:
        """Wait for the window to be reset once nothing remains in it."""
        for kind in ("requests", "tokens"):
            if headers.get(f"x-ratelimit-remaining-{kind}") == "0":
                pause = duration(headers.get(f"x-ratelimit-reset-{kind}", ""))
                self._not_before = max(self._not_before, time.monotonic() + pause)
