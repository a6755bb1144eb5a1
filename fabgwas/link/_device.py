"""Products of large matrices: by NumPy's BLAS on a CPU, by JAX on an accelerator.

On two x86-64 cores NumPy's BLAS formed cross products at 242 GFLOP/s and XLA's own at
143 to 171; everything else of a link is small, and is left to NumPy on either.
"""

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float


def product(
    left: Float[np.ndarray, "row inner"], right: Float[np.ndarray, "inner column"]
) -> Float[np.ndarray, "row column"]:
    """Return left @ right, in the precision of its inputs."""
    if jax.default_backend() == "cpu":
        return left @ right
    return np.asarray(product_on_device(jnp.asarray(left), jnp.asarray(right)))


def self_product(x: Float[np.ndarray, "variant dim"]) -> Float[np.ndarray, "dim dim"]:
    """Return X'X, in the precision of X."""
    return product(x.T, x)


@jax.jit
def product_on_device(
    left: Float[Array, "row inner"], right: Float[Array, "inner column"]
) -> Float[Array, "row column"]:
    """Return left @ right without the low-precision shortcuts of accelerators."""
    return jnp.dot(left, right, precision="highest")
