"""Coordinate ascent in all batches of LD blocks, and the bound that it raises."""

from collections.abc import Sequence
from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float

from fabgwas.prs._blocks import LdBatch
from fabgwas.prs._sweep import (
    BlockState,
    Moments,
    Slabs,
    make_slabs,
    posterior,
    start,
    sweep,
)

Column = Float[Array, " variant"]


class Problem(NamedTuple):
    """The data of a fit."""

    batches: tuple[LdBatch, ...]
    z: Column
    """Square root of n times the correlation of dosage and trait."""
    n: Column

    @property
    def size(self) -> int:
        """Number of variants."""
        return self.z.shape[0]


class Prior(NamedTuple):
    """What is believed of each variant before its own data."""

    log_weight: Float[Array, "variant component"]
    """Of the spike, and of each slab."""
    slab_var: Float[Array, " slab"]
    """Variance of a standardised effect in each slab."""
    noise: Column
    """Variance that the block of the variant leaves of the trait's, which is 1."""


class Ascent(NamedTuple):
    """A state of the ascent, and what follows from it."""

    states: tuple[BlockState, ...]
    cavity: Column
    moments: Moments
    residual: Column
    """The variance that the block of each variant leaves, as now estimated."""
    bound: float
    r"""Evidence lower bound, the sum over blocks of

    .. math:: \frac{1}{\sigma^2} \Big( z' m - \frac{m' R m + \sum_k V_k}{2} \Big)
        - \sum_k KL(q_k \| p_k)
        - \frac n 2 \Big( \log \sigma^2 + \frac{1}{\sigma^2} - 1 \Big)

    with posterior means m and variances V; 0 for no effects."""


def no_effects(problem: Problem) -> tuple[BlockState, ...]:
    """Where to begin."""
    return tuple(start(batch.row.shape, problem.z.dtype) for batch in problem.batches)


def ascend(problem: Problem, prior: Prior, states: Sequence[BlockState]) -> Ascent:
    """Visit all variants once, and evaluate the bound."""
    slabs = slabs_of(problem.n, prior)
    cavity, residual = jnp.zeros_like(problem.z), jnp.ones_like(problem.z)
    after, bound = [], 0.0
    for batch, before in zip(problem.batches, states, strict=True):
        mine = _Batch(
            spread(problem.z, batch.row),
            spread(problem.n, batch.row),
            Slabs(*(spread(part, batch.row) for part in slabs)),
            spread(prior.log_weight[:, 0], batch.row),
            spread(prior.noise, batch.row),
        )
        state = sweep(batch.ld, mine.z, mine.slabs, mine.noise[0], before)
        block_bound, block_residual = _evaluate(mine, state)
        bound += float(np.sum(np.asarray(block_bound), dtype=np.float64))
        block_residual = jnp.broadcast_to(block_residual, batch.row.shape)
        cavity = cavity.at[batch.row].set(state.cavity, mode="drop")
        residual = residual.at[batch.row].set(block_residual, mode="drop")
        after.append(state)
    moments = _posterior(cavity, slabs, prior.noise)
    return Ascent(tuple(after), cavity, moments, residual, bound)


class _Batch(NamedTuple):
    """Data and prior of the variants at their places in a batch; 0 in the padding."""

    z: Float[Array, "inside block"]
    n: Float[Array, "inside block"]
    slabs: Slabs
    log_spike: Float[Array, "inside block"]
    noise: Float[Array, "inside block"]


@jax.jit
def _evaluate(
    batch: _Batch, state: BlockState
) -> tuple[Float[Array, " block"], Float[Array, " block"]]:
    """The bound of each block, and the residual variance that its effects leave."""
    inside = batch.n > 0
    noise = jnp.where(inside, batch.noise, 1)
    moments = posterior(state.cavity, batch.slabs, noise)
    mean, second = moments.mean, moments.var + jnp.square(moments.mean)
    n = jnp.sum(batch.n, axis=0) / jnp.sum(inside, axis=0)
    # E u'Ru, in which R has ones on its diagonal
    explained = jnp.sum(mean * state.fitted.T + jnp.where(inside, moments.var, 0), axis=0)
    projection = jnp.sum(batch.z * mean, axis=0)
    # the best q attains the log evidence of a variant whose neighbours are known, which
    # leaves minus the divergence when the expected log likelihood is taken off
    divergence = (
        batch.log_spike
        + moments.log_evidence
        - (state.cavity * mean - 0.5 * second) / noise
    )
    sigma2 = noise[0]
    likelihood = (projection - 0.5 * explained) / sigma2
    trait = -0.5 * n * (jnp.log(sigma2) + 1 / sigma2 - 1)
    bound = likelihood + jnp.sum(jnp.where(inside, divergence, 0), axis=0) + trait
    return bound, 1 + (explained - 2 * projection) / n


@jax.jit
def spread(
    values: Float[Array, "variant ..."], row: Array
) -> Float[Array, "inside block ..."]:
    """Values of variants, at their places in a batch; 0 in the padding."""
    return values.at[row].get(mode="fill", fill_value=0)


@jax.jit
def slabs_of(n: Column, prior: Prior) -> Slabs:
    return make_slabs(prior.log_weight, n[:, None] * prior.slab_var, prior.noise)


_posterior = jax.jit(posterior)
