"""Nearest genes, against a search over all of them."""

import numpy as np
import pyarrow as pa
import pytest

from fabgwas.genes import gene_distances, nearest_genes, read_genes
from fabgwas.loci import name_loci
from fabgwas.variants import chromosome_codes


@pytest.mark.parametrize("build", ["GRCh37", "GRCh38"])
def test_the_nearest_gene_is_the_nearest(build, rng):
    genes = read_genes(build).to_pandas()
    codes = chromosome_codes(pa.array(genes["chrom"]))
    chrom, pos = rng.integers(1, 23, 200), rng.integers(1, 48_000_000, 200)
    found = nearest_genes(chrom, pos, build)
    for code, place, symbol, distance in zip(
        chrom, pos, found.symbol, found.distance, strict=True
    ):
        mine = genes[codes == code]
        gap = np.maximum(np.maximum(mine["start"] - place, place - mine["end"]), 0)
        assert distance == gap.min()
        tied = mine[gap == gap.min()]
        first = tied["start"].where(tied["strand"] == "+", tied["end"])
        assert symbol == tied["symbol"].iloc[np.argmin(np.abs(first - place))]


def test_distances_end_where_genes_do():
    genes = read_genes("GRCh38").to_pandas()
    gene = genes[genes["symbol"] == "PCSK9"].iloc[0]
    pos = np.array([gene["start"] - 1, gene["start"], gene["end"], gene["end"] + 1])
    found = gene_distances(np.ones(4, int), pos, "GRCh38")
    assert found.tolist() == [1, 0, 0, 1]


def test_well_known_places_have_their_names():
    # PCSK9 and LDLR lie around these in GRCh38
    found = nearest_genes(np.array([1, 19]), np.array([55_050_000, 11_100_000]), "GRCh38")
    assert found.symbol == ["PCSK9", "LDLR"]
    assert found.distance.tolist() == [0, 0]


def test_a_chromosome_without_genes_gives_no_name():
    found = nearest_genes(np.array([0]), np.array([1000]), "GRCh37")
    assert (found.symbol, found.distance.tolist()) == ([""], [-1])


def test_loci_are_named_by_their_lead_variants():
    loci = pa.table({"chrom": ["1"], "pos": pa.array([55_050_000], pa.int32())})
    named = name_loci(loci, "GRCh38")
    assert named["nearest_gene"].to_pylist() == ["PCSK9"]
    assert named["gene_distance"].to_pylist() == [0]


def test_an_unknown_build_is_refused():
    with pytest.raises(ValueError, match="build must be one of GRCh37, GRCh38"):
        read_genes("hg18")
