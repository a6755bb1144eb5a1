"""Coverage and width of intervals of 1,000 effects in 1,000 replications."""

from collections.abc import Callable
from functools import partial
from typing import NamedTuple

import numpy as np

from benchmarks.harness import Context, FunctionMethod, FunctionTask
from fabgwas.fab import fab_intervals

_SETTINGS = {"effects": 1000, "replications": 1000, "prior_sd": 1.0, "alpha": 0.05}


class Replications(NamedTuple):
    """Estimates of the same effects, and what was expected of them."""

    effect: np.ndarray
    mean: np.ndarray
    var: np.ndarray
    estimate: np.ndarray
    """[replication, effect], each with standard error 1."""


class Intervals(NamedTuple):
    """Ends [replication, effect]."""

    lower: np.ndarray
    upper: np.ndarray


def _make(context: Context, seed: int) -> Replications:
    rng = np.random.default_rng(seed)
    size = _SETTINGS["effects"]
    repeats = 50 if context.quick else _SETTINGS["replications"]
    mean = rng.normal(0, 1, size)
    var = np.exp(rng.normal(np.log(_SETTINGS["prior_sd"] ** 2), 0.5, size))
    effect = rng.normal(mean, np.sqrt(var))
    estimate = effect + rng.standard_normal((repeats, size))
    return Replications(effect, mean, var, estimate)


def _judge(problem: Replications, answer: Intervals, seed: int) -> dict[str, float]:
    covered = (answer.lower <= problem.effect) & (problem.effect <= answer.upper)
    by_effect = covered.mean(axis=0)
    usual = 2 * 1.959963984540054
    return {
        "coverage": float(covered.mean()),
        "least coverage of an effect": float(by_effect.min()),
        "largest coverage of an effect": float(by_effect.max()),
        "mean width over the usual": float(np.mean(answer.upper - answer.lower) / usual),
    }


Prior = Callable[[Replications], tuple[np.ndarray, np.ndarray]]


def _intervals(prior: Prior, problem: Replications, context: Context, seed: int):
    mean, var = prior(problem)
    ends = fab_intervals(problem.estimate, 1.0, mean, var, _SETTINGS["alpha"])
    return Intervals(*ends)


_PRIORS: dict[str, Prior] = {
    "usual": lambda told: (np.zeros_like(told.mean), np.full_like(told.var, np.inf)),
    "FAB, the true prior": lambda told: (told.mean, told.var),
    "FAB, half the true variance": lambda told: (told.mean, told.var / 2),
    "FAB, no mean": lambda told: (np.zeros_like(told.mean), told.var + told.mean**2),
    "FAB, means of the wrong sign": lambda told: (-told.mean, told.var),
}
TASKS = [
    FunctionTask(name="coverage", problem=_make, judge=_judge, settings=_SETTINGS),
]
METHODS = [
    FunctionMethod(
        name=f"intervals, {name}",
        answer=partial(_intervals, prior),
        meant_for=lambda task: task.name == "coverage",
    )
    for name, prior in _PRIORS.items()
]
