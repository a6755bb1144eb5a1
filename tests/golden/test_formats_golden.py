"""Summary statistics as real programs write them, against values worked out by hand.

`formats/README.md` says which command made which file, `formats/make_expected.py` how the
expected rows follow from the text of a file.
"""

import json
import math
import re
from pathlib import Path

import pytest

from fabgwas.errors import InputError
from fabgwas.io import read_sumstats

FOLDER = Path(__file__).parent / "formats"
EXPECTED = json.loads((FOLDER / "expected.json").read_text())

PLACE = ("chrom", "pos", "rsid")
ALLELES = ("effect_allele", "other_allele")
NUMBERS = ("effect_allele_freq", "beta", "se", "n")


def read(case):
    options = dict(case["options"])
    if "bim" in options:
        options["bim"] = FOLDER / options["bim"]
    return read_sumstats(FOLDER / case["file"], **options)


def name_of(case):
    return "-".join([case["file"], *filter(None, [case["options"].get("trait")])])


@pytest.fixture(scope="module", params=EXPECTED["files"], ids=name_of)
def case(request):
    return request.param


@pytest.fixture(scope="module")
def study(case):
    return read(case)


def test_the_format_and_the_effect_allele_are_recognised(case, study):
    assert study.format == case["format"]
    assert study.effect_allele_column == case["effect_allele_column"]


def test_every_row_is_kept_or_counted_with_a_reason(case, study):
    dropped = {f"dropped_{reason}": size for reason, size in case["dropped"].items()}
    assert study.counts == {"read": case["read"], "kept": case["kept"]} | dropped
    assert len(study) == case["kept"]


def test_the_worked_rows_are_found(case, study):
    found = {tuple(row[name] for name in PLACE): row for row in study.table.to_pylist()}
    for row in case["rows"]:
        assert_row(found[tuple(row[name] for name in PLACE)], row)


def assert_row(found, row):
    assert [found[name] for name in ALLELES] == [row[name] for name in ALLELES]
    for name in NUMBERS:
        if row[name] is None:
            assert found[name] is None
        else:
            assert found[name] == pytest.approx(row[name], rel=1e-9)
    assert found["z"] == pytest.approx(row["z"], rel=1e-9)
    logp = -found["log_pvalue"] / math.log(10)
    assert logp == pytest.approx(row["neg_log10_pvalue"], rel=1e-9)


def test_no_p_value_is_zero_or_missing(study):
    assert study.table["log_pvalue"].null_count == 0
    assert all(math.isfinite(value) for value in study.table["log_pvalue"].to_pylist())


@pytest.mark.parametrize("file", EXPECTED["refused"])
def test_tables_of_something_else_are_refused(file):
    path = FOLDER / file
    with pytest.raises(InputError, match=re.escape(str(path))):
        read_sumstats(path)


def test_one_of_several_traits_must_be_chosen():
    with pytest.raises(InputError, match=r"Y1, Y2 .*trait"):
        read_sumstats(FOLDER / "no_split.regenie")


@pytest.mark.parametrize("file", ["plink1_q.qassoc", "plink1_linear.assoc.linear"])
def test_alleles_that_a_file_lacks_need_a_bim(file):
    with pytest.raises(InputError, match="bim"):
        read_sumstats(FOLDER / file)
