"""Extreme and degenerate inputs: finite answers, or an error that says what is wrong."""

import itertools

import numpy as np
import pyarrow as pa
import pytest

import fabgwas as fg
from fabgwas.alignment import align
from fabgwas.assoc import fab_test
from fabgwas.errors import InputError
from fabgwas.fab import family_weights
from fabgwas.io import SumStats
from fabgwas.ld import make_blocks
from fabgwas.prior import fit_prior
from fabgwas.store import StoreMetadata, write_embeddings

SIZES = [0.0, 1e-300, 1e-12, 1.0, 1e4, 1e16, 1e100, 1e155, 1e308]


# ---- one variant at a time


@pytest.mark.parametrize("df", [None, 3.0, 1e6])
def test_no_finite_prior_makes_a_p_value_nan(df):
    z, mean, var = map(
        np.array,
        zip(
            *itertools.product([0, 1, -38, 1e4, -1e150], SIZES, [*SIZES, np.inf]),
            strict=True,
        ),
    )
    for sign in (1, -1):
        log_p = fg.fab_log_pvalues(z, sign * mean, var, df)
        assert (log_p <= 0).all()
        assert np.isfinite(log_p[np.abs(z) <= 1e4]).all()


@pytest.mark.parametrize("mean", [np.inf, -np.inf, np.nan])
def test_a_prior_mean_must_be_finite(mean):
    with pytest.raises(ValueError, match=r"prior_mean must be finite.*\[1\]"):
        fg.fab_log_pvalues([1.0, 2.0], [0.0, mean], np.inf)


@pytest.mark.parametrize("df", [None, 3.0])
@pytest.mark.parametrize("alpha", [5e-8, 0.05, 0.5])
def test_intervals_are_finite_and_hold_the_estimate(alpha, df):
    cases = itertools.product([0, 1, -1e4], [1e-12, 1, 1e12], SIZES, [*SIZES, np.inf])
    estimate, se, mean, var = map(np.array, zip(*cases, strict=True))
    for sign in (1, -1):
        lower, upper = fg.fab_intervals(estimate, se, sign * mean, var, alpha, df)
        assert np.isfinite(lower).all()
        assert np.isfinite(upper).all()
        assert (lower <= estimate).all()
        assert (estimate <= upper).all()


def test_intervals_of_little_coverage_are_refused():
    with pytest.raises(ValueError, match=r"at most 0\.5"):
        fg.fab_intervals(1.0, 1.0, 0.0, 1.0, alpha=0.6)


@pytest.mark.parametrize("utility", [None, np.repeat([1.0, 2.0, 3.0], 200)])
def test_equal_scores_never_spend_more_than_the_budget(utility):
    weights = family_weights(0.0, 0.0, np.zeros(600), 1e-3, utility=utility)
    assert weights.mean() <= 1 + 1e-6
    normal = family_weights(0.0, 1.0, np.zeros(600), 1e-3, utility=utility)
    assert normal.mean() == pytest.approx(1, rel=1e-6)


# ---- whole studies


