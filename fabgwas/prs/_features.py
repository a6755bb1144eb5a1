"""Features for the prior: whitened, with covariates beside them."""

from typing import NamedTuple

import numpy as np
from jaxtyping import Float

from fabgwas.link._device import self_product

# directions of relatively smaller variance are rounding errors
_LEAST_VARIANCE = 1e-6


class Whitened(NamedTuple):
    """Uncorrelated features of variance 1, and the variance each had in the embedding."""

    x: Float[np.ndarray, "variant dim"]
    variance: Float[np.ndarray, " dim"]
    """Relative to their mean."""


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
    x = embedding @ rotation.astype(embedding.dtype)
    x -= (mean @ rotation).astype(embedding.dtype)
    return Whitened(x, values / values.mean())
