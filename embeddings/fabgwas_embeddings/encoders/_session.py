"""A client of an OpenAI-compatible server with an event loop of its own."""

from __future__ import annotations

import asyncio
import re
import threading
from collections.abc import Mapping
from concurrent.futures import Future
from typing import Any

from fabgwas.errors import UsageError
from fabgwas_embeddings.encoders._base import Encoded

_DURATION = re.compile(r"([\d.]+)(ms|s|m|h)")
_SECONDS = {"ms": 1e-3, "s": 1.0, "m": 60.0, "h": 3600.0}


class Session:
    """A client with an event loop of its own, so that it also works in notebooks."""

    def __init__(self, key: str, base_url: str | None, timeout: float) -> None:
        try:
            import openai
        except ImportError as error:
            raise UsageError("encoder openai: pip install 'fabgwas[openai]'.") from error
        self.key = key
        self.errors = (openai.APIError,)
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        # repeats are ours: the client would also repeat after an exhausted quota
        self._client = openai.AsyncOpenAI(
            api_key=key, base_url=base_url, timeout=timeout, max_retries=0
        )

    async def ask(self, request: dict[str, Any]) -> tuple[Any, Mapping[str, str]]:
        """One request: its reply and the headers."""
        raw = await self._client.embeddings.with_raw_response.create(**request)
        try:
            return raw.parse(), raw.headers
        except ValueError as error:  # not JSON
            from openai import APIConnectionError

            raise APIConnectionError(
                message="the reply is not JSON", request=raw.http_request
            ) from error

    def start(self, task: Any) -> Future[Encoded]:
        """Run a coroutine beside others."""
        return asyncio.run_coroutine_threadsafe(task, self._loop)

    def __enter__(self) -> Session:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        asyncio.run_coroutine_threadsafe(self._stop(), self._loop).result()
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    async def _stop(self) -> None:
        others = asyncio.all_tasks() - {asyncio.current_task()}
        for task in others:
            task.cancel()
        await asyncio.gather(*others, return_exceptions=True)
        await self._client.close()


def retry_after(headers: Mapping[str, str]) -> float | None:
    """Seconds that the server asked to wait."""
    for name, scale in (("retry-after-ms", 1e-3), ("retry-after", 1.0)):
        try:
            return max(float(headers[name]) * scale, 0.0)
        except (KeyError, ValueError):
            continue
    return None


def duration(text: str) -> float:
    """Seconds of ``6m0s``, as in the headers on limits."""
    parts = _DURATION.findall(text)
    return float(sum(float(number) * _SECONDS[unit] for number, unit in parts))
