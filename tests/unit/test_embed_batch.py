"""The Batch API against a loopback service that shuffles, fails and expires."""

import email
import json
import threading
from collections import Counter
from collections.abc import Iterator
from email.policy import HTTP
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from fabgwas.errors import RemoteError, UsageError
from fabgwas_embeddings import EmbedResult, embed_variants
from fabgwas_embeddings.encoders._batch import OpenAiBatchEncoder
from fabgwas_embeddings.encoders._hashing import HashingEncoder

pytest.importorskip("openai", reason="needs fabgwas[openai]")

DIM = 16
KEY = "sk-test-batch-SECRET-99"
TRUE_VECTORS = HashingEncoder(DIM)
VARIANTS = pa.table(
    {
        "chrom": ["1"] * 300 + ["22"] * 300,
        "pos": [17_000_000 + 60_000 * (i % 300) for i in range(600)],
        "ref": ["A"] * 600,
        "alt": ["G"] * 600,
    }
)


class Service(ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.files: dict[str, str] = {}
        self.batches: dict[str, dict[str, Any]] = {}
        self.looks: Counter[str] = Counter()
        self.paid: Counter[str] = Counter()
        self.fates: list[str] = []  # of the batches to come; fine without
        self.refusals: list[tuple[int, str]] = []  # of batches that are to be made
        self.created = 0
        self.drop_answers = 0
        self.spoil: dict[str, Any] = {}  # a part of the next answer to this
        self.cut_output = False

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}/v1"

    def make(self, request: dict[str, Any]) -> dict[str, Any]:
        name = f"batch_{len(self.batches)}"
        self.batches[name] = {
            "id": name,
            "object": "batch",
            "endpoint": request["endpoint"],
            "completion_window": "24h",
            "created_at": 0,
            "input_file_id": request["input_file_id"],
            "metadata": request["metadata"],
            "status": "validating",
            "fate": self.fates.pop(0) if self.fates else "fine",
        }
        return self.batches[name]

    def look(self, name: str) -> dict[str, Any]:
        """A batch is over at the second look."""
        batch = self.batches[name]
        self.looks[name] += 1
        if self.looks[name] == 2:
            getattr(self, f"end_{batch['fate']}")(batch)
        return {key: value for key, value in batch.items() if key != "fate"}

    def lines(self, batch: dict[str, Any]) -> list[dict[str, Any]]:
        text = self.files[batch["input_file_id"]]
        return [json.loads(line) for line in text.splitlines()]

    def answer(self, line: dict[str, Any]) -> dict[str, Any]:
        texts = line["body"]["input"]
        self.paid.update(texts)
        vectors = TRUE_VECTORS.encode(texts)
        data = [
            {"index": i, "embedding": vectors[i].tolist()}
            for i in reversed(range(len(texts)))
        ]
        body = {"data": data, "usage": {"total_tokens": len(texts)}}
        response = {"status_code": 200, "body": body}
        answer = {"custom_id": line["custom_id"], "response": response, "error": None}
        if "data" in self.spoil:
            body["data"] = self.spoil.pop("data")(data)
            self.paid.subtract(texts)  # paid for nothing, so it may be asked again
        if "custom_id" in self.spoil:
            answer["custom_id"] = self.spoil.pop("custom_id")
            self.paid.subtract(texts)
        return answer

    def finish(
        self, batch: dict[str, Any], status: str, good: list[Any], bad: tuple[Any, ...] = ()
    ) -> None:
        batch["status"] = status
        for kind, content in (("output", good), ("error", bad)):
            if content:
                name = f"{kind}-{batch['id']}"
                self.files[name] = "\n".join(map(json.dumps, content)) + "\n"
                batch[f"{kind}_file_id"] = name

    def end_fine(self, batch: dict[str, Any]) -> None:
        answers = [self.answer(line) for line in self.lines(batch)]
        self.finish(batch, "completed", answers[::-1])

    def end_half(self, batch: dict[str, Any]) -> None:
        """Every second line fails."""
        lines = self.lines(batch)
        failed = [
            {
                "custom_id": line["custom_id"],
                "response": {
                    "status_code": 500,
                    "body": {"error": {"message": f"broke {KEY}"}},
                },
            }
            for line in lines[1::2]
        ]
        self.finish(
            batch, "completed", [self.answer(line) for line in lines[::2]], (*failed,)
        )

    def end_expired(self, batch: dict[str, Any]) -> None:
        self.finish(batch, "expired", [self.answer(self.lines(batch)[0])])

    def end_nothing(self, batch: dict[str, Any]) -> None:
        self.finish(batch, "expired", [])

    def end_full(self, batch: dict[str, Any]) -> None:
        batch["status"] = "failed"
        error = {"code": "token_limit_exceeded", "message": "Enqueued token limit reached"}
        batch["errors"] = {"object": "list", "data": [error]}

    def end_refused(self, batch: dict[str, Any]) -> None:
        batch["status"] = "failed"
        error = {"code": "invalid", "message": f"line 3 is odd {KEY}"}
        batch["errors"] = {"object": "list", "data": [error]}


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    wbufsize = 1 << 16  # header and body in one packet
    server: Service

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        if self.path == "/v1/files":
            head = f"Content-Type: {self.headers['Content-Type']}\r\n\r\n".encode()
            parts = email.message_from_bytes(head + body, policy=HTTP).iter_parts()
            content = next(part for part in parts if part.get_filename())
            name = f"file_{len(self.server.files)}"
            self.server.files[name] = content.get_payload(decode=True).decode()
            self.send({"id": name, "object": "file", "bytes": 1, "purpose": "batch"})
            return
        self.server.created += 1
        if self.server.refusals:
            status, code = self.server.refusals.pop(0)
            message = {"error": {"message": f"not now {KEY}", "type": "t", "code": code}}
            self.send(message, status)
            return
        made = self.server.make(json.loads(body))
        if self.server.drop_answers:
            self.server.drop_answers -= 1
            self.close_connection = True
            return
        self.send({key: value for key, value in made.items() if key != "fate"})

    def do_GET(self) -> None:
        kind, _, rest = self.path.removeprefix("/v1/").partition("/")
        if kind == "files":
            content = self.server.files[rest.removesuffix("/content")].encode()
            if self.server.cut_output:
                self.server.cut_output, content = False, content[:-30]
            self.send_bytes(content)
        elif rest:
            self.send(self.server.look(rest))
        else:
            data = [{**batch, "fate": ""} for batch in self.server.batches.values()]
            self.send({"object": "list", "data": data, "has_more": False})

    def send(self, content: dict[str, Any], status: int = 200) -> None:
        self.send_bytes(json.dumps(content).encode(), status)

    def send_bytes(self, body: bytes, status: int = 200) -> None:
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def service(monkeypatch: pytest.MonkeyPatch) -> Iterator[Service]:
    monkeypatch.setenv("OPENAI_API_KEY", KEY)
    monkeypatch.setattr("fabgwas_embeddings.encoders._batch._LINE_INPUTS", 10)
    monkeypatch.setattr("fabgwas_embeddings.encoders._batch_service._FIRST_WAIT", 0.01)
    with Service() as running:
        thread = threading.Thread(target=running.serve_forever, args=(0.01,))
        thread.start()
        yield running
        running.shutdown()
        thread.join()


