from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv as pc_csv
import pytest

from fabgwas.errors import InputError, NothingToAnalyseError
from fabgwas.io import SumStats, lift_over

# 1-based: 101-200 of chromosome 1 move on by 1000, 301-400 go to 1401-1500 reversed,
# 501-600 go to chromosome 2, 701-800 to a place outside the chromosomes, and 901-1000
# again to 1101-1200; all else is lost
CHAIN = """\
chain 100 chr1 2000 + 100 200 chr1 2000 + 1100 1200 1
100

chain 100 chr1 2000 + 300 400 chr1 2000 - 500 600 2
100

chain 100 chr1 2000 + 500 600 chr2 3000 + 0 100 3
100

chain 100 chr1 2000 + 700 800 chr1_alt 2000 + 700 800 4
100

chain 100 chr1 2000 + 900 1000 chr1 2000 + 1100 1200 5
100

"""


@pytest.fixture
def chain(tmp_path: Path) -> Path:
    path = tmp_path / "tiny.over.chain"
    path.write_text(CHAIN)
    return path


def a_study(
    pos: list[int | None],
    effect: str | list[str] = "A",
    other: str | list[str] = "C",
    *,
    build: str | None = "GRCh37",
    chrom: str | list[str] = "1",
) -> SumStats:
    size = len(pos)
    texts = {"chrom": chrom, "effect_allele": effect, "other_allele": other}
    column = {
        name: pa.array([text] * size if isinstance(text, str) else text)
        for name, text in texts.items()
    }
    index = {"chrom": pa.int8(), "effect_allele": pa.int32(), "other_allele": pa.int32()}
    encoded = {
        name: values.dictionary_encode().cast(pa.dictionary(index[name], pa.string()))
        for name, values in column.items()
    }
    table = pa.table(
        {
            "chrom": encoded["chrom"],
            "pos": pa.array(pos, pa.int32()),
            "rsid": [f"v{number}" for number in range(size)],
            "effect_allele": encoded["effect_allele"],
            "other_allele": encoded["other_allele"],
            "z": np.arange(size) + 0.5,
        }
    )
    return SumStats(table, "study.txt", "test", "A1", build, None, "n", {"read": size})


@pytest.fixture(scope="module")
def demo(shared_data: Path) -> pa.Table:
    """SNPs whose place in GRCh38 was found by others."""
    table = pc_csv.read_csv(
        shared_data / "demo_annotations_hg19" / "height_snps_annotated.hg19.tsv.gz",
        parse_options=pc_csv.ParseOptions(delimiter="\t"),
        convert_options=pc_csv.ConvertOptions(
            column_types={"chr": pa.string()},
            include_columns=[
                "SNP", "set", "chr", "pos_hg19", "pos_hg38", "effect_allele", "other_allele"
            ],
        ),
    )  # fmt: skip
    # the two sets share SNPs of chromosome 22
    return table.filter(pc.equal(table["set"], "windows"))


def study_of(demo: pa.Table, position: str, build: str) -> SumStats:
    study = a_study(
        demo[position].to_pylist(),
        demo["effect_allele"].to_pylist(),
        demo["other_allele"].to_pylist(),
        build=build,
        chrom=demo["chr"].to_pylist(),
    )
    table = study.table.set_column(2, "rsid", demo["SNP"].combine_chunks())
    return SumStats(table, "demo", "test", "A1", build, None, "n", {"read": len(table)})


@pytest.fixture(scope="module")
def lifted(demo: pa.Table, shared_data: Path) -> SumStats:
    """The real study in GRCh38."""
    chain = shared_data / "build_maps" / "hg19ToHg38.over.chain.gz"
    return lift_over(study_of(demo, "pos_hg19", "GRCh37"), chain, "GRCh38")


