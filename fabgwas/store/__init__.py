"""Embedding stores: variants with their vectors, on disk."""

from fabgwas.store._blocks import KeyBlock, VectorBlock
from fabgwas.store._keys import sort_order
from fabgwas.store._open import open_embeddings
from fabgwas.store._reader import EmbeddingStore
from fabgwas.store._schema import (
    METADATA_KEY,
    STORE_FILE,
    WORK_FOLDER,
    ShardEntry,
    StoreMetadata,
)
from fabgwas.store._writer import StoreWriter, write_embeddings

__all__ = [
    "METADATA_KEY",
    "STORE_FILE",
    "WORK_FOLDER",
    "EmbeddingStore",
    "KeyBlock",
    "ShardEntry",
    "StoreMetadata",
    "StoreWriter",
    "VectorBlock",
    "open_embeddings",
    "sort_order",
    "write_embeddings",
]
