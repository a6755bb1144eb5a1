"""Embedding stores: what is written is read back, and what is broken is named."""

import json
import multiprocessing

import numpy as np
import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from fabgwas.errors import InputError, UsageError
from fabgwas.store import (
    StoreMetadata,
    StoreWriter,
    open_embeddings,
    sort_order,
    write_embeddings,
)
from fabgwas.store._codec import halves_to_floats

DIM = 12
METADATA = StoreMetadata(
    model="toy", dim=DIM, build="GRCh38", exclusions={"sources": ["gwas_catalog"]}
)


def variants(rng, chroms, n):
    """`n` variants on each chromosome, sorted, several at some positions."""
    tables = []
    for chrom in chroms:
        pos = np.sort(rng.integers(1, 3 * n, n)).astype(np.int32)
        ref = rng.choice(["A", "C", "AT"], n)
        alt = rng.choice(["G", "T", "ACGT"], n)
        rsid = pa.array([f"rs{p}" if p % 3 else None for p in pos.tolist()])
        table = pa.table(
            {"pos": pos, "ref": pa.array(ref), "alt": pa.array(alt), "rsid": rsid}
        )
        table = table.take(sort_order(table))
        tables.append(table.append_column("chrom", pa.array([chrom] * n)))
    return pa.concat_tables(tables)


@pytest.fixture
def table(rng):
    return variants(rng, ["2", "10", "X"], 9000)


@pytest.fixture
def embedding(rng, table):
    return rng.standard_normal((len(table), DIM)).astype(np.float16).astype(np.float32)


@pytest.fixture
def store(tmp_path, table, embedding):
    return write_embeddings(tmp_path / "store", METADATA, table, embedding)


def all_keys(store, **options):
    blocks = list(store.iter_keys(**options))
    rows = np.concatenate([block.rows for block in blocks])
    return rows, pa.concat_tables(block.table for block in blocks).unify_dictionaries()


def test_every_half_becomes_the_same_float():
    halves = np.arange(65536, dtype=np.uint16).view(np.int16).reshape(256, 256)
    out = np.empty(halves.shape, np.float32)
    halves_to_floats(halves, out)
    expected = halves.view(np.float16).astype(np.float32)
    finite = np.isfinite(expected)
    np.testing.assert_array_equal(
        out[finite].view(np.uint32), expected[finite].view(np.uint32)
    )
    assert np.all(np.abs(out[~finite]) > 65504)


def test_what_is_written_is_read_back(store, table, embedding):
    rows, keys = all_keys(store)
    np.testing.assert_array_equal(rows, np.arange(27000))
    assert keys.column_names == ["chrom", "pos", "ref", "alt", "rsid"]
    for name in keys.column_names:
        assert keys[name].to_pylist() == table[name].to_pylist()
    read = np.concatenate([block.embedding for block in store.iter_blocks()])
    np.testing.assert_array_equal(read, embedding)
    assert (len(store), store.dim, store.chroms) == (27000, DIM, ("2", "10", "X"))
    assert store.metadata == METADATA


def test_files_are_plain_parquet_partitioned_by_chromosome(store, embedding):
    frame = pl.read_parquet(store.path / "**/*.parquet", hive_partitioning=True)
    assert sorted(frame["chrom"].unique()) == ["10", "2", "X"]
    file = pq.ParquetFile(store.path / "chrom=2/part-00000.parquet")
    assert json.loads(file.schema_arrow.metadata[b"fabgwas"])["model"] == "toy"
    assert [file.metadata.row_group(i).num_rows for i in range(2)] == [8192, 808]
    column = file.metadata.row_group(0).column(4 + 1)
    assert column.path_in_schema == "embedding"
    assert column.compression == "UNCOMPRESSED"
    assert not column.has_dictionary_page
    raw = np.frombuffer(file.read_row_group(1)["embedding"][0].as_py(), np.float16)
    np.testing.assert_array_equal(raw, embedding[8192])


