"""Hashed n-grams: vectors without a model, for tests and rehearsals of scale."""

from collections.abc import Sequence
from functools import lru_cache
from zlib import crc32

import numpy as np
from jaxtyping import Float32, Int

from fabgwas.errors import UsageError
from fabgwas_embeddings.encoders._base import LocalEncoder, unit_rows

_DIM = 256


class HashingEncoder(LocalEncoder):
    """Counts of words and pairs of words, each added with a sign to one of `dim` places.

    The counts are whole numbers, so a vector depends on its text alone, to the last bit.
    """

    name = "hashing"
    model = "hashed words and pairs of words"
    revision = "1"
    group_size = 1024

    def __init__(self, dim: int | None = None) -> None:
        if dim is not None and dim < 1:
            raise UsageError(f"encoder hashing: dim must be positive, not {dim}.")
        self.dim = dim or _DIM

    def count_tokens(self, text: str) -> int:
        """Number of words."""
        return len(text.split())

    def encode(self, texts: Sequence[str]) -> Float32[np.ndarray, "text dim"]:
        """Vectors of length 1."""
        hashes = [_hashes(text) for text in texts]
        row = np.repeat(np.arange(len(texts)), [each.size for each in hashes])
        value = np.concatenate([*hashes, np.empty(0, np.int64)])
        sign = np.where(value & 1, 1.0, -1.0)
        place = row * self.dim + (value >> 1) % self.dim
        counts = np.bincount(place, sign, len(texts) * self.dim)
        return unit_rows(counts.reshape(len(texts), self.dim).astype(np.float32))


def _hashes(text: str) -> Int[np.ndarray, " ngram"]:
    single = np.fromiter(map(_hash, text.lower().split()), np.int64)
    pairs = (single[:-1] * 1_000_003 + single[1:] * 7) & 0xFFFFFFFF
    return np.concatenate([single, pairs])


@lru_cache(maxsize=1 << 18)
def _hash(word: str) -> int:
    return crc32(word.encode())
