"""Features for the prior: whitened, with covariates beside them."""

from typing import NamedTuple

import jax
import numpy as np
from jaxtyping import Array, Float

from fabgwas.link._device import self_product

# directions of relatively smaller variance are rounding errors
_LEAST_VARIANCE = 1e-6
# bytes; from such addresses JAX shares an array with NumPy where both use main memory
_ALIGNMENT = 64


class Whitened(NamedTuple):
    """Uncorrelated features of variance 1, and the variance each had in the embedding."""

    x: Float[np.ndarray, "variant dim"]
    variance: Float[np.ndarray, " dim"]
    """Relative to their mean."""

    def on_device(self) -> Float[Array, "variant dim"]:
        """The features as JAX takes them; what `whiten` made is not copied on a CPU."""
        return jax.device_put(self.x)


def whiten(
    embedding: Float[np.ndarray, "variant dim"], components: int | None = None
) -> Whitened:
    """Centre, rotate to principal components, and scale each to variance 1.

    What an embedding says about a trait may lie in small components, so all are kept unless
    `components` limits their number; how much to trust small ones is for the penalty.
    """
    # products before centring save a copy of what may be gigabytes
    mean = embedding.mean(axis=0, dtype=np.float64)
    second = self_product(embedding).astype(np.float64) / len(embedding)
    values, vectors = np.linalg.eigh(second - np.outer(mean, mean))
    values, vectors = values[::-1], vectors[:, ::-1]
    keep = values > _LEAST_VARIANCE * values[0]
    values, vectors = values[keep][:components], vectors[:, keep][:, :components]
    rotation = vectors / np.sqrt(values)
    x = _aligned((len(embedding), rotation.shape[1]), embedding.dtype)
    np.matmul(embedding, rotation.astype(embedding.dtype), out=x)
    x -= (mean @ rotation).astype(embedding.dtype)
    return Whitened(x, values / values.mean())


def _aligned(shape: tuple[int, int], dtype: np.dtype) -> Float[np.ndarray, "variant dim"]:
    size = shape[0] * shape[1] * dtype.itemsize
    memory = np.empty(size + _ALIGNMENT, np.uint8)
    start = -memory.ctypes.data % _ALIGNMENT
    return memory[start : start + size].view(dtype).reshape(shape)
