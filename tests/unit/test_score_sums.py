"""Sums of weight times dosage against plain loops."""

import numpy as np
import pytest

from fabgwas.evaluate import _sums as module
from fabgwas.evaluate import score_sums


def brute_force(dosage, same, other, founder, *, impute):
    dosage = dosage.astype(float)
    total = np.zeros((len(dosage), same.shape[1]))
    alleles = np.zeros_like(total)
    for j in range(dosage.shape[1]):
        mean = np.nanmean(dosage[founder, j])
        for i in range(len(dosage)):
            for k in range(same.shape[1]):
                a, b = same[j, k], other[j, k]
                if np.isnan(a) and np.isnan(b):
                    continue
                d = dosage[i, j]
                if np.isnan(d) and not impute:
                    continue
                d = mean if np.isnan(d) else d
                total[i, k] += np.nan_to_num(a) * d + np.nan_to_num(b) * (2 - d)
                alleles[i, k] += 2
    return total, alleles


@pytest.mark.parametrize("impute", [True, False])
def test_sums_equal_plain_loops(rng, monkeypatch, impute):
    monkeypatch.setattr(module, "_WIDEST", 7)  # several blocks
    dosage = rng.integers(0, 3, (20, 30)).astype(np.float32)
    dosage[rng.random(dosage.shape) < 0.1] = np.nan
    same, other = rng.normal(size=(2, 30, 2))
    same[rng.random(same.shape) < 0.4] = np.nan
    other[rng.random(other.shape) < 0.4] = np.nan
    founder = rng.random(20) < 0.7
    sums = score_sums(
        lambda index: dosage[:, index], np.arange(30), same, other,
        founder=founder, impute=impute,
    )  # fmt: skip
    total, alleles = brute_force(dosage, same, other, founder, impute=impute)
    np.testing.assert_allclose(sums.total, total, atol=1e-12)
    np.testing.assert_array_equal(sums.alleles, alleles)
    assert sums.unknown == 0


@pytest.mark.parametrize("impute", [True, False])
def test_a_variant_nobody_has_adds_nothing(impute):
    dosage = np.array([[1.0, np.nan], [2.0, np.nan]], np.float32)
    weight = np.array([[1.0], [5.0]])
    nothing = np.full_like(weight, np.nan)
    for same, other, expected in [(weight, nothing, [1, 2]), (nothing, weight, [1, 0])]:
        sums = score_sums(
            lambda index: dosage[:, index], np.arange(2), same, other,
            founder=np.ones(2, bool), impute=impute,
        )  # fmt: skip
        assert sums.total[:, 0].tolist() == expected
        assert sums.unknown == 1


def test_progress_ends_with_all_variants():
    done = []
    score_sums(
        lambda index: np.ones((1, index.size), np.float32), np.arange(5000),
        np.ones((5000, 1)), np.full((5000, 1), np.nan),
        founder=np.ones(1, bool), progress=done.append,
    )  # fmt: skip
    assert done == sorted(done)
    assert done[-1] == 5000
