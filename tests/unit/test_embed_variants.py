"""Lists of variants: formats, order, and what is left out."""

import bz2
import gzip
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import zstandard

from fabgwas.errors import InputError, NothingToAnalyseError
from fabgwas_embeddings import read_variants, variant_list
from fabgwas_embeddings._long_list import LongVariantList
from fabgwas_embeddings._variants import tell_drops


def rows(path: Path) -> list[tuple]:
    return [tuple(row.values()) for row in read_variants(path).table.to_pylist()]


def test_a_bim_takes_a2_as_ref_and_a1_as_alt(tmp_path: Path) -> None:
    path = tmp_path / "a.bim"
    path.write_text("23\trs2\t0\t5\tg\ta\n1\trs1\t0\t7\tC\tT\n1\t.\t0\t3\tA\t0\n")
    found = read_variants(path)
    assert rows(path) == [("1", 7, "T", "C", "rs1"), ("X", 5, "A", "G", "rs2")]
    assert found.counts["dropped_alleles"] == 1


def test_a_vcf_is_split_into_one_row_an_allele(tmp_path: Path) -> None:
    path = tmp_path / "a.vcf.gz"
    lines = [
        "##fileformat=VCFv4.2",
        "#CHROM\tPOS\tID\tREF\tALT\tQUAL\tFILTER\tINFO",
        "chr2\t10\trs1\tA\tG,T,<DEL>\t.\t.\t.",
        "2\t9\t.\tAC\tA\t.\t.\t.",
    ]
    path.write_bytes(gzip.compress("\n".join(lines).encode() + b"\n"))
    assert rows(path) == [
        ("2", 9, "AC", "A", None),
        ("2", 10, "A", "G", "rs1"),
        ("2", 10, "A", "T", "rs1"),
    ]


def test_compression_is_told_by_the_first_bytes(tmp_path: Path) -> None:
    text = b"#CHROM\tPOS\tID\tREF\tALT\n1\t5\trs1\tA\tG\n"
    packed = [text, gzip.compress(text), bz2.compress(text), zstandard.compress(text)]
    for number, content in enumerate(packed):
        path = tmp_path / f"{number}.pvar"
        path.write_bytes(content)
        assert rows(path) == [("1", 5, "A", "G", "rs1")]


def test_a_list_of_hapmap_snps_and_summary_statistics(tmp_path: Path) -> None:
    hapmap = tmp_path / "hm3.snplist"
    hapmap.write_text("rsid\tA1\tA2\t#CHROM\tPOS\nrs3\tG\tA\t1\t752566\n")
    assert rows(hapmap) == [("1", 752566, "A", "G", "rs3")]
    munged = tmp_path / "s.parquet"
    table = pa.table(
        {
            "chrom": pa.array(["1"]).dictionary_encode(),
            "pos": pa.array([752566], pa.int32()),
            "rsid": ["rs3"],
            "effect_allele": pa.array(["G"]).dictionary_encode(),
            "other_allele": pa.array(["A"]).dictionary_encode(),
            "z": [1.0],
        }
    )
    pq.write_table(table, munged)
    assert rows(munged) == rows(hapmap)


FORMATS = Path(__file__).parent.parent / "golden" / "formats"


@pytest.mark.parametrize(
    ("name", "kept"),
    [
        ("plink1.assoc", 38),
        ("plink2_a1freq.quant.glm.linear", 40),
        ("binary.saige.txt", 9),
        ("binary.regenie", 10),
        ("height.bolt.stats.gz", 10),
        ("height.fastGWA", 10),
        ("beta.ssf.tsv.gz", 12),
        ("by_se.tbl", 6),
        ("study.vcf.gz", 10),
    ],
)
def test_summary_statistics_are_lists_of_variants(name: str, kept: int) -> None:
    assert read_variants(FORMATS / name).counts["kept"] == kept


def test_what_is_neither_list_nor_statistics_is_named_once() -> None:
    with pytest.raises(InputError, match=r"separated by single marks\. Nor are they stat"):
        read_variants(FORMATS / "plink1.frq")


def test_the_real_list_of_hapmap_is_read_whole(shared_data: Path, tmp_path: Path) -> None:
    path = shared_data / "hapmap3_snps" / "hapmap3_db150_hg19.snplist.gz"
    found = LongVariantList(path, tmp_path)
    assert found.counts["read"] == found.counts["kept"] == 1_213_752
    first = found.read(found.shards(100_000)[0]).slice(0, 1).to_pylist()
    assert first == [{"pos": 752_566, "ref": "A", "alt": "G", "rsid": "rs3094315"}]


