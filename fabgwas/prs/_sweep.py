r"""Coordinate ascent over the variants of a batch of LD blocks, all blocks at once.

On the scale of z-scores, where :math:`u_k = \sqrt{n_k} b_k`,

.. math:: z \sim N(R u, \sigma^2 R), \quad u_k \sim \sum_c w_{kc} N(0, \tau_{kc}),

the posterior is approximated by independent :math:`q(u_k)`. The best :math:`q(u_k)` given
the others depends on them through the cavity alone,
:math:`r_k = z_k - \sum_{l \ne k} R_{kl} E u_l`.
"""

from typing import NamedTuple

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float


class Slabs(NamedTuple):
    """The prior of each variant in the form that a step needs."""

    log_odds: Float[Array, "*variant slab"]
    """Of the slab against the spike, before the data: log(w_c / w_0) plus half the log of
    sigma^2 / (sigma^2 + tau_c)."""
    shrink: Float[Array, "*variant slab"]
    """tau_c / (tau_c + sigma^2)."""


class BlockState(NamedTuple):
    """Where the ascent stands in a batch."""

    mean: Float[Array, "inside block"]
    """E u."""
    fitted: Float[Array, "block inside"]
    """R E u."""
    cavity: Float[Array, "inside block"]
    """The cavity at the last visit, which determines q(u)."""


class Moments(NamedTuple):
    """The posterior of each variant given its cavity."""

    mean: Float[Array, "*variant"]
    var: Float[Array, "*variant"]
    probability: Float[Array, "*variant slab"]
    """Of each slab; that of the spike is what is left."""
    log_evidence: Float[Array, "*variant"]
    """Log of the evidence against an effect of 0, given the cavity."""


def start(shape: tuple[int, ...], dtype: jnp.dtype) -> BlockState:
    """All effects 0."""
    length, width = shape
    nothing = jnp.zeros((length, width), dtype)
    return BlockState(nothing, jnp.zeros((width, length), dtype), nothing)


def make_slabs(
    log_weight: Float[Array, "*variant component"],
    slab_var: Float[Array, "*variant slab"],
    noise: Float[Array, "*variant"],
) -> Slabs:
    """Slabs of log weights (spike first), variances tau and residual variance."""
    shrink = slab_var / (slab_var + noise[..., None])
    log_odds = log_weight[..., 1:] - log_weight[..., :1] + 0.5 * jnp.log1p(-shrink)
    return Slabs(log_odds, shrink)


@jax.jit
def sweep(
    ld: Float[Array, "inside block inside"],
    z: Float[Array, "inside block"],
    slabs: Slabs,
    noise: Float[Array, " block"],
    state: BlockState,
) -> BlockState:
    """Visit each variant once, in order."""

    def visit(
        fitted: Float[Array, "block inside"], now: tuple[Array, Array, Slabs, Array, Array]
    ) -> tuple[Float[Array, "block inside"], tuple[Array, Array]]:
        k, z, here, before, ld = now
        cavity = z - (fitted[:, k] - before)
        after = posterior(cavity, here, noise).mean
        return fitted + ld * (after - before)[:, None], (after, cavity)

    # what a scan is given it reads in place; a loop copies all that it reads and writes
    order = jnp.arange(z.shape[0])
    fitted, seen = jax.lax.scan(visit, state.fitted, (order, z, slabs, state.mean, ld))
    return BlockState(seen[0], fitted, seen[1])


def posterior(
    cavity: Float[Array, "*variant"],
    slabs: Slabs,
    noise: Float[Array, "*variant"],
    axis: int = -1,
) -> Moments:
    """The exact posterior of a variant whose neighbours' effects are known.

    The axis is that of the slabs.
    """
    cavity_, noise_ = (jnp.expand_dims(part, axis) for part in (cavity, noise))
    logit = slabs.log_odds + 0.5 * slabs.shrink * (jnp.square(cavity_) / noise_)
    top = jnp.maximum(logit.max(axis=axis), 0)
    odds = jnp.exp(logit - jnp.expand_dims(top, axis))
    total = odds.sum(axis=axis) + jnp.exp(-top)
    probability = odds / jnp.expand_dims(total, axis)
    mean = cavity * jnp.sum(probability * slabs.shrink, axis=axis)
    square = slabs.shrink * noise_ + jnp.square(slabs.shrink * cavity_)
    second = jnp.sum(probability * square, axis=axis)
    log_evidence = top + jnp.log(total)
    return Moments(mean, second - jnp.square(mean), probability, log_evidence)
