import csv
import gzip
from pathlib import Path

import numpy as np
import pytest
from filesets import linked_dosage

from fabgwas.io._genotypes import open_genotypes
from fabgwas.ld import _scores, ld_scores, ld_sums, standardise
from fabgwas.variants import chromosome_codes


def _brute_force(
    dosage: np.ndarray, chrom: np.ndarray, pos: np.ndarray, window: int
) -> np.ndarray:
    """Matrix of unbiased r² between variants in each other's window."""
    mean = np.nanmean(dosage, axis=0)
    filled = np.where(np.isnan(dosage), mean, dosage).astype(np.float64)
    with np.errstate(invalid="ignore"):
        r2 = np.corrcoef(filled, rowvar=False) ** 2
    near = np.abs(pos[:, None] - pos) <= window
    near &= chrom[:, None] == chrom
    near &= np.isfinite(r2)
    return np.where(near, r2 - (1 - r2) / (dosage.shape[0] - 2), 0)


@pytest.fixture
def small(
    rng: np.random.Generator,
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Two chromosomes, a monomorphic variant, missing genotypes, two equal positions."""
    dosage = linked_dosage(rng, 30, 60)
    dosage[:, 7] = 2
    dosage[:, 50] = 0
    dosage[rng.random(dosage.shape) < 0.05] = np.nan
    chrom = np.repeat([3, 4], [35, 25])
    pos = np.concatenate([np.arange(35), np.arange(25)]) * 100 + 1
    pos[21] = pos[20]
    return dosage, chrom, pos


@pytest.mark.parametrize("step", [1, 7, 512])
@pytest.mark.parametrize("window", [0, 500, 10_000])
def test_scores_are_sums_of_unbiased_r2(
    small: tuple[np.ndarray, np.ndarray, np.ndarray],
    monkeypatch: pytest.MonkeyPatch,
    step: int,
    window: int,
) -> None:
    monkeypatch.setattr(_scores, "_STEP", step)
    dosage, chrom, pos = small
    told: list[tuple[int, int]] = []
    scores = ld_scores(
        lambda start, stop: dosage[:, start:stop],
        chrom,
        pos,
        window,
        lambda *done: told.append(done),
    )
    assert told[-1] == (pos.size, pos.size)
    assert len(told) == -(-pos.size // step)
    expected = _brute_force(dosage, chrom, pos, window).sum(axis=1)
    expected[[7, 50]] = np.nan
    np.testing.assert_allclose(scores.score, expected, rtol=1e-4, atol=1e-4)
    np.testing.assert_allclose(scores.freq, np.nanmean(dosage, axis=0) / 2, rtol=1e-6)


def test_features_are_summed_with_the_same_weights(
    small: tuple[np.ndarray, np.ndarray, np.ndarray], rng: np.random.Generator
) -> None:
    dosage, chrom, pos = small
    features = rng.standard_normal((60, 3))
    sums = ld_sums(lambda start, stop: dosage[:, start:stop], chrom, pos, features, 900)
    r2 = _brute_force(dosage, chrom, pos, 900)
    np.testing.assert_allclose(sums.total, r2 @ features, rtol=1e-4, atol=1e-4)
    np.testing.assert_array_equal(np.flatnonzero(sums.varies == 0), [7, 50])


def test_unlinked_variants_score_one_on_average(rng: np.random.Generator) -> None:
    dosage = rng.binomial(2, 0.3, (50, 2000)).astype(np.float32)
    chrom, pos = np.ones(2000, int), np.arange(2000)
    scores = ld_scores(lambda start, stop: dosage[:, start:stop], chrom, pos, 100)
    # naive r2 would add about 200 / 49 = 4
    assert np.mean(scores.score) == pytest.approx(1, abs=0.05)


def test_a_copy_counts_as_much_as_the_variant_itself(rng: np.random.Generator) -> None:
    one = rng.binomial(2, 0.4, (40, 1)).astype(np.float32)
    dosage = np.hstack([one, 2 - one])
    scores = ld_scores(
        lambda start, stop: dosage[:, start:stop], np.ones(2, int), np.array([5, 9])
    )
    np.testing.assert_allclose(scores.score, 2, rtol=1e-6)


def test_standardised_dosages_multiply_to_correlations(rng: np.random.Generator) -> None:
    dosage = linked_dosage(rng, 25, 6)
    dosage[3, 2] = np.nan
    dosage[:, 4] = np.nan
    parts = standardise(dosage)
    r = parts.x @ parts.x.T
    filled = np.where(np.isnan(dosage), np.nanmean(dosage[:, :4]), dosage)
    assert r[0, 1] == pytest.approx(np.corrcoef(filled[:, 0], filled[:, 1])[0, 1], abs=1e-6)
    np.testing.assert_allclose(np.diag(r), [1, 1, 1, 1, 0, 1], atol=1e-6)
    assert np.isnan(parts.freq[4])
    np.testing.assert_array_equal(parts.n_observed, [25, 25, 24, 25, 0, 25])


def test_refuses_unsorted_variants_and_tiny_panels(rng: np.random.Generator) -> None:
    dosage = rng.binomial(2, 0.4, (2, 3)).astype(np.float32)
    chrom = np.ones(3, int)
    with pytest.raises(ValueError, match="number 2 lies before its predecessor"):
        ld_scores(lambda a, b: dosage[:, a:b], chrom, np.array([1, 3, 2]))
    with pytest.raises(ValueError, match="at least 3 samples, not 2"):
        ld_scores(lambda a, b: dosage[:, a:b], chrom, np.array([1, 2, 3]))


def test_agrees_with_an_independent_table_of_real_scores(shared_data: Path) -> None:
    folder = shared_data / "height_ukb_fastgwa_chr22"
    genotypes = open_genotypes(folder / "1000G_eur_chr22")
    pos = genotypes.variants["pos"].to_numpy()
    scores = ld_scores(genotypes.dosage, chromosome_codes(genotypes.variants["chrom"]), pos)
    table = shared_data / "demo_annotations_hg19/height_snps_annotated.hg19.tsv.gz"
    with gzip.open(table, "rt") as file:
        rows = [
            (row["SNP"], float(row["ldscore_1000g"]))
            for row in csv.DictReader(file, delimiter="\t")
            if row["set"] == "chr22_hm3"
        ]
    number = {name: at for at, name in enumerate(genotypes.variants["rsid"].to_pylist())}
    ours = np.array([scores.score[number[name]] for name, _ in rows])
    # the table has two decimals
    np.testing.assert_allclose(ours, [score for _, score in rows], atol=0.0053)


def test_equal_dosages_do_not_vary_whatever_the_rounding() -> None:
    for value in (0.0, 1.0, 2.0):
        dosage = np.full((3001, 2), value, np.float32)
        dosage[17, 0] = np.nan
        assert not standardise(dosage).sd.any()
    dosage[5, 0] = 1
    assert standardise(dosage).sd[0] > 0
