"""Ancestry from the PCs of L = G E, against genotype PCs and vectors that mean nothing.

The yardstick is published: principal components of ancestry of the GEUVADIS people, from
their whole genomes. It is predicted, in folds of people, from the first components of each
kind, which see chromosome 22 or 22 windows of 1 Mb only.
"""

from typing import NamedTuple

import numpy as np
from jaxtyping import Float

from benchmarks.cohort._data import KINDS, PANELS, embedded, expression, people_of
from benchmarks.harness import Context, FunctionMethod, FunctionTask, Metric, bootstrap
from fabgwas.evaluate import cross_predict, make_folds

N_FOLDS = 10
N_USED = (2, 5, 10, 20)
_ANCESTRY = 3  # components that were published


class Ancestry(NamedTuple):
    """People of a panel whose ancestry is known."""

    panel: str
    row: np.ndarray
    """Their rows in the panel."""
    components: Float[np.ndarray, "sample component"]


def _problem(panel: str, context: Context) -> Ancestry:
    known = expression(context)
    place = {name: row for row, name in enumerate(people_of(context, panel))}
    both = [k for k, name in enumerate(known.people) if name in place]
    row = np.array([place[known.people[k]] for k in both])
    return Ancestry(panel, row, known.covariates[both, :_ANCESTRY])


def _judge(
    problem: Ancestry, answer: Float[np.ndarray, "person component"], seed: int
) -> dict[str, Metric]:
    mine = answer[problem.row]
    scores = {}
    for target in range(_ANCESTRY):
        y = problem.components[:, target]
        fold = make_folds(y, N_FOLDS, seed, binary=False)
        for used in N_USED:
            error = y - cross_predict(mine[:, :used], y, fold, binary=False)

            def explained(weight: np.ndarray, error=error, y=y) -> float:
                mean = weight @ y / weight.sum()
                return float(1 - weight @ error**2 / (weight @ (y - mean) ** 2))

            name = f"R2 of ancestry PC{target + 1}, {used} components"
            scores[name] = bootstrap(explained, np.arange(y.size), seed=seed)
    return scores


def _answer(kind: str, problem: Ancestry, context: Context, seed: int) -> np.ndarray:
    found = embedded(context, problem.panel, kind, seed)
    chosen = found.genotype_pcs if kind == "genotypes" else found.components
    assert chosen is not None
    return chosen.scores


NAMES = {
    "raw": "PCs of L",
    "centred": "PCs of L, vectors centred",
    "whitened": "PCs of L, vectors whitened",
    "permuted": "PCs of L, vectors whitened and permuted",
    "random": "PCs of L, vectors random",
    "genotypes": "genotype PCs",
}
TASKS = [
    FunctionTask(
        name=f"ancestry, {panel}",
        problem=lambda context, seed, panel=panel: _problem(panel, context),
        judge=_judge,
        settings={"panel": panel, "folds": N_FOLDS, "used": N_USED},
        all_seeds=(0, 1, 2),
        quick_seeds=(0,) if panel == "chr22" else (),
    )
    for panel in PANELS
]
METHODS = [
    FunctionMethod(
        name=NAMES[kind],
        answer=lambda problem, context, seed, kind=kind: _answer(
            kind, problem, context, seed
        ),
        meant_for=lambda task: task.name.startswith("ancestry"),
    )
    for kind in KINDS
]
