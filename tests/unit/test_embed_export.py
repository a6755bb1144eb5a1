"""Stores as datasets for the Hub."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.dataset as ds
import pyarrow.parquet as pq
import pytest

from fabgwas.errors import UsageError
from fabgwas_embeddings import embed_variants
from fabgwas_embeddings._export import export_hf


@pytest.fixture
def store(tmp_path: Path) -> Path:
    n = 9_000
    table = pa.table(
        {
            "chrom": ["21"] * (n - 10) + ["X"] * 10,
            "pos": [15_000_000 + 3_000 * i for i in range(n)],
            "ref": ["A"] * n,
            "alt": ["G"] * n,
            "rsid": [f"rs{i}" for i in range(n)],
        }
    )
    embed_variants(table, tmp_path / "s", build="GRCh38", encoder="hashing")
    return tmp_path / "s"


def test_the_dataset_holds_the_same_vectors(store: Path, tmp_path: Path) -> None:
    from fabgwas.store import open_embeddings

    export_hf(store, tmp_path / "hf")
    found = ds.dataset(tmp_path / "hf" / "data", format="parquet").to_table()
    assert found.schema.field("embedding").type == pa.list_(pa.float32())
    assert found.column_names == ["chrom", "pos", "ref", "alt", "rsid", "embedding"]
    vectors = np.stack(found["embedding"].to_pylist()).astype(np.float32)
    opened = open_embeddings(store)
    np.testing.assert_array_equal(vectors, opened.take(np.arange(opened.n_variants)))
    assert found["pos"].to_pylist()[:3] == [15_000_000, 15_003_000, 15_006_000]


def test_the_dataset_is_opened_as_the_store_that_it_was(
    store: Path, tmp_path: Path
) -> None:
    from fabgwas.store import open_embeddings

    before = open_embeddings(store)
    after = open_embeddings(export_hf(store, tmp_path / "hf"))
    assert after.chroms == before.chroms == ("21", "X")
    assert after.metadata == replace(before.metadata, dtype="float32")
    for old, new in zip(before.iter_blocks(), after.iter_blocks(), strict=True):
        np.testing.assert_array_equal(old.embedding, new.embedding)
    for chrom in before.chroms:
        old, new = (
            pa.concat_tables(block.table for block in each.iter_keys(chrom))
            for each in (before, after)
        )
        assert old.to_pylist() == new.to_pylist()
    again = export_hf(after, tmp_path / "again")
    for path in (tmp_path / "hf" / "data").rglob("*.parquet"):
        copy = again / path.relative_to(tmp_path / "hf")
        assert copy.read_bytes() == path.read_bytes()


def test_datasets_loads_it(
    store: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    datasets = pytest.importorskip("datasets", reason="not among the extras; needs it")
    folder = export_hf(store, tmp_path / "hf")
    rows = datasets.load_dataset(str(folder), split="train", cache_dir=str(tmp_path / "c"))
    assert rows.num_rows == 9_000
    assert rows[0] == {
        **{"chrom": "21", "pos": 15_000_000, "ref": "A", "alt": "G", "rsid": "rs0"},
        "embedding": ds.dataset(folder / "data").head(1)["embedding"][0].as_py(),
    }


def test_row_groups_are_small_enough_for_the_viewer(store: Path, tmp_path: Path) -> None:
    export_hf(store, tmp_path / "hf")
    for path in (tmp_path / "hf" / "data").rglob("*.parquet"):
        footer = pq.read_metadata(path)
        sizes = [footer.row_group(i).total_byte_size for i in range(footer.num_row_groups)]
        assert max(sizes) < 10_000_000


def test_the_card_tells_origin_and_exclusions(store: Path, tmp_path: Path) -> None:
    export_hf(store, tmp_path / "hf", licence="cc-by-4.0")
    card = (tmp_path / "hf" / "README.md").read_text()
    head = card.split("---")[1]
    assert "license: cc-by-4.0" in head
    assert "1K<n<10K" in head
    assert "9,000 variants of GRCh38" in card
    assert "GRCh38.parquet, sha256" in card
    assert "Left out of the descriptions: nothing." in card


def test_a_folder_with_something_in_it_is_refused(store: Path, tmp_path: Path) -> None:
    (tmp_path / "hf").mkdir()
    (tmp_path / "hf" / "mine.txt").write_text("x")
    with pytest.raises(UsageError, match="is not empty"):
        export_hf(store, tmp_path / "hf")