def test_rows_come_in_blocks_of_a_fixed_size(rng, store, embedding):
    rows = np.sort(rng.choice(27000, 5000, replace=False))
    blocks = list(store.iter_blocks(rows, block_size=999))
    assert [block.start for block in blocks] == [0, 999, 1998, 2997, 3996, 4995]
    assert [len(block.embedding) for block in blocks] == [999] * 5 + [5]
    np.testing.assert_array_equal(np.concatenate([block.rows for block in blocks]), rows)
    read = np.concatenate([block.embedding for block in blocks])
    np.testing.assert_array_equal(read, embedding[rows])
    half = next(store.iter_blocks(rows, dtype=np.float16)).embedding
    assert half.dtype == np.float16
    assert list(store.iter_blocks(rows[:0])) == []


def test_only_row_groups_with_wanted_rows_are_read(store):
    shard = store.shards[1]
    assert shard.groups_with(np.array([3, 8191])) == [0]
    assert shard.groups_with(np.array([8192])) == [1]
    last = pq.read_table(shard.path)["pos"][-1].as_py()
    assert shard.groups_between(last, last) == [1]
    assert shard.groups_between(last + 1, last + 9) == []


def test_take_keeps_the_order_and_repeats(store, embedding):
    rows = np.array([26999, 5, 9000, 5, 0])
    np.testing.assert_array_equal(store.take(rows), embedding[rows])


def test_variants_are_found_and_taken_by_their_keys(rng, store, table, embedding):
    step = np.diff(table["pos"].to_numpy(), prepend=0, append=0) != 0
    alone = np.flatnonzero(step[:-1] & step[1:])  # the only variant at its position
    rows = rng.permutation(alone)
    keys = table.select(["chrom", "pos", "ref", "alt"]).take(rows)
    np.testing.assert_array_equal(store.find(keys), rows)
    np.testing.assert_array_equal(store.take(keys), embedding[rows])


