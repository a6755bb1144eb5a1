"""Alignment of summary statistics and embedding stores."""

from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fabgwas.alignment import align
from fabgwas.errors import InputError, NothingToAnalyseError
from fabgwas.store import StoreMetadata, StoreWriter, open_embeddings, write_embeddings

DIM = 4
COMPLEMENT = str.maketrans("ACGT", "TGCA")


@dataclass(frozen=True)
class Statistics:
    table: pa.Table
    build: str | None = "GRCh38"
    path: str = "height.tsv"


def statistics(rows, build="GRCh38"):
    """Rows of chrom, pos, rsid, effect allele, other allele, frequency."""
    columns = list(zip(*rows, strict=True))
    types = [pa.string(), pa.int32(), pa.string(), pa.string(), pa.string(), pa.float64()]
    names = ["chrom", "pos", "rsid", "effect_allele", "other_allele", "effect_allele_freq"]
    arrays = [pa.array(column, kind) for column, kind in zip(columns, types, strict=True)]
    for at in (0, 3, 4):
        arrays[at] = arrays[at].dictionary_encode()
    return Statistics(pa.table(arrays, names=names), build)


def make_store(path, rows, build="GRCh38"):
    """Rows of chrom, pos, rsid, ref, alt."""
    table = pa.table(
        list(zip(*rows, strict=True)), names=["chrom", "pos", "rsid", "ref", "alt"]
    )
    metadata = StoreMetadata(model="toy", dim=DIM, build=build)
    vectors = np.arange(len(rows) * DIM, dtype=np.float32).reshape(-1, DIM)
    return write_embeddings(path, metadata, table, vectors)


@pytest.fixture
def store(tmp_path):
    return make_store(
        tmp_path / "store",
        [
            ("1", 100, "rs1", "A", "G"),
            ("1", 100, "rs1", "A", "T"),
            ("1", 250, "rs2", "C", "CAT"),
            ("2", 100, "rs3", "G", "C"),
            ("2", 300, None, "T", "C"),
            ("X", 400, "rs5", "A", "C"),
        ],
    )


def test_signs_follow_the_alternate_allele(store):
    result = align(
        statistics(
            [
                ("X", 400, "x", "G", "T", 0.2),  # C/A on the other strand
                ("2", 300, "y", "T", "C", 0.2),
                ("1", 250, "z", "CAT", "C", 0.2),
                ("1", 100, "w", "G", "A", 0.2),
                ("3", 100, "v", "G", "A", 0.2),
                ("1", 100, "u", "C", "A", 0.2),
            ]
        ),
        store,
    )
    assert result.row.tolist() == [3, 2, 1, 0]
    assert result.store_row.tolist() == [0, 2, 4, 5]
    assert result.sign.tolist() == [1, 1, -1, 1]
    report = result.report
    assert (report.variants, report.matched, report.absent) == (6, 4, 2)
    assert (report.same_order, report.swapped, report.strand_flipped) == (3, 1, 1)


@pytest.mark.parametrize(
    ("frequency", "options", "kept"),
    [
        (0.41, {}, True),
        (0.43, {}, False),
        (0.57, {}, False),
        (0.59, {}, True),
        (None, {}, True),
        (0.5, {"palindrome_margin": 0.0}, True),
        (0.45, {"palindrome_margin": 0.02}, True),
        (0.1, {"keep_palindromes": False}, False),
        (None, {"keep_palindromes": False}, False),
    ],
)
def test_palindromes_near_one_half_are_dropped(store, frequency, options, kept):
    rows = [("1", 100, "a", "T", "A", frequency), ("X", 400, "b", "A", "C", frequency)]
    report = align(statistics(rows), store, **options).report
    assert (report.palindromic_kept, report.palindromic_dropped) == (kept, not kept)
    assert (report.matched, report.absent, report.strand_flipped) == (1 + kept, 0, 0)


def test_palindromes_are_read_on_the_strand_of_the_store(store):
    rows = [("1", 100, "a", "T", "A", 0.2), ("2", 100, "b", "G", "C", 0.2)]
    assert align(statistics(rows), store).sign.tolist() == [1, -1]


