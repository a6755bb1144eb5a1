import numpy as np
import pyarrow as pa
import pytest
from filesets import linked_dosage, write_fileset
from scipy.stats import chi2

from fabgwas.errors import NothingToAnalyseError
from fabgwas.fab import kernel_test, variance_kernel
from fabgwas.ldstore import build_ld, open_ld
from fabgwas.sets import set_tests

SIZE, SETS = 30, 1000


@pytest.fixture
def ld() -> np.ndarray:
    lag = np.abs(np.subtract.outer(np.arange(SIZE), np.arange(SIZE)))
    return 0.9**lag


def kernels(rng: np.random.Generator) -> dict[str, np.ndarray]:
    return {
        "equal": variance_kernel(np.ones(SIZE)),
        "variances": variance_kernel(np.exp(rng.normal(0, 2, SIZE))),
        "with means": variance_kernel(rng.exponential(1, SIZE), rng.normal(0, 3, SIZE)),
        "features": rng.normal(0, 1, (SIZE, 4)),
        "more features than variants": rng.normal(0, 1, (SIZE, 50)),
    }


@pytest.mark.parametrize("name", kernels(np.random.default_rng(0)))
def test_uniform_under_the_null_with_any_kernel(rng, ld, name) -> None:
    factor = kernels(rng)[name]
    noise = rng.standard_normal((SETS, SIZE)) @ np.linalg.cholesky(ld).T
    log_p = np.array([kernel_test(z, ld, factor).log_pvalue for z in noise])
    for level in (0.5, 0.05):
        error = np.sqrt(level * (1 - level) / SETS)
        assert abs(np.mean(log_p <= np.log(level)) - level) <= 5 * error


def test_one_variant_is_the_two_sided_test() -> None:
    found = kernel_test(np.array([2.5]), np.ones((1, 1)), np.array([[0.3]]))
    assert found.log_pvalue == pytest.approx(chi2.logsf(6.25, 1))
    assert found.statistic == pytest.approx(6.25)
    assert found.n_effective == pytest.approx(1)


def test_independent_variants_are_a_chi_square(rng) -> None:
    z = rng.normal(0, 2, 12)
    found = kernel_test(z, np.eye(12), variance_kernel(np.full(12, 7.0)))
    assert found.log_pvalue == pytest.approx(chi2.logsf(z @ z, 12))
    assert found.n_effective == pytest.approx(12)


def test_the_right_kernel_finds_more(rng, ld) -> None:
    variance = np.where(np.arange(SIZE) < 3, 4.0, 0.02)
    effects = rng.normal(0, np.sqrt(variance), (500, SIZE)) @ ld
    z = effects + rng.standard_normal((500, SIZE)) @ np.linalg.cholesky(ld).T
    power = [
        np.mean([kernel_test(row, ld, factor).log_pvalue < np.log(1e-4) for row in z])
        for factor in (variance_kernel(variance), variance_kernel(np.ones(SIZE)))
    ]
    assert power[0] > 1.2 * power[1] > 0


def test_a_kernel_of_nothing_says_nothing() -> None:
    found = kernel_test(np.ones(2), np.eye(2), variance_kernel(np.zeros(2)))
    assert found.log_pvalue == 0
    with pytest.raises(ValueError, match=r"effect_var\[1\]"):
        variance_kernel(np.array([1.0, -1.0]))
    with pytest.raises(ValueError, match="not positive semidefinite"):
        kernel_test(np.ones(2), np.array([[1.0, 2], [2, 1]]), np.eye(2))


@pytest.fixture
def panel(tmp_path, rng):
    chrom = ["1"] * 40 + ["2"] * 20
    write_fileset(tmp_path / "g", linked_dosage(rng, 80, 60), chrom=chrom)
    (tmp_path / "b.bed").write_text("1 0 20500\n1 20500 50000\n2 0 90000\n")
    store = build_ld(
        tmp_path / "g", tmp_path / "ld", tmp_path / "b.bed", encoding="float32"
    )
    return open_ld(store)


def study_of(panel, z: np.ndarray) -> pa.Table:
    names = ["chrom", "pos", "rsid", "effect_allele", "other_allele"]
    return panel.variants.select(names).append_column("z", pa.array(z))


REGIONS = pa.table(
    {
        "name": ["inside", "across", "empty", "other"],
        "chrom": ["1", "1", "1", "2"],
        "start": [3000, 18_000, 90_000, 41_000],
        "stop": [9000, 23_000, 99_000, 44_500],
    }
)


def test_regions_of_a_study(panel, rng) -> None:
    z, variance = rng.normal(0, 1.5, 60), rng.exponential(1, 60)
    table = set_tests(study_of(panel, z), panel, REGIONS, variance)
    assert table["name"].to_pylist() == ["inside", "across", "other"]
    assert table["n_variants"].to_pylist() == [7, 6, 4]
    inside = slice(2, 9)
    expected = kernel_test(
        z[inside],
        panel.block(0).ld[inside, inside].astype(float),
        variance_kernel(variance[inside]),
    )
    assert table["log_pvalue_set"][0].as_py() == pytest.approx(expected.log_pvalue)
    across = np.zeros((6, 6))  # three variants of one block, three of the next
    across[:3, :3] = panel.block(0).ld[17:20, 17:20]
    across[3:, 3:] = panel.block(1).ld[:3, :3]
    flat = kernel_test(z[17:23], across, np.eye(6))
    assert table["log_pvalue_set_equal"][1].as_py() == pytest.approx(flat.log_pvalue)


def test_alleles_and_order_of_the_study_do_not_matter(panel, rng) -> None:
    z, mean = rng.normal(0, 1.5, 60), rng.normal(0, 1, 60)
    features = rng.normal(0, 1, (60, 3))
    study = study_of(panel, z)
    sign = rng.choice([-1, 1], 60)
    alleles = [study[name].to_pylist() for name in ("effect_allele", "other_allele")]
    swapped = [
        pa.array([pair[int(sign[i] < 0)] for i, pair in enumerate(zip(*two, strict=True))])
        for two in (alleles, alleles[::-1])
    ]
    other = study.set_column(3, "effect_allele", swapped[0])
    other = other.set_column(4, "other_allele", swapped[1])
    other = other.set_column(5, "z", pa.array(z * sign))
    order = rng.permutation(60)
    for given in ({"effect_mean": mean}, {"features": features}):
        one = set_tests(study, panel, REGIONS, **given, margin_kb=2.0)
        if "effect_mean" in given:
            given = {"effect_mean": (mean * sign)[order]}
        else:
            given = {"features": features[order]}
        two = set_tests(other.take(pa.array(order)), panel, REGIONS, **given, margin_kb=2.0)
        np.testing.assert_allclose(one["log_pvalue_set"], two["log_pvalue_set"], rtol=1e-6)
    assert one["n_variants"].to_pylist() == [11, 10, 6]


def test_a_region_of_several_folds_is_tested_without_its_prior(panel, rng) -> None:
    z, variance = rng.normal(0, 1.5, 60), rng.exponential(1, 60)
    fold = np.where(np.arange(60) < 20, 0, 1)
    table = set_tests(study_of(panel, z), panel, REGIONS, variance, fold=fold).to_pylist()
    inside, across, other = (
        row["log_pvalue_set"] == row["log_pvalue_set_equal"] for row in table
    )
    assert across
    assert not inside
    assert not other


def test_says_when_no_region_has_variants(panel) -> None:
    study = study_of(panel, np.zeros(60))
    with pytest.raises(NothingToAnalyseError, match="none of 1 regions holds 1 to 5000"):
        set_tests(study, panel, REGIONS.slice(2, 1))
