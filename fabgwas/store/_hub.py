"""The published layout, LiLabUNC/Variant-Foundation-Embeddings, opened as it is.

Its files have the columns chrom, pos (text), ref_UKB, alt_UKB, embedding (a list of any
length of float or double) and sometimes rsid, in ``HapMap3-MEGA/``,
``UKB-Imputed-90m/chrNN/`` and ``FAVOR-All-9B/chrNN/chrNN_MM/``. Positions are GRCh38;
rows need not be sorted, and one file may hold several chromosomes. A store that was
exported for the Hub is such a dataset too: its alleles are called ref and alt, and its
files say what the vectors are.
"""

import json
import re
from dataclasses import replace
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from jaxtyping import Float32

from fabgwas.errors import InputError
from fabgwas.store._reader import EmbeddingStore
from fabgwas.store._schema import METADATA_KEY, StoreMetadata
from fabgwas.store._shard import Shard
from fabgwas.variants import CHROMOSOMES, chromosome_code, chromosome_codes

_DATASET = "LiLabUNC/Variant-Foundation-Embeddings"
_ALLELES = (("ref_UKB", "alt_UKB"), ("ref", "alt"))
_COLUMNS = ("chrom", "pos", "embedding")
_COLLECTIONS = (
    "HapMap3-MEGA",
    "UKB-Imputed-90m",
    "FAVOR-All-9B",
    "FAVOR-All-9B-compressed",
)
_MODELS = {3072: "text-embedding-3-large", 1024: "Qwen3-Embedding-0.6B"}


def _is_text(kind: pa.DataType) -> bool:
    if pa.types.is_dictionary(kind):
        kind = kind.value_type
    return bool(pa.types.is_string(kind) or pa.types.is_large_string(kind))


def _is_number(kind: pa.DataType) -> bool:
    return bool(pa.types.is_integer(kind)) or _is_text(kind)


def _is_vector(kind: pa.DataType) -> bool:
    lists = (pa.types.is_list, pa.types.is_large_list, pa.types.is_fixed_size_list)
    return any(each(kind) for each in lists) and bool(pa.types.is_floating(kind.value_type))


_FITS = dict.fromkeys((*_ALLELES[0], *_ALLELES[1], "rsid"), _is_text) | {
    "chrom": _is_number,
    "pos": _is_number,
    "embedding": _is_vector,
}


class PublishedShard(Shard):
    """A file of the published layout."""

    key_columns = ("chrom", "pos", *_ALLELES[0], *_ALLELES[1], "rsid")

    @property
    def vector_columns(self) -> list[str]:
        """Columns that `decode` needs."""
        return ["embedding"]

    def keys(self, batch: pa.RecordBatch) -> pa.Table:
        """Columns chrom pos ref alt rsid of a batch."""
        rows = batch.num_rows
        codes = chromosome_codes(batch.column("chrom").cast(pa.string()))
        if not codes.all():
            name = batch.column("chrom")[int(codes.argmin())]
            raise self.damaged(f"unknown chromosome {name}")
        has_rsid = "rsid" in batch.schema.names
        rsid = batch.column("rsid").cast(pa.string()) if has_rsid else pa.nulls(rows)
        chrom = pa.DictionaryArray.from_arrays(codes - 1, pa.array(CHROMOSOMES))
        ref, alt = (
            pc.utf8_upper(batch.column(name).cast(pa.string())).dictionary_encode()
            for name in _alleles(batch.schema)
        )
        return pa.table(
            {
                "chrom": chrom,
                "pos": self._positions_of(batch),
                "ref": ref,
                "alt": alt,
                "rsid": rsid.cast(pa.string()),
            }
        )

    def _positions_of(self, batch: pa.RecordBatch) -> pa.Int32Array:
        try:
            # text may be encoded by its dictionary
            pos = batch.column("pos").cast(pa.string()).cast(pa.int32())
        except pa.ArrowInvalid as error:
            raise self.damaged(error) from error
        if pos.null_count or pc.any(pc.less_equal(pos, 0)).as_py():
            raise self.damaged("a variant without position")
        return pos

    def decode(
        self,
        batch: pa.RecordBatch,
        select: slice | np.ndarray,
        out: Float32[np.ndarray, "variant dim"],
    ) -> None:
        """Write the selected vectors of a batch to `out`."""
        lists = batch.column("embedding")
        lengths = pc.fill_null(pc.list_value_length(lists), 0).to_numpy()
        dim = self.metadata.dim
        if (lengths != dim).any():
            at = int((lengths != dim).argmax())
            raise self.damaged(f"a vector of {lengths[at]} numbers instead of {dim}")
        values = lists.flatten()
        if values.null_count:
            raise self.damaged("a vector with missing numbers")
        out[:] = values.to_numpy().reshape(-1, dim)[select]
        if not np.isfinite(out).all():
            raise self.damaged("a vector of numbers that are not finite")


def is_published(path: Path) -> bool:
    """Whether Parquet files of the published layout are at `path` or below."""
    files = _files(path)
    return bool(files) and not _lacks(files[0])


