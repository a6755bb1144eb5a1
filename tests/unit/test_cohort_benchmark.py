"""The benchmark of embeddings of people judges what it says it judges."""

import numpy as np
import pytest

from benchmarks.cohort.ancestry import Ancestry, _judge
from benchmarks.cohort.expression import Cell, Genes, _ridge, _risk
from benchmarks.cohort.expression import _judge as judge_genes


def test_true_components_explain_ancestry_and_noise_does_not(rng):
    known = rng.normal(size=(120, 3))
    row = rng.permutation(200)[:120]
    problem = Ancestry("toy", row, known)
    answer = rng.normal(size=(200, 20))
    answer[row, :3] = known @ rng.normal(size=(3, 3))
    scores = _judge(problem, answer, 0)
    assert scores["R2 of ancestry PC2, 5 components"].value == pytest.approx(1)
    noise = _judge(problem, rng.normal(size=(200, 20)), 0)
    assert noise["R2 of ancestry PC2, 5 components"].value < 0.1


def test_areas_are_those_of_test_people_of_chosen_genes(rng):
    train = np.arange(60) < 40
    y = (np.arange(60) % 2).astype(float)
    base = y[:, None] + 0.01 * rng.normal(size=(60, 1))
    cells = [Cell(g, train, base, y, chosen=g != 1) for g in range(3)]
    perfect, opposite = y, np.where(train, y, -y)
    found = judge_genes(Genes(cells, np.arange(60)), [perfect, opposite], 0)
    assert found["AUC over chosen genes"].value == pytest.approx(0.5)
    assert (found["genes and folds chosen"], found["genes and folds"]) == (2, 3)


def test_scores_and_risks_come_from_training_people(rng):
    x, value = rng.normal(size=(80, 60)), rng.normal(size=80)
    train = np.arange(80) < 60
    changed = np.where(train, value, 99.0)
    np.testing.assert_array_equal(_ridge(x, value, train), _ridge(x, changed, train))
    y = (value > 0).astype(float)
    for kind in (None, "whitened"):
        risks = [
            _risk(Cell(0, train, x[:, :2], label, chosen=True), x, kind, 0)
            for label in (y, np.where(train, y, 1 - y))
        ]
        np.testing.assert_array_equal(*risks)
