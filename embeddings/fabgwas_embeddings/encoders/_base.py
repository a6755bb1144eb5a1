"""What every encoder offers, and what local ones share."""

from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import NamedTuple, Protocol, runtime_checkable

import numpy as np
from jaxtyping import Float32


class Group(NamedTuple):
    """Texts that are encoded by one call, and where their vectors belong."""

    shard: int
    number: int
    texts: list[str]


class Encoded(NamedTuple):
    """The vectors of a group, and what they used up."""

    shard: int
    number: int
    vectors: Float32[np.ndarray, "text dim"]
    tokens: int
    """0 where nobody counts them."""


@runtime_checkable
class Encoder(Protocol):
    """Text in, unit vectors out.

    The last bits of a vector depend on the texts that are encoded beside it and on the
    number of threads. So texts are cut into groups that depend on nothing but the sorted
    distinct texts of a shard, a group is encoded by one call, and the number of threads is
    fixed.
    """

    name: str
    model: str
    revision: str
    dim: int
    max_tokens: int | None
    """Longest text in tokens; None if any text is read whole."""
    local: bool
    """Whether it runs on this machine, so that its speed can be measured."""
    price: float | None
    """USD for a million tokens, None if nobody is paid."""

    def count_tokens(self, text: str) -> int | None:
        """Tokens of a text, None if the encoder has no tokenizer at hand."""
        ...

    def cut(self, texts: Sequence[str]) -> list[int]:
        """Ends of the groups that the texts are encoded in."""
        ...

    def encode(self, texts: Sequence[str]) -> Float32[np.ndarray, "text dim"]:
        """Vectors of length 1, one for each text."""
        ...

    def stream(self, groups: Iterable[Group]) -> Iterator[Encoded]:
        """Encode groups as they come, in any order."""
        ...

    def use_folder(self, folder: Path) -> None:
        """Told before `stream` where to keep what must outlive the process."""
        ...


class LocalEncoder:
    """What models on this machine have in common: no price, one call after the other."""

    local = True
    max_tokens: int | None = None
    price: float | None = None
    group_size: int
    """Texts in a call."""

    def cut(self, texts: Sequence[str]) -> list[int]:
        """Ends of groups of `group_size`, the last one shorter."""
        size = self.group_size
        return [*range(size, len(texts), size), len(texts)] if texts else []

    def encode(self, texts: Sequence[str]) -> Float32[np.ndarray, "text dim"]:
        """Vectors of length 1."""
        raise NotImplementedError

    def stream(self, groups: Iterable[Group]) -> Iterator[Encoded]:
        """One group after the other."""
        for shard, number, texts in groups:
            yield Encoded(shard, number, self.encode(texts), 0)

    def use_folder(self, folder: Path) -> None:
        """Nothing needs to be kept."""


def unit_rows(
    vectors: Float32[np.ndarray, "text dim"], dim: int | None = None
) -> Float32[np.ndarray, "text kept"]:
    """Scale rows to length 1, after cutting them to their first `dim` numbers."""
    vectors = np.asarray(vectors, np.float32)[:, :dim]
    length = np.sqrt(np.einsum("ij,ij->i", vectors, vectors))[:, None]
    return vectors / np.where(length > 0, length, 1)
