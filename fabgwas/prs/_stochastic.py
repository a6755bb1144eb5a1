"""Stochastic EM: the sampler in the place of the ascent, from where the ascent ended.

Mean-field posteriors let one variant stand for its neighbours in LD, which costs accuracy
and blurs which features the causal variants have. Sampled posteriors do not, so weights are
learned, and effects averaged, from them.
"""

from collections.abc import Callable
from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Int, Key

from fabgwas.prs._ascent import Prior, Problem, slabs_of, spread
from fabgwas.prs._features import Whitened
from fabgwas.prs._newton import Gate, SlabSteps, any_slab
from fabgwas.prs._sample import Chain, Sums, sample
from fabgwas.prs._select import Choice, choose_penalty
from fabgwas.prs._settings import MixtureSettings
from fabgwas.prs._sweep import Slabs
from fabgwas.prs._weights import Components, Weights
from fabgwas.threads import map_threads

_ROUND = 10
_BURN = 2
_LEARNING_STEP = 0.7
_CERTAIN = 1e-6


class Sampled(NamedTuple):
    """What sampling ended with."""

    weights: Weights
    prior: Prior
    sums: Sums
    """Averages over the last rounds."""
    choice: Choice | None


class Sampler:
    """Chains in all batches."""

    def __init__(
        self,
        problem: Problem,
        key: Key[Array, ""],
        progress: Callable[[int], None] = lambda done: None,
    ) -> None:
        self._problem, self._key, self._progress = problem, key, progress
        self.turn = 0
        """Rounds that are done."""
        self._chains = [
            Chain(
                jnp.zeros(batch.row.shape, problem.z.dtype),
                jnp.zeros(batch.row.shape[::-1], problem.z.dtype),
            )
            for batch in problem.batches
        ]

    def rounds(self, prior: Prior, number: int) -> Sums:
        """Averages over a number of rounds."""
        total = self._round(prior)
        for _ in range(number - 1):
            total = Sums(*(a + b for a, b in zip(total, self._round(prior), strict=True)))
        return Sums(*(part / (number * _ROUND) for part in total))

    def _round(self, prior: Prior) -> Sums:
        problem, slabs = self._problem, slabs_of(self._problem.n, prior)
        key = jax.random.fold_in(self._key, self.turn)
        total = Sums(
            jnp.zeros_like(problem.z), *(jnp.zeros_like(slabs.shrink) for _ in range(2))
        )

        # whether in double precision is known to this thread alone
        double = problem.z.dtype == jnp.float64

        def visit(number: int) -> Sums:
            row = problem.batches[number].row
            with jax.enable_x64(double):
                self._chains[number], sums = sample(
                    problem.batches[number].ld,
                    spread(problem.z, row),
                    Slabs(*(spread(part, row) for part in slabs)),
                    spread(prior.noise, row)[0],
                    self._chains[number],
                    jax.random.fold_in(key, number),
                    _ROUND,
                )
            sums.mean.block_until_ready()
            return sums

        numbers = range(len(problem.batches))
        # a loop of JAX keeps one core busy
        parts = list(map_threads(visit, numbers))
        for number, sums in zip(numbers, parts, strict=True):
            row = problem.batches[number].row
            total = Sums(
                *(
                    all_of.at[row].set(part, mode="drop")
                    for all_of, part in zip(total, sums, strict=True)
                )
            )
        self.turn += 1
        self._progress(self.turn)
        return total


def sample_effects(
    problem: Problem,
    block: Int[np.ndarray, " variant"],
    weights: Weights,
    prior: Prior,
    features: Whitened | None,
    settings: MixtureSettings,
    progress: Callable[[int, int], None] = lambda done, total: None,
) -> Sampled:
    """Sample from the ascent's prior, improve the prior, and average effects.

    LD blocks are numbered from 0.
    """
    learning = 0 if features is None else settings.judging + settings.learning
    total = _BURN + settings.settling + learning + settings.averaging
    sampler = Sampler(
        problem, jax.random.key(settings.seed), lambda done: progress(done, total)
    )
    slabs = SlabSteps(block, weights, prior)
    sampler.rounds(prior, _BURN)
    for _ in range(settings.settling):
        weights, prior = slabs.step(problem.n, weights, prior, sampler.rounds(prior, 1))
    choice = None
    if features is not None:
        sums = sampler.rounds(prior, settings.judging)
        evidence = _evidence(sums, prior)
        choice = choose_penalty(
            features, _as_one(weights), evidence, block, regional=settings.regional
        )
        if choice.useful:
            gate = Gate(features, choice.penalty)
            weights, prior = gate.step(weights, prior, sums, 1.0)
            for number in range(settings.learning):
                late = number >= settings.learning // 2
                step = _LEARNING_STEP / 2 if late else _LEARNING_STEP
                sums = sampler.rounds(prior, 1)
                weights, prior = gate.step(weights, prior, sums, step)
    # what was not needed for learning makes averages better
    return Sampled(weights, prior, sampler.rounds(prior, total - sampler.turn), choice)


def _evidence(sums: Sums, prior: Prior) -> Components:
    """Log Bayes factor of any slab, from the odds after and before the data."""
    after = jnp.clip(sums.probability.sum(axis=1), _CERTAIN, 1 - _CERTAIN)
    before = any_slab(prior)
    factor = jnp.log(after / (1 - after)) - jnp.log(before / (1 - before))
    return jnp.stack([jnp.zeros_like(factor), factor], axis=1)


def _as_one(weights: Weights) -> Weights:
    """The weights with all slabs as one."""
    slabs = np.logaddexp.reduce(weights.base[1:])
    return Weights(np.array([0.0, slabs]), np.array([0.0, 1.0]), np.zeros(0))