def test_rows_are_sorted_and_repeats_and_bad_rows_counted(tmp_path: Path) -> None:
    path = tmp_path / "a.tsv"
    path.write_text(
        "chrom\tpos\tref\talt\n10\t1\tA\tC\n2\t8\tA\tT\n2\t8\tA\tC\n2\t8\tA\tC\n"
        "2\t0\tA\tC\nUn_1\t4\tA\tC\n2\t9\tA\tA\n"
    )
    found = read_variants(path)
    assert [row[:4] for row in rows(path)] == [
        ("2", 8, "A", "C"),
        ("2", 8, "A", "T"),
        ("10", 1, "A", "C"),
    ]
    assert found.counts == {
        "read": 7,
        "dropped_position": 2,
        "dropped_alleles": 1,
        "dropped_repeated": 1,
        "kept": 3,
    }


def test_shards_hold_every_variant_once(tmp_path: Path) -> None:
    table = pa.table(
        {
            "chrom": ["1"] * 7 + ["3"] * 2,
            "pos": [*range(7, 0, -1), 1, 2],
            "ref": ["A"] * 9,
            "alt": ["C"] * 9,
        }
    )
    variants = variant_list(table)
    shards = variants.shards(3)
    assert [(each.chrom, each.part, each.rows) for each in shards] == [
        ("1", 0, 3),
        ("1", 1, 3),
        ("1", 2, 1),
        ("3", 0, 2),
    ]
    pos = [row for each in shards for row in variants.read(each)["pos"].to_pylist()]
    assert pos == [1, 2, 3, 4, 5, 6, 7, 1, 2]


@pytest.mark.parametrize("rows", [3, 500, 100_000])
def test_a_long_list_is_the_same_without_being_held(
    tmp_path: Path, rng: np.random.Generator, monkeypatch: pytest.MonkeyPatch, rows: int
) -> None:
    for module in ("_by_chromosome", "_long_list"):
        monkeypatch.setattr(f"fabgwas_embeddings.{module}.ROW_GROUP", 256)
    monkeypatch.setattr("fabgwas_embeddings._files._BLOCK", 4_096)
    columns = [
        rng.choice(["chr1", "1", "x", "7", "MT", "Un"], 2_000),
        rng.integers(0, 600, 2_000).astype(str),
        rng.choice([".", "rs1", "rs2"], 2_000),
        rng.choice(["a", "C", "N", "AT"], 2_000),
        rng.choice(["G", "T,C", "A", "<DEL>"], 2_000),
    ]
    path = tmp_path / "a.vcf"
    lines = ["#CHROM\tPOS\tID\tREF\tALT", *map("\t".join, zip(*columns, strict=True))]
    path.write_text("\n".join(lines) + "\n")
    whole, long = read_variants(path), LongVariantList(path, tmp_path / "work")
    assert long.counts == whole.counts
    assert (long.n_variants, long.source) == (whole.n_variants, whole.source)
    shards = whole.shards(rows)
    assert [(each.chrom, each.part, each.rows) for each in long.shards(rows)] == [
        (each.chrom, each.part, each.rows) for each in shards
    ]
    for ours, theirs in zip(long.shards(rows), shards, strict=True):
        # of repeated variants the first in the file counts
        assert long.read(ours).to_pylist() == whole.read(theirs).to_pylist()


def test_a_long_list_without_variants_is_named(tmp_path: Path) -> None:
    path = tmp_path / "a.tsv"
    path.write_text("chrom\tpos\tref\talt\n1\t2\tA\tN\nUn\t3\tA\tC\n")
    with pytest.raises(NothingToAnalyseError, match="holds no variant"):
        LongVariantList(path, tmp_path / "work").shards(5)


def test_drops_are_told_in_words() -> None:
    counts = {"read": 9, "dropped_position": 2, "dropped_alleles": 0, "dropped_repeated": 1}
    assert tell_drops(counts) == "dropped 2 without a known position, 1 repeated"
    assert tell_drops({}) == ""


def test_what_is_missing_is_named(tmp_path: Path) -> None:
    path = tmp_path / "a.tsv"
    path.write_text("chrom\tpos\tref\n1\t2\tA\n")
    with pytest.raises(InputError, match=r"a\.tsv: no column for alt"):
        read_variants(path)
    with pytest.raises(InputError, match="no such file"):
        read_variants(tmp_path / "none.bim")
    path.write_text("chrom\tpos\tref\talt\n1\tx\tA\tC\n")
    with pytest.raises(InputError, match=r"a\.tsv"):
        read_variants(path)
    path.write_text("chrom\tpos\tref\talt\n1\t2\tA\tN\n")
    with pytest.raises(NothingToAnalyseError):
        read_variants(path)


def test_a_real_fileset_is_read_whole(shared_data: Path) -> None:
    found = read_variants(shared_data / "height_ukb_fastgwa_chr22" / "1000G_eur_chr22.bim")
    assert found.counts["kept"] == found.counts["read"] == 15_938
