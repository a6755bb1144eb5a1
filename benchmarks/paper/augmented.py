"""The paper's augmented scores: clumping and thresholding, alone and with PCs of L = G E.

The paper sums effects of clumped variants (r2 > 0.1) of UK Biobank and lets L = G E improve
the sum. Here the traits are expression of genes of chromosome 22 in 353 people, the effects
come from the training people of each fold, and random and permuted vectors are controls.
"""

from functools import partial

import numpy as np
from jaxtyping import Bool, Float
from scipy.special import ndtr

from benchmarks.cohort.expression import METHODS as AUGMENTED
from benchmarks.cohort.expression import judge, problem
from benchmarks.harness import FunctionTask

_R2, _P = 0.1, 1e-3


def clump_and_sum(
    x: Float[np.ndarray, "sample variant"],
    value: Float[np.ndarray, " sample"],
    train: Bool[np.ndarray, " sample"],
) -> Float[np.ndarray, " sample"]:
    """Sum of effect times dosage over leading variants with p below 0.001 in training.

    Dosages are standardised; without such a variant the score is 0.
    """
    mine = x[train] - x[train].mean(axis=0)
    y = value[train] - value[train].mean()
    squares = np.maximum(np.sum(mine * mine, axis=0), 1e-9)
    beta = mine.T @ y / squares
    p = 2 * ndtr(-np.abs(beta) * np.sqrt(squares / max(y.var(), 1e-12)))
    lead: list[int] = []
    for k in np.flatnonzero(p < _P)[np.argsort(p[p < _P], kind="stable")].tolist():
        r2 = (mine[:, lead].T @ mine[:, k]) ** 2 / (squares[lead] * squares[k])
        if not np.any(r2 > _R2):
            lead.append(k)
    return x[:, lead] @ beta[lead]


TASKS = [
    FunctionTask(
        name="expression above median, from C+T",
        problem=partial(problem, clump_and_sum),
        judge=judge,
        settings={"r2": _R2, "p": _P},
        quick_seeds=(),
    )
]
METHODS = AUGMENTED