def test_variants_that_are_absent_are_told(store, table):
    keys = table.select(["chrom", "pos", "ref", "alt"]).slice(9000, 2)
    strange = pa.table({"chrom": ["7"], "pos": [5], "ref": ["A"], "alt": ["C"]})
    both = pa.concat_tables([keys.cast(strange.schema), strange])
    assert store.find(both)[2] == -1
    assert set(store.find(keys) // 9000) == {1}
    with pytest.raises(ValueError, match=r"lacks 1 of 3 variants, first .*'chrom': '7'"):
        store.take(both)


def test_a_swapped_or_flipped_variant_is_the_same(tmp_path):
    table = pa.table({"chrom": ["1"], "pos": [7], "ref": ["A"], "alt": ["C"]})
    store = write_embeddings(tmp_path, METADATA, table, np.ones((1, DIM)))
    moved = pa.table(
        {
            "chrom": ["chr1"] * 4,
            "pos": [7, 7, 7, 7],
            "ref": ["C", "T", "G", "A"],
            "alt": ["A", "G", "T", "G"],
        }
    )
    assert store.find(moved).tolist() == [0, 0, 0, -1]


def test_keys_of_a_region(store, table):
    rows, keys = all_keys(store, chrom="chr10", positions=(1000, 2000))
    pos = table["pos"].to_numpy()
    expected = np.flatnonzero(
        (np.arange(27000) // 9000 == 1) & (pos >= 1000) & (pos <= 2000)
    )
    np.testing.assert_array_equal(rows, expected)
    assert set(keys["chrom"].to_pylist()) == {"10"}
    assert list(store.iter_keys("7")) == []
    with pytest.raises(ValueError, match="'27'"):
        next(store.iter_keys("27"))


def test_int8_is_close_to_float32(rng, tmp_path, table, embedding):
    metadata = StoreMetadata(model="toy", dim=DIM, build="GRCh38", dtype="int8")
    embedding[7] = 0
    store = write_embeddings(tmp_path / "int8", metadata, table, embedding)
    read = store.take(np.arange(len(table)))
    bound = np.abs(embedding).max(axis=1, keepdims=True) / 127
    assert np.all(np.abs(read - embedding) <= bound * 0.5001)
    assert not read[7].any()
    np.testing.assert_array_equal(store.take(np.array([8999, 11])), read[[8999, 11]])


@pytest.mark.parametrize("rows", [[3, 2], [-1, 4], [27000]])
def test_rows_must_ascend_within_the_store(store, rows):
    with pytest.raises(ValueError, match="rows must ascend between 0 and 26999"):
        next(store.iter_blocks(np.array(rows)))


def test_unknown_metadata_is_kept(tmp_path, store):
    path = store.path / "store.json"
    content = json.loads(path.read_text())
    content["metadata"]["colour"] = "green"
    path.write_text(json.dumps(content))
    metadata = open_embeddings(store.path).metadata
    assert metadata.extra == {"colour": "green"}
    assert StoreMetadata.from_dict(metadata.to_dict()) == metadata


def test_shows_what_it_is(store):
    assert repr(store) == (
        "EmbeddingStore(model toy, vectors 27,000 x 12 float16, build GRCh38, "
        "chromosomes 2, 10, X, left out {'sources': ['gwas_catalog']})"
    )
    assert "<th>model</th><td>toy</td>" in store._repr_html_()


def write_part(job):
    path, part, table, embedding = job
    return StoreWriter(path, METADATA).write_shard("2", part, table, embedding)


def test_several_processes_write_the_same_bytes_as_one(rng, tmp_path):
    table = variants(rng, ["2"], 400)
    embedding = rng.standard_normal((400, DIM))
    parts = [(k, table.slice(100 * k, 100), embedding[100 * k :][:100]) for k in range(4)]
    with StoreWriter(tmp_path / "one", METADATA) as writer:
        for part in parts:
            writer.write_shard("2", *part)
    jobs = [(tmp_path / "many", *part) for part in reversed(parts)]
    with multiprocessing.get_context("spawn").Pool(2) as pool:
        entries = pool.map(write_part, jobs)
    StoreWriter(tmp_path / "many", METADATA).close(entries[:2])  # two are found on disk
    for file in (tmp_path / "one").rglob("*.*"):
        assert (
            file.read_bytes()
            == (tmp_path / "many" / file.relative_to(tmp_path / "one")).read_bytes()
        )


def test_shards_can_be_added_to_a_finished_store(rng, store):
    table = variants(rng, ["22"], 50)
    with StoreWriter(store.path, METADATA) as writer:
        assert writer.has_shard("2", 0)
        assert not writer.has_shard("22", 0)
        writer.write_shard("22", 0, table, np.ones((50, DIM)))
        with pytest.raises(UsageError, match="part of a finished store"):
            writer.write_shard("2", 0, table.drop(["chrom"]), np.ones((50, DIM)))
    grown = open_embeddings(store.path)
    assert grown.chroms == ("2", "10", "22", "X")
    assert grown.verify() == 4
    other = StoreMetadata(model="other", dim=DIM, build="GRCh38")
    with pytest.raises(UsageError, match="other metadata"):
        StoreWriter(store.path, other)


def test_a_foreign_shard_is_refused(rng, tmp_path):
    table = variants(rng, ["22"], 5)
    other = StoreMetadata(model="other", dim=DIM, build="GRCh38")
    StoreWriter(tmp_path, other).write_shard("22", 0, table, np.ones((5, DIM)))
    with pytest.raises(
        InputError, match=r"part-00000.parquet: belongs to a store of other"
    ):
        StoreWriter(tmp_path, METADATA).close()


def test_a_failed_shard_leaves_nothing(rng, tmp_path):
    table = variants(rng, ["22"], 10)
    embedding = np.ones((10, DIM))
    embedding[6, 2] = np.nan
    writer = StoreWriter(tmp_path / "store", METADATA)
    with pytest.raises(ValueError, match="row 6 does not"):
        writer.write_shard("22", 0, table, embedding)
    assert [path for path in tmp_path.rglob("*") if path.is_file()] == []
    embedding[6, 2] = 7e4
    with pytest.raises(ValueError, match="fit float16, but row 6"):
        writer.write_shard("22", 0, table, embedding)
    with pytest.raises(ValueError, match="at least one shard"):
        writer.close()


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda t: t.take([0, 2, 1]), "row 2 belongs before"),
        (lambda t: t.set_column(0, "pos", pa.array([5, 5, 5])), "row 1 belongs before"),
        (lambda t: t.set_column(0, "pos", pa.array([1, None, 5])), "pos .* null in row 1"),
        (lambda t: t.drop(["alt"]), r"\['alt'\] are missing"),
        (lambda t: t.append_column("beta", t["pos"]), r"\['beta'\] are unknown"),
        (lambda t: t.append_column("chrom", pa.array(["1", "1", "2"])), "row 2 is not on"),
        (lambda t: t.slice(1), r"shape \(2, 12\), not \(3, 12\)"),
    ],
)
def test_rows_of_a_shard_are_checked(tmp_path, change, message):
    table = pa.table({"pos": [5, 6, 7], "ref": ["T", "A", "A"], "alt": ["A", "C", "G"]})
    writer = StoreWriter(tmp_path, METADATA)
    with pytest.raises(ValueError, match=message):
        writer.write_shard("1", 0, change(table), np.ones((3, DIM)))
    writer.write_shard("1", 0, table, np.ones((3, DIM)))


