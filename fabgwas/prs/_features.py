"""Features for the prior: whitened, with covariates beside them."""

from typing import NamedTuple

import jax
import numpy as np
from jaxtyping import Array, Float, Int

from fabgwas.link._device import product, self_product
from fabgwas.prs._aligned import aligned_zeros

# directions of relatively smaller variance are rounding errors
_LEAST_VARIANCE = 1e-6
# in parts, as a copy of all features may be gigabytes
_ROWS = 65_536


class Whitened(NamedTuple):
    """Uncorrelated features of variance 1, and the variance each had in the embedding."""

    x: Float[np.ndarray, "variant dim"]
    variance: Float[np.ndarray, " dim"]
    """Relative to their mean."""
    alike: bool = False
    """Whether no direction is expected to tell more than others."""

    def on_device(self) -> Float[Array, "variant dim"]:
        """The features as JAX takes them; what `whiten` made is not copied on a CPU."""
        return jax.device_put(self.x)


def whiten(
    embedding: Float[np.ndarray, "known dim"],
    row: Int[np.ndarray, " known"] | None = None,
    size: int | None = None,
    *,
    alike: bool = False,
) -> Whitened:
    """Centre, rotate to principal components, and scale each to variance 1.

    What an embedding says about a trait may lie in small components, so all are kept; how
    much to trust small ones is for the penalty.

    Parameters
    ----------
    embedding
        Of the variants that have one.
    row
        Places of these among all variants, of which the others get the mean.
    size
        Number of all variants.
    alike
        Whether no direction is expected to tell more than others, as of annotations that
        somebody chose; nothing then depends on their units.
    """
    # products before centring save a copy
    mean = embedding.mean(axis=0, dtype=np.float64)
    second = self_product(embedding).astype(np.float64) / len(embedding)
    values, vectors = np.linalg.eigh(second - np.outer(mean, mean))
    values, vectors = values[::-1], vectors[:, ::-1]
    keep = values > _LEAST_VARIANCE * values[0]
    values = values[keep]
    rotation = vectors[:, keep] / np.sqrt(values)
    offset, rotation = (
        (mean @ rotation).astype(embedding.dtype),
        rotation.astype(embedding.dtype),
    )
    row = np.arange(len(embedding)) if row is None else row
    x = aligned_zeros((len(row) if size is None else size, values.size), embedding.dtype)
    for start in range(0, len(embedding), _ROWS):
        part = slice(start, start + _ROWS)
        x[row[part]] = product(embedding[part], rotation) - offset
    return Whitened(x, values / values.mean(), alike)
