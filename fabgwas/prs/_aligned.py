"""Arrays that JAX takes without a copy."""

import numpy as np
from jaxtyping import Shaped
from numpy.typing import DTypeLike

# bytes; from such addresses JAX shares an array with NumPy where both use main memory
_ALIGNMENT = 64


def aligned_zeros(shape: tuple[int, ...], dtype: DTypeLike) -> Shaped[np.ndarray, "..."]:
    """Zeros that `jax.device_put` does not copy on a CPU."""
    dtype = np.dtype(dtype)
    size = int(np.prod(shape)) * dtype.itemsize
    memory = np.zeros(size + _ALIGNMENT, np.uint8)
    start = -memory.ctypes.data % _ALIGNMENT
    return memory[start : start + size].view(dtype).reshape(shape)