def test_identifiers_serve_where_positions_are_missing(store):
    result = align(
        statistics(
            [
                (None, None, "rs3", "C", "G", None),
                ("1", None, "rs1", "C", "T", 0.1),  # A/G on the other strand
                (None, None, "rs5", "A", "T", 0.1),  # other alleles
                (None, None, None, "T", "C", 0.1),
                (None, None, "rs99", "T", "C", 0.1),
                ("1", 250, "anything", "C", "CAT", 0.1),
            ]
        ),
        store,
    )
    assert result.store_row.tolist() == [0, 2, 3]
    assert result.row.tolist() == [1, 5, 0]
    assert result.sign.tolist() == [1, -1, 1]
    assert (result.report.by_rsid, result.report.absent) == (2, 3)


def test_variants_are_found_by_identifier(store):
    names = pa.chunked_array([["rs3", None, "rs99"], ["rs1", "rs5", "rs3"]])
    found = store.find_named(names)
    assert found["rsid"].to_pylist() == ["rs1", "rs1", "rs3", "rs5"]
    assert found["other_allele"].to_pylist() == ["A", "A", "G", "A"]
    assert found["effect_allele"].to_pylist() == ["G", "T", "C", "C"]
    assert found["pos"].to_pylist() == [100, 100, 100, 400]
    assert store.find_named(names.slice(0, 0)).num_rows == 0


def test_the_first_of_equal_rows_counts(tmp_path):
    rows = [("1", 5, "rs1", "A", "C"), ("1", 5, "rs2", "A", "C"), ("1", 9, "rs3", "A", "G")]
    store = make_store(tmp_path / "twice", rows)
    result = align(
        statistics(
            [
                ("1", 5, "x", "C", "A", 0.1),
                ("1", 5, "y", "A", "C", 0.1),
                (None, None, "rs1", "A", "C", 0.1),
            ]
        ),
        store,
    )
    assert (result.row.tolist(), result.store_row.tolist()) == ([0], [0])
    assert (result.report.matched, result.report.absent) == (1, 2)


def test_a_variant_in_two_shards_counts_once(tmp_path):
    table = pa.table({"pos": [5, 9], "ref": ["A", "C"], "alt": ["G", "T"]})
    with StoreWriter(tmp_path, StoreMetadata(model="toy", dim=1, build="GRCh38")) as writer:
        for part in range(2):
            writer.write_shard("1", part, table, np.ones((2, 1)))
    result = align(statistics([("1", 9, "x", "T", "C", None)]), open_embeddings(tmp_path))
    assert result.store_row.tolist() == [1]


def test_the_builds_must_agree(store):
    rows = [("1", 100, "a", "G", "A", 0.1)]
    with pytest.raises(
        InputError, match=r"height.tsv: .* GRCh37, .* Lift the summary stat"
    ):
        align(statistics(rows, "GRCh37"), store)
    with pytest.raises(InputError, match=r"height.tsv: the genome build .* is unknown"):
        align(statistics(rows, None), store)
    named = [(None, None, "rs1", "G", "A", 0.1)]
    assert align(statistics(named, None), store).report.matched == 1


@pytest.mark.parametrize(
    ("row", "hint"),
    [
        (("7", 100, "a", "G", "A", 0.1), "no chromosome in common, 7 against 1 2 X"),
        (("1", 100, "a", "G", "GA", 0.1), r"positions agree \(1\), but not their alleles"),
        (
            ("1", 101, "rs1", "G", "A", 0.1),
            r"identifiers agree \(1\), but not their positions",
        ),
        (("1", 101, "a", "G", "A", 0.1), "neither positions nor identifiers agree"),
        (("1", 100, "a", "A", "T", 0.5), "all there are palindromic"),
    ],
)
def test_an_empty_overlap_says_why(store, row, hint):
    with pytest.raises(NothingToAnalyseError, match=hint):
        align(statistics([row]), store)


def test_margins_are_checked(store):
    with pytest.raises(ValueError, match=r"between 0 and 0.5, not 0.7"):
        align(statistics([("1", 100, "a", "G", "A", 0.1)]), store, palindrome_margin=0.7)