def test_text_hashes_are_kept(tmp_path):
    table = pa.table(
        {
            "pos": [5],
            "ref": ["T"],
            "alt": ["A"],
            "text_hash": pa.array([b"x" * 16], pa.binary(16)),
        }
    )
    with StoreWriter(tmp_path, METADATA) as writer:
        writer.write_shard("1", 0, table, np.ones((1, DIM)))
    _, keys = all_keys(open_embeddings(tmp_path), text_hash=True)
    assert keys["text_hash"].to_pylist() == [b"x" * 16]
    assert keys["rsid"].to_pylist() == [None]


def test_an_unfinished_store_says_what_to_do(store):
    (store.path / "store.json").unlink()
    with pytest.raises(InputError, match=r"unfinished .* goes on with the shards"):
        open_embeddings(store.path)


def test_a_broken_list_is_named(store):
    (store.path / "store.json").write_text('{"format": "fabgwas-embeddings"')
    with pytest.raises(InputError, match=r"store.json: not the list"):
        open_embeddings(store.path)
    (store.path / "store.json").write_text(
        '{"format": "fabgwas-embeddings", "version": 99}'
    )
    with pytest.raises(InputError, match=r"version 99 is unknown"):
        open_embeddings(store.path)


def test_a_damaged_shard_is_named(store):
    path = store.path / "chrom=10/part-00000.parquet"
    whole = path.read_bytes()
    path.write_bytes(whole[:-10])
    with pytest.raises(
        InputError, match=r"chrom=10/part-00000.parquet: damaged .* bytes instead"
    ):
        open_embeddings(store.path)
    path.write_bytes(whole[:-10] + b"0123456789")
    broken = open_embeddings(store.path)
    with pytest.raises(InputError, match=r"chrom=10/part-00000.parquet: damaged"):
        broken.take(np.array([9001]))
    with pytest.raises(InputError, match=r"chrom=10/part-00000.parquet: .* checksum"):
        broken.verify()
    path.unlink()
    with pytest.raises(InputError, match="file is missing"):
        open_embeddings(store.path)


def test_what_is_not_a_store_is_refused(tmp_path):
    with pytest.raises(InputError, match=r"no such file.*`fabgwas embed run` makes"):
        open_embeddings(tmp_path / "nowhere")
    with pytest.raises(InputError, match=r"no embedding store.*`fabgwas embed run` makes"):
        open_embeddings(tmp_path)
    (tmp_path / ".work").mkdir()
    with pytest.raises(InputError, match=r"unfinished .*the same `fabgwas embed run`"):
        open_embeddings(tmp_path)


@pytest.mark.parametrize(
    "wrong", [{"build": "hg19"}, {"dtype": "float64"}, {"dim": 0}, {"extra": {"dim": 3}}]
)
def test_metadata_is_checked(wrong):
    with pytest.raises(ValueError, match=next(iter(wrong))):
        StoreMetadata(**({"model": "toy", "dim": 3, "build": "GRCh37"} | wrong))