def open_published(path: Path) -> EmbeddingStore:
    """Open one collection of the published layout, or a part of one."""
    inside = [name for name in _COLLECTIONS if (path / name).is_dir()]
    if inside:
        raise InputError(
            f"{path}: holds the collections {', '.join(inside)}; open one, for instance "
            f"{path / inside[0]}."
        )
    files = sorted(_files(path), key=lambda file: _natural(file.relative_to(path.parent)))
    metadata = _told_metadata(files[0]) or _guess_metadata(path, files[0])
    shards: list[Shard] = []
    for file in files:
        missing = _lacks(file)
        if missing:
            raise InputError(f"{file}: lacks the columns {missing}.")
        shard = PublishedShard(file, pq.read_metadata(file).num_rows, (), metadata)
        shards.append(replace(shard, chroms=_chroms(shard)))
    shards.sort(key=lambda shard: min(map(chromosome_code, shard.chroms), default=0))
    return EmbeddingStore(path, metadata, shards)


def _files(path: Path) -> list[Path]:
    if path.is_file():
        return [path] if path.suffix == ".parquet" else []
    return sorted(path.rglob("*.parquet"))


def _schema(file: Path) -> pa.Schema:
    try:
        schema = pq.read_schema(file)
        kinds = dict(zip(schema.names, schema.types, strict=True))
    except (pa.ArrowException, OSError, UnicodeDecodeError) as error:
        raise InputError(f"{file}: not a Parquet file ({error}); copy it anew.") from error
    for name, kind in kinds.items():
        fits = _FITS.get(name)
        if fits is not None and not (fits(kind) and schema.names.count(name) == 1):
            raise InputError(
                f"{file}: the column {name!r} of {kind} is not that of a published store."
            )
    return schema


def _alleles(schema: pa.Schema) -> tuple[str, str]:
    """Names of the columns with the two alleles."""
    return next(pair for pair in _ALLELES if set(pair) <= set(schema.names))


def _lacks(file: Path) -> list[str]:
    """Columns that a file of the published layout has, and this one has not."""
    names = set(_schema(file).names)
    alleles = [] if any(set(pair) <= names for pair in _ALLELES) else list(_ALLELES[0])
    return [name for name in (*_COLUMNS, *alleles) if name not in names]


def _natural(path: Path) -> list[tuple[int, str]]:
    """Sort key that counts: ``chr4_2`` before ``chr4_10``."""
    pieces = re.findall(r"\d+|\D+", path.as_posix())
    return [(int(piece), "") if piece.isdigit() else (-1, piece) for piece in pieces]


def _chroms(shard: PublishedShard) -> tuple[str, ...]:
    """Chromosomes of a file: by its folder, else by its column."""
    for folder in shard.path.parent.parts[-2:]:
        named = re.match(r"chr(\d+|X|Y|MT?)(_|-|$)", folder)
        if named and chromosome_code(named[1]):
            return (CHROMOSOMES[chromosome_code(named[1]) - 1],)
    try:
        names = pq.read_table(shard.path, columns=["chrom"], read_dictionary=["chrom"])
        names.validate(full=True)
        chroms = names["chrom"].cast(pa.string()).unique().to_pylist()
    except (pa.ArrowException, OSError) as error:
        raise shard.damaged(error) from error
    codes = {chromosome_code(name or "") for name in chroms}
    return tuple(CHROMOSOMES[code - 1] for code in sorted(codes - {0}))


def _told_metadata(file: Path) -> StoreMetadata | None:
    """What an exported file says of its vectors."""
    text = (_schema(file).metadata or {}).get(METADATA_KEY)
    try:
        return None if text is None else StoreMetadata.from_dict(json.loads(text))
    except (ValueError, TypeError, AttributeError) as error:
        raise InputError(f"{file}: its metadata are damaged ({error!r}).") from error


def _guess_metadata(path: Path, file: Path) -> StoreMetadata:
    """What the first rows and the folder names say; the files say nothing themselves."""
    try:
        with pq.ParquetFile(file, buffer_size=1 << 18, pre_buffer=False) as parquet:
            first = next(parquet.iter_batches(100, columns=["embedding"]), None)
        vectors = [] if first is None else first.column("embedding").to_pylist()
    except (pa.ArrowException, OSError) as error:
        raise InputError(f"{file}: not a Parquet file ({error}); copy it anew.") from error
    if not vectors or not all(vectors):
        raise InputError(f"{file}: holds no vectors.")
    lengths = [np.linalg.norm(np.array(vector, float)) for vector in vectors]
    folders = {*path.resolve().parts, *file.parts}
    collection = next((name for name in _COLLECTIONS if name in folders), None)
    return StoreMetadata(
        model=_MODELS.get(len(vectors[0]), "unknown"),
        dim=len(vectors[0]),
        build="GRCh38",
        dtype="float32",
        normalized=bool(np.allclose(lengths, 1, atol=1e-3)),
        extra={"published": {"dataset": _DATASET, "collection": collection}},
    )
