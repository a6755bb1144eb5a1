"""Scoring files: what is written comes back, and what others write is understood."""

import gzip
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest

from fabgwas.errors import InputError, NothingToAnalyseError
from fabgwas.io import read_weights, write_weights

TABLE = pa.table(
    {
        "chrom": pa.array(["1", "1", "X", "2"]).dictionary_encode(),
        "pos": pa.array([100, 200, 300, 400], pa.int32()),
        "rsid": ["rs1", None, "rs3", "rs4"],
        "effect_allele": ["A", "G", "AT", "C"],
        "other_allele": ["C", "T", "A", "G"],
        "effect_allele_freq": [0.1, 0.2, 0.3, 0.4],
        "weight": [0.1, -1e-17, 3.25, 0.0],
        "weight_sd": [0.01, 0.02, 0.03, 0.04],
        "inclusion_prob": [0.5, 0.25, 1.0, 0.0],
    }
)


@pytest.fixture
def written(tmp_path: Path) -> dict[str, Path]:
    facts = {"config_sha256": "a=b"}
    return write_weights(
        TABLE, tmp_path / "toy", name="toy", build="GRCh37", trait="height", facts=facts
    )


def write(path: Path, text: str) -> Path:
    path.write_text(text)
    return path


def test_parquet_keeps_every_column_and_row(written: dict[str, Path]) -> None:
    back = read_weights(written["parquet"])
    assert back.scores == ("weight",)
    assert back.table["weight"].to_pylist() == TABLE["weight"].to_pylist()
    assert back.table["rsid"].to_pylist() == TABLE["rsid"].to_pylist()
    assert (back.name, back.build) == ("toy", "GRCh37")
    assert back.facts["config_sha256"] == "a=b"


@pytest.mark.parametrize("file", ["score", "pgs"])
def test_texts_give_the_same_weights_but_for_zeros(
    written: dict[str, Path], file: str
) -> None:
    back = read_weights(written[file])
    (score,) = back.scores
    assert back.table[score].to_pylist() == [0.1, -1e-17, 3.25]
    for name in ("pos", "effect_allele", "other_allele", "effect_allele_freq"):
        assert back.table[name].to_pylist() == TABLE[name].to_pylist()[:3], name
    assert back.table["chrom"].to_pylist() == ["1", "1", "X"]
    assert back.name == "toy"


def test_first_three_columns_are_what_plink_counts(written: dict[str, Path]) -> None:
    lines = [line.split("\t")[:3] for line in written["score"].read_text().splitlines()]
    assert lines[0] == ["rsid", "effect_allele", "toy"]
    assert lines[1] == ["rs1", "A", "0.1"]
    assert lines[2][0] == "1:200:T:G"


def test_catalog_file_states_what_the_catalog_asks_for(written: dict[str, Path]) -> None:
    lines = gzip.decompress(written["pgs"].read_bytes()).decode().splitlines()
    assert lines[0].startswith("###PGS CATALOG SCORING FILE")
    assert {"#format_version=2.0", "#genome_build=GRCh37", "#variants_number=3",
            "#weight_type=beta", "#trait_reported=height"} <= set(lines)  # fmt: skip
    assert lines[-4].split("\t")[:6] == ["rsID", "chr_name", "chr_position",
                                         "effect_allele", "other_allele",
                                         "effect_weight"]  # fmt: skip
    assert lines[-2].split("\t")[0] == ""


def test_same_weights_make_the_same_bytes(tmp_path: Path) -> None:
    first = write_weights(TABLE, tmp_path / "a", name="x")
    second = write_weights(TABLE, tmp_path / "b", name="x")
    assert all(first[k].read_bytes() == second[k].read_bytes() for k in first)