def embed(service: Service, path: Path, **options: Any) -> EmbedResult:
    settings = {"poll_seconds": 0.01, "most_inputs": 150} | options
    encoder = OpenAiBatchEncoder("m", DIM, base_url=service.url, **settings)
    return embed_variants(VARIANTS, path, build="GRCh37", encoder=encoder)


def check(result: EmbedResult, service: Service) -> None:
    expected = embed_variants(
        VARIANTS,
        result.store.path.parent / "expected",
        build="GRCh37",
        encoder=HashingEncoder(DIM),
    )
    rows = np.arange(result.n_variants)
    np.testing.assert_array_equal(result.store.take(rows), expected.store.take(rows))
    assert set(service.paid.values()) == {1}
    assert len(service.paid) == result.n_texts == result.tokens


def test_batches_are_split_and_matched_by_name(service: Service, tmp_path: Path) -> None:
    result = embed(service, tmp_path / "s")
    check(result, service)
    assert len(service.batches) > 2
    for batch in service.batches.values():
        assert sum(len(line["body"]["input"]) for line in service.lines(batch)) <= 150


@pytest.mark.parametrize("fates", [["half"], ["expired"], ["half", "expired", "half"]])
def test_failed_and_expired_lines_go_into_another_batch(
    service: Service, tmp_path: Path, fates: list[str]
) -> None:
    service.fates = fates
    check(embed(service, tmp_path / "s"), service)


def test_a_full_queue_is_waited_for(service: Service, tmp_path: Path) -> None:
    service.fates = ["fine", "full", "full"]
    check(embed(service, tmp_path / "s"), service)


def test_lines_that_never_succeed_are_one_clear_error(
    service: Service, tmp_path: Path
) -> None:
    service.fates = ["nothing"] * 50
    with pytest.raises(RemoteError, match="requests failed in 3 batches: expired"):
        embed(service, tmp_path / "s")
    assert not service.paid


