"""What a store is made of: metadata, list of shards, Arrow schema of a shard.

A store is a folder of Parquet files ``chrom=22/part-00000.parquet`` sorted by (pos, ref,
alt), with `store.json`, which is written last and lists them. One format serves exchange
and computing: a fixed_size_binary column, uncompressed and without dictionary, is read at
the speed of a memory copy, and DuckDB, polars and Arrow all read it. Measured on 100,000 x
512 float16 (two cores, pyarrow 26, GB/s, row groups of 8,192): fixed_size_binary 7 to 10
streamed and 2.3 read at once, FixedSizeList<float16> 0.4, fixed_size_binary with zstd 0.9
for 8 % fewer bytes, Arrow IPC over a memory map 10. A second format would gain nothing.
Every page has a checksum, which is compared whenever it is read.
"""

import json
import os
import zlib
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field, fields
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pyarrow as pa

from fabgwas.errors import InputError
from fabgwas.files import write_atomically
from fabgwas.store._keys import KEY_FIELDS
from fabgwas.variants import chromosome_code

STORE_FILE = "store.json"
WORK_FOLDER = ".work"  # of the job that writes a store, deleted when it is complete
METADATA_KEY = b"fabgwas"
ROW_GROUP = 8192  # rows

_FORMAT = "fabgwas-embeddings"
_VERSION = 1
_FOOTER_TAIL = 8  # bytes: its length, and PAR1
_BUILDS = ("GRCh37", "GRCh38")
_ITEM_SIZES = {"float16": 2, "int8": 1, "float32": 4}


@dataclass(frozen=True, kw_only=True)
class StoreMetadata:
    """Where the vectors of a store come from, and how they are kept.

    Unknown keys of a metadata file are kept in `extra` and written back beside the others.
    """

    model: str
    dim: int
    build: str
    """GRCh37 or GRCh38."""
    dtype: str = "float16"
    """float16, or int8 with one scale a row; float32 only in stores of others."""
    revision: str | None = None
    normalized: bool | None = None
    """Whether the vectors have length 1; None if unknown."""
    template: str | None = None
    template_sha256: str | None = None
    text_fields: tuple[str, ...] = ()
    sources: tuple[dict[str, Any], ...] = ()
    exclusions: dict[str, Any] = field(default_factory=dict)
    created: str | None = None
    extra: dict[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if self.build not in _BUILDS:
            raise ValueError(f"build must be one of {_BUILDS}, not {self.build!r}.")
        if self.dtype not in _ITEM_SIZES:
            raise ValueError(f"dtype must be one of {(*_ITEM_SIZES,)}, not {self.dtype!r}.")
        if self.dim < 1:
            raise ValueError(f"dim must be positive, not {self.dim}.")
        clash = set(self.extra) & {each.name for each in fields(self)}
        if clash:
            raise ValueError(f"extra must not repeat the fields {sorted(clash)}.")

    @property
    def row_bytes(self) -> int:
        """Bytes of one vector."""
        return self.dim * _ITEM_SIZES[self.dtype]

    def to_dict(self) -> dict[str, Any]:
        """Plain values for JSON; equal metadata give equal text."""
        values = asdict(self)
        extra = values.pop("extra")
        return json.loads(json.dumps({**values, **extra}))

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> "StoreMetadata":
        """Inverse of `to_dict`."""
        names = {each.name for each in fields(cls)} - {"extra"}
        known = {name: value for name, value in values.items() if name in names}
        for name in ("text_fields", "sources"):
            known[name] = tuple(known.get(name, ()))
        extra = {name: value for name, value in values.items() if name not in names}
        return cls(**known, extra=extra)


class ShardEntry(NamedTuple):
    """One file of a store, as `store.json` lists it."""

    path: str
    """Relative to the store."""
    chrom: str
    part: int
    rows: int
    bytes: int
    sha256: str
    footer_crc32: int | None = None
    """Of the end of the file, which Parquet does not protect; None in old stores."""


def shard_name(chrom: str, part: int) -> str:
    """Path of a shard in its store."""
    return f"chrom={chrom}/part-{part:05d}.parquet"


def footer_crc32(path: Path) -> int:
    """CRC-32 of the footer of a Parquet file, with its length and the last magic bytes."""
    with path.open("rb") as file:
        end = file.seek(0, os.SEEK_END)
        file.seek(max(end - _FOOTER_TAIL, 0))
        size = int.from_bytes(file.read(4), "little") + _FOOTER_TAIL
        file.seek(max(end - size, 0))
        return zlib.crc32(file.read())


def shard_schema(metadata: StoreMetadata) -> pa.Schema:
    """Arrow schema of a shard; chrom is in its path."""
    columns = [
        *KEY_FIELDS,
        pa.field("embedding", pa.binary(metadata.row_bytes), nullable=False),
    ]
    if metadata.dtype == "int8":
        columns.append(pa.field("scale", pa.float32(), nullable=False))
    text = json.dumps(metadata.to_dict(), sort_keys=True)
    return pa.schema(columns, metadata={METADATA_KEY: text.encode()})


def sort_entries(entries: Iterable[ShardEntry]) -> list[ShardEntry]:
    """Shards by chromosome and part: the order of the row numbers."""
    return sorted(entries, key=lambda entry: (chromosome_code(entry.chrom), entry.part))


def write_store_file(
    path: Path, metadata: StoreMetadata, entries: Iterable[ShardEntry]
) -> None:
    """Write `store.json`, which makes the store complete."""
    content = {
        "format": _FORMAT,
        "version": _VERSION,
        "metadata": metadata.to_dict(),
        "shards": [entry._asdict() for entry in sort_entries(entries)],
    }
    with write_atomically(path / STORE_FILE) as temporary:
        temporary.write_text(json.dumps(content, indent=1) + "\n", encoding="utf-8")


def read_store_file(path: Path) -> tuple[StoreMetadata, list[ShardEntry]]:
    """Read `store.json` of the store in the folder `path`."""
    file = path / STORE_FILE
    try:
        content = json.loads(file.read_text(encoding="utf-8"))
        if content["format"] != _FORMAT or content["version"] > _VERSION:
            raise InputError(
                f"{file}: format {content['format']!r}, version {content['version']} is "
                f"unknown; update the program, which reads {_FORMAT!r} up to {_VERSION}."
            )
        metadata = StoreMetadata.from_dict(content["metadata"])
        entries = [ShardEntry(**entry) for entry in content["shards"]]
        if any(each.path != shard_name(each.chrom, each.part) for each in entries):
            raise ValueError("paths of shards are not those of their chromosomes")
        return metadata, entries
    except (ValueError, KeyError, TypeError) as error:
        raise InputError(
            f"{file}: not the list of an embedding store ({error}). Restore it, or delete "
            "it and run the job that wrote the store again; finished shards are kept."
        ) from error


def chromosome_column(chrom: str, rows: int) -> pa.DictionaryArray:
    """A column that says `chrom` in each row."""
    return pa.DictionaryArray.from_arrays(np.zeros(rows, np.int8), pa.array([chrom]))