@pytest.mark.parametrize(
    ("table", "message"),
    [
        (TABLE.drop(["weight"]), "'weight'"),
        (TABLE.append_column("colour", TABLE["pos"]), "'colour'"),
        (
            TABLE.set_column(6, "weight", pa.array([1.0, np.nan, 2, 3])),
            r"weight\[1\] is nan",
        ),
    ],
)
def test_wrong_tables_are_refused(tmp_path: Path, table: pa.Table, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        write_weights(table, tmp_path / "x", name="x")


def test_plink_file_without_header(tmp_path: Path) -> None:
    back = read_weights(write(tmp_path / "s.txt", "rs1 A 0.5\nrs2 t -1\n"))
    assert back.table["rsid"].to_pylist() == ["rs1", "rs2"]
    assert back.table["effect_allele"].to_pylist() == ["A", "T"]
    assert back.table["weight"].to_pylist() == [0.5, -1.0]
    assert back.table["pos"].null_count == 2


def test_plink_file_with_several_scores(tmp_path: Path) -> None:
    path = write(
        tmp_path / "s.tsv",
        "#ID\tA1\tfirst\tof\tsecond\nrs1\tA\t1\tx\t2\nrs2\tC\t3\ty\t4\n",
    )
    back = read_weights(path)
    assert back.scores == ("first", "second")
    assert back.table["second"].to_pylist() == [2.0, 4.0]
    assert read_weights(path, ["second"]).scores == ("second",)


def test_harmonised_places_come_before_the_authors(tmp_path: Path) -> None:
    path = write(
        tmp_path / "PGS9.txt",
        "###PGS CATALOG SCORING FILE - see https://x.org\n#format_version=2.0\n"
        "##POLYGENIC SCORE (PGS) INFORMATION\n#pgs_id=PGS9\n#genome_build=GRCh37\n"
        "#citation=A = B\n##HARMONIZATION DETAILS\n#HmPOS_build=GRCh38\n"
        "rsID\tchr_name\tchr_position\teffect_allele\tother_allele\teffect_weight\t"
        "is_dominant\thm_source\thm_rsID\thm_chr\thm_pos\thm_inferOtherAllele\n"
        "rs1\t1\t10\tA\tG\t0.5\tFalse\tENSEMBL\trs1\t1\t20\t\n"
        "rs2\t1\t11\tA\tG\t0.5\tTrue\tENSEMBL\trs2\t1\t21\t\n"
        "rs3\t1\t12\tA\tG\t0.5\tFalse\tUnknown\t\t\t\t\n",
    )
    back = read_weights(path)
    assert back.table["pos"].to_pylist() == [20, None]
    assert back.table["rsid"].to_pylist() == ["rs1", "rs3"]
    assert (back.name, back.build, back.facts["citation"]) == ("PGS9", "GRCh38", "A = B")
    assert back.counts["not_additive"] == 1


def test_real_file_of_the_catalog(shared_data: Path) -> None:
    path = shared_data / "pgs_catalog_score" / "PGS001229_hmPOS_GRCh38.txt.gz"
    back = read_weights(path)
    assert back.counts["read"] == 51_209
    # on contigs that are no chromosome
    assert back.counts["no_place_or_identifier"] == 28
    assert len(back) == 51_181
    assert back.build == "GRCh38"
    first = back.table.slice(0, 1).to_pylist()[0]
    assert first == {
        "chrom": "1", "pos": 817341, "rsid": None, "effect_allele": "G",
        "other_allele": "A", "effect_weight": 0.007304277,
    }  # fmt: skip


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("a b c\n1 2 3\n", "no column of effect alleles"),
        ("A1 W\nA 1\n", "neither a column of identifiers"),
        ("ID A1\nrs1 A\n", "no column of weights"),
        ("ID A1 W\nrs1 A x\n", "no column of numbers"),
        ("ID A1 W\nrs1 A 1\nrs2 A x\n", "line 3, column W"),
        ("rs1 0.5\nrs2 1\n", "line 1: neither a header"),
    ],
)
def test_unclear_files_are_refused_with_the_place(
    tmp_path: Path, text: str, message: str
) -> None:
    with pytest.raises(InputError, match=message):
        read_weights(write(tmp_path / "s.txt", text))


def test_no_row_left(tmp_path: Path) -> None:
    with pytest.raises(NothingToAnalyseError, match="no weight is left of 1 rows"):
        read_weights(write(tmp_path / "s.txt", "ID A1 W V\nrs1 A 1 NA\n"), ["V"])
