"""`open_embeddings`: find out what lies at a path, and open it."""

from pathlib import Path

from fabgwas.errors import InputError
from fabgwas.store._hub import is_published, open_published
from fabgwas.store._reader import EmbeddingStore
from fabgwas.store._schema import (
    STORE_FILE,
    WORK_FOLDER,
    ShardEntry,
    StoreMetadata,
    read_store_file,
)
from fabgwas.store._shard import NativeShard

_WHENCE = (
    "`fabgwas embed run` makes a store of your variants; a published one can be downloaded "
    "and opened as it is."
)


def open_embeddings(path: str | Path) -> EmbeddingStore:
    """Open a store of variant embeddings; no vector is read yet.

    Parameters
    ----------
    path
        A folder written by `StoreWriter`, or a collection of the published layout
        (``HapMap3-MEGA``, ``UKB-Imputed-90m`` or one of its chromosomes, ...), or one of
        its files.

    Raises
    ------
    InputError
        If there is no store, if it is unfinished, or if a shard is lost or cut.
    """
    path = Path(path)
    if not path.exists():
        raise InputError(f"{path}: no such file or folder. {_WHENCE}")
    if (path / STORE_FILE).exists():
        metadata, entries = read_store_file(path)
        shards = [_open_shard(path, metadata, entry) for entry in entries]
        return EmbeddingStore(path, metadata, shards)
    if (path / WORK_FOLDER).is_dir() or any(path.glob("chrom=*")):
        raise InputError(
            f"{path}: unfinished embedding store, {STORE_FILE} is missing. Run the job "
            "that writes it again (the same `fabgwas embed run`): it goes on with the "
            "shards that are missing."
        )
    if is_published(path):
        return open_published(path)
    raise InputError(
        f"{path}: no embedding store. Expected a folder with {STORE_FILE}, or Parquet "
        f"files with the columns chrom, pos, ref_UKB, alt_UKB and embedding. {_WHENCE}"
    )


def _open_shard(root: Path, metadata: StoreMetadata, entry: ShardEntry) -> NativeShard:
    shard = NativeShard(
        root / entry.path,
        entry.rows,
        (entry.chrom,),
        metadata,
        entry.bytes,
        entry.sha256,
        entry.footer_crc32,
    )
    if not shard.path.exists():
        raise shard.damaged("the file is missing")
    size = shard.path.stat().st_size
    if size != entry.bytes:
        raise shard.damaged(f"{size} bytes instead of {entry.bytes}")
    return shard
