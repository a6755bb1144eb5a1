"""What is asked of the Batch API, and how it may be asked again."""

from __future__ import annotations

import json
import time
from collections.abc import Collection, Iterator
from pathlib import Path
from typing import Any

from fabgwas.errors import RemoteError, UsageError
from fabgwas_embeddings.encoders._api import api_key, service_name, without_key
from fabgwas_embeddings.encoders._session import retry_after

ENDPOINT = "/v1/embeddings"
_ATTEMPTS = 5  # that a question is asked before the run ends
_FIRST_WAIT = 2.0  # seconds before a batch is submitted again; doubles each time


class BatchService:
    """A client of the Batch API whose failures are one clear line without the key.

    Raises
    ------
    UsageError
        If there is no key, or the package openai is missing.
    """

    def __init__(self, base_url: str | None, key_variable: str) -> None:
        try:
            import openai
        except ImportError as error:
            raise UsageError(
                "encoder openai-batch: pip install 'fabgwas[openai]'."
            ) from error
        self._errors = (openai.APIError,)
        self._key = api_key(key_variable, base_url)
        self._host = service_name(base_url)
        self._client: Any = openai.OpenAI(
            api_key=self._key, base_url=base_url, max_retries=_ATTEMPTS - 1
        )

    def __enter__(self) -> BatchService:
        return self

    def __exit__(self, *_: object) -> None:
        self._client.close()

    def submit(self, path: Path, name: str) -> str:
        """Upload a file of requests and make a batch of it; gives the service's name of it.

        An attempt that failed may have succeeded at the service, so before the next one
        the batch is looked for.
        """
        with path.open("rb") as file:
            upload = self._ask(
                self._client.files.create, file=(path.name, file), purpose="batch"
            )
        once = self._client.with_options(max_retries=0)
        for attempt in range(1, _ATTEMPTS + 1):
            try:
                made = once.batches.create(
                    input_file_id=upload.id,
                    endpoint=ENDPOINT,
                    completion_window="24h",
                    metadata={"fabgwas": name},
                )
                return made.id
            except self._errors as error:
                if attempt == _ATTEMPTS or not _worth_repeating(error):
                    raise self._failure(error) from None
                headers = getattr(getattr(error, "response", None), "headers", {})
                time.sleep(retry_after(headers) or _FIRST_WAIT * 2 ** (attempt - 1))
            for _, remote in self.find({name}):
                return remote
        raise AssertionError("the last attempt returns or raises")

    def find(self, names: Collection[str]) -> list[tuple[str, str]]:
        """Our and the service's names of those batches that the service has."""
        found: dict[str, str] = {}
        if names:
            for made in self._ask(self._client.batches.list, limit=100):
                name = (made.metadata or {}).get("fabgwas")
                if name is not None and name in names:
                    found[name] = made.id
                if len(found) == len(names):
                    break
        return list(found.items())

    def look(self, remote: str) -> Any:
        """The state of a batch."""
        return self._ask(self._client.batches.retrieve, batch_id=remote)

    def results(self, found: Any) -> Iterator[dict[str, Any]]:
        """Lines of the output and of the errors of a batch, in any order."""
        for file in (found.output_file_id, found.error_file_id):
            if file:
                text = self._ask(self._client.files.content, file_id=file).text
                try:
                    lines = [json.loads(line) for line in text.splitlines() if line.strip()]
                except ValueError:
                    raise RemoteError(
                        f"{self._host}: the file {file} of batch {found.id} is cut off; "
                        "run the same command again to read it anew."
                    ) from None
                yield from lines

    def refusal(self, line: dict[str, Any]) -> str:
        """Why a line has no answer; empty if it has one."""
        reply = line.get("response") or {}
        if reply.get("status_code") == 200:
            return ""
        said = line.get("error") or (reply.get("body") or {}).get("error") or {}
        return self.told(said.get("message") or "no answer")

    def told(self, message: object) -> str:
        """What the service said, without the key."""
        return without_key(message, self._key)

    def _ask(self, call: Any, **options: Any) -> Any:
        try:
            return call(**options)
        except self._errors as error:
            raise self._failure(error) from None

    def _failure(self, error: Exception) -> RemoteError:
        return RemoteError(
            f"{self._host}: {self.told(error)}; run the same command again to go on."
        )


def _worth_repeating(error: Any) -> bool:
    """Whether the service may take the same request later."""
    status = getattr(error, "status_code", None)
    if getattr(error, "code", None) == "insufficient_quota":
        return False
    return status is None or status == 429 or status >= 500
