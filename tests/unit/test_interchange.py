"""Tables of pandas and polars are as good as files, and wrong arguments are told."""

from pathlib import Path

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest

import fabgwas as fg
from fabgwas.interchange import as_arrow, expect

FORMATS = Path(__file__).parents[1] / "golden/formats"
STUDY = FORMATS / "plink2.quant.glm.linear"
MAKERS = {
    # p-values as text, since floats lose the smallest
    "pandas": lambda path: pd.read_csv(path, sep="\t", dtype={"P": str}),
    "polars": lambda path: pl.read_csv(path, separator="\t", infer_schema=False),
    "arrow": lambda path: pa.Table.from_pandas(pd.read_csv(path, sep="\t", dtype=str)),
}


@pytest.mark.parametrize("maker", sorted(MAKERS))
def test_a_study_may_be_a_table(maker):
    table = fg.read_sumstats(MAKERS[maker](STUDY)).table
    file = fg.read_sumstats(STUDY).table
    # libraries may read a number from text one bit apart
    pd.testing.assert_frame_equal(table.to_pandas(), file.to_pandas(), rtol=1e-14)


def test_a_number_is_kept_to_the_last_bit():
    effect = np.nextafter(0.1, 1)
    table = pd.DataFrame(
        {"CHROM": ["1"], "POS": [5], "EFFECT_ALLELE": ["A"], "OTHER_ALLELE": ["C"],
         "BETA": [effect], "SE": [1.0], "N": [100]}
    )  # fmt: skip
    assert fg.read_sumstats(table).table["beta"].to_pylist() == [effect]


@pytest.mark.parametrize("convert", [lambda t: t, pa.Table.to_pandas, pl.from_arrow])
def test_loci_are_found_in_any_table(convert):
    columns = {
        "beta": [0.1, 0.1],
        "se": [0.01, 0.1],
        "z": [10.0, 1.0],
        "prior_mean": [0.0, 0.0],
        "prior_var": [1.0, 1.0],
        "log_pvalue": [-50.0, -1.0],
    }
    results = pa.table({"chrom": ["1", "1"], "pos": [100, 5_000_000], **columns})
    loci = fg.name_loci(fg.find_loci(convert(results), "two-sided"), "GRCh37")
    assert loci["pos"].to_pylist() == [100]
    assert "nearest_gene" in loci.column_names


def test_texts_of_polars_are_those_of_arrow():
    table = as_arrow(pl.DataFrame({"rsid": ["rs1"]}))
    assert table.schema.field("rsid").type == pa.string()


@pytest.mark.parametrize(
    ("call", "error", "told"),
    [
        (lambda: fg.find_loci(pa.table({"pos": [1]}), "fab"), ValueError,
         "no column 'chrom'; it has pos"),
        (lambda: fg.find_loci(pa.table({"pos": [1]}), "best"), ValueError,
         "test must be one of two-sided, fab, family"),
        (lambda: expect("a path", fg.RunConfig, "fabgwas.RunConfig"), TypeError,
         "what fabgwas.RunConfig gives is needed here, not str"),
    ],
)  # fmt: skip
def test_wrong_arguments_are_told(call, error, told):
    with pytest.raises(error, match=told):
        call()
