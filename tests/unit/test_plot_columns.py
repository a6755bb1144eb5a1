"""Figures of lists, and of columns of pandas, polars and Arrow, are those of arrays."""

import inspect

import jaxtyping
import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest

from fabgwas import plots

N = 40
_rng = np.random.default_rng(0)
POS = np.arange(1, N + 1) * 100_000
LOG_P = -_rng.exponential(3.0, N)
Z, MEAN, VAR = _rng.normal(size=N), _rng.normal(size=N), _rng.uniform(1, 4, N)
CASE = np.arange(N) % 2 == 0
CHROM, BLOCK = np.repeat([1, 2], N // 2), np.repeat(np.arange(8), 5)
ENDS = np.column_stack([Z - 1, Z + 1])

CALLS = {
    "manhattan": {"chrom": CHROM, "pos": POS, "log_pvalue": LOG_P},
    "mirrored_manhattan": {
        "chrom": CHROM, "pos": POS, "log_pvalue_up": LOG_P, "log_pvalue_down": LOG_P,
    },
    "qq": {"log_pvalues": LOG_P},
    "locus_zoom": {"pos": POS, "log_pvalue": LOG_P, "r2": VAR / 4},
    "prior_calibration": {"prior_mean": MEAN, "prior_var": VAR, "z": Z, "block": BLOCK},
    "prior_direction": {"prior_mean": MEAN, "z": Z, "block": BLOCK},
    "roc": {"scores": Z, "case": CASE},
    "score_distribution": {"score": Z, "case": CASE},
    "quantile_plot": {"estimate": VAR, "lower": VAR - 1, "upper": VAR + 1, "binary": False},
    "reliability": {"predicted": Z, "observed": MEAN, "se": VAR, "binary": False},
    "effect_intervals": {
        "names": [str(k) for k in range(N)], "estimate": Z, "usual": ENDS, "fab": ENDS,
    },
    "lambda_gc": {"log_pvalue": LOG_P},
}  # fmt: skip
KINDS = {
    "list": lambda array: array.tolist(),
    "pandas": lambda array: pd.DataFrame({"a": list(array)})["a"],
    "nullable pandas": lambda array: pd.Series(list(array)).convert_dtypes(),
    "polars": lambda array: pl.Series(array.tolist()),
    "Arrow": lambda array: pa.chunked_array([pa.array(array.tolist())]),
}


def drawn(name, arguments):
    """All points of a figure, or what a function gives instead."""
    made = getattr(plots, name)(**arguments)
    if isinstance(made, float):
        return [made]
    points = [each.get_offsets().data for each in made.collections]
    return [*points, *(line.get_xydata() for line in made.lines)]


def test_every_figure_is_tried():
    public = {name for name in plots.__all__ if inspect.isfunction(getattr(plots, name))}
    assert set(CALLS) == public


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("name", CALLS)
def test_columns_are_as_good_as_arrays(name, kind):
    given = CALLS[name]
    columns = {
        key: KINDS[kind](value) if getattr(value, "ndim", 0) == 1 else value
        for key, value in given.items()
    }
    for expected, found in zip(drawn(name, given), drawn(name, columns), strict=True):
        np.testing.assert_array_equal(found, expected)


@pytest.mark.parametrize("names", [["chr1", "2"], ["X", "chrX"]])
def test_chromosomes_may_be_named(names):
    column = pa.array(np.repeat(names, N // 2).tolist()).dictionary_encode()
    codes = np.repeat([23 if "X" in name else int(name[-1]) for name in names], N // 2)
    for expected, found in zip(
        drawn("manhattan", CALLS["manhattan"] | {"chrom": codes}),
        drawn("manhattan", CALLS["manhattan"] | {"chrom": column}),
        strict=True,
    ):
        np.testing.assert_array_equal(found, expected)


def test_several_lists_by_name():
    one = drawn("qq", {"log_pvalues": {"a": LOG_P, "b": LOG_P / 2}})
    two = drawn("qq", {"log_pvalues": {"a": LOG_P.tolist(), "b": pl.Series(LOG_P / 2)}})
    for expected, found in zip(one, two, strict=True):
        np.testing.assert_array_equal(found, expected)


@pytest.mark.parametrize(
    ("name", "wrong", "told"),
    [
        ("manhattan", {"log_pvalue": ["x"] * N}, "log_pvalue must hold numbers, but .*'x'"),
        ("manhattan", {"log_pvalue": np.exp(LOG_P).tolist()}, "natural logarithms"),
        ("manhattan", {"pos": (POS + 0.5).tolist()}, r"whole numbers, but pos\[0\]"),
        ("manhattan", {"pos": [None, *POS[1:].tolist()]}, r"whole numbers, but pos\[0\]"),
        ("manhattan", {"chrom": ["chr99"] * N}, "codes from 1 to 25"),
        ("manhattan", {"chrom": 22}, "chrom must be a list, an array or a column, not int"),
        ("manhattan", {"chrom": [["1"], 2] * (N // 2)}, "values of one kind"),
        ("roc", {"case": [1, 2] * (N // 2)}, "PLINK's codes 2 and 1 give case == 2"),
    ],
)  # fmt: skip
def test_what_is_amiss_is_told(name, wrong, told):
    with pytest.raises(ValueError, match=told):
        getattr(plots, name)(**(CALLS[name] | wrong))


@pytest.mark.parametrize(
    ("name", "wrong", "told"),
    [
        ("manhattan", {"pos": POS[1:].tolist()}, "pos must be as long as chrom"),
        ("roc", {"case": [True, False]}, "must be as long as case"),
        ("score_distribution", {"case": [True, False]}, "case must be as long as score"),
        ("locus_zoom", {"r2": [0.5]}, "r2 must be as long as pos"),
        ("quantile_plot", {"upper": [0.5]}, "upper must be as long as estimate"),
        ("reliability", {"se": [0.5]}, "se must be as long as predicted"),
    ],
)
def test_unequal_lengths_are_told(name, wrong, told, monkeypatch):
    monkeypatch.setattr(jaxtyping.config, "jaxtyping_disable", True)  # as for users
    with pytest.raises(ValueError, match=told):
        getattr(plots, name)(**(CALLS[name] | wrong))
