import itertools

import numpy as np
import pytest
from filesets import linked_dosage
from hypothesis import given
from hypothesis import strategies as st

from fabgwas.ld import (
    block_correlation,
    factorise,
    ld_scores,
    multiply,
    pack,
    shrinkage_intensity,
    split_blocks,
    standardise,
    unpack,
)


def _x(seed: int, n_samples: int, n_variants: int, copy: float = 0.9) -> np.ndarray:
    rng = np.random.default_rng(seed)
    return standardise(linked_dosage(rng, n_samples, n_variants, copy)).x


def _least_eigenvalue(r: np.ndarray) -> float:
    return float(np.linalg.eigvalsh(r.astype(np.float64))[0])


@pytest.mark.parametrize("shrinkage", [0.0, 0.1])
@pytest.mark.parametrize("n_samples", [30, 400])
def test_half_precision_stays_positive_semidefinite(
    n_samples: int, shrinkage: float
) -> None:
    r = block_correlation(_x(1, n_samples, 150), shrinkage)
    packed = pack(r)
    back = unpack(packed, 150)
    assert _least_eigenvalue(back) > -1e-6
    assert packed.ridge <= (0.01 if shrinkage == 0 else 0)
    assert np.abs(back - r).max() <= 2.5e-4 + packed.ridge
    np.testing.assert_array_equal(np.diag(back), 1)


def test_rounding_alone_would_break_definiteness() -> None:
    r = block_correlation(_x(1, 30, 150))
    rounded = r.astype(np.float16).astype(np.float64)
    assert np.linalg.eigvalsh(rounded)[0] < -1e-4
    assert pack(r).ridge > 0


@pytest.mark.parametrize("shrinkage", [0.0, 0.1])
@pytest.mark.parametrize("n_samples", [30, 400])
def test_eight_bits_stay_positive_semidefinite(n_samples: int, shrinkage: float) -> None:
    x = _x(2, n_samples, 150)
    factor = factorise(x, shrinkage)
    back = multiply(factor)
    assert _least_eigenvalue(back) > -1e-6
    np.testing.assert_array_equal(np.diag(back), 1)
    # dropped eigenvalues and rounding
    assert np.abs(back - block_correlation(x, shrinkage)).max() < 0.06


def test_all_eigenvectors_give_the_matrix_back() -> None:
    for n_samples in (20, 200):
        x = _x(3, n_samples, 60)
        back = multiply(factorise(x, energy=1.0))
        assert np.abs(back - block_correlation(x)).max() < 0.02


def test_fewer_eigenvectors_are_kept_where_ld_is_strong() -> None:
    strong, weak = _x(4, 200, 80, copy=0.98), _x(4, 200, 80, copy=0.1)
    assert factorise(strong).scale.size < 0.5 * factorise(weak).scale.size


def test_shrinkage_is_that_of_the_formula() -> None:
    x = _x(5, 25, 12).astype(np.float64)
    n = x.shape[1]
    variance = squares = 0.0
    for i, j in itertools.permutations(range(12), 2):
        w = n * x[i] * x[j]
        variance += n / (n - 1) ** 3 * np.sum((w - w.mean()) ** 2)
        squares += w.mean() ** 2
    # the published formula has n - 1 once more, in r = w n / (n - 1)
    expected = variance / (squares * (n / (n - 1)) ** 2)
    assert shrinkage_intensity(x) == pytest.approx(expected, rel=1e-6)


def test_shrinkage_is_strong_without_ld_and_weak_in_large_panels() -> None:
    assert shrinkage_intensity(_x(6, 50, 100, copy=0.0)) > 0.9
    assert shrinkage_intensity(_x(6, 2000, 100, copy=0.95)) < 0.02
    assert shrinkage_intensity(_x(6, 50, 1)) == 0


def test_shrinkage_brings_small_panels_nearer_to_the_truth() -> None:
    truth = block_correlation(_x(7, 20_000, 60, copy=0.5))
    rng = np.random.default_rng(8)
    dosage = linked_dosage(np.random.default_rng(7), 20_000, 60, 0.5)
    x = standardise(dosage[rng.choice(20_000, 60, replace=False)]).x
    shrunk = block_correlation(x, shrinkage_intensity(x))
    plain = block_correlation(x)
    assert np.square(shrunk - truth).sum() < 0.8 * np.square(plain - truth).sum()


def test_crossing_is_the_ld_between_the_two_sides(rng: np.random.Generator) -> None:
    dosage = linked_dosage(rng, 40, 25)
    chrom, pos = np.repeat([1, 2], [15, 10]), np.arange(25) * 10
    scores = ld_scores(lambda start, stop: dosage[:, start:stop], chrom, pos, 70)
    r2 = np.corrcoef(dosage, rowvar=False) ** 2
    r2 -= (1 - r2) / 38
    r2[np.abs(pos[:, None] - pos) > 70] = 0
    r2[chrom[:, None] != chrom] = 0
    expected = [r2[:cut, cut:].sum() for cut in range(25)]
    np.testing.assert_allclose(scores.crossing, expected, atol=1e-4)
    assert abs(scores.crossing[15]) < 1e-5


def test_cuts_fall_between_independent_stretches(rng: np.random.Generator) -> None:
    sizes = [40, 70, 30, 55]
    dosage = np.hstack([linked_dosage(rng, 300, size, 0.95) for size in sizes])
    chrom, pos = np.ones(dosage.shape[1], int), np.arange(dosage.shape[1])
    scores = ld_scores(lambda start, stop: dosage[:, start:stop], chrom, pos)
    block = split_blocks(scores.crossing, chrom, min_size=25, max_size=75)
    np.testing.assert_array_equal(np.bincount(block), sizes)


@given(
    st.lists(st.floats(0, 10), min_size=1, max_size=14),
    st.integers(1, 3),
    st.integers(0, 3),
)
def test_no_partition_of_allowed_sizes_crosses_less(
    crossing: list[float], min_size: int, extra: int
) -> None:
    n, max_size = len(crossing), 2 * min_size + extra
    block = split_blocks(np.array(crossing), np.ones(n, int), min_size, max_size)
    cuts = np.flatnonzero(np.diff(block)) + 1
    if n < min_size:
        assert cuts.size == 0
        return
    best = min(
        sum(crossing[cut] for cut in chosen)
        for count in range(n)
        for chosen in itertools.combinations(range(1, n), count)
        if all(min_size <= size <= max_size for size in np.diff([0, *chosen, n]))
    )
    assert all(min_size <= size <= max_size for size in np.bincount(block))
    assert sum(crossing[cut] for cut in cuts) == pytest.approx(best)


def test_chromosomes_never_share_a_block() -> None:
    chrom = np.repeat([1, 2, 5], [3, 30, 4])
    block = split_blocks(np.ones(37), chrom, 10, 20)
    np.testing.assert_array_equal(
        np.bincount(block, chrom) / np.bincount(block), [1, 2, 2, 5]
    )
    with pytest.raises(ValueError, match="at least twice min_size, not 15 for 10"):
        split_blocks(np.ones(37), chrom, 10, 15)
