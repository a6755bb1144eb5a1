"""The API encoder against a loopback server that misbehaves in every known way."""

import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from embedding_server import (
    DIM,
    KEY,
    TRUE_VECTORS,
    Handler,
    Server,
    Trick,
    cut_body,
    error,
    hang,
    lists,
    not_json,
    running_server,
    shuffled,
    spoiled,
)

from fabgwas.errors import RemoteError, UsageError
from fabgwas_embeddings import embed_variants, make_encoder
from fabgwas_embeddings.encoders._api import MOST_INPUTS, pack
from fabgwas_embeddings.encoders._openai import OpenAiEncoder
from fabgwas_embeddings.encoders._session import duration

pytest.importorskip("openai", reason="needs fabgwas[openai]")


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[Server]:
    monkeypatch.setenv("OPENAI_API_KEY", KEY)
    monkeypatch.setattr("fabgwas_embeddings.encoders._openai._FIRST_WAIT", 0.01)
    with running_server() as running:
        yield running


def encoder(server: Server, **options: Any) -> OpenAiEncoder:
    settings = {"dim": DIM, "base_url": server.url, "timeout": 0.3, "in_flight": 1}
    return OpenAiEncoder("m", **(settings | options))


TEXTS = [f"text number {number}" for number in range(10)]


@pytest.mark.parametrize(
    "trick",
    [
        error(429, "rate_limit_exceeded", retry_after_ms="30"),
        error(500),
        error(503),
        error(408),
        hang,
        cut_body,
        not_json,
        shuffled,
        lists,
    ],
)
def test_every_mishap_ends_in_the_right_vectors(server: Server, trick: Trick) -> None:
    server.tricks = [trick]
    found = encoder(server, most_inputs=4).encode(TEXTS)
    np.testing.assert_allclose(found, TRUE_VECTORS.encode(TEXTS), atol=1e-6)
    assert server.paid == dict.fromkeys(TEXTS, 1)


@pytest.mark.parametrize(
    ("trick", "message"),
    [
        (error(429, "insufficient_quota"), "quota is exhausted"),
        (error(400), "told off"),
        (error(401), "told off"),
        (spoiled(lambda v: v[:-1]), "sent 3 vectors for 4 texts"),
        (
            spoiled(lambda v: np.where(v == v[1], np.nan, v)),
            "no finite vector for the text",
        ),
        (spoiled(lambda v: v[:, :5]), "vectors of 5 numbers; 24 are needed"),
    ],
)
def test_what_cannot_be_mended_is_one_clear_error(
    server: Server, trick: Trick, message: str
) -> None:
    server.tricks = [trick]
    with pytest.raises(RemoteError, match=message) as caught:
        encoder(server, most_inputs=4).encode(TEXTS)
    assert len(server.requests) == 1
    assert max(server.paid.values(), default=1) == 1
    assert KEY not in str(caught.value)
    assert "\n" not in str(caught.value)


def test_attempts_end(server: Server) -> None:
    server.tricks = [error(500)] * 3
    with pytest.raises(RemoteError, match="after 3 attempts"):
        encoder(server, attempts=3).encode(TEXTS)
    assert len(server.requests) == 3


def test_retry_after_is_honoured_by_all_requests(server: Server) -> None:
    server.tricks = [error(429, "rate_limit_exceeded", retry_after="0.4")]
    start = time.monotonic()
    encoder(server, most_inputs=1).encode(TEXTS)
    assert time.monotonic() - start > 0.4
    assert len(server.requests) == len(TEXTS) + 1


def test_an_empty_window_is_waited_for(server: Server) -> None:
    def last(handler: Handler, request: dict[str, Any]) -> bool:
        headers = {
            "x_ratelimit_remaining_tokens": "0",
            "x_ratelimit_reset_tokens": "300ms",
        }
        handler.answer(request, **headers)
        return True

    server.tricks = [last]
    start = time.monotonic()
    encoder(server, most_inputs=5).encode(TEXTS)
    assert time.monotonic() - start > 0.3


def test_no_more_requests_fly_than_told(server: Server) -> None:
    def slow(handler: Handler, request: dict[str, Any]) -> bool:
        time.sleep(0.03)
        return False

    server.tricks = [error(500), *[slow] * 10]
    found = encoder(server, most_inputs=1, in_flight=3).encode(TEXTS)
    np.testing.assert_allclose(found, TRUE_VECTORS.encode(TEXTS), atol=1e-6)
    assert 2 <= server.busiest <= 3


