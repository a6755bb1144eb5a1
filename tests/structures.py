"""A small example of every structured file: Parquet, stores and genotypes."""

from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from filesets import linked_dosage, write_fileset
from tables import KINDS, PLACED, favor, person_matrix

from fabgwas.io import (
    open_genotypes,
    read_sumstats,
    read_weights,
    write_munged,
    write_weights,
)
from fabgwas.ldstore import build_ld, open_ld
from fabgwas.panel import open_panel
from fabgwas.store import StoreMetadata, open_embeddings, write_embeddings
from fabgwas_embeddings import read_variants

FORMATS = Path(__file__).parent / "golden" / "formats"


class Structure(NamedTuple):
    """How to make files, which of them may be damaged, and what reads them.

    `make` gets an empty folder; `read` gets that folder, and gives plain values that are
    the same for equal files.
    """

    make: Callable[[Path], Any]
    damaged: str
    """Pattern of the files."""
    read: Callable[[Path], Any]
    exact: bool = True
    """Whether checksums tell every damage, so that what is read is as it was."""


def _vectors(path: Path) -> Any:
    store = open_embeddings(path)
    keys = [block.table.to_pylist() for block in store.iter_keys()]
    found = store.find(PLACED.rename_columns(["chrom", "pos", "rsid", "alt", "ref"]))
    vectors = [block.embedding.tolist() for block in store.iter_blocks()]
    return keys, found.tolist(), vectors


def _make_store(folder: Path, dtype: str) -> None:
    rng = np.random.default_rng(1)
    table = PLACED.rename_columns(["chrom", "pos", "rsid", "alt", "ref"])
    metadata = StoreMetadata(model="toy", dim=4, build="GRCh38", dtype=dtype)
    write_embeddings(folder / "store", metadata, table, rng.standard_normal((3, 4)))


def _make_published(folder: Path) -> None:
    rng = np.random.default_rng(1)
    table = {
        "chrom": ["1", "1", "2"],
        "pos": ["1000", "2000", "3000"],
        "ref_UKB": ["G", "T", "A"],
        "alt_UKB": ["A", "C", "G"],
        "embedding": rng.standard_normal((3, 4)).tolist(),
        "rsid": ["rs1", "rs2", "rs3"],
    }
    pq.write_table(pa.table(table), folder / "some.parquet", write_page_checksum=True)


def _dosages(path: Path) -> Any:
    genotypes = open_genotypes(path)
    everything = genotypes.dosage(0, genotypes.n_variants)
    return genotypes.variants.to_pylist(), np.nan_to_num(everything, nan=-1).tolist()


def _make_genotypes(folder: Path) -> None:
    write_fileset(folder / "a", linked_dosage(np.random.default_rng(1), 10, 12))


def _make_ld(encoding: str) -> Callable[[Path], Any]:
    def make(folder: Path) -> None:
        _make_genotypes(folder)
        build_ld(folder / "a", folder / "ld", "auto", encoding=encoding)

    return make


def _matrices(path: Path) -> Any:
    store = open_ld(path)
    facts = [store.variants.to_pylist(), store.n_samples, store.build]
    return facts, [block.ld.tolist() for block in store], store.ld_scores().tolist()


def _scores(folder: Path) -> Any:
    """LD scores, which are kept beside the genotypes."""
    return np.nan_to_num(open_panel(folder / "a").ld_scores(), nan=-1).tolist()


def _make_scores(folder: Path) -> None:
    _make_genotypes(folder)
    _scores(folder)


def _make_munged(folder: Path) -> None:
    write_munged(read_sumstats(FORMATS / "height.fastGWA"), folder / "a")


def _make_weights(folder: Path) -> None:
    table = PLACED.append_column("weight", pa.array([0.5, -0.25, 1e-9]))
    write_weights(table, folder / "a", name="toy", build="GRCh37")


def _make_people(folder: Path) -> None:
    table = {
        "IID": ["s1", "s2"],
        "height": [1.5, None],
        "sex": [1, 0],
        "site": ["north", "south"],
        "x": pa.array([[1.0, 2.0], [3.0, 4.0]], pa.list_(pa.float32(), 2)),
    }
    pq.write_table(pa.table(table), folder / "a.parquet")


def _make_list(folder: Path) -> None:
    pq.write_table(PLACED, folder / "a.parquet")


def _make_favor(folder: Path) -> None:
    text = KINDS["FAVOR"].text.splitlines()[0].split(",")
    row = ["1-100-A-C", 1, "exonic", "GJB2", "stopgain", "D", 21.6, "rs1"]
    table = {name: [value] for name, value in zip(text, row, strict=True)}
    pq.write_table(pa.table(table), folder / "a.parquet")


def _rows(read: Callable[..., Any]) -> Callable[[Path], Any]:
    return lambda folder: read(next(folder.glob("*.parquet"))).table.to_pylist()


STRUCTURES = {
    "float16 store": Structure(
        lambda folder: _make_store(folder, "float16"),
        "store/chrom=*/*.parquet",
        lambda folder: _vectors(folder / "store"),
    ),
    "int8 store": Structure(
        lambda folder: _make_store(folder, "int8"),
        "store/chrom=*/*.parquet",
        lambda folder: _vectors(folder / "store"),
    ),
    "list of a store": Structure(
        lambda folder: _make_store(folder, "float16"),
        "store/store.json",
        lambda folder: _vectors(folder / "store"),
        exact=False,
    ),
    "published store": Structure(_make_published, "*.parquet", _vectors, exact=False),
    "float16 LD": Structure(
        _make_ld("float16"), "ld/*.[bp]*", lambda folder: _matrices(folder / "ld")
    ),
    "int8 LD": Structure(
        _make_ld("int8"), "ld/*.[bp]*", lambda folder: _matrices(folder / "ld")
    ),
    "metadata of LD": Structure(
        _make_ld("float16"),
        "ld/ld.json",
        lambda folder: _matrices(folder / "ld"),
        exact=False,
    ),
    "cached LD scores": Structure(_make_scores, "fabgwas_cache/*.npz", _scores),
    "bed": Structure(
        _make_genotypes, "*.bed", lambda folder: _dosages(folder / "a"), exact=False
    ),
    "fileset": Structure(
        _make_genotypes, "*.[bf][ia]m", lambda folder: _dosages(folder / "a"), exact=False
    ),
    "munged": Structure(_make_munged, "*.parquet", _rows(read_sumstats)),
    # names of optional columns are in the footer, which has no checksum
    "weights": Structure(_make_weights, "*.parquet", _rows(read_weights), exact=False),
    "people": Structure(
        _make_people,
        "*.parquet",
        lambda folder: person_matrix(folder / "a.parquet"),
        exact=False,
    ),
    "variants": Structure(_make_list, "*.parquet", _rows(read_variants), exact=False),
    "FAVOR": Structure(
        _make_favor, "*.parquet", lambda folder: favor(folder / "a.parquet"), exact=False
    ),
}