def random_pair(rng, n, *, palindromes):
    """A store of `n` variants, and statistics of about half of them in any form."""
    bases = np.array(list("ACGT"))
    first = rng.integers(0, 4, n)
    step = rng.integers(1, 4, n) if palindromes else np.where(first % 2, 1, 2)
    second = (first + step) % 4
    if not palindromes:
        second = np.where(first + second == 3, (second + 1) % 4, second)
        second = np.where(second == first, (second + 1) % 4, second)
    chrom = np.sort(rng.integers(1, 23, n))
    pos = np.arange(1, n + 1) * 7
    rows = [
        (str(c), int(p), f"rs{p}", str(a), str(b))
        for c, p, a, b in zip(chrom, pos, bases[first], bases[second], strict=True)
    ]
    stats = []
    for c, p, name, ref, alt in (rows[i] for i in rng.permutation(n)[: n // 2]):
        pair = (alt, ref)
        if not palindromes and rng.random() < 0.3:
            pair = tuple(allele.translate(COMPLEMENT) for allele in pair)
        if rng.random() < 0.2:
            c, p = None, None
        stats.append((c, p, name, *pair, 0.2))
    return rows, stats


@pytest.mark.parametrize("palindromes", [False, True])
@settings(max_examples=15, deadline=None)
@given(seed=st.integers(0, 2**32 - 1))
def test_swapping_alleles_changes_only_signs(tmp_path_factory, palindromes, seed):
    rng = np.random.default_rng(seed)
    rows, stats = random_pair(rng, 200, palindromes=palindromes)
    store = make_store(tmp_path_factory.mktemp("random") / "store", rows)
    plain = align(statistics(stats), store)
    assert plain.report.matched == 100
    assert np.all(plain.sign == 1)
    swap = rng.random(len(stats)) < 0.5
    turned = [
        (c, p, name, other, effect, 1 - f) if swapped else (c, p, name, effect, other, f)
        for (c, p, name, effect, other, f), swapped in zip(stats, swap, strict=True)
    ]
    after = align(statistics(turned), store)
    np.testing.assert_array_equal(after.row, plain.row)
    np.testing.assert_array_equal(after.store_row, plain.store_row)
    np.testing.assert_array_equal(after.sign, np.where(swap[plain.row], -1, 1))
    expected = {
        (name, int(row))
        for row, (_, _, name, _, _) in enumerate(rows)
        if name in {stat[2] for stat in stats}
    }
    assert {
        (stats[r][2], s) for r, s in zip(plain.row, plain.store_row, strict=True)
    } == expected


def test_many_blocks_and_an_unsorted_published_store(tmp_path, rng):
    n = 20000
    pos = rng.permutation(n) + 1
    chrom = rng.choice(["chr3", "5"], n)
    table = pa.table(
        {
            "chrom": chrom,
            "pos": pa.array(pos).cast(pa.string()),
            "ref_UKB": ["A"] * n,
            "alt_UKB": ["C"] * n,
            "embedding": pa.array(
                rng.standard_normal((n, 2)).tolist(), pa.list_(pa.float32())
            ),
        }
    )
    pq.write_table(table, tmp_path / "hapmap.parquet", row_group_size=n)
    store = open_embeddings(tmp_path)
    picked = rng.choice(n, 5000, replace=False)
    rows = [
        (chrom[i].removeprefix("chr"), int(pos[i]), None, "A", "C", None) for i in picked
    ]
    result = align(statistics(rows), store)
    np.testing.assert_array_equal(result.store_row, np.sort(picked))
    np.testing.assert_array_equal(picked[result.row], result.store_row)
    assert np.all(result.sign == -1)
    read = np.concatenate(
        [block.embedding for block in store.iter_blocks(result.store_row)]
    )
    expected = np.array(table["embedding"].to_pylist(), np.float32)[result.store_row]
    np.testing.assert_array_equal(read, expected)
    np.testing.assert_array_equal(store.take(result.store_row[::-1]), expected[::-1])
