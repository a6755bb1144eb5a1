"""``prst`` with its loops over variants compiled: the same weights in half the time.

PRS-CS draws a variance for each variant and iteration, and adds up columns, in Python,
and that is most of its time. prstools leaves a place for another sampler, ``_gig``. The
one here takes the same uniforms from the same stream and does the same arithmetic in the
same order, as does the sum: the weights are those of the program to the last bit, and it
does not start where a trial shows otherwise. Run it with the Python that has prstools::

    python _prscs.py prscs2 --ref ... --target ... --sst ... --out ... --n_jobs 1

One job, as processes that the program starts would not know of this sampler.
"""

import math
import sys

import numba
import numpy as np
from prstools._cmd import main
from prstools.models import PRSCS2, _base
from prstools.models._compute import gigrnd

_STREAM = np.random.get_bit_generator()
_UNIFORM = _STREAM.ctypes.next_double


@numba.njit
def _log_density(x, alpha, p):
    return -alpha * (math.cosh(x) - 1.0) - p * (math.exp(x) - x - 1.0)


@numba.njit
def _slope(x, alpha, p):
    return -alpha * math.sinh(x) - p * (math.exp(x) - 1.0)


@numba.njit
def _right(alpha, p):
    fall = -_log_density(1.0, alpha, p)
    if fall > 2.0:
        return math.sqrt(2.0 / (alpha + p))
    return math.log(4.0 / (alpha + 2.0 * p)) if fall < 0.5 else 1.0


@numba.njit
def _left(alpha, p, two):
    fall = -_log_density(-1.0, alpha, p)
    if fall > 2.0:
        return math.sqrt(4.0 / (alpha * math.cosh(1.0) + p))
    if fall >= 0.5:
        return 1.0
    if alpha == 0.0:
        return 1.0 / p
    root = math.sqrt(1.0 / math.pow(alpha, two) + 2.0 / alpha)
    return min(1.0 / p, math.log(1.0 + 1.0 / alpha + root))


@numba.njit
def _draw(p, a, b, state, two):
    """A variate of density x^(p-1) exp(-(a x + b / x) / 2), p > 0 (Devroye 2014)."""
    omega = math.sqrt(a * b)
    alpha = math.sqrt(math.pow(omega, two) + math.pow(p, two)) - p
    t, s = _right(alpha, p), _left(alpha, p, two)
    at_t, at_s = -_log_density(t, alpha, p), -_log_density(-s, alpha, p)
    slope_t, slope_s = -_slope(t, alpha, p), _slope(-s, alpha, p)
    # a flat top, and an exponential tail to either side of it
    tail_t, tail_s = 1.0 / slope_t, 1.0 / slope_s
    end_t, end_s = t - tail_t * at_t, s - tail_s * at_s
    flat = end_t + end_s
    whole = tail_s + flat + tail_t
    while True:
        which, v, w = _UNIFORM(state), _UNIFORM(state), _UNIFORM(state)
        if which < flat / whole:
            x = -end_s + flat * v
        elif which < (flat + tail_t) / whole:
            x = end_t - tail_t * math.log(v)
        else:
            x = -end_s + tail_s * math.log(v)
        hull = 1.0
        if x > end_t:
            hull = math.exp(-at_t - slope_t * (x - t))
        elif x < -end_s:
            hull = math.exp(-at_s + slope_s * (x + s))
        if w * hull <= math.exp(_log_density(x, alpha, p)):
            break
    scale = p / omega + math.sqrt(1.0 + math.pow(p, two) / math.pow(omega, two))
    return math.exp(x) * scale / math.sqrt(a / b)


@numba.njit
def _draw_all(p, a, b, psi, state, two):
    for j in range(len(psi)):
        psi[j, 0] = _draw(p, a[j, 0], b[j, 0], state, two)


def _variances(p, a, b, psi):
    # pow(x, 2) of a constant would be compiled to x * x, which rounds otherwise
    _draw_all(p, a, b, psi, _STREAM.ctypes.state_address, 2.0)
    return psi


def _sum(column):
    """Add numbers in their order, as Python does, not in pairs."""
    return np.cumsum(column, axis=0)[-1]


def _is_the_same(n=10_000):
    """Whether variates and sums are the same, parameters over many decades."""
    rng = np.random.default_rng(0)
    a, b = 10 ** rng.uniform([[-3], [-12]], [[8], [3]], (2, n))[:, :, None]
    start = _STREAM.state
    theirs = [gigrnd(0.5, a[j], b[j]) for j in range(n)]
    _STREAM.state = start
    ours = _variances(0.5, a, b, np.ones((n, 1)))
    return np.array_equal(ours[:, 0], theirs) and _sum(ours) == sum(ours)


if __name__ == "__main__":
    if not _is_the_same():
        sys.exit("error: the compiled loops do not give what those of prstools give.")
    PRSCS2._gig = staticmethod(_variances)
    _base.sum = _sum
    sys.exit(main())
