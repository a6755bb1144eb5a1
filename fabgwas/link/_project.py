"""Principal axes of embeddings, which are functions of the features alone."""

from collections.abc import Iterable
from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float

from fabgwas.link._device import product, self_product


class Projection(NamedTuple):
    """Centring and rotation onto fewer coordinates."""

    center: Float[np.ndarray, " dim"]
    rotation: Float[np.ndarray, "dim part"]

    def apply(
        self, x: Float[np.ndarray, "variant dim"]
    ) -> Float[np.ndarray, "variant part"]:
        """Coordinates along the axes, in the precision of `x`."""
        rotation = self.rotation.astype(x.dtype)
        offset = (self.center @ self.rotation).astype(x.dtype)
        return product(x, rotation) - offset


def principal_axes(
    blocks: Iterable[Float[np.ndarray, "variant dim"]], dim: int, components: int
) -> Projection:
    """The leading axes of the centred embedding; all of them if it has no more.

    Parameters
    ----------
    blocks
        Embeddings of a sample of the variants.
    dim
        Coordinates of the embedding.
    components
        How many axes to keep at most.
    """
    scatter, total, count = np.zeros((dim, dim)), np.zeros(dim), 0
    for x in blocks:
        scatter += self_product(x)
        total += x.sum(axis=0, dtype=np.float64)
        count += x.shape[0]
    center = total / max(count, 1)
    with jax.enable_x64(True):
        vectors = np.asarray(_axes(scatter - count * np.outer(center, center)))
    return Projection(center, vectors[:, : min(components, dim)])


@jax.jit
def _axes(scatter: Float[Array, "dim dim"]) -> Float[Array, "dim dim"]:
    return jnp.linalg.eigh((scatter + scatter.T) / 2)[1][:, ::-1]
