"""Work shared among threads: in order, errors told, and the same numbers for any count."""

import threading

import numpy as np
import pytest

import fabgwas as fg
from fabgwas.link import Features, cross_fit, make_folds
from fabgwas.threads import map_threads, thread_count


def test_the_environment_tells_how_many(monkeypatch):
    monkeypatch.setenv("OMP_NUM_THREADS", "3")
    assert thread_count() == 3
    for unclear in ("", "0", "many"):
        monkeypatch.setenv("OMP_NUM_THREADS", unclear)
        assert thread_count() >= 1


@pytest.mark.parametrize("count", [1, 3])
def test_results_come_in_order(monkeypatch, count):
    monkeypatch.setenv("OMP_NUM_THREADS", str(count))
    gate = threading.Event()

    def slow_first(number):
        if count > 1:  # the first ends after the second has
            gate.wait(10) if number == 0 else gate.set()
        return number

    assert list(map_threads(slow_first, range(9))) == list(range(9))


@pytest.mark.parametrize("count", [1, 3])
def test_an_error_of_one_is_raised(monkeypatch, count):
    monkeypatch.setenv("OMP_NUM_THREADS", str(count))

    def fail(number):
        raise ValueError(f"item {number}")

    with pytest.raises(ValueError, match="item 0"):
        list(map_threads(fail, range(4)))


def study(rng, dtype):
    n = 6000
    chrom = np.repeat(np.arange(6), n // 6)
    pos = np.tile(np.arange(1, n // 6 + 1) * 100_000, 6)
    x = np.column_stack([np.ones(n), rng.normal(0, 1, (n, 9))]).astype(dtype)
    z = 0.5 * x[:, 1] + rng.normal(0, 1, n) * np.sqrt(1 + np.exp(x[:, 2]))
    folds = make_folds(chrom, pos, chrom * 100 + pos // 2_000_000)
    return z.astype(float), x, folds


def prior_of(z, x, folds):
    features = [Features("own", x, x, 1)]
    return cross_fit(z, np.ones((z.size, 1)), features, np.ones(z.size), folds)


def assert_same_prior(one, two, tolerance):
    assert [r.model for r in one.reports] == [r.model for r in two.reports]
    for a, b in zip(one.moments, two.moments, strict=True):
        np.testing.assert_allclose(a, b, rtol=tolerance, atol=tolerance)


@pytest.mark.parametrize("count", ["2", "5"])
def test_any_number_of_threads_gives_the_same_prior_and_p_values(rng, monkeypatch, count):
    z, x, folds = study(rng, np.float32)
    found = []
    for threads in ("1", count):
        monkeypatch.setenv("OMP_NUM_THREADS", threads)
        prior = prior_of(z, x, folds)
        mean, var, prob = prior.moments
        log_p = fg.family_log_pvalues(z, mean, var, folds.fold, prob)
        found.append((prior, log_p))
    # BLAS itself may add in another order with another number of threads
    assert_same_prior(found[0][0], found[1][0], 1e-4)
    np.testing.assert_allclose(found[0][1], found[1][1], rtol=1e-3)


def test_p_values_do_not_depend_on_threads_at_all(rng, monkeypatch):
    z, mean = rng.normal(0, 2, (2, 3000))
    fold = rng.integers(0, 7, 3000)
    found = []
    for threads in ("1", "4"):
        monkeypatch.setenv("OMP_NUM_THREADS", threads)
        found.append(fg.family_log_pvalues(z, mean, 4.0, fold, 0.2))
    assert np.array_equal(*found)


@pytest.mark.parametrize("rows", [64, 1000])
def test_blocks_of_any_size_give_the_same_prior(rng, monkeypatch, rows):
    z, x, folds = study(rng, np.float64)
    usual = prior_of(z, x, folds)
    monkeypatch.setattr("fabgwas.link._gram._CHUNK", rows)
    assert_same_prior(usual, prior_of(z, x, folds), 1e-4)


def test_single_precision_of_features_is_enough(rng):
    z, x, folds = study(rng, np.float32)
    double = prior_of(z, x.astype(np.float64), folds)
    assert_same_prior(double, prior_of(z, x, folds), 1e-3)
