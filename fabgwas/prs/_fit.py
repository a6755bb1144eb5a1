"""Variational EM for effects with a spike-and-slabs prior that may depend on features."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Float, Int

from fabgwas.prs._ascent import Ascent, Column, Prior, Problem, ascend, no_effects
from fabgwas.prs._em import update_shared
from fabgwas.prs._features import Whitened
from fabgwas.prs._select import Choice, choose_penalty
from fabgwas.prs._weights import Weights, improve, log_weights, rebalance

_HALVINGS = 5
_FOLDS = 4


@dataclass(frozen=True, kw_only=True)
class MixtureSettings:
    """How to fit, and where to begin."""

    shares: tuple[float, ...] = (0.1, 0.01)
    """For each slab, the share of the variants that would bear the whole heritability with
    effects of its variance; the variances are updated from there."""
    weights: tuple[float, ...] = (0.02, 0.005)
    """Of the slabs, at the beginning."""
    warm_up: int = 10
    """Iterations before the features are looked at."""
    max_iterations: int = 60
    tolerance: float = 3e-4
    """The fit ends when the bound rises by a smaller share of itself."""


class MixtureFit(NamedTuple):
    """Posterior of the effects per standard deviation of dosage and trait."""

    mean: Float[np.ndarray, " variant"]
    sd: Float[np.ndarray, " variant"]
    inclusion: Float[np.ndarray, " variant"]
    """Mean-field posterior probability of any slab: in tight LD one variant stands for
    its neighbours."""
    prior_inclusion: Float[np.ndarray, " variant"]
    prior_var: Float[np.ndarray, " variant"]
    weights: Weights
    slab_var: Float[np.ndarray, " slab"]
    noise: Float[np.ndarray, " variant"]
    choice: Choice | None
    """Of the penalty, where there were features."""
    bounds: tuple[float, ...]
    """Penalised bound after each iteration; it never falls."""
    converged: bool


class _State(NamedTuple):
    weights: Weights
    linear: Column
    prior: Prior
    ascent: Ascent
    bound: float


def fit_mixture(
    problem: Problem,
    block: Int[np.ndarray, " variant"],
    heritability: float,
    features: Whitened | None = None,
    settings: MixtureSettings | None = None,
) -> MixtureFit:
    """Fit the mixture, first without and then with features if they prove useful.

    Parameters
    ----------
    problem
        LD, z-scores and sample sizes.
    block
        LD block of each variant.
    heritability
        A guess of the share of the trait's variance that the variants explain.
    features
        Of the variants; without any, all have the same prior.
    settings
        Of the fit.
    """
    settings = MixtureSettings() if settings is None else settings
    state = _begin(problem, heritability, settings)
    bounds = [state.bound]
    budget = settings.warm_up if features else settings.max_iterations
    state, converged = _iterate(problem, state, budget, settings.tolerance, bounds)
    choice = None
    if features is not None:
        fold = np.unique(block, return_inverse=True)[1] % _FOLDS
        choice = choose_penalty(features, state.weights, _log_bayes(problem, state), fold)
        learn = _Learner(features, choice.penalty) if choice.useful else None
        rest = settings.max_iterations - len(bounds)
        state, converged = _iterate(problem, state, rest, settings.tolerance, bounds, learn)
    return _result(problem, state, choice, bounds, converged)


def _begin(problem: Problem, heritability: float, settings: MixtureSettings) -> _State:
    slabs = np.array(settings.weights)
    base = np.log(np.concatenate([[1 - slabs.sum()], slabs]))
    scores = np.concatenate([[0.0], np.ones(slabs.size)])
    weights = Weights(base - base[0], scores, np.zeros(0))
    linear = jnp.zeros_like(problem.z)
    slab_var = heritability / (problem.size * np.array(settings.shares))
    prior = Prior(
        _weigh(weights, linear), _like(problem, slab_var), jnp.ones_like(problem.z)
    )
    ascent = ascend(problem, prior, no_effects(problem))
    return _State(weights, linear, prior, ascent, ascent.bound)


class _Learner:
    """Newton steps for the weights, with a Hessian that is renewed now and then."""

    def __init__(self, features: Whitened, penalty: Float[np.ndarray, " dim"]) -> None:
        self.x = jnp.asarray(features.x)
        self.penalty = penalty
        self._hessian: Float[np.ndarray, "dim dim"] | None = None
        self._steps = 0

    def step(self, problem: Problem, state: _State) -> tuple[Weights, Column]:
        weights = state.weights
        if weights.beta.size == 0:
            weights = weights._replace(beta=np.zeros(self.penalty.size))
        if self._steps in (0, 1, 2, 4, 8, 16, 32):
            self._hessian = None
        log_bayes = _log_bayes(problem, state)
        weights, self._hessian = improve(
            weights, self.x, log_bayes, self.penalty, self._hessian
        )
        self._steps += 1
        return weights, self.x @ jnp.asarray(weights.beta, self.x.dtype)

    def cost(self, weights: Weights) -> float:
        return 0.5 * float(self.penalty @ weights.beta**2)


def _iterate(
    problem: Problem,
    state: _State,
    budget: int,
    tolerance: float,
    bounds: list[float],
    learner: _Learner | None = None,
) -> tuple[_State, bool]:
    """Iterate until the bound hardly rises."""
    for _ in range(budget):
        before = state.bound
        state = _iteration(problem, state, learner)
        bounds.append(state.bound)
        if state.bound - before < tolerance * max(1.0, abs(before)):
            return state, True
    return state, False


def _iteration(problem: Problem, state: _State, learner: _Learner | None) -> _State:
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
    state: _State,
    weights: Weights,
    linear: Column,
    learner: _Learner | None,
) -> _State:
    probability = np.asarray(state.ascent.moments.probability)
    slabs = probability.sum(axis=0, dtype=np.float64)
    sums = np.concatenate([[problem.size - slabs.sum()], slabs])
    weights = rebalance(weights, linear, sums)
    prior = update_shared(problem, state.prior, state.ascent)
    prior = prior._replace(log_weight=_weigh(weights, linear))
    ascent = ascend(problem, prior, state.ascent.states)
    cost = 0.0 if learner is None else learner.cost(weights)
    return _State(weights, linear, prior, ascent, ascent.bound - cost)


def _between(old: Weights, new: Weights, share: float) -> Weights:
    before = old.beta if old.beta.size else np.zeros(new.beta.size)
    return new._replace(beta=before + share * (new.beta - before))


def _weigh(weights: Weights, linear: Column) -> Float[jax.Array, "variant component"]:
    base, scores = (jnp.asarray(v, linear.dtype) for v in weights[:2])
    return log_weights(base, scores, linear)


def _like(problem: Problem, values: Sequence[float] | np.ndarray) -> jax.Array:
    return jnp.asarray(values, problem.z.dtype)


def _log_bayes(problem: Problem, state: _State) -> Float[jax.Array, "variant component"]:
    """Log Bayes factors of the components of each variant, given its cavity."""
    prior = state.prior
    tau = problem.n[:, None] * prior.slab_var
    noise = prior.noise[:, None]
    shrink = tau / (tau + noise)
    slabs = 0.5 * (
        jnp.log1p(-shrink) + shrink * jnp.square(state.ascent.cavity)[:, None] / noise
    )
    return jnp.concatenate([jnp.zeros_like(slabs[:, :1]), slabs], axis=1)


def _result(
    problem: Problem,
    state: _State,
    choice: Choice | None,
    bounds: list[float],
    converged: bool,
) -> MixtureFit:
    prior, moments = state.prior, state.ascent.moments
    weight = np.asarray(jnp.exp(prior.log_weight), np.float64)
    root_n = np.sqrt(np.asarray(problem.n, np.float64))
    slab_var = np.asarray(prior.slab_var, np.float64)
    return MixtureFit(
        mean=np.asarray(moments.mean, np.float64) / root_n,
        sd=np.sqrt(np.maximum(np.asarray(moments.var, np.float64), 0)) / root_n,
        inclusion=np.asarray(moments.probability, np.float64).sum(axis=1),
        prior_inclusion=1 - weight[:, 0],
        prior_var=weight[:, 1:] @ slab_var,
        weights=state.weights,
        slab_var=slab_var,
        noise=np.asarray(prior.noise, np.float64),
        choice=choice,
        bounds=tuple(bounds),
        converged=converged,
    )