def test_a_refused_batch_is_told_and_sent_again_by_the_next_run(
    service: Service, tmp_path: Path
) -> None:
    service.fates = ["fine", "refused"]
    with pytest.raises(RemoteError, match="line 3 is odd") as caught:
        embed(service, tmp_path / "s")
    assert KEY not in str(caught.value)
    check(embed(service, tmp_path / "s"), service)


def test_a_submission_without_answer_is_looked_for_before_the_next(
    service: Service, tmp_path: Path
) -> None:
    service.drop_answers = 1
    check(embed(service, tmp_path / "s"), service)
    inputs = [batch["input_file_id"] for batch in service.batches.values()]
    assert len(set(inputs)) == len(inputs) == service.created


def test_a_batch_whose_submission_was_killed_is_found_by_the_next_run(
    service: Service, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def kill(_: float) -> None:
        raise KeyboardInterrupt

    service.drop_answers = 1
    with monkeypatch.context() as patch:
        patch.setattr("fabgwas_embeddings.encoders._batch_service.time.sleep", kill)
        with pytest.raises(KeyboardInterrupt):
            embed(service, tmp_path / "s")
    assert len(service.batches) == 1
    check(embed(service, tmp_path / "s"), service)
    assert len(service.batches) == service.created


@pytest.mark.parametrize("refusal", [(429, "rate_limit_exceeded"), (500, ""), (503, "")])
def test_a_batch_is_submitted_again_when_the_service_is_busy(
    service: Service, tmp_path: Path, refusal: tuple[int, str]
) -> None:
    service.refusals = [refusal, refusal]
    check(embed(service, tmp_path / "s"), service)
    assert service.created == len(service.batches) + 2


@pytest.mark.parametrize("refusal", [(429, "insufficient_quota"), (400, "invalid")])
def test_an_exhausted_quota_ends_the_run_at_once(
    service: Service, tmp_path: Path, refusal: tuple[int, str]
) -> None:
    service.refusals = [refusal]
    with pytest.raises(RemoteError, match=r"not now \*\*\*") as caught:
        embed(service, tmp_path / "s")
    assert service.created == 1
    assert KEY not in str(caught.value)
    check(embed(service, tmp_path / "s"), service)


@pytest.mark.parametrize(
    ("spoil", "message"),
    [
        ({"data": lambda data: data[1:]}, "sent 9 vectors for 10 texts"),
        (
            {"data": lambda data: [{**each, "embedding": [np.nan] * DIM} for each in data]},
            "sent no finite vector",
        ),
        ({"custom_id": "9-9"}, "answers '9-9', which was not asked"),
    ],
    ids=["count", "nan", "name"],
)
def test_an_answer_that_is_no_vector_is_one_error_and_the_others_are_kept(
    service: Service, tmp_path: Path, spoil: dict[str, Any], message: str
) -> None:
    service.spoil = spoil
    with pytest.raises(RemoteError, match=message):
        embed(service, tmp_path / "s")
    check(embed(service, tmp_path / "s"), service)


def test_an_output_that_is_cut_is_read_again(service: Service, tmp_path: Path) -> None:
    service.cut_output = True
    with pytest.raises(RemoteError, match="is cut off; run the same command again"):
        embed(service, tmp_path / "s")
    submitted = len(service.batches)
    check(embed(service, tmp_path / "s"), service)
    assert len(service.batches) == service.created >= submitted


def test_an_interrupted_job_does_not_submit_twice(
    service: Service, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupt(_: float) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr("fabgwas_embeddings.encoders._batch.time.sleep", interrupt)
        with pytest.raises(KeyboardInterrupt):
            embed(service, tmp_path / "s")
    submitted = len(service.batches)
    assert submitted > 2
    check(embed(service, tmp_path / "s"), service)
    assert len(service.batches) == submitted


def test_a_batch_whose_reading_was_killed_is_read_again(
    service: Service, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def kill(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    def run() -> EmbedResult:
        encoder = OpenAiBatchEncoder("m", DIM, base_url=service.url, poll_seconds=0.01)
        return embed_variants(
            VARIANTS, tmp_path / "s", build="GRCh37", encoder=encoder, shard_rows=100
        )

    state = "fabgwas_embeddings.encoders._batch_state.BatchState.close"
    with monkeypatch.context() as patch:
        patch.setattr(state, kill)
        with pytest.raises(KeyboardInterrupt):
            run()
    # shards of the batch are written, and their vectors deleted
    assert list((tmp_path / "s").rglob("part-*.parquet"))
    result = run()
    assert set(service.paid.values()) == {1}
    assert len(service.paid) == result.n_texts == result.tokens


def test_single_texts_are_not_for_the_batch_api(service: Service) -> None:
    encoder = OpenAiBatchEncoder("m", DIM, base_url=service.url)
    with pytest.raises(UsageError, match="whole jobs only"):
        encoder.encode(["a"])