class TestTinyChain:
    def test_positions_count_from_one_and_move(self, chain: Path) -> None:
        lifted = lift_over(a_study([101, 200]), chain, "hg38")
        assert lifted.build == "GRCh38"
        assert lifted.table["pos"].to_pylist() == [1101, 1200]
        assert lifted.table["effect_allele"].to_pylist() == ["A", "A"]

    def test_a_reversed_stretch_complements_the_alleles(self, chain: Path) -> None:
        study = a_study([301, 400, 150], ["A", "C", "A"], ["G", "G", "C"])
        lifted = lift_over(study, chain, "GRCh38")
        assert lifted.table["pos"].to_pylist() == [1500, 1401, 1150]
        assert lifted.table["effect_allele"].to_pylist() == ["T", "G", "A"]
        assert lifted.table["other_allele"].to_pylist() == ["C", "C", "C"]
        assert lifted.counts["lift_complemented"] == 2

    def test_statistics_stay_with_their_variants(self, chain: Path) -> None:
        study = a_study([301, 250, 101])
        lifted = lift_over(study, chain, "GRCh38")
        assert lifted.table["rsid"].to_pylist() == ["v0", "v2"]
        assert lifted.table["z"].to_pylist() == [0.5, 2.5]
        assert lifted.table.schema == study.table.schema

    def test_indels_on_a_reversed_stretch_are_dropped(self, chain: Path) -> None:
        study = a_study([301, 150, 302], ["AT", "AT", "A"], ["A", "A", "C"])
        lifted = lift_over(study, chain, "GRCh38")
        assert lifted.table["pos"].to_pylist() == [1150, 1499]
        assert lifted.counts["dropped_lift_reversed_indel"] == 1

    def test_a_variant_may_change_its_chromosome(self, chain: Path) -> None:
        lifted = lift_over(a_study([501, 101]), chain, "GRCh38")
        assert lifted.table["chrom"].to_pylist() == ["2", "1"]
        assert lifted.table["pos"].to_pylist() == [1, 1101]

    def test_what_leaves_the_chromosomes_is_lost(self, chain: Path) -> None:
        lifted = lift_over(a_study([701, 101, 1999]), chain, "GRCh38")
        assert lifted.table["rsid"].to_pylist() == ["v1"]
        assert lifted.counts["dropped_lift_lost"] == 2

    def test_of_variants_that_meet_the_first_stays(self, chain: Path) -> None:
        study = a_study([101, 901, 902], "A", ["C", "C", "G"])
        lifted = lift_over(study, chain, "GRCh38")
        assert lifted.table["rsid"].to_pylist() == ["v0", "v2"]
        assert lifted.counts["dropped_lift_duplicate"] == 1

    def test_alleles_at_one_place_are_lifted_together(self, chain: Path) -> None:
        lifted = lift_over(a_study([101, 101], "A", ["C", "G"]), chain, "GRCh38")
        assert lifted.table["pos"].to_pylist() == [1101, 1101]

    def test_rows_without_a_place_stay_as_they_are(self, chain: Path) -> None:
        lifted = lift_over(a_study([None, 101, 301]), chain, "GRCh38")
        assert lifted.table["pos"].to_pylist() == [None, 1101, 1500]
        assert lifted.table["effect_allele"].to_pylist() == ["A", "A", "T"]

    def test_every_row_is_counted_once(self, chain: Path) -> None:
        study = a_study(
            [101, 901, 301, 302, 701, 250], ["A", "A", "AT", "A", "A", "A"], "C"
        )
        counts = lift_over(study, chain, "GRCh38").counts
        assert counts == {
            "read": 6,
            "lifted": 3,
            "lift_complemented": 1,
            "dropped_lift_lost": 2,
            "dropped_lift_reversed_indel": 1,
            "dropped_lift_duplicate": 1,
            "kept": 2,
        }

    def test_nothing_lifted_is_an_error_that_names_both_files(self, chain: Path) -> None:
        with pytest.raises(NothingToAnalyseError, match=r"study\.txt.*tiny\.over\.chain"):
            lift_over(a_study([1999]), chain, "GRCh38")


class TestRefusals:
    def test_a_chain_that_is_not_there(self, tmp_path: Path) -> None:
        with pytest.raises(InputError, match=r"no\.chain: there is no such file"):
            lift_over(a_study([101]), tmp_path / "no.chain", "GRCh38")

    @pytest.mark.parametrize(
        "content", [b"hello\n", b"chain 1 chr1\n", b"\x1f\x8b", CHAIN.encode()[:70]]
    )
    def test_a_damaged_chain(self, tmp_path: Path, content: bytes) -> None:
        path = tmp_path / "damaged.chain.gz"
        path.write_bytes(content)
        with pytest.raises(InputError, match=r"damaged\.chain\.gz") as caught:
            lift_over(a_study([101]), path, "GRCh38")
        assert "\n" not in str(caught.value)

    def test_a_chain_that_ends_too_early(self, tmp_path: Path, shared_data: Path) -> None:
        whole = shared_data / "build_maps" / "hg19ToHg38.over.chain.gz"
        path = tmp_path / "cut.chain.gz"
        path.write_bytes(whole.read_bytes()[:100_000])
        with pytest.raises(InputError, match=r"cut\.chain\.gz.*cannot be read"):
            lift_over(a_study([101]), path, "GRCh38")

    def test_an_unknown_build(self, chain: Path) -> None:
        with pytest.raises(InputError, match="build of its positions is unknown"):
            lift_over(a_study([101], build=None), chain, "GRCh38")

    def test_a_study_that_is_there_already(self, chain: Path) -> None:
        with pytest.raises(InputError, match="GRCh38 already"):
            lift_over(a_study([101], build="GRCh38"), chain, "hg38")


class TestRealChains:
    def test_positions_are_those_that_others_found(
        self, demo: pa.Table, lifted: SumStats
    ) -> None:
        known = dict(
            zip(demo["SNP"].to_pylist(), demo["pos_hg38"].to_pylist(), strict=True)
        )
        names, pos = (lifted.table[name].to_pylist() for name in ("rsid", "pos"))
        assert len(names) > 0.99 * len(demo)
        assert [known[name] for name in names] == pos

    def test_there_and_back_is_where_one_was(
        self, demo: pa.Table, lifted: SumStats, shared_data: Path
    ) -> None:
        chain = shared_data / "build_maps" / "hg38ToHg19.over.chain.gz"
        back = lift_over(lifted, chain, "GRCh37").table
        row = pc.index_in(back["rsid"], demo["SNP"].combine_chunks())
        start = demo.take(row)
        same = pc.equal(back["pos"], start["pos_hg19"]).to_numpy()
        assert len(back) > 0.99 * len(demo)
        assert same.mean() > 0.999
        for name in ("effect_allele", "other_allele"):
            alleles = pc.equal(back[name].cast(pa.string()), start[name]).to_numpy()
            assert alleles[same].all()

    def test_a_chain_that_leads_elsewhere_is_noticed(
        self, demo: pa.Table, shared_data: Path
    ) -> None:
        chain = shared_data / "build_maps" / "hg19ToHg38.over.chain.gz"
        # positions of GRCh37, said to be those of GRCh38
        study = study_of(demo, "pos_hg19", "GRCh38")
        with pytest.raises(InputError, match="does not lead from GRCh38 to GRCh37"):
            lift_over(study, chain, "GRCh37")
