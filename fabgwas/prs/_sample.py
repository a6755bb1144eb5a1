"""Gibbs sampling of the effects in a batch of LD blocks, all blocks at once.

The sampler visits variants as the coordinate ascent does, but draws an effect from its
exact conditional distribution, so that variants in tight LD take turns instead of one
standing for all. What is averaged are the conditional expectations, not the draws
(Rao-Blackwell).

Variants are visited in tiles. Inside a tile each draw corrects the fit of that tile alone;
the fit of the whole block follows when the tile is done. The answer is the same, and most
of the LD is never read: nearly all draws are 0 before and after, and change nothing.
"""

from functools import partial
from typing import NamedTuple

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, Key

from fabgwas.prs._sweep import Slabs, posterior

# numbers of a row of LD that a processor handles at once; divides the length of any batch
_TILE = 16


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


class _Visits(NamedTuple):
    """What visits of variants need; a variant at a time, or a tile, or all of a batch."""

    effect: Float[Array, "*inside block"]
    """Before the visit."""
    z: Float[Array, "*inside block"]
    log_odds: Float[Array, "*inside slab block"]
    shrink: Float[Array, "*inside slab block"]
    uniform: Float[Array, "*inside block"]
    normal: Float[Array, "*inside block"]
    near: Float[Array, "*inside block tile"]
    """Correlations with the variants of the same tile."""


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
    # slabs first: arithmetic along a short last axis is slow
    all_of = Slabs(*(jnp.moveaxis(part, -1, 0) for part in slabs))
    each = Slabs(*(jnp.moveaxis(part, -1, 1) for part in slabs))
    near = _near(ld)

    def one_sweep(turn: Array, now: tuple[Chain, Sums]) -> tuple[Chain, Sums]:
        chain, sums = now
        for_slab, for_effect = jax.random.split(jax.random.fold_in(key, turn))
        uniform = jax.random.uniform(for_slab, z.shape, z.dtype)
        normal = jax.random.normal(for_effect, z.shape, z.dtype)
        visits = _Visits(chain.effect, z, *each, uniform, normal, near)
        chain, cavity = _sweep(ld, visits, noise, chain.fitted)
        here = _expect(cavity, all_of, noise)
        return chain, Sums(*(a + b for a, b in zip(sums, here, strict=True)))

    nothing = Sums(jnp.zeros_like(z), *(jnp.zeros_like(all_of.shrink) for _ in range(2)))
    chain, sums = jax.lax.fori_loop(0, sweeps, one_sweep, (chain, nothing))
    return chain, Sums(sums.mean, *(jnp.moveaxis(part, 0, -1) for part in sums[1:]))


def _near(ld: Float[Array, "inside block inside"]) -> Float[Array, "inside block tile"]:
    """Correlations inside tiles, side by side, as a visit reads a row of each block."""
    length, width, _ = ld.shape

    def tile(first: Array) -> Float[Array, "tile block tile"]:
        return jax.lax.dynamic_slice(ld, (first, 0, first), (_TILE, width, _TILE))

    # one loop: slices in a row take seconds to compile
    tiles = jax.lax.map(tile, jnp.arange(0, length, _TILE))
    return tiles.reshape(length, width, _TILE)


def _sweep(
    ld: Float[Array, "inside block inside"],
    visits: _Visits,
    noise: Float[Array, " block"],
    fitted: Float[Array, "block inside"],
) -> tuple[Chain, Float[Array, "inside block"]]:
    """Draw each effect once; gives the cavities too."""
    width, length = fitted.shape

    def tile(
        fitted: Float[Array, "block inside"], now: tuple[Array, _Visits]
    ) -> tuple[Array, tuple[Array, Array]]:
        first, mine = now
        inside = jax.lax.dynamic_slice(fitted, (0, first), (width, _TILE))
        places = jnp.arange(_TILE)
        _, drawn = jax.lax.scan(partial(_visit, noise), inside, (places, mine))
        change = drawn[0] - mine.effect
        fitted = jax.lax.platform_dependent(
            ld, first, change, fitted, cpu=_add_rows, default=_add_all
        )
        return fitted, drawn

    tiles = jax.tree.map(lambda part: part.reshape(-1, _TILE, *part.shape[1:]), visits)
    fitted, drawn = jax.lax.scan(tile, fitted, (jnp.arange(0, length, _TILE), tiles))
    effect, cavity = (part.reshape(length, width) for part in drawn)
    return Chain(effect, fitted), cavity


def _visit(
    noise: Float[Array, " block"],
    fitted: Float[Array, "block tile"],
    now: tuple[Array, _Visits],
) -> tuple[Float[Array, "block tile"], tuple[Array, Array]]:
    """Draw the effect of one variant of each block, and correct the fit of its tile."""
    place, mine = now
    cavity = mine.z - (fitted[:, place] - mine.effect)
    slabs = Slabs(mine.log_odds, mine.shrink)
    probability = posterior(cavity, slabs, noise, axis=0).probability
    chosen = upper = jnp.zeros_like(cavity)
    for share, shrink in zip(probability, mine.shrink, strict=True):
        lower, upper = upper, upper + share
        chosen = jnp.where((mine.uniform >= lower) & (mine.uniform < upper), shrink, chosen)
    effect = chosen * cavity + jnp.sqrt(chosen * noise) * mine.normal
    return fitted + mine.near * (effect - mine.effect)[:, None], (effect, cavity)


def _add_rows(
    ld: Float[Array, "inside block inside"],
    first: Array,
    change: Float[Array, "tile block"],
    fitted: Float[Array, "block inside"],
) -> Float[Array, "block inside"]:
    """Correct the fit of the blocks, one after the other of the effects that changed."""
    places, blocks = jnp.nonzero(change, size=change.size)
    length = fitted.shape[1]

    def add(number: Array, fitted: Array) -> Array:
        place, block = places[number], blocks[number]
        row = jax.lax.dynamic_slice(ld, (first + place, block, 0), (1, 1, length))[0]
        before = jax.lax.dynamic_slice(fitted, (block, 0), (1, length))
        after = before + row * change[place, block]
        return jax.lax.dynamic_update_slice(fitted, after, (block, 0))

    return jax.lax.fori_loop(0, jnp.count_nonzero(change), add, fitted)


def _add_all(
    ld: Float[Array, "inside block inside"],
    first: Array,
    change: Float[Array, "tile block"],
    fitted: Float[Array, "block inside"],
) -> Float[Array, "block inside"]:
    """The same with one product: an accelerator rather reads all than waits for a loop."""
    rows = jax.lax.dynamic_slice_in_dim(ld, first, _TILE)
    return fitted + jnp.einsum("kbi,kb->bi", rows, change, precision="highest")


def _expect(
    cavity: Float[Array, "inside block"], slabs: Slabs, noise: Float[Array, " block"]
) -> Sums:
    """Conditional expectations, slabs first."""
    noise = jnp.broadcast_to(noise, cavity.shape)
    moments = posterior(cavity, slabs, noise, axis=0)
    square = slabs.shrink * noise + jnp.square(slabs.shrink * cavity)
    return Sums(moments.mean, moments.probability, moments.probability * square)
