from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fabgwas.errors import InputError
from fabgwas.io._regions import blocks_from_bed
from fabgwas.ld import (
    assign_blocks,
    find_blocks,
    long_range_regions,
    make_blocks,
    merge_regions,
    population_blocks,
)

CASES = [(b, p) for b in ("GRCh37", "GRCh38") for p in ("EUR", "AFR", "ASN")]


def _grid(step: int = 50_000) -> tuple[np.ndarray, np.ndarray]:
    pos = np.arange(1, 250_000_000, step)
    chrom = np.repeat(np.arange(1, 24), pos.size)
    return chrom, np.tile(pos, 23)


@pytest.mark.parametrize(("build", "population"), CASES)
def test_numbers_follow_the_genome_without_gaps(build: str, population: str) -> None:
    chrom, pos = _grid()
    block = assign_blocks(chrom, pos, build, population)
    assert set(np.diff(block)) == {0, 1}
    assert block[0] == 0
    assert np.all(np.diff(block)[np.diff(chrom) != 0] == 1)
    autosomal = block[chrom == 22][-1] + 1
    published = {"EUR": 1703, "AFR": 2582, "ASN": 1445}[population]
    assert 0.9 * published < autosomal < published


@pytest.mark.parametrize(("build", "population"), CASES)
def test_a_region_of_long_range_ld_is_in_one_block(build: str, population: str) -> None:
    for chrom, start, stop in zip(*long_range_regions(build), strict=True):
        pos = np.linspace(start + 1, stop, 1000).astype(np.int64)
        block = assign_blocks(np.full(1000, chrom), pos, build, population)
        assert np.all(block == 0)


def test_the_mhc_8p23_and_17q21_are_among_the_regions() -> None:
    for build, places in (
        ("GRCh37", ((6, 31_500_000), (8, 10_000_000), (17, 44_000_000))),
        ("GRCh38", ((6, 31_532_223), (8, 10_142_490), (17, 45_922_634))),
    ):
        chrom, start, stop = long_range_regions(build)
        for code, pos in places:
            assert np.any((chrom == code) & (start < pos) & (pos <= stop))


@pytest.mark.parametrize("population", ["EUR", "AFR", "ASN"])
def test_boundaries_are_those_of_the_published_files(
    shared_data: Path, population: str
) -> None:
    for build, name in (("GRCh37", "hg19"), ("GRCh38", "hg38")):
        published = blocks_from_bed(
            shared_data / f"ld_blocks/Berisa.{population}.{name}.bed"
        )
        shipped = population_blocks(build, population)
        known = set(zip(published.chrom.tolist(), published.start.tolist(), strict=True))
        ours = set(zip(shipped.chrom.tolist(), shipped.start.tolist(), strict=True))
        # the published lift to hg38 lacks the first boundary of each chromosome
        assert len(ours - known) <= (0 if build == "GRCh37" else 45)


def test_blocks_meet_at_a_boundary() -> None:
    blocks = make_blocks(np.array([1, 1, 2]), np.array([100, 200, 150]))
    chrom = np.array([1, 1, 1, 1, 2, 2, 3])
    pos = np.array([100, 101, 200, 201, 150, 151, 5])
    np.testing.assert_array_equal(find_blocks(chrom, pos, blocks), [0, 1, 1, 2, 3, 4, 5])


def test_empty_blocks_get_no_number_and_order_is_free() -> None:
    blocks = make_blocks(np.array([1, 1, 2]), np.array([100, 200, 150]))
    chrom, pos = np.array([2, 1, 1]), np.array([700, 50, 201])
    np.testing.assert_array_equal(find_blocks(chrom, pos, blocks), [2, 0, 1])


@given(
    st.lists(st.integers(1, 999), min_size=1, max_size=30),
    st.integers(0, 998),
    st.integers(1, 1000),
)
def test_merging_joins_exactly_the_blocks_that_a_region_overlaps(
    boundaries: list[int], start: int, length: int
) -> None:
    stop = min(start + length, 1000)
    blocks = make_blocks(np.full(len(boundaries), 1), np.array(boundaries))
    merged = merge_regions(blocks, np.array([1]), np.array([start]), np.array([stop]))
    pos = np.arange(1, 1001)
    chrom = np.ones_like(pos)
    before, after = find_blocks(chrom, pos, blocks), find_blocks(chrom, pos, merged)
    touched = np.unique(before[start:stop])
    inside = np.isin(before, touched)
    assert np.unique(after[inside]).size == 1
    assert after.max() == before.max() + 1 - touched.size


def test_reads_blocks_from_a_bed_file(tmp_path: Path) -> None:
    bed = tmp_path / "blocks.bed"
    bed.write_text("chr\tstart\tstop\nchr2\t0\t50\nchr1\t10\t100\nchr1\t200\t300\n\n")
    blocks = blocks_from_bed(bed)
    # the gap from 100 to 200 is shared
    pos = np.array([1, 150, 151, 999, 40])
    chrom = np.array([1, 1, 1, 1, 2])
    np.testing.assert_array_equal(find_blocks(chrom, pos, blocks), [0, 0, 1, 1, 2])


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("chr1 0 10\nchr1 x 20\n", "line 2: chromosome, start and stop are needed"),
        ("chr1 0 10\nchr77 10 20\n", "line 2: unknown chromosome 'chr77'"),
        ("chr1 0 10\nchr1 5 20\n", "line 2: the block 5-20 is empty or overlaps"),
        ("# nothing\n", "there are no blocks"),
    ],
)
def test_names_the_bad_line_of_a_bed_file(tmp_path: Path, text: str, message: str) -> None:
    bed = tmp_path / "blocks.bed"
    bed.write_text(text)
    with pytest.raises(InputError, match=message):
        blocks_from_bed(bed)


def test_refuses_what_it_does_not_know() -> None:
    one = np.array([1])
    with pytest.raises(ValueError, match="build must be one of GRCh37, GRCh38, not 'hg18'"):
        assign_blocks(one, one, "hg18")
    with pytest.raises(ValueError, match="population must be one of EUR, AFR, ASN"):
        assign_blocks(one, one, "GRCh37", "XYZ")
    with pytest.raises(ValueError, match=r"chrom\[0\] is 0"):
        assign_blocks(one - 1, one, "GRCh37")
