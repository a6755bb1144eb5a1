r"""Scores of a family of tests as parabolas in z, and their tails under the null.

A score of at least t is an event of two tails of z, because a parabola that opens upwards
exceeds t outside an interval.
"""

from collections.abc import Callable, Iterator
from typing import NamedTuple

import numpy as np
from jaxtyping import Float, Int
from scipy.interpolate import CubicHermiteSpline
from scipy.optimize import brentq
from scipy.special import log_ndtr, logsumexp, ndtr, ndtri_exp

Variants = Float[np.ndarray, " variant"]
Points = Float[np.ndarray, " point"]
Table = Float[np.ndarray, "point variant"]

# families up to this size are evaluated at every score; larger ones at nodes
_EXACT_SIZE = 512
_FIRST_NODES = 9
# reached only by priors so flat that every variant is a step of its own
_MOST_NODES = 2**10
# of log p: fine where decisions are made, coarse where p-values are large and rough
_TOLERANCE = 1e-6
_COARSE_TOLERANCE = 1e-3
_LARGE = np.log(0.01)
_GAIN_OF_HALVING = 8.0
_ELEMENTS = 2**14
# above this the probabilities themselves are added up, at half the cost of their logs
_LOG_SMALL = -600.0
_ROOT_TOLERANCE = 1e-10
_STEP = 1e-6
# stands for minus infinity where a root finder needs a number
_LEAST_LOG = -1e15
_LOG_ROOT_TAU = 0.5 * np.log(2 * np.pi)


class Parabolas(NamedTuple):
    """Log scores C + B z + A z^2 with A >= 0, one per variant."""

    constant: Variants
    slope: Variants
    curvature: Variants

    def at(self, z: Variants) -> Variants:
        """The log score of each variant at its z."""
        return self.constant + (self.slope + self.curvature * z) * z

    def take(self, which: Int[np.ndarray, " some"]) -> "Parabolas":
        """The parabolas of some variants."""
        return Parabolas(*(part[which] for part in self))


class _Tail(NamedTuple):
    """Log of the mean null probability of a score at least t, and its slope in t."""

    log_mean: Points
    slope: Points


def log_tail(scores: Parabolas, threshold: float) -> Variants:
    """Log null probability that the log score of a variant is at least `threshold`."""
    near, far, _ = _crossings(scores, np.array([threshold]))
    return _log_mass(near, far)[0]


def log_mean_tail(scores: Parabolas, thresholds: Points) -> Points:
    """Log of the null probabilities of a score at least t, averaged over the variants.

    Exact for families of up to 512 variants. For larger ones it is evaluated exactly,
    with its derivative, at nodes, and interpolated by cubics; nodes are added half-way
    until the cubics err by less than 1e-6 (1e-3 for p-values above 0.01). Twice the
    largest error in an interval and its neighbours is added within it, and nothing exceeds
    the value at the node to the left, so that the result errs towards larger p-values.
    """
    distinct = np.unique(thresholds)
    if scores.constant.size <= _EXACT_SIZE or distinct.size <= 2 * _FIRST_NODES:
        tail = _evaluate(scores, distinct)
        return tail.log_mean[np.searchsorted(distinct, thresholds)]
    nodes = _first_nodes(distinct)
    tail = _evaluate(scores, nodes)
    error = np.full(nodes.size - 1, np.inf)
    while True:
        large = tail.log_mean[1:] > _LARGE
        rough = np.flatnonzero(error > np.where(large, _COARSE_TOLERANCE, _TOLERANCE))
        if rough.size == 0 or nodes.size + rough.size > _MOST_NODES:
            break
        middle = (nodes[rough] + nodes[rough + 1]) / 2
        splits = (nodes[rough] < middle) & (middle < nodes[rough + 1])
        if not splits.any():
            break
        rough, middle = rough[splits], middle[splits]
        found = _evaluate(scores, middle)
        difference = np.abs(_interpolate(nodes, tail, middle) - found.log_mean)
        # at a step of the tail no cubic fits; where it is smooth, cubics of half the width
        # have a sixteenth of the error, and a half of that gain is counted upon
        gain = np.where(found.log_mean > _LARGE, 1.0, _GAIN_OF_HALVING)
        error[rough] = np.where(np.isnan(difference), np.inf, difference / gain)
        # both halves have that error, and are checked again if it is large
        nodes = np.insert(nodes, rough + 1, middle)
        tail = _Tail(
            *(np.insert(a, rough + 1, b) for a, b in zip(tail, found, strict=True))
        )
        error = np.insert(error, rough + 1, error[rough])
    interval = np.clip(np.searchsorted(nodes, thresholds, "right") - 1, 0, error.size - 1)
    nearby = np.pad(error, 1, mode="edge")
    margin = 2 * np.maximum(np.maximum(nearby[:-2], nearby[2:]), error)[interval]
    smooth = _interpolate(nodes, tail, thresholds) + margin
    at_left = tail.log_mean[interval]
    exact = nodes[interval] == thresholds
    return np.where(np.isnan(smooth) | exact, at_left, np.minimum(smooth, at_left))


