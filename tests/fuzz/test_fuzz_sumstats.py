"""Damaged summary statistics: read with their intact rows as they were, or refused."""

import json
import re
from pathlib import Path

import numpy as np
import pytest
from damage import TEXT, damaged, fuzz, read_or_refuse, unpacked
from hypothesis import strategies as st

from fabgwas.io import read_sumstats

FOLDER = Path(__file__).parents[1] / "golden" / "formats"
CASES = {
    case["file"] + (case["options"].get("trait") or ""): case
    for case in json.loads((FOLDER / "expected.json").read_text())["files"]
}
COMPARED = ("chrom", "pos", "effect_allele", "other_allele", "beta", "se", "z",
            "log_pvalue", "n")  # fmt: skip


@pytest.fixture(scope="module", params=CASES, ids=str)
def case(request):
    return CASES[request.param]


@pytest.fixture(scope="module")
def options(case):
    options = dict(case["options"])
    if "bim" in options:
        options["bim"] = FOLDER / options["bim"]
    return options


@pytest.fixture(scope="module")
def pristine(case, options):
    content = unpacked(FOLDER / case["file"])
    study = read_sumstats(FOLDER / case["file"], **options)
    return content, {row["rsid"]: row for row in study.table.to_pylist()}


@pytest.fixture(scope="module")
def path(case, tmp_path_factory):
    # PLINK 2 tells the phenotype by the name, not the format
    return tmp_path_factory.mktemp("damaged") / Path(case["file"]).name


@fuzz(data=st.data())
def test_a_damaged_study_is_read_aright_or_refused(data, path, options, pristine):
    content, rows = pristine
    damage = data.draw(damaged(content, TEXT, pack=True))
    path.write_bytes(damage)
    study = read_or_refuse(lambda: read_sumstats(path, **options), path)
    if study is not None:
        assert_sane(study)
        if header_of(damage) == header_of(content):
            assert_intact_rows_agree(study, content, damage, rows)


def header_of(content):
    lines = [line for line in content.split(b"\n") if not line.startswith(b"##")]
    return lines[0] if lines else b""


def assert_sane(study):
    table, counts = study.table, study.counts
    dropped = sum(n for name, n in counts.items() if name.startswith("dropped_"))
    assert counts["read"] == counts["kept"] + dropped
    assert counts["kept"] == table.num_rows > 0
    columns = {name: table[name].to_pylist() for name in table.column_names}
    assert np.isfinite(np.array(columns["z"], float)).all()
    assert np.isfinite(np.array(columns["log_pvalue"], float)).all()
    assert max(columns["log_pvalue"]) <= 0
    for name in ("effect_allele", "other_allele"):
        assert all(re.fullmatch("[ACGT]+", allele) for allele in columns[name])
    for pos, rsid, chrom in zip(
        *(columns[n] for n in ("pos", "rsid", "chrom")), strict=True
    ):
        assert (pos is None) == (chrom is None)
        assert rsid is not None if pos is None else 0 < pos < 2**31
    assert all(value is None or 0 < value < np.inf for value in columns["se"])
    assert all(value is None or 0 < value < np.inf for value in columns["n"])
    assert all(value is None or np.isfinite(value) for value in columns["beta"])
    assert all(value is None or 0 <= value <= 1 for value in columns["effect_allele_freq"])


def assert_intact_rows_agree(study, content, damage, rows):
    """Rows whose line is as it was, and whose identifier is in no other line."""
    intact = set(content.split(b"\n")) & set(damage.split(b"\n"))
    for row in study.table.to_pylist():
        known = rows.get(row["rsid"])
        if row["rsid"] is None or known is None:
            continue
        named = [line for line in damage.split(b"\n") if row["rsid"].encode() in line]
        if intact.issuperset(named):
            for name in COMPARED:
                same = row[name] == known[name]
                assert same or row[name] == pytest.approx(known[name], rel=1e-12), name
