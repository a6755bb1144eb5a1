"""What requests to OpenAI-compatible services have in common: models, replies, errors."""

import base64
import os
import re
import tomllib
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any
from urllib.parse import urlsplit

import numpy as np
from jaxtyping import Float32

from fabgwas.errors import RemoteError, UsageError
from fabgwas_embeddings.encoders._base import unit_rows

MOST_INPUTS = 2048  # of one request
MOST_TOKENS = 300_000  # of one request, all inputs together
TEXT_TOKENS = 8191  # of one input
_FEWEST_CHARACTERS = 2.5  # in a token; packing must not underestimate
_CHARACTERS = 4.0  # in a token of English, for estimates of cost
_KEY = re.compile(r"\bsk-[\w*-]{4,}")


@dataclass(frozen=True)
class ApiModel:
    """A model behind an API: its size and price."""

    name: str
    dim: int
    shortens: bool
    price: float | None
    batch_price: float | None


@cache
def price_table() -> dict[str, Any]:
    """Models whose size and price are known, and the date of the prices."""
    text = (files("fabgwas_embeddings.encoders") / "prices.toml").read_text("utf-8")
    return tomllib.loads(text)


def api_model(name: str, dim: int | None, *, paid: bool) -> ApiModel:
    """Facts of a model; of one that is not in the table `dim` must be given."""
    known = price_table()["models"].get(name)
    if known is None:
        if dim is None:
            raise UsageError(f"model {name}: its number of dimensions must be given.")
        return ApiModel(name, dim, False, None, None)
    if dim is not None and not 1 <= dim <= known["dim"]:
        raise UsageError(f"model {name}: has {known['dim']} dimensions, not {dim}.")
    prices = (known["price"], known["batch_price"]) if paid else (None, None)
    return ApiModel(name, dim or known["dim"], known["shortens"], *prices)


def api_key(variable: str, base_url: str | None) -> str:
    """The key from the environment; servers of one's own need none."""
    key = os.environ.get(variable)
    if key:
        return key
    if base_url is not None:
        return "none"
    raise UsageError(f"the environment variable {variable} holds no key.")


def service_name(base_url: str | None) -> str:
    """Host that answers, without user names and passwords."""
    return urlsplit(base_url).hostname or "unknown" if base_url else "api.openai.com"


def estimate_tokens(characters: int) -> int:
    """Tokens of English text, roughly."""
    return round(characters / _CHARACTERS)


def pack(texts: Sequence[str], most_inputs: int, most_tokens: int) -> list[int]:
    """Ends of the groups of texts that surely fit into one request each."""
    ends: list[int] = []
    start = tokens = 0
    for at, text in enumerate(texts):
        size = int(len(text.encode()) / _FEWEST_CHARACTERS) + 1
        if at > start and (at - start == most_inputs or tokens + size > most_tokens):
            ends.append(at)
            start, tokens = at, 0
        tokens += size
    return [*ends, len(texts)] if texts else []


def read_vectors(
    data: Sequence[Any], texts: Sequence[str], dim: int, who: str
) -> Float32[np.ndarray, "text dim"]:
    """Vectors of a reply in the order of the texts, or one clear error.

    `data` holds objects with `index` and `embedding`: base64 of little-endian float32, or
    a list of numbers from servers that do not know base64. Longer vectors are cut to `dim`.
    """
    if len(data) != len(texts):
        raise RemoteError(f"{who}: sent {len(data)} vectors for {len(texts)} texts.")
    order = [item.index for item in data]
    if sorted(order) != list(range(len(texts))):
        raise RemoteError(f"{who}: numbered its vectors {order[:5]} ...")
    rows = [_numbers(item.embedding) for item in sorted(data, key=lambda item: item.index)]
    shortest = min(row.size for row in rows)
    if shortest < dim or len({row.size for row in rows}) > 1:
        raise RemoteError(f"{who}: sent vectors of {shortest} numbers; {dim} are needed.")
    vectors = np.stack(rows)
    wrong = ~np.isfinite(vectors).all(axis=1) | ~vectors.any(axis=1)
    if wrong.any():
        text = texts[int(wrong.argmax())]
        raise RemoteError(f"{who}: sent no finite vector for the text {text[:80]!r}.")
    return unit_rows(vectors, dim)


def _numbers(embedding: Any) -> Float32[np.ndarray, " dim"]:
    if isinstance(embedding, str):
        return np.frombuffer(base64.b64decode(embedding), "<f4")
    return np.asarray(embedding, np.float32)


def without_key(message: object, key: str = "") -> str:
    """A message on one line in which no key can be read."""
    text = " ".join(str(message).split())
    if len(key) > 4:
        text = text.replace(key, "***")
    return _KEY.sub("***", text)[:500]
