"""What embeddings must beat: the same annotations and texts without a model, and noise."""

from typing import Any

import numpy as np

from benchmarks.harness import Context, FunctionMethod, Skip, Task
from benchmarks.properties._learners import SETTINGS, held_out
from benchmarks.properties._rows import Problem

_NOISE = 256


def one_hot(problem: Problem, context: Context, seed: int) -> np.ndarray:
    """Every field of the text as a category; values seen less than three times are out."""
    from sklearn.preprocessing import OneHotEncoder

    columns = [problem.rows.fields[name].to_pylist() for name in problem.columns]
    table = np.array([["" if v is None else str(v) for v in c] for c in columns]).T
    front = OneHotEncoder(handle_unknown="ignore", min_frequency=3)
    return held_out(problem, table, "linear", seed, front=front)


def bag_of_words(problem: Problem, context: Context, seed: int) -> np.ndarray:
    """TF-IDF of words and pairs of words, learned from the training rows."""
    from sklearn.feature_extraction.text import TfidfVectorizer

    front = TfidfVectorizer(ngram_range=(1, 2), min_df=2, sublinear_tf=True)
    return held_out(problem, problem.texts, "linear", seed, front=front)


def noise(problem: Problem, context: Context, seed: int) -> np.ndarray:
    """A random vector for each distinct text: what telling texts apart is worth."""
    texts, number = np.unique(problem.texts, return_inverse=True)
    vectors = np.random.default_rng(seed).normal(size=(texts.size, _NOISE))
    return held_out(problem, vectors[number], "linear", seed)


def mean(problem: Problem, context: Context, seed: int) -> np.ndarray:
    """The training mean or the commonest class: the zero of the scale."""
    from sklearn.preprocessing import FunctionTransformer

    ones = np.ones((problem.rows.label.size, 1))
    return held_out(problem, ones, "linear", seed, front=FunctionTransformer())


def scores(problem: Problem, context: Context, seed: int) -> np.ndarray:
    """Published scores together, in a linear model."""
    if not problem.rows.scores:
        raise Skip("the rows have no published scores")
    return held_out(problem, score_matrix(problem), "linear", seed)


def score_matrix(problem: Problem) -> np.ndarray:
    """Published scores as columns."""
    return np.column_stack(list(problem.rows.scores.values()))


def one_score(name: str) -> Any:
    """A published score as it is; nothing is learned."""

    def answer(problem: Problem, context: Context, seed: int) -> np.ndarray:
        if name not in problem.rows.scores:
            raise Skip(f"the rows have no {name}")
        return problem.rows.scores[name]

    return answer


def _has_scores(task: Task) -> bool:
    return getattr(task, "scored", False) and getattr(task, "main", False)


def learns_from_scores(task: Task) -> bool:
    """Whether the training rows have scores: not where time divides them."""
    return _has_scores(task) and "2016" not in task.name


def _is_main(task: Task) -> bool:
    return getattr(task, "main", False)


_LINEAR = SETTINGS["linear"]
METHODS = [
    FunctionMethod(name="one-hot, linear", answer=one_hot, settings=_LINEAR),
    FunctionMethod(name="TF-IDF, linear", answer=bag_of_words, settings=_LINEAR),
    FunctionMethod(
        name="random, linear", answer=noise, settings=_LINEAR, meant_for=_is_main
    ),
    FunctionMethod(name="mean", answer=mean, meant_for=_is_main),
    FunctionMethod(
        name="scores, linear",
        answer=scores,
        settings=_LINEAR,
        meant_for=learns_from_scores,
    ),
    *(
        FunctionMethod(name=name, answer=one_score(name), meant_for=_has_scores)
        for name in ("CADD", "REVEL", "phyloP")
    ),
]
