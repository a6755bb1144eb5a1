"""Encoders with three learners: offline ones, and others where a key or folder is given.

Set OPENAI_API_KEY for OpenAI (about 0.02 USD a task, OPENAI_BASE_URL for another server),
and FABGWAS_QWEN to the folder of Qwen3-Embedding-0.6B, or to the URL of a server of it.
"""

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np

from benchmarks.harness import Context, FunctionMethod, Skip, Task
from benchmarks.properties._learners import LEARNERS, SETTINGS, held_out
from benchmarks.properties._rows import Problem
from benchmarks.properties._task import PropertyTask
from benchmarks.properties._vectors import cached_vectors
from benchmarks.properties.methods.baselines import learns_from_scores, score_matrix
from fabgwas.errors import UsageError
from fabgwas_embeddings import Encoder, make_encoder

_QWEN = "Qwen/Qwen3-Embedding-0.6B"


@dataclass(frozen=True, kw_only=True)
class EncoderMethod:
    """Vectors of an encoder, and a learner on them."""

    encoder: str
    learner: str
    make: Callable[[Context], Encoder]

    @property
    def name(self) -> str:
        """Encoder and learner."""
        return f"{self.encoder}, {self.learner}"

    @property
    def settings(self) -> Mapping[str, Any]:
        """Name of the encoder, and settings of the learner."""
        return {"encoder": self.encoder, **SETTINGS[self.learner]}

    def suits(self, task: Task) -> bool:
        """Texts and splits beside the main one are for the linear learner."""
        return isinstance(task, PropertyTask) and (self.learner == "linear" or task.main)

    def solve(self, problem: Problem, context: Context, seed: int) -> np.ndarray:
        """Held-out predictions."""
        vectors = encode(problem, context, self.make)
        return held_out(problem, vectors, self.learner, seed)


def encode(
    problem: Problem, context: Context, make: Callable[[Context], Encoder]
) -> np.ndarray:
    """Vectors of the texts; encoders that cannot be made skip the cell."""
    encoder = made(make, context)
    return cached_vectors(encoder, problem.texts, context.cache / "vectors").astype(float)


@cache
def made(make: Callable[[Context], Encoder], context: Context) -> Encoder:
    """Models are loaded once."""
    try:
        return make(context)
    except UsageError as error:
        raise Skip(str(error)) from error


def use(context: Context) -> Encoder:
    """Universal Sentence Encoder, multilingual: the default of `fabgwas embed`."""
    return make_encoder("local")


def minilm(context: Context) -> Encoder:
    """MiniLM in int8, 30 to 80 texts a second: too slow for quick runs."""
    if context.quick:
        raise Skip("left out of quick runs")
    found = context.data and context.data / "minilm_tokenizer" / "tokenizer.json"
    return make_encoder("minilm", **({"tokenizer": str(found)} if found else {}))


def hashing(context: Context) -> Encoder:
    """Counts of hashed words and pairs of words: no model."""
    return make_encoder("hashing")


def qwen(context: Context) -> Encoder:
    """Qwen3-Embedding-0.6B from a folder, or served."""
    place = os.environ.get("FABGWAS_QWEN")
    if place is None:
        raise Skip("needs FABGWAS_QWEN, the folder of Qwen3-Embedding-0.6B")
    if place.startswith("http"):
        return make_encoder("openai", model=_QWEN, dim=1024, base_url=place)
    return make_encoder("qwen", model=place)


def openai(context: Context) -> Encoder:
    """text-embedding-3-large, or what OPENAI_MODEL names on OPENAI_BASE_URL."""
    if "OPENAI_API_KEY" not in os.environ:
        raise Skip("needs OPENAI_API_KEY")
    model = os.environ.get("OPENAI_MODEL", "text-embedding-3-large")
    dim = os.environ.get("OPENAI_DIM")
    url = os.environ.get("OPENAI_BASE_URL")
    return make_encoder("openai", model=model, dim=int(dim) if dim else None, base_url=url)


def with_scores(problem: Problem, context: Context, seed: int) -> np.ndarray:
    """Vectors beside the published scores: what texts add to them."""
    vectors = encode(problem, context, use)
    # as many copies of the scores as it takes for the penalty to leave them alone
    scores = np.repeat(score_matrix(problem), _COPIES, axis=1)
    return held_out(problem, np.hstack([vectors, scores]), "linear", seed)


_COPIES = 10
_OFFLINE = {"USE": use, "MiniLM": minilm, "hashed n-grams": hashing}
ENCODERS: dict[str, Callable[[Context], Encoder]] = {
    **_OFFLINE,
    "Qwen3": qwen,
    "OpenAI": openai,
}

METHODS = [
    FunctionMethod(
        name="USE with scores, linear",
        answer=with_scores,
        settings=SETTINGS["linear"],
        meant_for=learns_from_scores,
    ),
    *(
        EncoderMethod(encoder=name, learner=learner, make=make)
        for name, make in ENCODERS.items()
        for learner in (LEARNERS if name in _OFFLINE else LEARNERS[:1])
    ),
]
