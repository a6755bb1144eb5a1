"""Gibbs sampling of the effects in a batch of LD blocks, all blocks at once.

The sampler visits variants as the coordinate ascent does, but draws an effect from its
exact conditional distribution, so that variants in tight LD take turns instead of one
standing for all. What is averaged are the conditional expectations, not the draws
(Rao-Blackwell).
"""

from functools import partial
from typing import NamedTuple

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, Key

from fabgwas.prs._sweep import Slabs, posterior


class Chain(NamedTuple):
    """Where the sampler stands in a batch."""

    effect: Float[Array, "inside block"]
    """The last draw of u."""
    fitted: Float[Array, "block inside"]
    """R u."""


class Sums(NamedTuple):
    """Conditional expectations, summed over sweeps."""

    mean: Float[Array, "*variant"]
    """E u."""
    probability: Float[Array, "*variant slab"]
    """Of each slab."""
    second: Float[Array, "*variant slab"]
    """E u^2 in each slab, times its probability."""


@partial(jax.jit, static_argnames="sweeps")
def sample(
    ld: Float[Array, "inside block inside"],
    z: Float[Array, "inside block"],
    slabs: Slabs,
    noise: Float[Array, " block"],
    chain: Chain,
    key: Key[Array, ""],
    sweeps: int,
) -> tuple[Chain, Sums]:
    """Visit each variant `sweeps` times, in order."""
    nothing = Sums(jnp.zeros_like(z), *(jnp.zeros_like(slabs.shrink) for _ in range(2)))

    def one_sweep(turn: Array, now: tuple[Chain, Sums]) -> tuple[Chain, Sums]:
        for_slab, for_effect = jax.random.split(jax.random.fold_in(key, turn))
        uniform = jax.random.uniform(for_slab, z.shape, z.dtype)
        normal = jax.random.normal(for_effect, z.shape, z.dtype)

        def visit(k: Array, now: tuple[Chain, Sums]) -> tuple[Chain, Sums]:
            chain, sums = now
            before = chain.effect[k]
            cavity = z[k] - (chain.fitted[:, k] - before)
            shrink = slabs.shrink[k]
            moments = posterior(cavity, Slabs(slabs.log_odds[k], shrink), noise)
            probability = moments.probability
            upper = jnp.cumsum(probability, axis=1)
            draw = uniform[k][:, None]
            chosen = (draw < upper) & (draw >= upper - probability)
            here = jnp.sum(jnp.where(chosen, shrink, 0), axis=1)
            effect = here * cavity + jnp.sqrt(here * noise) * normal[k]
            square = shrink * noise[:, None] + jnp.square(shrink * cavity[:, None])
            return (
                Chain(
                    chain.effect.at[k].set(effect),
                    chain.fitted + ld[k] * (effect - before)[:, None],
                ),
                Sums(
                    sums.mean.at[k].add(moments.mean),
                    sums.probability.at[k].add(probability),
                    sums.second.at[k].add(probability * square),
                ),
            )

        return jax.lax.fori_loop(0, z.shape[0], visit, now)

    return jax.lax.fori_loop(0, sweeps, one_sweep, (chain, nothing))
