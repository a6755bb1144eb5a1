"""LD blocks of many sizes as a few batches of padded arrays."""

from collections.abc import Callable, Sequence
from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float, Int
from numpy.typing import DTypeLike

from fabgwas.prs._aligned import aligned_zeros

# blocks are padded to the next of these, a ninth to a third longer on average
_SIZES = (16, 32, 64, 96, 128, 192, 256, 384, 512, 640, 768, 1024, 1280, 1536, 2048)
_STEP = 1024
# so many numbers fit into a fast cache beside the slice of LD that a step reads
_RUNNING = 2**16
_LARGEST = 2**26
# blocks of one batch that are worth a second core
_SHARED = 16
# seconds, measured on a core: to compile for a length, shared among some 300 sweeps; to
# begin a step; to read a number of LD
_COMPILATION, _STEP_SECONDS, _READING = 5e-3, 8e-6, 4e-10

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
    batches = []
    for length, numbers in _groups(sizes):
        for mine in np.array_split(numbers, _n_batches(length, numbers.size)):
            batches.append(_pack(mine.tolist(), length, starts, read, dtype))
    return tuple(batches)


def _groups(sizes: Sequence[int]) -> list[tuple[int, Int[np.ndarray, " block"]]]:
    """Padded lengths, and the blocks of each: the cheapest of few lengths and many."""
    padded = np.array([_padded(size) for size in sizes])
    groups: list[tuple[int, np.ndarray]] = []
    for length in np.unique(padded)[::-1].tolist():
        numbers = np.flatnonzero(padded == length)
        if groups:
            longer, before = groups[-1]
            apart = _cost(longer, before.size) + _cost(length, numbers.size)
            if _cost(longer, before.size + numbers.size) <= apart:
                groups[-1] = longer, np.sort(np.concatenate([before, numbers]))
                continue
        groups.append((length, numbers))
    return groups


def _cost(length: int, n_blocks: int) -> float:
    """Seconds of a sweep, with a share of the compilation for this length."""
    steps = length * _n_batches(length, n_blocks)
    return _COMPILATION + _STEP_SECONDS * steps + _READING * n_blocks * length**2


def _n_batches(length: int, n_blocks: int) -> int:
    """Two for two cores if there is work; never by machine, as draws depend on it."""
    width = max(1, min(_RUNNING // length, _LARGEST // length**2))
    return max(-(-n_blocks // width), min(2, n_blocks // _SHARED))


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
    ld = aligned_zeros((length, len(numbers), length), dtype)
    row = np.full((length, len(numbers)), starts[-1], np.int32)
    for place, number in enumerate(numbers):
        start, stop = starts[number : number + 2]
        size = stop - start
        ld[:size, place, :size] = read(number)
        row[:size, place] = np.arange(start, stop)
    return LdBatch(jax.device_put(ld), jnp.asarray(row))