def solve_threshold(scores: Parabolas, log_level: float) -> float:
    """The threshold at which the mean tail is exp(`log_level`), or above a step over it."""

    def excess(threshold: float) -> float:
        log_mean = float(_evaluate(scores, np.array([threshold])).log_mean[0])
        return max(log_mean, _LEAST_LOG) - log_level

    low = high = float(np.median(scores.constant))
    step = 1.0
    while excess(low) < 0:
        low, step = low - step, 2 * step
    step = 1.0
    while excess(high) > 0:
        high, step = high + step, 2 * step
    if low == high:
        return low
    root = float(brentq(excess, low, high, xtol=_ROOT_TOLERANCE))
    step = 2 * _ROOT_TOLERANCE * max(1.0, abs(root))
    while excess(root) > _STEP:
        # equal scores are a step, whose variants are all below the level or none
        root, step = root + step, 2 * step
    return root


def _first_nodes(distinct: Points) -> Float[np.ndarray, " node"]:
    """Quantiles of the scores, and steps of equal |z| up to the largest."""
    quantiles = distinct[np.linspace(0, distinct.size - 1, _FIRST_NODES).astype(int)]
    low, high = distinct[0], distinct[-1]
    steps = low + (high - low) * np.linspace(0, 1, _FIRST_NODES) ** 2
    return np.unique(np.concatenate([quantiles, steps[:-1]]))


def _interpolate(nodes: Float[np.ndarray, " node"], tail: _Tail, at: Points) -> Points:
    # the squared z of a two-sided test with this p-value is nearly linear in the log score,
    # and exactly so if all variants share one prior with mean 0
    z = -ndtri_exp(np.minimum(tail.log_mean, 0.0) - np.log(2))
    log_hazard = -0.5 * z * z - _LOG_ROOT_TAU - log_ndtr(-z)
    slope = -2 * z * tail.slope * np.exp(-log_hazard)
    # nodes beside a step of the tail may be as close as numbers can be
    with np.errstate(over="ignore", invalid="ignore"):
        chi_square = CubicHermiteSpline(nodes, z * z, slope)(at)
    return log_ndtr(-np.sqrt(np.maximum(chi_square, 0.0))) + np.log(2)


def _evaluate(scores: Parabolas, thresholds: Points) -> _Tail:
    """The mean tail and its derivative, from a few variants at a time."""
    mass, density = np.zeros((2, thresholds.size))
    for part in _parts(scores, thresholds.size):
        near, far, steepness = _crossings(part, thresholds)
        mass += np.minimum(_both(lambda at: ndtr(-at), near, far), 1.0).sum(axis=1)
        bells = _both(lambda at: np.exp(-0.5 * at * at), near, far)
        density += (bells / steepness).sum(axis=1)
    with np.errstate(divide="ignore"):
        log_mass, log_density = np.log(mass), np.log(density)
    deep = ~(log_mass > _LOG_SMALL)
    if deep.any():
        log_mass[deep], log_density[deep] = _log_sums(scores, thresholds[deep])
    # no mass, no slope: scores of effects that are surely null never exceed a constant
    log_hazard = np.where(np.isneginf(log_mass), -np.inf, log_density - _LOG_ROOT_TAU)
    with np.errstate(over="ignore"):  # beside a step of the tail it may be any size
        slope = -np.exp(log_hazard - np.where(np.isneginf(log_mass), 0.0, log_mass))
    return _Tail(log_mass - np.log(scores.constant.size), slope)


def _log_sums(scores: Parabolas, thresholds: Points) -> tuple[Points, Points]:
    """Logs of what `_evaluate` adds up, where it would underflow."""
    log_mass, log_density = np.full((2, thresholds.size), -np.inf)
    for part in _parts(scores, thresholds.size):
        near, far, steepness = _crossings(part, thresholds)
        mass = logsumexp(_log_mass(near, far), axis=1)
        logs = np.logaddexp(-0.5 * near * near, -0.5 * far * far) - np.log(steepness)
        log_mass = np.logaddexp(log_mass, mass)
        log_density = np.logaddexp(log_density, logsumexp(logs, axis=1))
    return log_mass, log_density


def _parts(scores: Parabolas, number: int) -> Iterator[Parabolas]:
    """So many variants at a time that a table of them by `number` fits into the cache."""
    width = max(1, _ELEMENTS // max(1, number))
    for first in range(0, scores.constant.size, width):
        yield Parabolas(*(values[first : first + width] for values in scores))


def _crossings(scores: Parabolas, thresholds: Points) -> tuple[Table, Table, Table]:
    """Where the score is at least t, and its steepness there.

    That is where z, seen from the side to which the parabola leans, is at least `near` or
    at most minus `far`; the null of z does not know one side from the other. Both are
    minus infinity where the score is at least t anywhere.
    """
    curvature, lean = scores.curvature, np.abs(scores.slope)
    height = scores.constant - thresholds[:, None]
    discriminant = lean * lean - 4 * curvature * height
    crosses = discriminant > 0
    steepness = np.sqrt(np.where(crosses, discriminant, 1.0))
    with np.errstate(over="ignore"):
        # over a sum and no difference, so that nothing cancels
        near = np.where(
            crosses,
            -2 * height / (lean + steepness),
            np.where(height >= 0, -np.inf, np.inf),
        )
    if not lean.any():
        return near, near, steepness
    with np.errstate(divide="ignore", over="ignore"):
        width = np.divide(lean, curvature, where=lean > 0, out=np.zeros(lean.size))
    return near, near + width, steepness


def _log_mass(near: Table, far: Table) -> Table:
    """Log null probability of both sides."""
    return np.minimum(np.logaddexp(log_ndtr(-near), log_ndtr(-far)), 0.0)


def _both(function: Callable[[Table], Table], near: Table, far: Table) -> Table:
    """The sum over both sides, which are often alike."""
    return 2 * function(near) if far is near else function(near) + function(far)
