"""Weights of p-values by groups: how much more signal a group has, seen on other folds.

As FINDOR (Kichaev et al. 2019, AJHG 104, 65-75) and the group procedure of Hu, Zhao and
Zhou (2010, JASA 105, 1215-1227), with weights from other folds as in IHW (Ignatiadis and
Huber 2021, JRSS B 83, 720-751), so that they are independent of what they weigh.
"""

import numpy as np

from fabgwas.fab import null_share
from fabgwas.link import Folds

_GROUPS = 20


def group_weights(log_pvalue: np.ndarray, score: np.ndarray, folds: Folds) -> np.ndarray:
    """Odds of signal of each variant's group, 1 on average in each fold.

    Groups are equal parts of the variants by `score`.
    """
    ranks = np.argsort(np.argsort(score, kind="stable"), kind="stable")
    group = ranks * _GROUPS // score.size
    weight = np.empty(score.size)
    for fold, trained in enumerate(folds.train):
        used = trained[folds.unit]
        odds = np.empty(_GROUPS)
        for number in range(_GROUPS):
            null = min(null_share(log_pvalue[used & (group == number)]), 0.999)
            odds[number] = (1 - null) / max(null, 1e-3)
        here = folds.fold == fold
        weight[here] = odds[group[here]]
        weight[here] /= weight[here].mean()
    return weight
