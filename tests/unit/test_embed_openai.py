"""The API encoder against a loopback server that misbehaves in every known way."""

import base64
import json
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from fabgwas.errors import RemoteError, UsageError
from fabgwas_embeddings import embed_variants, make_encoder
from fabgwas_embeddings.encoders._api import MOST_INPUTS, pack
from fabgwas_embeddings.encoders._hashing import HashingEncoder
from fabgwas_embeddings.encoders._openai import OpenAiEncoder
from fabgwas_embeddings.encoders._session import duration

pytest.importorskip("openai", reason="needs fabgwas[openai]")

DIM = 24
KEY = "sk-test-0123456789abcdefSECRET"
TRUE_VECTORS = HashingEncoder(DIM)
Trick = Callable[["Handler", dict[str, Any]], bool]


class Server(ThreadingHTTPServer):
    """Answers requests for embeddings, after the tricks that are in store for it."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.tricks: list[Trick] = []
        self.lock = threading.Lock()
        self.paid: Counter[str] = Counter()
        self.requests: list[dict[str, Any]] = []
        self.busy = self.busiest = 0

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}/v1"


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    wbufsize = 1 << 16  # header and body in one packet
    server: Server

    def do_POST(self) -> None:
        request = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        with self.server.lock:
            self.server.requests.append(request)
            trick = self.server.tricks.pop(0) if self.server.tricks else None
            self.server.busy += 1
            self.server.busiest = max(self.server.busiest, self.server.busy)
        try:
            if trick is None or not trick(self, request):
                self.answer(request)
        finally:
            with self.server.lock:
                self.server.busy -= 1

    def answer(self, request: dict[str, Any], **headers: str) -> None:
        vectors = TRUE_VECTORS.encode(request["input"])
        with self.server.lock:
            self.server.paid.update(request["input"])
        self.send(200, reply(vectors), **headers)

    def send(self, status: int, content: dict[str, Any], **headers: str) -> None:
        body = json.dumps(content).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), value)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        pass


def reply(vectors: np.ndarray, order: list[int] | None = None) -> dict[str, Any]:
    order = order or list(range(len(vectors)))
    data = [
        {
            "object": "embedding",
            "index": i,
            "embedding": base64.b64encode(vectors[i].astype("<f4").tobytes()).decode(),
        }
        for i in order
    ]
    usage = {"prompt_tokens": 7, "total_tokens": 7}
    return {"object": "list", "data": data, "model": "m", "usage": usage}


def error(status: int, code: str = "", **headers: str) -> Trick:
    def play(handler: Handler, _: dict[str, Any]) -> bool:
        content = {"error": {"message": f"told off {KEY}", "type": "t", "code": code}}
        handler.send(status, content, **headers)
        return True

    return play


def hang(handler: Handler, _: dict[str, Any]) -> bool:
    time.sleep(0.6)
    handler.close_connection = True
    return True


def cut_body(handler: Handler, _: dict[str, Any]) -> bool:
    handler.send_response(200)
    handler.send_header("Content-Type", "application/json")
    handler.send_header("Content-Length", "5000")
    handler.end_headers()
    handler.wfile.write(b'{"object": "list", "data": [')
    handler.close_connection = True
    return True


def not_json(handler: Handler, _: dict[str, Any]) -> bool:
    handler.send_response(200)
    handler.send_header("Content-Type", "application/json")
    handler.send_header("Content-Length", "4")
    handler.end_headers()
    handler.wfile.write(b"<ht>")
    return True


def spoiled(spoil: Callable[[np.ndarray], np.ndarray]) -> Trick:
    def play(handler: Handler, request: dict[str, Any]) -> bool:
        handler.send(200, reply(spoil(TRUE_VECTORS.encode(request["input"]))))
        return True

    return play


def shuffled(handler: Handler, request: dict[str, Any]) -> bool:
    n = len(request["input"])
    handler.send(200, reply(TRUE_VECTORS.encode(request["input"]), list(range(n))[::-1]))
    return True


def lists(handler: Handler, request: dict[str, Any]) -> bool:
    content = reply(vectors := TRUE_VECTORS.encode(request["input"]))
    for item, vector in zip(content["data"], vectors, strict=True):
        item["embedding"] = vector.tolist()
    handler.send(200, content)
    return True


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[Server]:
    monkeypatch.setenv("OPENAI_API_KEY", KEY)
    monkeypatch.setattr("fabgwas_embeddings.encoders._openai._FIRST_WAIT", 0.01)
    with Server() as running:
        thread = threading.Thread(target=running.serve_forever, args=(0.01,))
        thread.start()
        yield running
        running.shutdown()
        thread.join()


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
    assert max(server.paid.values()) == 1


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


def test_a_job_that_ran_out_of_quota_continues_without_paying_twice(
    server: Server, tmp_path: Path
) -> None:
    def run() -> int:
        made = encoder(server, most_inputs=8, in_flight=4)
        result = embed_variants(VARIANTS, tmp_path / "s", build="GRCh37", encoder=made)
        return result.tokens

    fine: list[Trick] = [lambda *_: False] * 9
    server.tricks = [*fine, error(429, "insufficient_quota")]
    with pytest.raises(RemoteError, match="run the same command again"):
        run()
    paid_before = sum(server.paid.values())
    assert paid_before > 0
    tokens = run()
    assert set(server.paid.values()) == {1}
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
