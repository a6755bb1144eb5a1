"""Embeddings through OpenAI's Batch API: half the price, within a day."""

import time
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
from jaxtyping import Float32

from fabgwas.errors import RemoteError, UsageError
from fabgwas_embeddings.encoders._api import (
    MOST_TOKENS,
    TEXT_TOKENS,
    api_model,
    pack,
    read_vectors,
    service_name,
)
from fabgwas_embeddings.encoders._base import Encoded, Group
from fabgwas_embeddings.encoders._batch_service import ENDPOINT, BatchService
from fabgwas_embeddings.encoders._batch_state import Batch, BatchState

_LINE_INPUTS = 100  # texts in one line, which is one request and one group
_MOST_INPUTS = 50_000  # texts in one batch
_MOST_BYTES = 190_000_000  # of one file; the service takes 200 MB
_ATTEMPTS = 3  # batches that may carry the same line
_OVER = ("completed", "expired", "cancelled")
_FULL_QUEUE = "token_limit_exceeded"


class OpenAiBatchEncoder:
    """Writes requests into files, submits, polls, and collects what comes back.

    Batches are remembered in the folder of the job before they are submitted, and are
    looked for at the service after a crash, so none is submitted twice. Lines that failed
    or expired are put into another batch, at most three times. An answer that is no vector
    ends the run, after the others of its batch; its line goes out with the next run.

    Parameters
    ----------
    model, dim, base_url, key_variable, price
        As in `OpenAiEncoder`; the price is that of the Batch API.
    poll_seconds
        Between two looks at the batches that are open.
    most_open
        Batches at the service at a time.
    most_inputs
        Texts in one batch.
    """

    name = "openai-batch"
    local = False
    max_tokens: int | None = TEXT_TOKENS

    def __init__(
        self,
        model: str = "text-embedding-3-large",
        dim: int | None = None,
        *,
        base_url: str | None = None,
        key_variable: str = "OPENAI_API_KEY",
        price: float | None = None,
        poll_seconds: float = 60.0,
        most_open: int = 20,
        most_inputs: int = _MOST_INPUTS,
    ) -> None:
        facts = api_model(model, dim, paid=base_url is None)
        self.model = model
        self.dim = facts.dim
        self.revision = f"served by {service_name(base_url)}"
        self.price = facts.batch_price if price is None else price
        self._dimensions = {"dimensions": facts.dim} if facts.shortens and dim else {}
        self._base_url = base_url
        self._key_variable = key_variable
        self._poll_seconds = poll_seconds
        self._most_open = most_open
        self._most_inputs = most_inputs
        self._folder: Path | None = None

    def count_tokens(self, text: str) -> None:
        """Not known here: the service's vocabulary is not shipped."""
        return

    def cut(self, texts: Sequence[str]) -> list[int]:
        """Ends of groups that fit into one line each."""
        return pack(texts, _LINE_INPUTS, MOST_TOKENS)

    def encode(self, texts: Sequence[str]) -> Float32[np.ndarray, "text dim"]:
        """Not offered: an answer takes up to a day."""
        raise UsageError("encoder openai-batch: embeds whole jobs only; use openai.")

    def use_folder(self, folder: Path) -> None:
        """Where batches are remembered."""
        self._folder = folder / "batches"

    def stream(self, groups: Iterable[Group]) -> Iterator[Encoded]:
        """Submit all groups that are not at the service yet, and give out what returns."""
        if self._folder is None:
            raise UsageError("encoder openai-batch: needs the folder of a job.")
        state = BatchState(self._folder)
        with BatchService(self._base_url, self._key_variable) as service:
            for name, remote in service.find({batch.name for batch in state.here()}):
                state.submitted(name, remote)
            lines = self._lines(groups, state.line_names())
            while True:
                self._fill_queue(service, state, lines)
                if not state.open():
                    return
                for batch in state.at_service():
                    yield from self._collect(service, state, batch)
                if state.at_service():
                    time.sleep(self._poll_seconds)

    def _fill_queue(
        self,
        service: BatchService,
        state: BatchState,
        lines: Iterator[tuple[str, dict[str, Any]]],
    ) -> None:
        """Submit batches until enough are at the service, or nothing is left."""
        while len(state.at_service()) < self._most_open:
            waiting = state.here()
            batch = (
                waiting[0]
                if waiting
                else state.write(lines, self._most_inputs, _MOST_BYTES)
            )
            if batch is None:
                return
            state.submitted(batch.name, service.submit(state.file(batch), batch.name))

    def _lines(
        self, groups: Iterable[Group], known: set[str]
    ) -> Iterator[tuple[str, dict[str, Any]]]:
        """Requests of the groups that are in no batch yet."""
        for shard, number, texts in groups:
            name = f"{shard}-{number}"
            if name not in known:
                body = {"model": self.model, "input": texts, "encoding_format": "base64"}
                line = {"custom_id": name, "method": "POST", "url": ENDPOINT}
                yield name, line | {"body": body | self._dimensions}

    def _collect(
        self, service: BatchService, state: BatchState, batch: Batch
    ) -> Iterator[Encoded]:
        """Look at a batch, and give out its vectors if it is over."""
        assert batch.remote is not None
        found = service.look(batch.remote)
        if found.status == "failed":
            self._failed(service, state, batch, found)
        if found.status not in _OVER:
            return
        texts = state.texts(batch)
        done: set[str] = set()
        refused, spoiled = "", None
        for line in service.results(found):
            told = service.refusal(line)
            refused = refused or told
            if told:
                continue
            try:
                encoded = self._read(line, texts)
            except RemoteError as error:
                spoiled = spoiled or error
                continue
            done.add(line["custom_id"])
            yield encoded
        again = state.close(batch, done, attempt=batch.attempt + 1)
        if spoiled is not None:
            raise spoiled
        if again is not None and again.attempt > _ATTEMPTS:
            raise RemoteError(
                f"{self._who}: {len(state.texts(again))} requests failed in {_ATTEMPTS} "
                f"batches: {refused or 'expired'}"
            )

    def _failed(
        self, service: BatchService, state: BatchState, batch: Batch, found: Any
    ) -> None:
        """A batch that was not accepted: the queue is full, or something is wrong."""
        errors = found.errors.data if found.errors else []
        state.close(batch, set(), attempt=batch.attempt)
        others = len(state.at_service())
        if others and any(error.code == _FULL_QUEUE for error in errors):
            self._most_open = others  # and this one again when one of them is over
            return
        told = "; ".join(service.told(error.message) for error in errors)
        raise RemoteError(f"{self._who}: batch {batch.remote}: {told}")

    def _read(self, line: dict[str, Any], texts: dict[str, list[str]]) -> Encoded:
        """Vectors of one line."""
        name = line["custom_id"]
        if name not in texts:
            raise RemoteError(f"{self._who}: answers {name!r}, which was not asked.")
        body = line["response"]["body"]
        data = [SimpleNamespace(**item) for item in body["data"]]
        vectors = read_vectors(data, texts[name], self.dim, self._who)
        shard, number = map(int, name.split("-"))
        tokens = int(body.get("usage", {}).get("total_tokens", 0))
        return Encoded(shard, number, vectors, tokens)

    @property
    def _who(self) -> str:
        return f"{service_name(self._base_url)}, model {self.model}"
