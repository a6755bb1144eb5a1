"""Effects with a spike-and-slabs prior that may depend on features of the variants."""

from collections.abc import Callable
from typing import NamedTuple

import jax.numpy as jnp
import numpy as np
from jaxtyping import Float, Int

from fabgwas.prs._ascent import Prior, Problem
from fabgwas.prs._em import add_panel_error
from fabgwas.prs._features import Whitened
from fabgwas.prs._select import Choice, choose_penalty
from fabgwas.prs._settings import MixtureSettings, settings_for
from fabgwas.prs._stochastic import Sampled, sample_effects
from fabgwas.prs._variational import Learner, State, begin, iterate, log_bayes
from fabgwas.prs._weights import Weights

_MOST_EXPLAINED = 1.0


class MixtureFit(NamedTuple):
    """Posterior of the effects per standard deviation of dosage and trait."""

    mean: Float[np.ndarray, " variant"]
    sd: Float[np.ndarray, " variant"]
    inclusion: Float[np.ndarray, " variant"]
    """Posterior probability of any slab. Without the sampler it is mean-field: in tight LD
    one variant stands for its neighbours."""
    prior_inclusion: Float[np.ndarray, " variant"]
    prior_var: Float[np.ndarray, " variant"]
    weights: Weights
    slab_var: Float[np.ndarray, " slab"]
    noise: Float[np.ndarray, " variant"]
    """Variance of a z-score around what the effects make of it, by block: what they leave
    of the trait's, and what the panel leaves unknown of the LD."""
    choice: Choice | None
    """Of the penalty, where there were features."""
    bounds: tuple[float, ...]
    """Penalised evidence lower bound after each iteration; it never falls."""
    converged: bool
    """Whether the variational EM has ended before its last iteration."""


def fit_mixture(
    problem: Problem,
    block: Int[np.ndarray, " variant"],
    heritability: float,
    features: Whitened | None = None,
    settings: MixtureSettings | None = None,
    panel_people: float | int | None = None,
    progress: Callable[[int, int], None] = lambda done, total: None,
) -> MixtureFit:
    """Fit the mixture by variational EM, then sample from where that ended.

    The features are used only if they predict held-out LD blocks.

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
        Of the fit; by default those of `settings_for`.
    panel_people
        Number of people whom the LD comes from; None where they are those of the study. The
        sampler allows for what so few leave unknown of it.
    progress
        Told how many rounds of the sampler are done, and of how many.

    Raises
    ------
    ArithmeticError
        If the fit diverges: the LD does not fit the statistics, or is not positive
        semidefinite.
    """
    settings = settings_for(problem.size) if settings is None else settings
    number = np.unique(block, return_inverse=True)[1]
    state = begin(problem, heritability, settings.shares, settings.weights)
    bounds = [state.bound]
    state, converged = iterate(problem, state, settings.warm_up, settings.tolerance, bounds)
    if settings.averaging == 0:
        state, choice, converged = _variational(
            problem, state, number, features, settings, bounds
        )
        return _result(problem, block, _from_ascent(state), choice, bounds, converged)
    prior = state.prior
    if panel_people is not None:
        prior = add_panel_error(problem, prior, panel_people)
    sampled = sample_effects(
        problem, number, state.weights, prior, features, settings, progress
    )
    return _result(problem, block, _from_sums(sampled), sampled.choice, bounds, converged)


def _variational(
    problem: Problem,
    state: State,
    block: Int[np.ndarray, " variant"],
    features: Whitened | None,
    settings: MixtureSettings,
    bounds: list[float],
) -> tuple[State, Choice | None, bool]:
    choice = learner = None
    if features is not None:
        evidence = log_bayes(problem, state)
        choice = choose_penalty(
            features, state.weights, evidence, block, regional=settings.regional
        )
        if choice.useful:
            learner = Learner(features, choice.penalty)
    budget = settings.max_iterations - len(bounds)
    state, converged = iterate(problem, state, budget, settings.tolerance, bounds, learner)
    return state, choice, converged


class _Posterior(NamedTuple):
    """On the scale of z-scores."""

    weights: Weights
    prior: Prior
    mean: Float[np.ndarray, " variant"]
    var: Float[np.ndarray, " variant"]
    inclusion: Float[np.ndarray, " variant"]


def _from_ascent(state: State) -> _Posterior:
    moments = state.ascent.moments
    mean, var, probability = (np.asarray(v, np.float64) for v in moments[:3])
    return _Posterior(state.weights, state.prior, mean, var, probability.sum(axis=1))


def _from_sums(sampled: Sampled) -> _Posterior:
    mean, probability, second = (np.asarray(v, np.float64) for v in sampled.sums)
    var = second.sum(axis=1) - mean**2
    return _Posterior(sampled.weights, sampled.prior, mean, var, probability.sum(axis=1))


def _check(
    problem: Problem,
    block: Int[np.ndarray, " variant"],
    mean: Float[np.ndarray, " variant"],
) -> None:
    """Refuse effects that explain more than there is to explain."""
    explained = np.asarray(problem.z, np.float64) * mean / np.asarray(problem.n)
    sums = np.bincount(np.unique(block, return_inverse=True)[1], explained)
    if not np.all(sums < _MOST_EXPLAINED):
        worst = int(np.argmax(~(sums < _MOST_EXPLAINED)))
        raise ArithmeticError(
            f"the fit diverged: effects of block {np.unique(block)[worst]} explain "
            f"{sums[worst]:.3g} of the trait's variance."
        )


def _result(
    problem: Problem,
    block: Int[np.ndarray, " variant"],
    posterior: _Posterior,
    choice: Choice | None,
    bounds: list[float],
    converged: bool,
) -> MixtureFit:
    _check(problem, block, posterior.mean)
    prior = posterior.prior
    weight = np.asarray(jnp.exp(prior.log_weight), np.float64)
    root_n = np.sqrt(np.asarray(problem.n, np.float64))
    slab_var = np.asarray(prior.slab_var, np.float64)
    return MixtureFit(
        mean=posterior.mean / root_n,
        sd=np.sqrt(np.maximum(posterior.var, 0)) / root_n,
        inclusion=posterior.inclusion,
        prior_inclusion=1 - weight[:, 0],
        prior_var=weight[:, 1:] @ slab_var,
        weights=posterior.weights,
        slab_var=slab_var,
        noise=np.asarray(prior.noise, np.float64),
        choice=choice,
        bounds=tuple(bounds),
        converged=converged,
    )
