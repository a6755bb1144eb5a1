r"""Where causal effects are, learned through LD.

A causal effect is felt by all variants in LD with it, so what features tell of causal
effects acts on the z-scores of neighbours, and not linearly:

.. math:: V_j = \sum_k r_{jk}^2 e^{a + x_k'\beta}, \qquad
    z_j \sim \frac{1}{1 + V_j} N(0, 1) + \frac{V_j}{1 + V_j} N(0, 1 + s).

:math:`a, \beta` and s maximise the weighted likelihood of the training variants less a
penalty :math:`\beta' \Lambda \beta / 2`; which penalty, and after how many steps to end,
is chosen on groups of folds that a fit has not seen. What a prior takes from it is
:math:`\log (V_j / l_j)`: by how much the neighbourhood of a variant is enriched.
"""

from functools import partial
from itertools import combinations
from typing import NamedTuple

import numpy as np
from jaxtyping import Bool, Float, Int
from scipy.optimize import minimize
from scipy.sparse import csr_array
from scipy.special import expit

from fabgwas.link._folds import Folds
from fabgwas.threads import map_threads

Variants = Float[np.ndarray, " variant"]
Parameters = Float[np.ndarray, " parameter"]

# so many groups of folds are held out
_GROUPS = 5
# inverse of the variance of x'beta that is expected; each fit begins where the one of the
# stronger penalty has ended
_STRENGTHS = (1.0, 0.25)
# how much less is expected of features of small variance
_POWERS = (0.0, 1.0)
# steps after which a fit may end; by the last one it has converged, or nearly
_STEPS = (3, 10)
_FIRST_LOG_SLAB, _FIRST_INTERCEPT = np.log(8.0), -6.0
_SLAB_RANGE, _INTERCEPT_RANGE, _LOG_ODDS_RANGE = (0.0, 6.0), (-30.0, 5.0), (-40.0, 10.0)


class Enrichments(NamedTuple):
    """log(V / l), each learned without a group of folds."""

    group: Int[np.ndarray, " fold"]
    outer: Float[np.ndarray, "group variant"]
    """Learned without the group."""
    inner: Float[np.ndarray, "group variant"]
    """Learned without the group and without that of the variant."""
    strength: Float[np.ndarray, " group"]
    """Of the penalty that predicts the other groups best."""


class _Model(NamedTuple):
    """What the likelihood is of."""

    z: Variants
    weight: Variants
    ld: csr_array
    x: Float[np.ndarray, "variant dim"]
    penalties: list[list[Float[np.ndarray, " dim"]]]
    """For each power, of falling strength."""

    def log_odds(self, parameters: Parameters) -> Variants:
        """Log V."""
        return np.log(self.ld @ _effects(self, parameters))


def learn_enrichments(
    z: Variants,
    x: Float[np.ndarray, "variant dim"],
    weight: Variants,
    ld: csr_array,
    folds: Folds,
) -> Enrichments:
    """Fit the model without each group of folds, and without each pair of groups.

    Parameters
    ----------
    z
        Z-scores.
    x
        Features of causal effects, without an intercept.
    weight
        Likelihood weights, such as 1 / (LD score).
    ld
        Unbiased squared correlations, 1 on the diagonal.
    folds
        The partition, and what trains what.
    """
    model = _model(z, x, weight, ld)
    n_folds = folds.train.shape[0]
    group = np.arange(n_folds) * min(_GROUPS, n_folds) // n_folds
    groups = range(int(group[-1]) + 1)
    of_variant = group[folds.fold]
    used = np.array([folds.train[group == g].all(axis=0)[folds.unit] for g in groups])
    log_score = np.log(ld @ np.ones(z.size, np.float32))

    def without(pair: tuple[int, int]) -> _Inner:
        return _fit_pair(model, used[list(pair)], [of_variant == g for g in pair])

    pairs = list(combinations(groups, 2))
    found = dict(zip(pairs, map_threads(without, pairs), strict=True))
    inner = np.zeros((len(groups), z.size), np.float32)
    best = []
    for g in groups:
        mine = {h: found[min(g, h), max(g, h)] for h in groups if h != g}
        side = {h: int(g < h) for h in mine}
        best.append(int(np.argmax(sum(mine[h].gain[side[h]] for h in mine))))
        for h in mine:
            here = of_variant == h
            inner[g, here] = mine[h].log_odds[side[h]][best[g]] - log_score[here]

    shape = (len(_POWERS), len(_STRENGTHS), len(_STEPS))
    power, strength, stop = np.unravel_index(best, shape)

    def outer(g: int) -> Variants:
        penalties = model.penalties[power[g]][: strength[g] + 1]
        found = _path(model, used[g], penalties)[-len(_STEPS) :]
        return model.log_odds(found[stop[g]]) - log_score

    everything = np.array(list(map_threads(outer, groups)), np.float32)
    inner = np.where(of_variant == np.arange(len(groups))[:, None], everything, inner)
    return Enrichments(group, everything, inner, np.array(_STRENGTHS)[strength])


