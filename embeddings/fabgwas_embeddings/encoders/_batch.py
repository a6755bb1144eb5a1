"""Embeddings through OpenAI's Batch API: half the price, within a day."""

import json
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
    api_key,
    api_model,
    pack,
    read_vectors,
    service_name,
    without_key,
)
from fabgwas_embeddings.encoders._base import Encoded, Group
from fabgwas_embeddings.encoders._batch_state import Batch, BatchState

_LINE_INPUTS = 100  # texts in one line, which is one request and one group
_MOST_INPUTS = 50_000  # texts in one batch
_MOST_BYTES = 190_000_000  # of one file; the service takes 200 MB
_ATTEMPTS = 3  # batches that may carry the same line
_ENDPOINT = "/v1/embeddings"
_OVER = ("completed", "expired", "cancelled")
_FULL_QUEUE = "token_limit_exceeded"


class OpenAiBatchEncoder:
    """Writes requests into files, submits, polls, and collects what comes back.

    Batches are remembered in the folder of the job before they are submitted, and are
    looked for at the service after a crash, so none is submitted twice. Lines that failed
    or expired are put into another batch, at most three times.

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
        client = self._client()
        state = BatchState(self._folder)
        self._find_lost(client, state)
        lines = self._lines(groups, state.line_names())
        while True:
            self._fill_queue(client, state, lines)
            if not state.open():
                return
            yield from self._collect(client, state)
            if state.at_service():
                time.sleep(self._poll_seconds)

    def _fill_queue(
        self, client: Any, state: BatchState, lines: Iterator[tuple[str, dict[str, Any]]]
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
            self._submit(client, state, batch)

    def _lines(
        self, groups: Iterable[Group], known: set[str]
    ) -> Iterator[tuple[str, dict[str, Any]]]:
        """Requests of the groups that are in no batch yet."""
        for shard, number, texts in groups:
            name = f"{shard}-{number}"
            if name not in known:
                body = {"model": self.model, "input": texts, "encoding_format": "base64"}
                yield (
                    name,
                    {
                        "custom_id": name,
                        "method": "POST",
                        "url": _ENDPOINT,
                        "body": body | self._dimensions,
                    },
                )

    def _client(self) -> Any:
        try:
            import openai
        except ImportError as error:
            raise UsageError(
                "encoder openai-batch: pip install 'fabgwas[openai]'."
            ) from error
        self._errors = (openai.APIError,)
        self._secret = api_key(self._key_variable, self._base_url)
        return openai.OpenAI(api_key=self._secret, base_url=self._base_url)

    def _ask(self, call: Any, **options: Any) -> Any:
        """A call of the client; its failure is one clear line."""
        try:
            return call(**options)
        except self._errors as error:
            told = without_key(error, self._secret)
            raise RemoteError(
                f"{service_name(self._base_url)}: {told}; run the same command again to "
                "go on."
            ) from None

    def _submit(self, client: Any, state: BatchState, batch: Batch) -> None:
        """Upload a file and make a batch of it; never repeated blindly."""
        path = state.file(batch)
        with path.open("rb") as file:
            upload = self._ask(client.files.create, file=(path.name, file), purpose="batch")
        once = client.with_options(max_retries=0)
        made = self._ask(
            once.batches.create,
            input_file_id=upload.id,
            endpoint=_ENDPOINT,
            completion_window="24h",
            metadata={"fabgwas": batch.name},
        )
        state.submitted(batch, made.id)

    def _find_lost(self, client: Any, state: BatchState) -> None:
        """Batches that were written down, and perhaps submitted, before a crash."""
        lost = {batch.name: batch for batch in state.here()}
        if not lost:
            return
        for made in self._ask(client.batches.list, limit=100):
            name = (made.metadata or {}).get("fabgwas")
            if name in lost:
                state.submitted(lost.pop(name), made.id)
            if not lost:
                return

    def _collect(self, client: Any, state: BatchState) -> Iterator[Encoded]:
        """Look at every open batch once."""
        for batch in state.at_service():
            found = self._ask(client.batches.retrieve, batch_id=batch.remote)
            if found.status == "failed":
                self._failed(state, batch, found)
            elif found.status in _OVER:
                done: set[str] = set()
                refusal = ""
                for line in self._results(client, found):
                    encoded, told = self._read(line, state.texts(batch))
                    refusal = refusal or told
                    if encoded is not None:
                        done.add(line["custom_id"])
                        yield encoded
                self._close(state, batch, done, refusal)

    def _failed(self, state: BatchState, batch: Batch, found: Any) -> None:
        """A batch that was not accepted: the queue is full, or something is wrong."""
        errors = found.errors.data if found.errors else []
        state.close(batch, set(), attempt=batch.attempt)
        others = len(state.at_service())
        if others and any(error.code == _FULL_QUEUE for error in errors):
            self._most_open = others  # and this one again when one of them is over
            return
        told = "; ".join(without_key(error.message, self._secret) for error in errors)
        raise RemoteError(f"{service_name(self._base_url)}: batch {batch.remote}: {told}")

    def _results(self, client: Any, found: Any) -> Iterator[dict[str, Any]]:
        """Lines of the output and of the errors, in any order."""
        for file in (found.output_file_id, found.error_file_id):
            if file:
                content = self._ask(client.files.content, file_id=file)
                for line in content.text.splitlines():
                    if line.strip():
                        yield json.loads(line)

    def _read(
        self, line: dict[str, Any], texts: dict[str, list[str]]
    ) -> tuple[Encoded | None, str]:
        """Vectors of one line, or why there are none."""
        reply = line.get("response") or {}
        body = reply.get("body") or {}
        if reply.get("status_code") != 200:
            told = line.get("error") or body.get("error") or {}
            return None, without_key(told.get("message", "no answer"), self._secret)
        who = f"{service_name(self._base_url)}, model {self.model}"
        name = line["custom_id"]
        data = [SimpleNamespace(**item) for item in body["data"]]
        vectors = read_vectors(data, texts[name], self.dim, who)
        shard, number = map(int, name.split("-"))
        tokens = int(body.get("usage", {}).get("total_tokens", 0))
        return Encoded(shard, number, vectors, tokens), ""

    def _close(self, state: BatchState, batch: Batch, done: set[str], refusal: str) -> None:
        """Lines without vectors go into another batch, but not for ever."""
        again = state.close(batch, done, attempt=batch.attempt + 1)
        if again is not None and again.attempt > _ATTEMPTS:
            raise RemoteError(
                f"{service_name(self._base_url)}: {len(state.texts(again))} requests "
                f"failed in {_ATTEMPTS} batches: {refusal or 'expired'}"
            )
