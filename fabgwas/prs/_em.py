"""Updates of what variants share: variances of the slabs, and of the residual."""

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float

from fabgwas.prs._ascent import Ascent, Prior, Problem

# no block explains more of a trait than what this leaves
LEAST_NOISE = 0.2
_LEAST_SLAB = 1e-10
_LEAST_NUMBER = 1e-3


def update_shared(problem: Problem, prior: Prior, ascent: Ascent) -> Prior:
    """Raise the bound by the variances of the slabs and of each block's residual."""
    slab_var = _slab_variances(
        ascent.cavity, ascent.moments.probability, problem.n, prior.slab_var, prior.noise
    )
    return prior._replace(
        slab_var=slab_var, noise=jnp.clip(ascent.residual, LEAST_NOISE, 1.0)
    )


def add_panel_error(problem: Problem, prior: Prior, people: float | int) -> Prior:
    r"""Noise of statistics whose LD comes from a panel of some people.

    .. math:: Var\{(R - \hat R) u\}_k = \frac{u' R u + (R u)_k^2}{n_{panel}}

    for a sample correlation matrix. Its first part adds the variance explained, times
    n / n_panel, to the residual variance of a block; the second is left out, as it stands
    for the whole block being a little stronger or weaker.
    """
    explained = 1 - prior.noise
    return prior._replace(noise=prior.noise + jnp.mean(problem.n) / people * explained)


@jax.jit
def _slab_variances(
    cavity: Float[Array, " variant"],
    probability: Float[Array, "variant slab"],
    n: Float[Array, " variant"],
    slab_var: Float[Array, " slab"],
    noise: Float[Array, " variant"],
) -> Float[Array, " slab"]:
    """Mean square of the effects in each slab; a slab without effects keeps its own."""
    tau = n[:, None] * slab_var
    shrink = tau / (tau + noise[:, None])
    second = (shrink * noise[:, None] + jnp.square(shrink * cavity[:, None])) / n[:, None]
    number = jnp.sum(probability, axis=0)
    mean = jnp.sum(probability * second, axis=0) / jnp.maximum(number, _LEAST_NUMBER)
    return jnp.maximum(jnp.where(number > _LEAST_NUMBER, mean, slab_var), _LEAST_SLAB)
