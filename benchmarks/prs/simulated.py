"""Tasks: simulated traits of 5,000 people, scored in 5,000 others."""

from functools import partial
from itertools import product

import numpy as np

from benchmarks.harness import Context, FunctionTask
from benchmarks.harness.interface import Scores
from benchmarks.prs._answer import Answer
from benchmarks.prs._simulate import SETTINGS, Study, simulate


def judge(study: Study, answer: Answer, seed: int) -> Scores:
    """R2 and AUC (of being above the median) in the test people, and seconds of the fit."""
    from sklearn.metrics import roc_auc_score

    score = study.scores(answer.effect, "test")
    trait = study.trait[study.people["test"]]
    flat = score.std() == 0
    r = 0.0 if flat else float(np.corrcoef(score, trait)[0, 1])
    auc = 0.5 if flat else float(roc_auc_score(trait > np.median(trait), score))
    return {
        "R2": max(r, 0.0) ** 2,
        "AUC": auc,
        "fit seconds": answer.seconds,
        "LD seconds": study.ld_seconds,
    }


def _problem(
    causal: float, h2: float, embedding: str, context: Context, seed: int
) -> Study:
    return simulate(context, seed, causal, h2, embedding)


_GRID = SETTINGS["grid"]

TASKS = [
    FunctionTask(
        name=f"causal {causal:g}, h2 {h2:g}, {embedding} embedding",
        problem=partial(_problem, causal, h2, embedding),
        judge=judge,
        settings={
            "causal": causal,
            "h2": h2,
            **{name: SETTINGS[name] for name in SETTINGS if name != "grid"},
        },
        all_seeds=_GRID["seeds"],
        # minutes a cell; a quick run fits a small synthetic genome instead
        quick_seeds=(),
    )
    # the most important first
    for h2, embedding, causal in product(_GRID["h2"], _GRID["embedding"], _GRID["causal"])
]
