"""Where variants lie among genes, against plain loops and real annotations."""

import gzip
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest

from fabgwas.errors import InputError
from fabgwas_embeddings import GeneModels, load_genes
from fabgwas_embeddings.sources import read_genes

TEXT = pa.table(
    {
        "symbol": ["A", "B"],
        "gene_name": ["alpha", None],
        "process": ["growth", None],
        "function": pa.array([None, None], pa.string()),
    }
)


def models(rows: list[tuple[int, int, str, str]]) -> GeneModels:
    start, end, strand, symbol = zip(*rows, strict=True)
    table = pa.table(
        {
            "chrom": ["1"] * len(rows),
            "start": pa.array(start, pa.int32()),
            "end": pa.array(end, pa.int32()),
            "strand": strand,
            "symbol": symbol,
        }
    )
    return GeneModels(table, TEXT, "GRCh37", {})


def annotate(genes: GeneModels, pos: list[int], chrom: str = "1") -> dict[str, list]:
    return genes.annotate(chrom, pa.table({"pos": pa.array(pos, pa.int32())})).to_pydict()


def test_regions_follow_the_strand() -> None:
    genes = models([(10_000, 20_000, "+", "A"), (200_000, 210_000, "-", "B")])
    found = annotate(
        genes, [5_000, 9_999, 10_000, 20_000, 20_001, 195_000, 214_999, 215_001]
    )
    assert found["region"] == [
        "upstream",
        "upstream",
        "genic",
        "genic",
        "downstream",
        "downstream",
        "upstream",
        "intergenic",
    ]
    assert found["gene_distance"] == [5_000, 1, 0, 0, 1, 5_000, 4_999, 5_001]
    assert found["tss_distance"] == [5_000, 1, 0, 10_000, 10_001, 15_000, 4_999, 5_001]
    assert found["gene"] == ["A"] * 5 + ["B"] * 3


def test_distance_classes_are_words() -> None:
    genes = models([(1_000_000, 1_010_000, "+", "A")])
    found = annotate(genes, [300_000, 996_000, 1_000_500, 1_015_000, 1_015_001])
    assert found["gene_place"] == [
        "more than 500 kb upstream of",
        "less than 5 kb upstream of",
        "within",
        "less than 5 kb downstream of",
        "5 to 20 kb downstream of",
    ]


def test_texts_come_by_symbol_and_gaps_stay_null() -> None:
    genes = models([(10_000, 20_000, "+", "A"), (200_000, 210_000, "-", "B")])
    found = annotate(genes, [15_000, 205_000])
    assert found["gene_name"] == ["alpha", None]
    assert found["gene_process"] == ["growth", None]


def test_overlapping_genes_are_all_named_and_the_nearest_start_is_first() -> None:
    genes = models([(1_000, 90_000, "+", "A"), (40_000, 50_000, "-", "B")])
    found = annotate(genes, [49_000, 95_000])
    assert found["gene"] == ["B", "A"]
    assert found["overlapping_genes"] == ["B, A", None]
    assert found["nearby_genes"] == ["A", "B"]


def test_a_chromosome_without_genes_has_no_annotation() -> None:
    found = annotate(models([(1, 2, "+", "A")]), [5], chrom="2")
    assert found == {"pos": [5]}


def test_equals_plain_loops_on_real_genes(rng: np.random.Generator) -> None:
    genes = load_genes("GRCh38")
    table = genes.genes.filter(pa.compute.equal(genes.genes["chrom"], "17")).to_pylist()
    pos = np.sort(rng.integers(1, 83_000_000, 400))
    found = genes.annotate("17", pa.table({"pos": pa.array(pos, pa.int32())})).to_pydict()
    for row, each in enumerate(pos.tolist()):
        distance = {
            i: max(gene["start"] - each, each - gene["end"], 0)
            for i, gene in enumerate(table)
        }
        nearest = min(distance.values())
        assert found["gene_distance"][row] == nearest
        closest = {table[i]["symbol"] for i in distance if distance[i] == nearest}
        assert found["gene"][row] in closest
        inside = {table[i]["symbol"] for i in distance if distance[i] == 0}
        named = found["overlapping_genes"][row]
        assert set(named.split(", ") if named else ()) == inside


def annotated_snps(shared_data: Path) -> list[dict[str, str]]:
    """SNPs of chromosome 22 that another program annotated, by position."""
    path = shared_data / "demo_annotations_hg19" / "height_snps_annotated.hg19.tsv.gz"
    with gzip.open(path, "rt") as file:
        header = file.readline().rstrip("\n").split("\t")
        rows = [
            dict(zip(header, line.rstrip("\n").split("\t"), strict=True)) for line in file
        ]
    rows = [row for row in rows if row["chr"] == "22"]
    return sorted(rows, key=lambda row: int(row["pos_hg19"]))


def test_agrees_with_an_independent_annotation_of_real_variants(shared_data: Path) -> None:
    rows = annotated_snps(shared_data)
    found = annotate(load_genes("GRCh37"), [int(row["pos_hg19"]) for row in rows], "22")
    region = np.array(found["region"])
    theirs = np.array([row["region"] for row in rows])
    assert np.mean((region == "intergenic") == (theirs == "intergenic")) > 0.999
    distance = np.array([int(row["dist_gene_bp"]) for row in rows])
    assert np.mean(np.array(found["gene_distance"]) == distance) > 0.999


def test_real_exons_in_a_gtf_agree_with_an_independent_annotation(
    shared_data: Path, tmp_path: Path
) -> None:
    lines = []
    with gzip.open(shared_data / "genes" / "exons_canonical.grch37.txt.gz", "rt") as file:
        next(file)
        for name, chrom, strand, start, end, starts, ends in map(str.split, file):
            if chrom != "22":
                continue
            about = f'gene_name "{name}"; gene_type "protein_coding";'
            bounds = [("gene", start, end)]
            bounds += [
                ("exon", a, b)
                for a, b in zip(starts.split(","), ends.split(","), strict=True)
                if a
            ]
            lines += [
                f"chr22\tG\t{kind}\t{int(a) + 1}\t{b}\t.\t{strand}\t.\t{about}\n"
                for kind, a, b in bounds
            ]
    path = tmp_path / "genes.gtf"
    path.write_text("".join(lines))
    rows = annotated_snps(shared_data)
    found = annotate(
        read_genes(path, "GRCh37"), [int(row["pos_hg19"]) for row in rows], "22"
    )
    ours, theirs = np.array(found["region"]), np.array([row["region"] for row in rows])
    genic = np.isin(theirs, ["exonic", "intronic"]) & np.isin(ours, ["exonic", "intronic"])
    assert genic.sum() > 5_000
    assert np.mean(ours[genic] == theirs[genic]) > 0.999
    assert np.sum(theirs == "exonic") > 100


def test_an_unknown_build_is_named() -> None:
    with pytest.raises(InputError, match="NCBI36"):
        load_genes("NCBI36")