class _Inner(NamedTuple):
    """What fits without a pair of groups say of each of the two."""

    log_odds: list[list[Variants]]
    gain: list[Float[np.ndarray, " fit"]]


def _model(
    z: Variants, x: Float[np.ndarray, "variant dim"], weight: Variants, ld: csr_array
) -> _Model:
    center, spread = x.mean(axis=0, dtype=np.float64), x.std(axis=0, dtype=np.float64)
    known = spread > 1e-6 * max(spread.max(initial=0.0), np.finfo(float).tiny)
    spread = spread[known]
    standard = ((x[:, known] - center[known]) / spread).astype(np.float32)
    variance = spread**2
    if variance.size:
        variance /= variance.mean()
    penalties = [
        [s * variance.size * variance**-power for s in _STRENGTHS] for power in _POWERS
    ]
    return _Model(z, weight, ld, standard, penalties)


def _fit_pair(
    model: _Model,
    used: Bool[np.ndarray, "2 variant"],
    members: list[Bool[np.ndarray, " variant"]],
) -> _Inner:
    result = _Inner([[], []], [])
    gains: list[list[float]] = [[], []]
    for penalties in model.penalties:
        for parameters in _path(model, used[0] & used[1], penalties):
            log_odds = model.log_odds(parameters)
            each = model.weight * _log_gain(log_odds, _log_ratio(parameters[0], model.z))
            for side in range(2):
                mine = members[side]
                result.log_odds[side].append(log_odds[mine].astype(np.float32))
                # while the other of the pair is held out
                gains[side].append(float(each[mine & used[1 - side]].sum()))
    return result._replace(gain=[np.array(one) for one in gains])


def _path(
    model: _Model,
    used: Bool[np.ndarray, " variant"],
    penalties: list[Float[np.ndarray, " dim"]],
) -> list[Parameters]:
    """Fits of ever weaker penalties, each after fewer and after more steps."""
    weight = np.where(used, model.weight, 0.0)
    found = np.concatenate(
        [[_FIRST_LOG_SLAB, _FIRST_INTERCEPT], np.zeros(model.x.shape[1])]
    )
    bounds = [_SLAB_RANGE, _INTERCEPT_RANGE] + [(None, None)] * model.x.shape[1]
    path = []
    for penalty in penalties:
        steps = [found]
        found = minimize(
            partial(_loss, model, weight, penalty),
            found,
            jac=True,
            method="L-BFGS-B",
            bounds=bounds,
            callback=lambda x, steps=steps: steps.append(x.copy()),
            options={"maxiter": _STEPS[-1]},
        ).x
        path += [steps[min(n, len(steps) - 1)] for n in _STEPS]
    return path


def _loss(
    model: _Model,
    weight: Variants,
    penalty: Float[np.ndarray, " dim"],
    parameters: Parameters,
) -> tuple[float, Parameters]:
    """Penalised negative log-likelihood against the null, and its slope."""
    z, beta = model.z, parameters[2:]
    effects = _effects(model, parameters)
    total = model.ld @ effects
    log_odds = np.log(total)
    ratio = _log_ratio(parameters[0], z)
    gain = _log_gain(log_odds, ratio)
    posterior = weight * expit(log_odds + ratio)
    by_log_odds = posterior - weight * expit(log_odds)
    # a share of what is learned of V goes to each effect that is part of it
    by_effect = effects * (model.ld @ (by_log_odds / total).astype(np.float32))
    slab = np.exp(parameters[0])
    by_slab = 0.5 * slab / (1 + slab) * (posterior @ (z * z / (1 + slab) - 1))
    slope = np.concatenate(
        [[by_slab, by_effect.sum(dtype=np.float64)], by_effect @ model.x - penalty * beta]
    )
    return 0.5 * float(penalty @ beta**2) - float(weight @ gain), -slope


def _effects(model: _Model, parameters: Parameters) -> Variants:
    linear = parameters[1] + model.x @ parameters[2:].astype(np.float32)
    return np.exp(np.clip(linear, *_LOG_ODDS_RANGE)).astype(np.float32)


def _log_ratio(log_slab: float, z: Variants) -> Variants:
    """Log N(z; 0, 1 + s) / N(z; 0, 1)."""
    spread = 1 + np.exp(log_slab)
    return 0.5 * z * z * (1 - 1 / spread) - 0.5 * np.log(spread)


def _log_gain(log_odds: Variants, log_ratio: Variants) -> Variants:
    """Log-likelihood of each variant against the null."""
    return np.logaddexp(0, log_odds + log_ratio) - np.logaddexp(0, log_odds)
