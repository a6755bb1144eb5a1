"""Weights find their variants, and count the right allele."""

from pathlib import Path

import pyarrow as pa
import pytest

from fabgwas.errors import InputError, NothingToAnalyseError
from fabgwas.io import Weights
from fabgwas.io._match_weights import match_weights

VARIANTS = pa.table(
    {
        "chrom": pa.array(["1", "1", "1", "2", "2"]).dictionary_encode(),
        "pos": pa.array([10, 20, 20, 30, 40], pa.int32()),
        "rsid": ["a", "b", "b2", "c", "d"],
        "effect_allele": ["A", "A", "AT", "C", "A"],
        "other_allele": ["C", "G", "A", "T", "T"],
    }
)
# row: what it is, its variant, whether the effect allele is the counted one
ROWS = [
    ("1", 10, "x", "A", "C", 0, True),  # as it is
    ("1", 20, None, "G", "A", 1, False),  # swapped
    ("1", 20, None, "AT", "A", 2, True),  # an indel at the place of a SNP
    ("2", 30, None, "G", "A", 3, True),  # on the other strand
    ("2", 30, None, "T", None, 3, False),  # the other allele is not known
    (None, None, "d", "T", "A", 4, False),  # by identifier
    ("2", 40, None, "C", "T", None, None),  # other alleles
    ("2", 50, None, "C", "T", None, None),  # absent
    (None, None, "d", "G", "A", None, None),  # other alleles, by identifier
    (None, None, "e", "G", "A", None, None),  # absent, by identifier
]


def weights(rows=ROWS, build: str | None = None) -> Weights:
    names = ["chrom", "pos", "rsid", "effect_allele", "other_allele"]
    columns = {name: [row[k] for row in rows] for k, name in enumerate(names)}
    columns["pos"] = pa.array(columns["pos"], pa.int64())
    columns["chrom"] = pa.array(columns["chrom"], pa.string())
    table = pa.table({**columns, "weight": [1.0] * len(rows)})
    return Weights(table, ("weight",), "toy", "toy.tsv", build, {}, {})


def test_each_kind_of_row() -> None:
    match = match_weights(weights(), VARIANTS)
    wanted = [(k, row[5], row[6]) for k, row in enumerate(ROWS) if row[5] is not None]
    found = zip(
        match.row.tolist(), match.variant.tolist(), match.same.tolist(), strict=True
    )
    assert list(found) == wanted
    assert match.counts._asdict() == {
        "weights": 10, "matched": 6, "absent": 2, "other_alleles": 2,
        "ambiguous_dropped": 0, "flipped": 3, "strand_flipped": 1, "ambiguous_kept": 1,
    }  # fmt: skip


def test_ambiguous_variants_can_be_left_out() -> None:
    match = match_weights(weights(), VARIANTS, keep_ambiguous=False)
    assert 4 not in match.variant
    assert (match.counts.matched, match.counts.ambiguous_dropped) == (5, 1)


def test_by_identifier_the_place_says_nothing() -> None:
    rows = [("9", 1, "a", "C", "A"), ("1", 10, "q", "A", "C"), ("9", 1, "c", "G", "A")]
    match = match_weights(weights(rows), VARIANTS, by="id")
    assert match.variant.tolist() == [0]
    assert not match.same[0]
    # c is there, but as C/T: the strand is not turned
    assert (match.counts.absent, match.counts.other_alleles) == (1, 1)


def test_by_position_identifiers_say_nothing() -> None:
    with pytest.raises(NothingToAnalyseError, match=r"none of its 1 weights.*1 are absent"):
        match_weights(weights([(None, None, "a", "A", "C")]), VARIANTS, by="position")


def test_the_first_of_equal_variants_counts() -> None:
    match = match_weights(weights(ROWS[:5]), pa.concat_tables([VARIANTS, VARIANTS]))
    assert match.variant.tolist() == [0, 1, 2, 3, 3]


def test_builds_must_agree(shared_data: Path) -> None:
    from fabgwas.io._bim import read_bim

    variants = read_bim(shared_data / "height_ukb_fastgwa_chr22" / "1000G_eur_chr22.bim")
    with pytest.raises(InputError, match="GRCh38, but those of the genotypes are GRCh37"):
        match_weights(weights(build="GRCh38"), variants)
