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
from jaxtyping import Array, Float, Int, Key

from fabgwas.prs._ascent import Column, Prior, Problem, slabs_of, spread
from fabgwas.prs._features import Whitened
from fabgwas.prs._sample import Chain, Sums, sample
from fabgwas.prs._select import Choice, choose_penalty
from fabgwas.prs._sweep import Slabs
from fabgwas.prs._variational import weigh
from fabgwas.prs._weights import Components, Weights, curvature, rebalance
from fabgwas.threads import map_threads

_ROUND = 10
_BURN = 2
_LEARNING_STEP = 0.7
# standard deviation of a change of log odds: where the prior is flat, variants tell little
# of its curvature, and a whole Newton step goes too far
_FARTHEST_STEP = 0.5
_CERTAIN = 1e-6


class Schedule(NamedTuple):
    """Rounds of ten sweeps: to judge features, to learn the prior, to average effects."""

    judging: int
    learning: int
    averaging: int


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
        self._problem, self._key, self._turn = problem, key, 0
        self._progress = progress
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
        key = jax.random.fold_in(self._key, self._turn)
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
        self._turn += 1
        self._progress(self._turn)
        return total


def sample_effects(
    problem: Problem,
    fold: Int[np.ndarray, " variant"],
    weights: Weights,
    prior: Prior,
    features: Whitened | None,
    schedule: Schedule,
    seed: int,
    progress: Callable[[int, int], None] = lambda done, total: None,
) -> Sampled:
    """Sample from the ascent's prior, improve the prior, and average effects."""
    judging = 0 if features is None else schedule.judging
    total = _BURN + judging + schedule.learning + schedule.averaging
    sampler = Sampler(problem, jax.random.key(seed), lambda done: progress(done, total))
    linear = jnp.zeros_like(problem.z)
    sampler.rounds(prior, _BURN)
    choice = gate = None
    if features is not None:
        sums = sampler.rounds(prior, schedule.judging)
        evidence = _evidence(sums, prior)
        choice = choose_penalty(features, _as_one(weights), evidence, fold)
        if choice.useful:
            gate = Gate(features, choice.penalty)
            weights, linear = gate.step(weights, sums, prior, 1.0)
            weights, prior = _update(problem, weights, linear, sums, prior)
    for number in range(schedule.learning):
        sums = sampler.rounds(prior, 1)
        if gate is not None:
            late = number >= schedule.learning // 2
            step = _LEARNING_STEP / 2 if late else _LEARNING_STEP
            weights, linear = gate.step(weights, sums, prior, step)
        weights, prior = _update(problem, weights, linear, sums, prior)
    return Sampled(weights, prior, sampler.rounds(prior, schedule.averaging), choice)


class Gate:
    """Damped Newton steps for the weights, from averages of a round."""

    def __init__(self, features: Whitened, penalty: Float[np.ndarray, " dim"]) -> None:
        self._x = features.on_device()
        self._penalty = penalty

    def step(
        self, weights: Weights, sums: Sums, prior: Prior, length: float
    ) -> tuple[Weights, Column]:
        """Better weights, and the x' beta that they give."""
        beta = weights.beta if weights.beta.size else np.zeros(self._penalty.size)
        slope = sums.probability.sum(axis=1) - _any_slab(prior)
        hessian = curvature(self._x, slope) + np.diag(self._penalty)
        gradient = np.asarray(self._x.T @ slope, np.float64) - self._penalty * beta
        change = length * np.linalg.solve(hessian, gradient)
        # features are uncorrelated, of variance 1: this is how far x' beta moves
        far = float(np.linalg.norm(change))
        beta = beta + change * (_FARTHEST_STEP / max(far, _FARTHEST_STEP))
        return weights._replace(beta=beta), self._x @ jnp.asarray(beta, self._x.dtype)


def _update(
    problem: Problem, weights: Weights, linear: Column, sums: Sums, prior: Prior
) -> tuple[Weights, Prior]:
    """Intercepts and variances of the slabs from averages of a round."""
    number = np.asarray(sums.probability).sum(axis=0, dtype=np.float64)
    weights = rebalance(weights, linear, number)
    square = np.asarray(sums.second / problem.n[:, None]).sum(axis=0, dtype=np.float64)
    before = np.asarray(prior.slab_var, np.float64)
    slab_var = np.where(number > 1, square / np.maximum(number, 1), before)
    return weights, prior._replace(
        log_weight=weigh(weights, linear), slab_var=jnp.asarray(slab_var, linear.dtype)
    )


def _any_slab(prior: Prior) -> Column:
    return -jnp.expm1(prior.log_weight[:, 0])


def _evidence(sums: Sums, prior: Prior) -> Components:
    """Log Bayes factor of any slab, from the odds after and before the data."""
    after = jnp.clip(sums.probability.sum(axis=1), _CERTAIN, 1 - _CERTAIN)
    before = _any_slab(prior)
    factor = jnp.log(after / (1 - after)) - jnp.log(before / (1 - before))
    return jnp.stack([jnp.zeros_like(factor), factor], axis=1)


def _as_one(weights: Weights) -> Weights:
    """The weights with all slabs as one."""
    slabs = np.logaddexp.reduce(weights.base[1:])
    return Weights(np.array([0.0, slabs]), np.array([0.0, 1.0]), np.zeros(0))