def study_of(z, *, chrom=None, pos=None, se=1.0, frequency=0.3, n=1e4):
    size = len(z)
    chrom = (
        np.repeat(["1", "2", "3", "4", "5"], -(-size // 5))[:size]
        if chrom is None
        else chrom
    )
    pos = np.arange(1, size + 1) * 20_000 if pos is None else pos
    z = np.asarray(z, float)
    columns = {
        "chrom": pa.array(chrom).dictionary_encode(),
        "pos": pa.array(pos, pa.int32()),
        "rsid": [f"rs{k}" for k in range(size)],
        "effect_allele": pa.array(["A"] * size).dictionary_encode(),
        "other_allele": pa.array(["C"] * size).dictionary_encode(),
        "effect_allele_freq": np.full(size, frequency),
        "beta": z * se,
        "se": np.full(size, se),
        "z": z,
        "log_pvalue": fg.fab_log_pvalues(z, 0.0, 1.0),
        "n": np.full(size, n),
    }
    return SumStats(pa.table(columns), "study.tsv", "generic", "A", "GRCh38", None, "")


def prior_of(folder, study, embedding, blocks=None):
    table = study.table.select(["chrom", "pos", "rsid"])
    table = table.append_column("ref", pa.array(["C"] * len(study)))
    table = table.append_column("alt", pa.array(["A"] * len(study)))
    metadata = StoreMetadata(model="toy", dim=embedding.shape[1], build="GRCh38")
    store = write_embeddings(folder, metadata, table, embedding)
    return fit_prior(study, store, align(study, store), blocks=blocks or "EUR")


def check_tests(folder, study, embedding):
    prior = prior_of(folder, study, embedding)
    table = fab_test(prior)
    for name in ("prior_mean", "prior_var", "log_pvalue_fab", "log_pvalue_family",
                 "fab_lower", "fab_upper", "family_weight"):  # fmt: skip
        assert np.isfinite(table[name].to_numpy()).all(), name
    return table


@pytest.fixture(scope="module")
def normal():
    return np.random.default_rng(7).standard_normal((600, 6))


@pytest.fixture(scope="module")
def z():
    return np.random.default_rng(8).standard_normal(600)


EMBEDDINGS = {
    "ordinary": lambda x: x,
    "all equal": lambda x: np.ones_like(x),
    "all zero": np.zeros_like,
    "pairs of equal rows": lambda x: np.repeat(x[::2], 2, axis=0),
    "columns twice": lambda x: np.column_stack([x, x]),
    "constant columns": lambda x: np.where(np.arange(6) % 2, x, 3.0),
    "tiny": lambda x: 1e-6 * x,
    "huge": lambda x: 1e4 * x,
    "one column": lambda x: x[:, :1],
}


@pytest.mark.parametrize("name", EMBEDDINGS)
def test_embeddings_without_rank_or_scale(tmp_path, name, normal, z):
    check_tests(tmp_path / "store", study_of(z), EMBEDDINGS[name](normal))


STUDIES = {
    "all null": lambda z: study_of(0 * z),
    "all equal": lambda z: study_of(0 * z + 2.5),
    "all huge": lambda z: study_of(1e4 + z),
    "one huge": lambda z: study_of(np.where(np.arange(z.size) == 99, 1e4, z)),
    "tiny errors": lambda z: study_of(z, se=1e-12),
    "large errors": lambda z: study_of(z, se=1e12),
    "monomorphic": lambda z: study_of(z, frequency=0.0),
    "two people": lambda z: study_of(z, n=2.0),
}


@pytest.mark.parametrize("name", STUDIES)
def test_studies_without_signal_or_scale(tmp_path, name, normal, z):
    check_tests(tmp_path / "store", STUDIES[name](z), normal)


@pytest.mark.parametrize("size", [1, 2, 3, 4])
def test_a_handful_of_variants_is_refused_in_a_line(tmp_path, size, normal, z):
    with pytest.raises(
        InputError, match=r"study\.tsv: \d aligned variants in \d LD blocks"
    ):
        prior_of(tmp_path / "store", study_of(z[:size]), normal[:size])


@pytest.mark.parametrize("n_blocks", range(1, 9))
def test_few_ld_blocks_are_refused_in_a_line_or_enough(tmp_path, n_blocks, normal, z):
    study = study_of(z, chrom=["22"] * z.size)
    ends = np.linspace(0, 20_000 * z.size, n_blocks + 1)[1:-1].astype(np.int64)
    blocks = make_blocks(np.full(ends.size, 22), ends)
    if n_blocks < 8:
        with pytest.raises(InputError, match=f"in {n_blocks} LD blocks are too few"):
            prior_of(tmp_path / "store", study, normal, blocks)
    else:
        prior = prior_of(tmp_path / "store", study, normal, blocks)
        assert np.isfinite(prior.moments.var).all()


def test_the_seed_and_nothing_else_decides(tmp_path, normal, z):
    first = check_tests(tmp_path / "one", study_of(z), normal)
    second = check_tests(tmp_path / "two", study_of(z), normal)
    assert first.equals(second)
