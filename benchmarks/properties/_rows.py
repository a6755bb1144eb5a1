"""Variants with annotations and a label, and how they are split and judged."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Literal, NamedTuple

import numpy as np
import pyarrow as pa
from jaxtyping import Bool, Float, Int

from benchmarks.harness import Metric, bootstrap
from fabgwas.variants import chromosome_codes
from fabgwas_embeddings._describe import Annotator

Kind = Literal["binary", "classes", "number"]
FOLDS = 5
Measure = Callable[[np.ndarray, np.ndarray, np.ndarray], float]
"""Of labels, predictions and weights."""


@dataclass(frozen=True, kw_only=True)
class Rows:
    """What is known of variants, and what is to be predicted."""

    fields: pa.Table
    """Columns as templates name them; chrom, pos, ref, alt and gene among them."""
    label: Float[np.ndarray, " row"]
    """0 or 1, number of a class, or a number."""
    kind: Kind
    scores: Mapping[str, Float[np.ndarray, " row"]] = field(default_factory=dict)
    """Published scores of the same rows, larger where the label is; never nan."""
    test: Bool[np.ndarray, " row"] | None = None
    """Rows to predict from the others, where time divides them; None for folds."""
    region: Int[np.ndarray, " row"] | None = None
    """Stretches to split by, where all rows lie in one gene."""

    def groups(self, split: str) -> Int[np.ndarray, " row"]:
        """What no fold splits: genes, chromosomes, stretches, or single variants."""
        if split == "variant":
            return np.arange(self.label.size)
        if split == "stretch":
            assert self.region is not None
            return self.region
        if split == "chromosome":
            return chromosome_codes(self.fields["chrom"]).astype(np.int64)
        return np.unique(self.fields["gene"].to_pylist(), return_inverse=True)[1]

    def take(self, index: Int[np.ndarray, " kept"]) -> "Rows":
        """Some of the rows."""
        return Rows(
            fields=self.fields.take(pa.array(index)),
            label=self.label[index],
            kind=self.kind,
            scores={name: values[index] for name, values in self.scores.items()},
            test=None if self.test is None else self.test[index],
            region=None if self.region is None else self.region[index],
        )


class Fold(NamedTuple):
    """Rows to learn from and rows to predict."""

    train: Int[np.ndarray, " row"]
    test: Int[np.ndarray, " row"]


@dataclass(frozen=True, kw_only=True)
class Problem:
    """Rows with their texts, and the folds of one split."""

    rows: Rows
    texts: list[str]
    columns: tuple[str, ...]
    """Fields that the texts were made from."""
    groups: Int[np.ndarray, " row"]

    def folds(self, seed: int) -> Iterator[Fold]:
        """Whole groups are left out; with a given test set there is one fold."""
        from sklearn.model_selection import GroupKFold

        each = np.arange(self.rows.label.size)
        if self.rows.test is not None:
            yield Fold(each[~self.rows.test], each[self.rows.test])
            return
        cut = GroupKFold(FOLDS, shuffle=True, random_state=seed)
        for train, test in cut.split(each, groups=self.groups):
            yield Fold(train, test)


def annotate(table: pa.Table, annotators: list[Annotator]) -> pa.Table:
    """Add the annotators' fields to variants of all chromosomes; rows may be reordered."""
    names = np.array(table["chrom"].to_pylist())
    parts = []
    for chrom in dict.fromkeys(names):
        part = table.filter(pa.array(names == chrom)).sort_by("pos").combine_chunks()
        for annotator in annotators:
            part = annotator.annotate(str(chrom), part)
        parts.append(part)
    return pa.concat_tables(parts, promote_options="permissive").combine_chunks()


def draw(
    label: Float[np.ndarray, " row"], kind: Kind, most: int, seed: int
) -> Int[np.ndarray, " kept"]:
    """At most `most` rows at random, as many of each class as there are, up to a share."""
    rng = np.random.default_rng(seed)
    if kind == "number":
        return np.sort(rng.permutation(label.size)[:most])
    classes = np.unique(label)
    share = most // classes.size
    kept = [rng.permutation(np.flatnonzero(label == each))[:share] for each in classes]
    return np.sort(np.concatenate(kept))


