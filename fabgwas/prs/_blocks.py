"""LD blocks of many sizes as a few batches of padded arrays."""

from collections.abc import Callable, Sequence
from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float, Int
from numpy.typing import DTypeLike

# blocks are padded to the next of these, a ninth to a third longer on average
_SIZES = (16, 32, 64, 96, 128, 192, 256, 384, 512, 640, 768, 1024, 1280, 1536, 2048)
_STEP = 1024
# so many numbers fit into a fast cache beside the slice of LD that a step reads
_RUNNING = 2**16
_LARGEST = 2**26

ReadLd = Callable[[int], Float[np.ndarray, "variant variant"]]


class LdBatch(NamedTuple):
    """Blocks padded to one length.

    Arrays begin with the place inside the block, so that a step of coordinate ascent, which
    handles one variant of each block, reads one contiguous slice.
    """

    ld: Float[Array, "inside block inside"]
    """Correlations; 0 in the padding."""
    row: Int[Array, "inside block"]
    """Number of the variant, or the number of all variants in the padding."""


def pack_blocks(
    sizes: Sequence[int], read: ReadLd, dtype: DTypeLike = np.float32
) -> tuple[LdBatch, ...]:
    """Read the LD of blocks of consecutive variants, and batch those of similar length.

    Parameters
    ----------
    sizes
        Number of variants of each block.
    read
        Gives the correlations of a block by its number; each is read once.
    dtype
        In which to compute.
    """
    starts = np.cumsum([0, *sizes])
    padded = np.array([_padded(size) for size in sizes])
    batches = []
    for length in np.unique(padded).tolist():
        numbers = np.flatnonzero(padded == length)
        width = max(1, min(_RUNNING // length, _LARGEST // length**2))
        for first in range(0, numbers.size, width):
            mine = numbers[first : first + width].tolist()
            batches.append(_pack(mine, length, starts, read, dtype))
    return tuple(batches)


def _padded(size: int) -> int:
    fitting = [length for length in _SIZES if length >= size]
    return fitting[0] if fitting else -(-size // _STEP) * _STEP


def _pack(
    numbers: list[int],
    length: int,
    starts: Int[np.ndarray, " boundary"],
    read: ReadLd,
    dtype: DTypeLike,
) -> LdBatch:
    ld = np.zeros((length, len(numbers), length), dtype)
    row = np.full((length, len(numbers)), starts[-1], np.int32)
    for place, number in enumerate(numbers):
        start, stop = starts[number : number + 2]
        size = stop - start
        ld[:size, place, :size] = read(number)
        row[:size, place] = np.arange(start, stop)
    return LdBatch(jax.device_put(ld), jnp.asarray(row))
