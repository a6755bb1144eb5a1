"""The benchmark of embeddings of people judges what it says it judges."""

import numpy as np
import pytest

from benchmarks.cohort.ancestry import Ancestry, _judge
from benchmarks.cohort.expression import Cell, Genes, _risk, ridge
from benchmarks.cohort.expression import judge as judge_genes
from benchmarks.paper.augmented import clump_and_sum


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
    for score in (ridge, clump_and_sum):
        np.testing.assert_array_equal(score(x, value, train), score(x, changed, train))
    y = (value > 0).astype(float)
    for kind in (None, "whitened"):
        risks = [
            _risk(Cell(0, train, x[:, :2], label, chosen=True), x, kind, 0)
            for label in (y, np.where(train, y, 1 - y))
        ]
        np.testing.assert_array_equal(*risks)


def test_the_score_of_the_paper_sums_clumped_effects(rng):
    x = rng.normal(size=(400, 5))
    x[:, 1] = x[:, 0] + 0.1 * rng.normal(size=400)
    x = (x - x.mean(axis=0)) / x.std(axis=0)
    value = 0.5 * x[:, 0] - 0.5 * x[:, 3] + rng.normal(size=400)
    train = np.arange(400) < 300
    score = clump_and_sum(x, value, train)
    weight = np.linalg.lstsq(x, score, rcond=None)[0]
    # one of the two that say the same, the other one that matters, and no noise
    assert np.count_nonzero(np.abs(weight[:2]) > 1e-6) == 1
    assert weight[3] == pytest.approx(-0.5, abs=0.2)
    assert np.abs(weight[[2, 4]]).max() < 1e-6
    assert not clump_and_sum(x, rng.normal(size=400) * 0, train).any()
