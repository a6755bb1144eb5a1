"""More features improve a prediction only if they say something."""

import numpy as np
import pytest

from fabgwas.evaluate import augment, make_folds
from fabgwas.evaluate._augment import training_components


def example(rng, n=500, strength=1.0):
    base, hidden = rng.normal(size=(n, 1)), rng.normal(size=(n, 3))
    extra = hidden @ rng.normal(size=(3, 40)) + 0.1 * rng.normal(size=(n, 40))
    y = base[:, 0] + strength * hidden[:, 0] + rng.normal(size=n)
    return base, extra, y


@pytest.mark.parametrize("binary", [False, True])
def test_features_that_matter_are_used(rng, binary):
    base, extra, y = example(rng)
    y = (y > 0).astype(float) if binary else y
    found = augment(base, extra, y, make_folds(y, 5, 1, binary=binary), binary=binary)
    assert (found.chosen >= 2).all()
    errors = [np.mean((y - p) ** 2) for p in (found.plain, found.augmented)]
    assert errors[1] < errors[0]


def test_features_of_no_use_do_little_harm(rng):
    base, extra, y = example(rng, strength=0.0)
    found = augment(base, extra, y, make_folds(y, 5, 1, binary=False), binary=False)
    errors = [np.mean((y - p) ** 2) for p in (found.plain, found.augmented)]
    assert errors[1] < 1.03 * errors[0]


def test_test_people_take_no_part(rng):
    base, extra, y = example(rng, n=200)
    fold = make_folds(y, 4, 1, binary=False)
    before = augment(base, extra, y, fold, binary=False)
    changed = np.where(fold == 2, -y, y)
    after = augment(base, extra, changed, fold, binary=False)
    for one, other in ((before.plain, after.plain), (before.augmented, after.augmented)):
        np.testing.assert_array_equal(one[fold == 2], other[fold == 2])
    assert before.chosen[2] == after.chosen[2]
    moved = np.where((fold == 2)[:, None], extra * 50, extra)
    other = training_components(moved, fold != 2, 5)
    np.testing.assert_array_equal(
        training_components(extra, fold != 2, 5)[fold != 2], other[fold != 2]
    )


def test_components_are_standard_among_the_training_people(rng):
    extra = rng.normal(size=(60, 10)) + 3
    train = np.arange(60) < 40
    parts = training_components(extra, train, 20)
    assert parts.shape == (60, 10)
    np.testing.assert_allclose(parts[train].mean(axis=0), 0, atol=1e-9)
    np.testing.assert_allclose(parts[train].T @ parts[train] / 40, np.eye(10), atol=1e-9)


def test_few_people_try_few_components(rng):
    base, extra, y = example(rng, n=60)
    found = augment(base, extra, y, make_folds(y, 3, 1, binary=False), binary=False)
    assert found.chosen.max() <= 4
