"""Features summed over LD neighbours, against sums written out."""

import numpy as np
import pytest

from fabgwas.features import convolved_features, redundancy
from fabgwas.ld import standardise
from fabgwas.link import Features
from fabgwas.panel import open_panel


@pytest.fixture(scope="module")
def chromosome(shared_data):
    prefix = shared_data / "height_ukb_boltlmm_1000G"
    found = sorted(prefix.glob("*.bed"))
    if not found:
        pytest.skip("no genotypes in height_ukb_boltlmm_1000G")
    return open_panel(str(found[0].with_suffix("")), build="GRCh37")


def test_sums_over_neighbours_are_those_of_the_correlations(chromosome, rng):
    size = 60
    table = chromosome.variants.slice(0, size)
    block = np.repeat([0, 1], size // 2)
    x = rng.normal(0, 1, (size, 5)).astype(np.float32)
    own = Features("own", x, x, 2)
    sign = rng.choice([-1.0, 1.0], size)
    found = convolved_features(own, 3, table, sign, chromosome, block)
    scores = redundancy(table, chromosome, block)
    rows = np.arange(size)
    standard = standardise(chromosome.genotypes.take(rows))
    r = (standard.x @ standard.x.T).astype(float) * sign * sign[:, None]
    n = chromosome.n_samples
    for j in rows[standard.sd > 0]:
        mean, near, total = np.zeros(3), np.zeros(size), 0.0
        for k in rows[block == block[j]]:
            squared = 1.0 if j == k else r[j, k] ** 2 - (1 - r[j, k] ** 2) / (n - 2)
            shrunk = max(squared, 0.0) / max(r[j, k] ** 2, 1e-12) * r[j, k]
            mean += (1.0 if j == k else shrunk) * x[k, 2:]
            near[k] = squared if squared > 0.02 else 0.0
            total += squared
        assert scores[j] == pytest.approx(max(total, 1.0), rel=1e-4)
        assert found.mean[j, 2:] == pytest.approx(mean, abs=1e-4)
        assert found.ld[[j]].toarray()[0] == pytest.approx(near, abs=1e-4)
    # the magnitude's sums are taken with the fit
    assert np.array_equal(found.magnitude, x[:, 2:])
    # what is not the embedding stays as it is
    assert np.array_equal(found.mean[:, :2], x[:, :2])
