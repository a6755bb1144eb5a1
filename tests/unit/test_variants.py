"""Keys and matches of variants."""

import itertools

import numpy as np
import pyarrow as pa
import pytest

from fabgwas.variants import chromosome_code, match_variants, variant_keys

COMPLEMENT = str.maketrans("ACGT", "TGCA")


def keys(rows):
    chrom, pos, first, second = zip(*rows, strict=True)
    return variant_keys(
        np.array(chrom, np.int8), np.array(pos, np.int64), pa.array(first), pa.array(second)
    )


@pytest.mark.parametrize(
    ("name", "code"),
    [
        ("1", 1),
        ("chr22", 22),
        ("X", 23),
        ("23", 23),
        ("25", 23),
        ("par1", 23),
        ("01", 1),
        ("24", 24),
        ("Y", 24),
        ("MT", 25),
        ("chrM", 25),
        ("26", 25),
        ("27", 0),
        ("", 0),
    ],
)
def test_chromosome_spellings(name, code):
    assert chromosome_code(name) == code


@pytest.mark.parametrize("pair", list(itertools.permutations("ACGT", 2)))
def test_every_form_of_a_snp_matches_with_the_right_sign(pair):
    a, b = pair
    other = (a.translate(COMPLEMENT), b.translate(COMPLEMENT))
    palindromic = other == (b, a)
    left = keys([(1, 100, a, b)])
    for first, second, sign, flipped in [
        (a, b, 1, False),
        (b, a, -1, False),
        (*other, -1 if palindromic else 1, not palindromic),
        (*other[::-1], 1 if palindromic else -1, not palindromic),
    ]:
        match = match_variants(left, keys([(1, 100, first, second)]))
        assert match.sign.tolist() == [sign]
        assert match.strand_flipped.tolist() == [flipped]
    assert left.palindromic.tolist() == [palindromic]


def test_indels_match_as_unordered_pairs_without_strand():
    left = keys([(1, 5, "AT", "A"), (1, 5, "A", "ATTT")])
    right = keys([(1, 5, "ATTT", "A"), (1, 5, "AT", "A"), (1, 5, "TA", "T")])
    match = match_variants(left, right)
    assert match.left.tolist() == [1, 0]
    assert match.right.tolist() == [0, 1]
    assert match.sign.tolist() == [-1, 1]


def test_place_and_alleles_must_all_agree():
    left = keys([(1, 5, "A", "C"), (2, 5, "A", "C"), (1, 6, "A", "C")])
    right = keys([(1, 5, "A", "G"), (3, 5, "A", "C"), (1, 7, "A", "C"), (2, 5, "T", "G")])
    match = match_variants(left, right)
    assert match.left.tolist() == [1]
    assert match.right.tolist() == [3]
    assert match.strand_flipped.tolist() == [True]


def test_the_first_of_duplicates_counts():
    left = keys([(1, 5, "A", "C"), (1, 5, "C", "A")])
    assert match_variants(left, keys([(1, 5, "A", "C")])).left.tolist() == [0]
