"""Alignment on real data, against joins that anyone could write."""

from dataclasses import dataclass

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

from fabgwas.alignment import align
from fabgwas.store import StoreMetadata, write_embeddings

BIM = ["chrom", "rsid", "cm", "pos", "alt", "ref"]
COMPLEMENT = str.maketrans("ACGT", "TGCA")


@dataclass(frozen=True)
class Statistics:
    table: pa.Table
    build: str = "GRCh37"
    path: str = "height"


def make_store(path, frame):
    table = pa.Table.from_pandas(
        frame[["chrom", "pos", "rsid", "ref", "alt"]], preserve_index=False
    )
    metadata = StoreMetadata(model="zeros", dim=2, build="GRCh37")
    return write_embeddings(path, metadata, table, np.zeros((len(frame), 2), np.float32))


@pytest.fixture(scope="module")
def height(shared_data):
    """UK Biobank height on chromosome 22, 15,935 variants."""
    path = shared_data / "height_ukb_fastgwa_chr22" / "ukb_height_chr22.fastGWA.gz"
    frame = pd.read_csv(path, sep="\t", dtype={"CHR": str})
    names = {
        "CHR": "chrom",
        "POS": "pos",
        "SNP": "rsid",
        "A1": "effect_allele",
        "A2": "other_allele",
        "AF1": "effect_allele_freq",
    }
    return frame.rename(columns=names)[list(names.values())]


def statistics(frame):
    return Statistics(pa.Table.from_pandas(frame, preserve_index=False))


def test_height_finds_every_variant_of_its_panel(tmp_path, shared_data, height):
    path = shared_data / "height_ukb_fastgwa_chr22" / "1000G_eur_chr22.bim"
    bim = pd.read_csv(path, sep="\t", names=BIM, dtype={"chrom": str})
    store = make_store(tmp_path / "store", bim)
    result = align(statistics(height), store, palindrome_margin=0.0)
    report = result.report
    # SOURCE.txt of the data: all match, 28 % in the same order and 72 % swapped
    assert report.matched == len(height) == 15935
    assert report.strand_flipped == 0
    assert report.same_order / report.matched == pytest.approx(0.28, abs=0.005)
    merged = height.iloc[result.row].merge(bim, on="rsid", validate="1:1", sort=False)
    same = (merged["effect_allele"] == merged["alt"]).to_numpy()
    np.testing.assert_array_equal(result.sign, np.where(same, 1, -1))
    unplaced = height.assign(pos=pd.array([None] * len(height), "Int32"))
    by_rsid = align(statistics(unplaced), store, palindrome_margin=0.0)
    assert by_rsid.report.by_rsid == 15935
    np.testing.assert_array_equal(by_rsid.row, result.row)
    np.testing.assert_array_equal(by_rsid.sign, result.sign)


def test_only_palindromes_near_one_half_are_lost(tmp_path, height):
    frame = height.rename(columns={"effect_allele": "alt", "other_allele": "ref"})
    report = align(statistics(height), make_store(tmp_path / "store", frame)).report
    other = height["other_allele"].str.translate(COMPLEMENT)
    palindromic = height["effect_allele"] == other
    near = (height["effect_allele_freq"] - 0.5).abs() < 0.08
    assert report.palindromic_dropped == (palindromic & near).sum()
    assert report.palindromic_kept == (palindromic & ~near).sum()
    assert report.same_order == report.matched == len(height) - report.palindromic_dropped


@pytest.mark.slow
def test_height_is_found_among_all_of_hapmap3(tmp_path, shared_data, height):
    path = shared_data / "hapmap3_snps" / "hapmap3_db150_hg19.snplist.gz"
    names = {"#CHROM": "chrom", "POS": "pos", "A1": "alt", "A2": "ref"}
    snps = pd.read_csv(path, sep=r"\s+", dtype={"#CHROM": str}).rename(columns=names)
    result = align(statistics(height), make_store(tmp_path / "hapmap3", snps))
    report = result.report
    other = height["other_allele"].str.translate(COMPLEMENT)
    palindromic = (height["effect_allele"] == other).sum()
    # this list of HapMap3 holds no palindromic variants
    assert report.matched > 0.995 * (len(height) - palindromic)
    assert (report.strand_flipped, report.palindromic_kept) == (0, 0)
    assert report.absent >= palindromic
