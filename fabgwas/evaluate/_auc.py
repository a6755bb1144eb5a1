"""Area under the ROC curve, with its covariance between scores."""

from typing import NamedTuple

import numpy as np
from jaxtyping import Bool, Float
from scipy.special import ndtr, ndtri


class Delong(NamedTuple):
    """Areas of several scores of the same people, and their covariance."""

    auc: Float[np.ndarray, " score"]
    cov: Float[np.ndarray, "score score"]

    def interval(self, level: float = 0.95) -> Float[np.ndarray, "score 2"]:
        """Symmetric interval of each area, cut at 0 and 1."""
        half = ndtri((1 + level) / 2) * np.sqrt(np.diag(self.cov))
        return np.clip(np.column_stack([self.auc - half, self.auc + half]), 0, 1)


class Difference(NamedTuple):
    """A paired difference with its interval and two-sided p-value."""

    estimate: float
    lower: float
    upper: float
    pvalue: float


def delong(
    scores: Float[np.ndarray, "sample score"], case: Bool[np.ndarray, " sample"]
) -> Delong:
    r"""Areas under the ROC curves, by the method of DeLong.

    With the share of controls below a case (ties count half) :math:`V_i` and the share of
    cases above a control :math:`W_j`, the area is their mean and its covariance
    :math:`S_V / m + S_W / n`.

    Parameters
    ----------
    scores
        One column per score; higher means more likely a case.
    case
        Who is a case.

    Raises
    ------
    ValueError
        If there are fewer than two cases or two controls.

    References
    ----------
    DeLong, DeLong and Clarke-Pearson (1988), Biometrics 44, 837-845. Sun and Xu (2014),
    IEEE Signal Processing Letters 21, 1389-1393, for the computation by ranks.
    """
    m, n = int(case.sum()), int((~case).sum())
    if min(m, n) < 2:
        raise ValueError(f"at least 2 cases and 2 controls are needed, not {m} and {n}.")
    above = np.column_stack([_placements(column, case) for column in scores.T])
    below = np.column_stack([1 - _placements(column, ~case) for column in scores.T])
    cov = np.cov(above, rowvar=False) / m + np.cov(below, rowvar=False) / n
    return Delong(above.mean(axis=0), np.atleast_2d(cov))


def auc_difference(
    areas: Delong, first: int, second: int, level: float = 0.95
) -> Difference:
    """First area minus second, of the same people."""
    contrast = np.zeros(areas.auc.size)
    contrast[first], contrast[second] = 1, -1
    estimate = float(contrast @ areas.auc)
    se = float(np.sqrt(max(contrast @ areas.cov @ contrast, 0.0)))
    half = float(ndtri((1 + level) / 2)) * se
    pvalue = float(2 * ndtr(-abs(estimate) / se)) if se > 0 else 1.0
    return Difference(estimate, estimate - half, estimate + half, pvalue)


def _placements(
    score: Float[np.ndarray, " sample"], chosen: Bool[np.ndarray, " sample"]
) -> Float[np.ndarray, " chosen"]:
    """Share of the others that each of the chosen exceeds, ties counting half."""
    others = np.sort(score[~chosen])
    low = np.searchsorted(others, score[chosen], side="left")
    high = np.searchsorted(others, score[chosen], side="right")
    return (low + high) / 2 / others.size
