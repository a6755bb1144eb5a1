import gzip
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.csv as pc_csv
import pyarrow.parquet as pq
import pytest

from fabgwas.io import write_table

TABLE = pa.table(
    {
        "chrom": pa.array(["1", "X", None]).dictionary_encode(),
        "pos": pa.array([5, None, 7], pa.int32()),
        "beta": [0.1, float("nan"), None],
        "log_pvalue": [-1e-300, -15000.25, 0.0],
        "lead": [True, False, None],
    }
)
TEXT = (
    "chrom\tpos\tbeta\tlog_pvalue\tlead\n"
    "1\t5\t0.1\t-1e-300\ttrue\n"
    "X\tNA\tNA\t-15000.25\tfalse\n"
    "NA\t7\tNA\t0\tNA\n"
)


def read_text(path: Path) -> pa.Table:
    return pc_csv.read_csv(path, parse_options=pc_csv.ParseOptions(delimiter="\t"))


def test_text_has_tabs_a_header_and_na_for_what_is_missing(tmp_path: Path) -> None:
    path = write_table(TABLE, tmp_path / "t.tsv")
    assert path.read_text() == TEXT


def test_compressed_text_is_the_same_text(tmp_path: Path) -> None:
    path = write_table(TABLE, tmp_path / "t.tsv.gz")
    assert gzip.decompress(path.read_bytes()).decode() == TEXT


def test_parquet_comes_back_as_it_was(tmp_path: Path) -> None:
    table = TABLE.replace_schema_metadata({"fabgwas": "{}"})
    path = write_table(table, tmp_path / "t.parquet")
    back = pq.read_table(path)
    assert back.drop(["beta"]).equals(table.drop(["beta"]), check_metadata=True)
    np.testing.assert_array_equal(back["beta"].to_numpy(), table["beta"].to_numpy())


@pytest.mark.parametrize("suffix", [".tsv", ".tsv.gz"])
def test_numbers_in_text_come_back_exactly(
    tmp_path: Path, rng: np.random.Generator, suffix: str
) -> None:
    # more rows than are written at once, over many orders of magnitude
    values = rng.normal(size=150_000) * 10.0 ** rng.integers(-300, 300, 150_000)
    path = write_table(pa.table({"x": values}), tmp_path / f"t{suffix}")
    np.testing.assert_array_equal(read_text(path)["x"].to_numpy(), values)


def test_sliced_and_chunked_dictionaries_are_written_decoded(tmp_path: Path) -> None:
    parts = [pa.table({"a": pa.array(names).dictionary_encode()}) for names in ("AC", "TG")]
    table = pa.concat_tables(parts).slice(1, 2)
    assert write_table(table, tmp_path / "t.tsv").read_text() == "a\nC\nT\n"


def test_a_table_without_rows_is_a_header(tmp_path: Path) -> None:
    path = write_table(TABLE.slice(0, 0), tmp_path / "t.tsv")
    assert path.read_text() == TEXT.splitlines(keepends=True)[0]


@pytest.mark.parametrize("name", ["t.parquet", "t.tsv", "t.tsv.gz"])
def test_equal_tables_make_equal_files(tmp_path: Path, name: str) -> None:
    first = write_table(TABLE, tmp_path / "first" / name)
    second = write_table(TABLE, tmp_path / "second" / name)
    assert first.read_bytes() == second.read_bytes()


@pytest.mark.parametrize("name", ["t.tsv", "t.tsv.gz"])
def test_a_failure_leaves_the_former_file_and_no_other(tmp_path: Path, name: str) -> None:
    path = write_table(TABLE, tmp_path / name)
    before = path.read_bytes()
    with pytest.raises(TypeError, match="cannot be written as text"):
        write_table(pa.table({"fine": [1], "list": [[1, 2]]}), path)
    assert path.read_bytes() == before
    assert list(tmp_path.iterdir()) == [path]
