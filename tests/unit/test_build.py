from importlib.resources import as_file, files
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv as pc_csv
import pyarrow.parquet as pq
import pytest

from fabgwas.errors import InputError
from fabgwas.io import detect_build, normalize_build

BUILDS = ("GRCh37", "GRCh38")
POSITION = {"GRCh37": "pos_hg19", "GRCh38": "pos_hg38"}


@pytest.fixture(scope="module")
def snps() -> pa.Table:
    """The shipped SNPs."""
    with as_file(files("fabgwas") / "data" / "build_snps.parquet") as path:
        return pq.read_table(path)


@pytest.fixture(scope="module")
def annotated(shared_data: Path) -> pa.Table:
    """Real SNPs of the demo, lifted to GRCh38 by others."""
    table = pc_csv.read_csv(
        shared_data / "demo_annotations_hg19" / "height_snps_annotated.hg19.tsv.gz",
        parse_options=pc_csv.ParseOptions(delimiter="\t"),
        convert_options=pc_csv.ConvertOptions(
            column_types={"chr": pa.string()},
            include_columns=["set", "SNP", "chr", "pos_hg19", "pos_hg38"],
        ),
    )
    return table.filter(pc.is_valid(table["pos_hg38"]))


def study(snps: pa.Table, build: str, *, named: bool = True) -> pa.Table:
    """A study of shipped SNPs, with or without their rsIDs."""
    number = snps["rsid"].cast(pa.string())
    name = pc.binary_join_element_wise("rs", number, "") if named else None
    return pa.table(
        {
            "chrom": snps["chrom"].cast(pa.string()).combine_chunks().dictionary_encode(),
            "pos": snps[build],
            "rsid": pa.nulls(len(snps), pa.string()) if name is None else name,
        }
    )


def real_study(annotated: pa.Table, build: str, *, named: bool = True) -> pa.Table:
    names = annotated["SNP"] if named else pa.nulls(len(annotated), pa.string())
    return pa.table(
        {
            "chrom": annotated["chr"].combine_chunks().dictionary_encode(),
            "pos": annotated[POSITION[build]].cast(pa.int32()),
            "rsid": names,
        }
    )


@pytest.mark.parametrize("name", ["hg19", "GRCh37", "37", "b37", " HG19 ", "GRCh37.p13"])
def test_spellings_of_grch37_are_one(name: str) -> None:
    assert normalize_build(name) == "GRCh37"


@pytest.mark.parametrize("name", ["hg38", "grch38", "38", "b38", "build38", "GRCh38.p14"])
def test_spellings_of_grch38_are_one(name: str) -> None:
    assert normalize_build(name) == "GRCh38"


@pytest.mark.parametrize("name", ["hg18", "", "mm10", "T2T-CHM13"])
def test_other_builds_are_refused_by_name(name: str) -> None:
    with pytest.raises(InputError, match="unknown genome build"):
        normalize_build(name)


@pytest.mark.parametrize("build", BUILDS)
class TestDetection:
    def test_few_named_snps_tell_the_build(self, snps: pa.Table, build: str) -> None:
        assert detect_build(study(snps.slice(100, 5), build)) == build

    def test_places_alone_tell_it_too(self, snps: pa.Table, build: str) -> None:
        assert detect_build(study(snps.slice(0, 20), build, named=False)) == build

    def test_one_snp_is_not_enough(self, snps: pa.Table, build: str) -> None:
        assert detect_build(study(snps.slice(7, 1), build)) is None

    def test_one_wrong_position_in_twenty_does_no_harm(
        self, snps: pa.Table, build: str
    ) -> None:
        table = study(snps.slice(0, 20), build)
        pos = table["pos"].to_numpy().copy()
        pos[3] += 1
        assert detect_build(table.set_column(1, "pos", pa.array(pos))) == build

    def test_rows_without_a_place_do_no_harm(self, snps: pa.Table, build: str) -> None:
        table = study(snps.slice(0, 50), build)
        unplaced = np.arange(50) < 25
        chrom = pc.if_else(pa.array(unplaced), None, table["chrom"].cast(pa.string()))
        pos = pc.if_else(pa.array(unplaced), None, table["pos"])
        table = table.set_column(0, "chrom", chrom).set_column(1, "pos", pos)
        assert detect_build(table) == build

    @pytest.mark.parametrize("named", [True, False])
    @pytest.mark.parametrize("of", ["windows", "chr22_hm3"])
    def test_real_studies_are_recognised(
        self, annotated: pa.Table, build: str, named: bool, of: str
    ) -> None:
        rows = annotated.filter(pc.equal(annotated["set"], of))
        assert detect_build(real_study(rows, build, named=named)) == build


def test_a_mixture_of_both_builds_is_not_decided(snps: pa.Table) -> None:
    mixed = [study(snps.slice(0, 100), "GRCh37"), study(snps.slice(100, 100), "GRCh38")]
    table = pa.concat_tables(mixed).unify_dictionaries()
    assert detect_build(table) is None


def test_random_places_are_not_decided(rng: np.random.Generator) -> None:
    size = 200_000
    table = pa.table(
        {
            "chrom": pa.array(rng.integers(1, 23, size)).cast(pa.string()),
            "pos": rng.integers(1, 200_000_000, size).astype(np.int32),
            "rsid": pa.nulls(size, pa.string()),
        }
    )
    assert detect_build(table) is None


def test_an_empty_table_is_not_decided(snps: pa.Table) -> None:
    assert detect_build(study(snps.slice(0, 0), "GRCh37")) is None


class TestShippedSnps:
    def test_every_autosome_has_a_hundred_or_more(self, snps: pa.Table) -> None:
        count = np.bincount(snps["chrom"].to_numpy(), minlength=23)
        assert count.size == 23
        assert count[1:].min() >= 100

    def test_no_place_of_one_build_is_one_of_the_other(self, snps: pa.Table) -> None:
        place = {
            build: snps["chrom"].to_numpy().astype(np.int64) << 32 | snps[build].to_numpy()
            for build in BUILDS
        }
        assert np.intersect1d(place["GRCh37"], place["GRCh38"]).size == 0

    def test_positions_are_those_that_others_found(
        self, snps: pa.Table, annotated: pa.Table
    ) -> None:
        named = snps.append_column(
            "SNP", pc.binary_join_element_wise("rs", snps["rsid"].cast(pa.string()), "")
        )
        both = annotated.join(named, "SNP", join_type="inner")
        assert len(both) > 100
        for build in BUILDS:
            np.testing.assert_array_equal(
                both[build].to_numpy(), both[POSITION[build]].to_numpy()
            )
