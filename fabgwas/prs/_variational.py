"""Variational EM: coordinate ascent in the effects, and updates of all that they share."""

from collections.abc import Sequence
from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Float

from fabgwas.prs._ascent import Ascent, Column, Prior, Problem, ascend, no_effects
from fabgwas.prs._em import update_shared
from fabgwas.prs._features import Whitened
from fabgwas.prs._weights import Components, Weights, improve, log_weights, rebalance

_HALVINGS = 5
# relative fall of the bound that rounding in single precision explains
_SLACK = 1e-3
# steps at which the Hessian of the weights is computed anew
_RENEWALS = (0, 1, 2, 4, 8, 16, 32)


class State(NamedTuple):
    """Where the EM stands."""

    weights: Weights
    linear: Column
    """x' beta of each variant."""
    prior: Prior
    ascent: Ascent
    bound: float
    """The evidence lower bound, less the penalty of the weights."""


def begin(
    problem: Problem,
    heritability: float,
    shares: Sequence[float],
    slab_weights: Sequence[float],
) -> State:
    """The first visit of all variants, with slabs as guessed."""
    slabs = np.array(slab_weights)
    base = np.log(np.concatenate([[1 - slabs.sum()], slabs]))
    scores = np.concatenate([[0.0], np.ones(slabs.size)])
    weights = Weights(base - base[0], scores, np.zeros(0))
    linear = jnp.zeros_like(problem.z)
    slab_var = heritability / (problem.size * np.array(shares))
    prior = Prior(
        weigh(weights, linear),
        jnp.asarray(slab_var, linear.dtype),
        jnp.ones_like(linear),
    )
    ascent = ascend(problem, prior, no_effects(problem))
    return State(weights, linear, prior, ascent, ascent.bound)


class Learner:
    """Newton steps for the weights, with a Hessian that is renewed now and then."""

    def __init__(self, features: Whitened, penalty: Float[np.ndarray, "dim dim"]) -> None:
        self.x = features.on_device()
        self.penalty = penalty
        self._hessian: Float[np.ndarray, "dim dim"] | None = None
        self._steps = 0

    def step(self, problem: Problem, state: State) -> tuple[Weights, Column]:
        """Better weights for the evidence as it stands, and their x' beta."""
        weights = state.weights
        if weights.beta.size == 0:
            weights = weights._replace(beta=np.zeros(len(self.penalty)))
        if self._steps in _RENEWALS:
            self._hessian = None
        evidence = log_bayes(problem, state)
        weights, self._hessian = improve(
            weights, self.x, evidence, self.penalty, self._hessian
        )
        self._steps += 1
        return weights, self.x @ jnp.asarray(weights.beta, self.x.dtype)

    def cost(self, weights: Weights) -> float:
        """Minus the log prior density of the weights, up to a constant."""
        return 0.5 * float(weights.beta @ self.penalty @ weights.beta)


def iterate(
    problem: Problem,
    state: State,
    budget: int,
    tolerance: float,
    bounds: list[float],
    learner: Learner | None = None,
) -> tuple[State, bool]:
    """Iterate until the bound hardly rises; the bounds are appended to `bounds`.

    Raises
    ------
    ArithmeticError
        If the bound falls, or is no number: the LD does not fit the statistics.
    """
    for _ in range(budget):
        before = state.bound
        state = _iteration(problem, state, learner)
        if not state.bound > before - _SLACK * max(1.0, abs(before)):
            raise ArithmeticError(
                f"the fit diverged: its bound fell from {before:g} to {state.bound:g}."
            )
        bounds.append(state.bound)
        if state.bound - before < tolerance * max(1.0, abs(before)):
            return state, True
    return state, False


def log_bayes(problem: Problem, state: State) -> Components:
    """Log Bayes factors of the components of each variant, given its cavity."""
    prior = state.prior
    tau = problem.n[:, None] * prior.slab_var
    noise = prior.noise[:, None]
    shrink = tau / (tau + noise)
    slabs = 0.5 * (
        jnp.log1p(-shrink) + shrink * jnp.square(state.ascent.cavity)[:, None] / noise
    )
    return jnp.concatenate([jnp.zeros_like(slabs[:, :1]), slabs], axis=1)


def weigh(weights: Weights, linear: Column) -> Float[jax.Array, "variant component"]:
    """Log weights in the precision of the data."""
    base, scores = (jnp.asarray(v, linear.dtype) for v in weights[:2])
    return log_weights(base, scores, linear)


def _iteration(problem: Problem, state: State, learner: Learner | None) -> State:
    """One iteration, with the largest step in the weights that lowers no bound.

    With the weights held, each update raises the bound; the step in the weights foresees
    what the effects will do, so it can be too long.
    """
    old = state.weights, state.linear
    new = old if learner is None else learner.step(problem, state)
    share = 1.0
    for attempt in range(_HALVINGS + 1):
        share = 0.0 if attempt == _HALVINGS else share
        weights = _between(old[0], new[0], share)
        linear = (1 - share) * old[1] + share * new[1]
        after = _update(problem, state, weights, linear, learner)
        if after.bound >= state.bound or learner is None:
            break
        share /= 2
    return after


def _update(
    problem: Problem,
    state: State,
    weights: Weights,
    linear: Column,
    learner: Learner | None,
) -> State:
    probability = np.asarray(state.ascent.moments.probability)
    weights = rebalance(weights, linear, probability.sum(axis=0, dtype=np.float64))
    prior = update_shared(problem, state.prior, state.ascent)
    prior = prior._replace(log_weight=weigh(weights, linear))
    ascent = ascend(problem, prior, state.ascent.states)
    cost = 0.0 if learner is None else learner.cost(weights)
    return State(weights, linear, prior, ascent, ascent.bound - cost)


def _between(old: Weights, new: Weights, share: float) -> Weights:
    before = old.beta if old.beta.size else np.zeros(new.beta.size)
    return new._replace(beta=before + share * (new.beta - before))
