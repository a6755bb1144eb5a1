"""The published layout of LiLabUNC/Variant-Foundation-Embeddings."""

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from fabgwas.errors import InputError
from fabgwas.store import open_embeddings

COLLECTIONS = {
    "HapMap3-MEGA": {
        "part-1.parquet": ["5", "chr22", "5"],
        "part-2.parquet": ["1", "chrX"],
    },
    "UKB-Imputed-90m": {
        "chr22/ukb_imp_chr22-embed-chunk001.parquet": ["22"],
        "chr04/ukb_imp_chr04-embed-chunk002.parquet": ["4"],
        "chr04/ukb_imp_chr04-embed-chunk001.parquet": ["4"],
    },
    "FAVOR-All-9B": {
        "chr04/chr04_10/chr04_10-FCG-embed-chunk001.parquet": ["4"],
        "chr04/chr04_2/chr04_2-FCG-embed-chunk001.parquet": ["4"],
        "chrX/chrX_1/chrX_1-FCG-embed-chunk001.parquet": ["X"],
    },
}
DIM = 16
FLOAT, DOUBLE = pa.float32(), pa.float64()


def write_published(root, collection, rng, rows=300, value=FLOAT):
    """Files as published; returns chrom, pos, ref, alt, vector of each variant by file."""
    expected = {}
    for name, chroms in COLLECTIONS[collection].items():
        n = rows * len(chroms)
        chrom = np.repeat(chroms, rows)
        pos = rng.integers(1, 10**8, n)  # not sorted
        vectors = rng.standard_normal((n, DIM)).astype(np.float32)
        vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
        columns = {
            "chrom": pa.array(chrom),
            "pos": pa.array(pos).cast(pa.string()),
            "ref_UKB": pa.array(rng.choice(["A", "c"], n)),
            "alt_UKB": pa.array(rng.choice(["G", "TAA"], n)),
            "embedding": pa.array(vectors.tolist(), pa.list_(value)),
        }
        if collection == "HapMap3-MEGA":
            columns["rsid"] = pa.array([f"rs{each}" for each in pos])
        table = pa.table(columns)
        path = root / collection / name
        path.parent.mkdir(parents=True, exist_ok=True)
        pq.write_table(table, path, row_group_size=10**6)
        expected[name] = (table, vectors)
    return expected


@pytest.mark.parametrize("value", [FLOAT, DOUBLE], ids=["float", "double"])
@pytest.mark.parametrize("collection", COLLECTIONS)
def test_is_read_as_it_is(tmp_path, rng, collection, value):
    files = write_published(tmp_path, collection, rng, value=value)
    store = open_embeddings(tmp_path / collection)
    assert store.metadata.build == "GRCh38"
    assert store.metadata.normalized
    assert store.metadata.extra["published"]["collection"] == collection
    assert (store.dim, len(store)) == (DIM, sum(len(t) for t, _ in files.values()))
    for shard, first in store.iter_shards():
        table, vectors = files[shard.path.relative_to(tmp_path / collection).as_posix()]
        np.testing.assert_array_equal(store.take(first + np.arange(len(table))), vectors)
        keys = pa.concat_tables(
            block.table
            for block in store.iter_keys()
            if first <= block.start < first + len(table)
        )
        assert keys["pos"].to_pylist() == [int(text) for text in table["pos"].to_pylist()]
        assert keys["ref"].to_pylist() == [a.upper() for a in table["ref_UKB"].to_pylist()]
        assert keys["alt"].to_pylist() == table["alt_UKB"].to_pylist()
        assert keys["chrom"].to_pylist() == [
            name.removeprefix("chr") for name in table["chrom"].to_pylist()
        ]
        rsid = (
            table["rsid"].to_pylist()
            if "rsid" in table.column_names
            else [None] * len(table)
        )
        assert keys["rsid"].to_pylist() == rsid


def test_files_come_by_chromosome_and_number(tmp_path, rng):
    for collection, chroms in [
        ("UKB-Imputed-90m", ("4", "22")),
        ("FAVOR-All-9B", ("4", "X")),
    ]:
        write_published(tmp_path, collection, rng)
        store = open_embeddings(tmp_path / collection)
        assert store.chroms == chroms
        first, second = (shard.path.name for shard in store.shards[:2])
        assert ("chunk001" in first and "chunk002" in second) or (
            "_2-" in first and "_10-" in second
        )


def test_a_mixed_file_can_be_filtered(tmp_path, rng):
    files = write_published(tmp_path, "HapMap3-MEGA", rng)
    store = open_embeddings(tmp_path / "HapMap3-MEGA")
    assert store.chroms == ("1", "5", "22", "X")
    blocks = list(store.iter_keys("5"))
    rows = np.concatenate([block.rows for block in blocks])
    assert rows.size == 600
    offset = next(first for shard, first in store.iter_shards() if "5" in shard.chroms)
    expected = np.flatnonzero(np.array(files["part-1.parquet"][0]["chrom"]) == "5") + offset
    np.testing.assert_array_equal(rows, expected)


