"""Gains of priors compared, and split by region, against sums written out."""

from dataclasses import replace

import numpy as np
import pyarrow.compute as pc
import pytest
from scipy import stats
from studies import SIZE, vectors, write_store, write_study, z_scores

import fabgwas as fg
from fabgwas.genes import nearest_genes
from fabgwas.link import Gain, block_gain
from fabgwas.variants import chromosome_codes


@pytest.fixture(scope="module")
def study(tmp_path_factory):
    path = tmp_path_factory.mktemp("study") / "study.tsv"
    return write_study(path, z_scores(vectors(1), 2))


@pytest.fixture(scope="module")
def prior_of(study, tmp_path_factory):
    """A prior from vectors of some of the variants."""

    def fit(x, rows=slice(None)):
        store = write_store(tmp_path_factory.mktemp("store") / "store", x, rows)
        return fg.fit_prior(study, store, fg.align(study, store))

    return fit


@pytest.fixture(scope="module")
def signal(prior_of):
    """The prior that knows, with weights as a panel would give them."""
    weight = np.random.default_rng(3).uniform(0.2, 1.0, SIZE)
    return replace(prior_of(vectors(1)), weight=weight)


def log_density(z, mean, var, prob):
    slab = stats.norm.pdf(z, mean, np.sqrt(1 + var))
    return np.log((1 - prob) * stats.norm.pdf(z) + prob * slab)


def test_the_difference_is_that_of_the_likelihoods(study, signal, prior_of):
    rows = np.sort(np.random.default_rng(4).permutation(SIZE)[: SIZE // 2])
    other = prior_of(vectors(9), rows)
    found = fg.compare_priors(signal, other, seed=5)
    assert found.n_variants == rows.size
    sums, sizes = {}, {}
    for j in range(SIZE):
        for k in np.flatnonzero(other.row == signal.row[j]):
            z = study.table["z"][int(signal.row[j])].as_py()
            gains = [
                log_density(z, *(column[at] for column in prior.moments))
                - log_density(z, *(column[at] for column in prior.reference))
                for prior, at in ((signal, j), (other, k))
            ]
            block, w = signal.block[j], signal.weight[j]
            sums[block] = sums.get(block, 0.0) + w * (gains[0] - gains[1])
            sizes[block] = sizes.get(block, 0.0) + w
    assert found.mean == pytest.approx(sum(sums.values()) / sum(sizes.values()), abs=1e-12)
    rng, blocks = np.random.default_rng(6), sorted(sums)
    means = [
        sum(sums[b] for b in drawn) / sum(sizes[b] for b in drawn)
        for drawn in (rng.choice(blocks, len(blocks)) for _ in range(4000))
    ]
    ends = np.quantile(means, [0.025, 0.975])
    # two bootstraps of 2,000 and 4,000 draws
    assert (found.lower, found.upper) == pytest.approx(ends, abs=0.15 * np.std(means))


def test_a_store_that_knows_beats_one_of_noise(signal, prior_of):
    noise = prior_of(vectors(9))
    assert signal.used_folds == 5
    difference = fg.compare_priors(signal, noise)
    assert 0 < difference.lower < difference.mean < difference.upper
    turned = fg.compare_priors(replace(noise, weight=signal.weight), signal)
    assert turned.mean == -difference.mean


def test_equal_stores_differ_by_nothing(signal, prior_of):
    assert fg.compare_priors(signal, prior_of(vectors(1))) == Gain(0.0, 0.0, 0.0, SIZE)


def test_against_the_covariates_it_is_the_gain(signal):
    bare = replace(signal, log_ratio=np.zeros(SIZE))
    plain = fg.compare_priors(signal, bare)
    assert plain == block_gain(signal.log_ratio, signal.weight, signal.block, 0)


def test_priors_of_two_studies_are_not_compared(signal):
    at = signal.study.schema.get_field_index("z")
    flipped = pc.negate(signal.study["z"])
    other = replace(signal, study=signal.study.set_column(at, "z", flipped))
    with pytest.raises(ValueError, match="different studies: z of row 0 is"):
        fg.compare_priors(signal, other)


def test_priors_without_common_variants_are_not_compared(signal):
    with pytest.raises(ValueError, match="no variant in common"):
        fg.compare_priors(signal, replace(signal, row=signal.row + SIZE))


def test_regions_are_told_by_the_nearest_gene(signal):
    regions = fg.gain_by_region(signal, "GRCh37")
    codes = chromosome_codes(signal.study["chrom"]).astype(int)
    distance = nearest_genes(
        codes, signal.study["pos"].to_numpy().astype(int), "GRCh37"
    ).distance
    classes = np.select([distance == 0, distance <= 10_000], [0, 1], 2)
    assert list(regions) == ["inside a gene", "within 10 kb", "farther"]
    for number, gain in enumerate(regions.values()):
        mine = classes == number
        expected = np.average(signal.log_ratio[mine], weights=signal.weight[mine])
        assert gain.mean == pytest.approx(expected, abs=1e-12)
        assert gain.n_variants == mine.sum()
        assert gain.lower < gain.mean < gain.upper


def test_one_block_tells_no_interval():
    gain = block_gain(np.array([1.0, 3.0]), np.array([3.0, 1.0]), np.array([7, 7]), 0)
    assert gain.mean == 1.5
    assert np.isnan([gain.lower, gain.upper]).all()


def test_intervals_cover_the_mean_as_often_as_they_say(rng):
    size, hits = 300, 0
    block = np.repeat(np.arange(60), 5)
    for seed in range(size):
        log_ratio = 0.3 + np.repeat(rng.standard_normal(60), 5) + rng.standard_normal(300)
        gain = block_gain(log_ratio, np.ones(300), block, seed)
        hits += gain.lower <= 0.3 <= gain.upper
    # five standard errors; the percentiles of 60 blocks are a little short of 95 %
    assert abs(hits / size - 0.94) < 5 * np.sqrt(0.94 * 0.06 / size)
