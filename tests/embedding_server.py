"""A loopback server of embeddings that plays the tricks that real ones play.

It counts what would have been paid: the texts of every reply that was sent in full.
"""

import base64
import json
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import numpy as np

from fabgwas_embeddings.encoders._hashing import HashingEncoder

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
        self.pay(request)
        self.send(200, reply(TRUE_VECTORS.encode(request["input"])), **headers)

    def pay(self, request: dict[str, Any]) -> None:
        with self.server.lock:
            self.server.paid.update(request["input"])

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
        handler.pay(request)
        handler.send(200, reply(spoil(TRUE_VECTORS.encode(request["input"]))))
        return True

    return play


def shuffled(handler: Handler, request: dict[str, Any]) -> bool:
    n = len(request["input"])
    handler.pay(request)
    handler.send(200, reply(TRUE_VECTORS.encode(request["input"]), list(range(n))[::-1]))
    return True


def lists(handler: Handler, request: dict[str, Any]) -> bool:
    content = reply(vectors := TRUE_VECTORS.encode(request["input"]))
    for item, vector in zip(content["data"], vectors, strict=True):
        item["embedding"] = vector.tolist()
    handler.pay(request)
    handler.send(200, content)
    return True


@contextmanager
def running_server() -> Iterator[Server]:
    """A server that is running."""
    with Server() as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        yield server
        server.shutdown()
        thread.join()