def test_requests_keep_the_limits() -> None:
    ends = pack(["x" * 250] * 5000, MOST_INPUTS, 300_000)
    sizes = np.diff([0, *ends])
    assert sizes.max() * 101 <= 300_000
    assert pack(["x"] * 5000, MOST_INPUTS, 300_000) == [2048, 4096, 5000]
    assert pack(["x" * 900_000], MOST_INPUTS, 300_000) == [1]
    assert pack([], 5, 5) == []


def test_the_wire_format_is_base64_and_openai_models_shorten(server: Server) -> None:
    short = OpenAiEncoder("text-embedding-3-small", dim=DIM, base_url=server.url)
    short.encode(["a"])
    assert server.requests[0] == {
        "model": "text-embedding-3-small",
        "input": ["a"],
        "encoding_format": "base64",
        "dimensions": DIM,
    }
    other = OpenAiEncoder("Qwen/Qwen3-Embedding-0.6B", dim=8, base_url=server.url)
    vectors = other.encode(["a b"])
    assert "dimensions" not in server.requests[1]
    cut = TRUE_VECTORS.encode(["a b"])[:, :8]
    np.testing.assert_allclose(vectors, cut / np.linalg.norm(cut), atol=1e-6)


def test_it_works_inside_a_running_event_loop(server: Server) -> None:
    import asyncio

    async def notebook() -> np.ndarray:
        return encoder(server).encode(["a"])

    assert asyncio.run(notebook()).shape == (1, DIM)


VARIANTS = pa.table(
    {
        "chrom": ["22"] * 400,
        "pos": list(range(17_000_000, 37_000_000, 50_000)),
        "ref": ["A"] * 400,
        "alt": ["G"] * 400,
    }
)


@pytest.mark.parametrize(
    ("trick", "paid_for_nothing"),
    [
        (error(429, "insufficient_quota"), 0),
        (error(401), 0),
        (spoiled(lambda v: v[:-1]), 8),
        (spoiled(lambda v: v * np.nan), 8),
    ],
    ids=["quota", "refused", "count", "nan"],
)
def test_a_job_that_was_ended_continues_without_paying_twice(
    server: Server, tmp_path: Path, trick: Trick, paid_for_nothing: int
) -> None:
    def run() -> int:
        made = encoder(server, most_inputs=8, in_flight=4)
        result = embed_variants(VARIANTS, tmp_path / "s", build="GRCh37", encoder=made)
        return result.tokens

    fine: list[Trick] = [lambda *_: False] * 9
    server.tricks = [*fine, trick]
    with pytest.raises(RemoteError):
        run()
    paid_before = sum(server.paid.values())
    assert paid_before > 0
    tokens = run()
    twice = [text for text, times in server.paid.items() if times > 1]
    assert len(twice) == paid_for_nothing  # only what came back as no vectors
    assert set(server.paid.values()) <= {1, 2}
    assert sum(server.paid.values()) > paid_before
    assert tokens == 7 * (len(server.requests) - 1)


def test_the_key_is_nowhere_on_disk(
    server: Server, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    server.tricks = [error(401)]
    with (
        caplog.at_level("DEBUG", "fabgwas_embeddings"),
        pytest.raises(RemoteError) as caught,
    ):
        embed_variants(VARIANTS, tmp_path, build="GRCh37", encoder=encoder(server))
    secret = KEY.removeprefix("sk-")
    assert secret not in f"{caught.value!r} {caught.value.__cause__!r} {caplog.text}"
    found = [path for path in tmp_path.rglob("*") if path.is_file()]
    assert any(path.name == "ledger.sqlite" for path in found)
    embed_variants(VARIANTS, tmp_path, build="GRCh37", encoder=encoder(server))
    for path in [*found, *tmp_path.rglob("*")]:
        assert not path.is_file() or secret.encode() not in path.read_bytes()


def test_what_is_missing_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("OPENAI_API_KEY", raising=False)
    with pytest.raises(UsageError, match="OPENAI_API_KEY"):
        make_encoder("openai").encode(["a"])
    with pytest.raises(UsageError, match="dimensions must be given"):
        make_encoder("openai", model="other", base_url="http://127.0.0.1:1/v1")
    with pytest.raises(UsageError, match="has 3072 dimensions, not 4000"):
        make_encoder("openai", dim=4000)


def test_durations() -> None:
    assert duration("6m0s") == 360
    assert duration("20ms") == pytest.approx(0.02)
    assert duration("") == 0