def test_one_chromosome_or_one_file_can_be_opened(tmp_path, rng):
    write_published(tmp_path, "UKB-Imputed-90m", rng)
    folder = tmp_path / "UKB-Imputed-90m" / "chr04"
    assert open_embeddings(folder).chroms == ("4",)
    one = open_embeddings(folder / "ukb_imp_chr04-embed-chunk001.parquet")
    assert len(one) == 300
    assert one.metadata.extra["published"]["collection"] == "UKB-Imputed-90m"


@pytest.mark.parametrize("collection", COLLECTIONS)
def test_can_be_projected_into_a_sorted_store(tmp_path, rng, collection):
    files = write_published(tmp_path, collection, rng)
    small = open_embeddings(tmp_path / collection).project(4, tmp_path / "small", "prefix")
    want = {}
    for table, vectors in files.values():
        for chrom, pos, vector in zip(
            table["chrom"].to_pylist(), table["pos"].to_pylist(), vectors, strict=True
        ):
            want[chrom.removeprefix("chr"), int(pos)] = vector[:4] / np.linalg.norm(
                vector[:4]
            )
    seen = 0
    for block in small.iter_keys():
        vectors = small.take(block.rows)
        names = zip(
            block.table["chrom"].to_pylist(), block.table["pos"].to_pylist(), strict=True
        )
        for name, vector in zip(names, vectors, strict=True):
            np.testing.assert_allclose(vector, want[name], atol=1e-3)
            seen += 1
    assert seen == len(small) == len(want)


def test_several_collections_are_not_mixed(tmp_path, rng):
    for collection in COLLECTIONS:
        write_published(tmp_path, collection, rng, rows=2)
    with pytest.raises(InputError, match=r"open one, for instance .*HapMap3-MEGA"):
        open_embeddings(tmp_path)


@pytest.mark.parametrize(
    ("column", "value", "message"),
    [
        ("pos", "12a", "12a"),
        ("pos", None, "without position"),
        ("chrom", "chr77", "unknown chromosome chr77"),
        ("embedding", [1.0], "a vector of 1 numbers instead of 16"),
        ("embedding", [None] * DIM, "missing numbers"),
    ],
)
def test_a_wrong_value_is_named_with_its_file(tmp_path, rng, column, value, message):
    write_published(tmp_path, "HapMap3-MEGA", rng)
    path = tmp_path / "HapMap3-MEGA" / "part-1.parquet"
    table = pq.read_table(path)
    at = table.column_names.index(column)
    values = table[column].to_pylist()
    values[200] = value
    pq.write_table(table.set_column(at, column, pa.array(values, table[column].type)), path)
    store = open_embeddings(tmp_path / "HapMap3-MEGA")
    with pytest.raises(InputError, match=f"part-1.parquet: .*{message}"):
        list(store.iter_keys()) and list(store.iter_blocks())


def test_a_broken_file_is_named(tmp_path, rng):
    write_published(tmp_path, "UKB-Imputed-90m", rng)
    path = tmp_path / "UKB-Imputed-90m/chr22/ukb_imp_chr22-embed-chunk001.parquet"
    path.write_bytes(path.read_bytes()[:-20])
    with pytest.raises(
        InputError, match=r"chr22-embed-chunk001.parquet: not a Parquet file"
    ):
        open_embeddings(tmp_path / "UKB-Imputed-90m")


def test_a_huge_row_group_is_never_held_whole(tmp_path):
    n, dim = 200_000, 64
    vectors = np.arange(n * dim, dtype=np.float32).reshape(n, dim)
    table = pa.table(
        {
            "chrom": ["1"] * n,
            "pos": pa.array(np.arange(1, n + 1)).cast(pa.string()),
            "ref_UKB": ["A"] * n,
            "alt_UKB": ["C"] * n,
            "embedding": pa.ListArray.from_arrays(
                np.arange(0, n * dim + 1, dim, dtype=np.int32), vectors.ravel()
            ),
        }
    )
    pq.write_table(table, tmp_path / "one.parquet", row_group_size=n, use_dictionary=False)
    store = open_embeddings(tmp_path)
    before = pa.total_allocated_bytes()
    held = 0
    for block in store.iter_blocks(block_size=10_000):
        np.testing.assert_array_equal(block.embedding, vectors[block.rows])
        held = max(held, pa.total_allocated_bytes() - before)
    assert held < vectors.nbytes / 4