def judge(
    problem: Problem, answer: Float[np.ndarray, "..."], seed: int
) -> dict[str, Metric]:
    """Metrics of held-out predictions, with intervals from resampling the groups.

    A binary label has the area under the ROC curve and average precision, within folds:
    between folds the training mean falls where the held-out one rises, which pulls the
    pooled area below 0.5. Classes have the share that is right, and its mean over classes;
    a number the R2 of prediction (negative where the mean does better) and the rank
    correlation.
    """
    rows = problem.rows
    kept = np.ones(rows.label.size, bool) if rows.test is None else rows.test
    label, groups = rows.label[kept], problem.groups[kept]
    found = np.asarray(answer)[kept]
    fold = np.zeros(rows.label.size, int)
    for number, (_, test) in enumerate(problem.folds(seed)):
        fold[test] = number
    measures = {"binary": _BINARY, "classes": _CLASSES, "number": _NUMBER}[rows.kind]
    if rows.kind == "binary":
        measures = {n: within(each, fold[kept]) for n, each in measures.items()}
    return {
        name: bootstrap(
            lambda weight, measure=measure: measure(label, found, weight), groups, seed=seed
        )
        for name, measure in measures.items()
    }


def within(measure: Measure, fold: Int[np.ndarray, " row"]) -> Measure:
    """Mean of a measure over folds, weighted by the rows of the label 1."""
    parts = [np.flatnonzero(fold == each) for each in np.unique(fold)]

    def mean(label: np.ndarray, found: np.ndarray, weight: np.ndarray) -> float:
        values = np.array([measure(label[p], found[p], weight[p]) for p in parts])
        sizes = np.array([weight[p] @ label[p] for p in parts])
        known = np.isfinite(values)
        return (
            float(np.average(values[known], weights=sizes[known]))
            if known.any()
            else np.nan
        )

    return mean


def weighted_auc(label: np.ndarray, found: np.ndarray, weight: np.ndarray) -> float:
    """Of scikit-learn, but quick enough for hundreds of draws; ties count half."""
    negative, positive = _by_value(label, found, weight)
    pairs = negative.sum() * positive.sum()
    below = np.cumsum(negative) - negative / 2
    return float(positive @ below / pairs) if pairs > 0 else np.nan


def _precision(label: np.ndarray, found: np.ndarray, weight: np.ndarray) -> float:
    """Average precision, by steps of recall."""
    negative, positive = (each[::-1] for each in _by_value(label, found, weight))
    if positive.sum() == 0:
        return np.nan
    true, false = np.cumsum(positive), np.cumsum(negative)
    return float(positive @ (true / np.maximum(true + false, 1e-300)) / true[-1])


def _by_value(
    label: np.ndarray, found: np.ndarray, weight: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Weights of the labels 0 and 1 at each value of the prediction, ascending."""
    values, place = np.unique(found, return_inverse=True)
    zero, one = (
        np.bincount(place, weight * (label == each), values.size) for each in (0, 1)
    )
    return zero, one


def _accuracy(label: np.ndarray, found: np.ndarray, weight: np.ndarray) -> float:
    return float(np.average(found.argmax(axis=1) == label, weights=weight))


def _balanced(label: np.ndarray, found: np.ndarray, weight: np.ndarray) -> float:
    number = label.astype(int)
    right = np.bincount(number, weight * (found.argmax(axis=1) == label))
    there = np.bincount(number, weight)
    return float(np.mean(right[there > 0] / there[there > 0]))


def weighted_r2(label: np.ndarray, found: np.ndarray, weight: np.ndarray) -> float:
    mean = np.average(label, weights=weight)
    left = np.average((label - found) ** 2, weights=weight)
    return float(1 - left / np.average((label - mean) ** 2, weights=weight))


def _spearman(label: np.ndarray, found: np.ndarray, weight: np.ndarray) -> float:
    """Correlation of the ranks among all rows, weighted."""
    from scipy.stats import rankdata

    x, y = (rankdata(each) for each in (label, found))
    x, y = (each - np.average(each, weights=weight) for each in (x, y))
    apart = np.sqrt(np.average(x * x, weights=weight) * np.average(y * y, weights=weight))
    return float(np.average(x * y, weights=weight) / apart) if apart > 0 else np.nan


_BINARY: dict[str, Measure] = {"AUC": weighted_auc, "average precision": _precision}
_CLASSES: dict[str, Measure] = {"accuracy": _accuracy, "balanced accuracy": _balanced}
_NUMBER: dict[str, Measure] = {"R2": weighted_r2, "rank correlation": _spearman}
