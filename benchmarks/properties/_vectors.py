"""Vectors of texts, kept on disk: the same text is never encoded twice."""

import hashlib
import re
import sqlite3
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path

import numpy as np
from jaxtyping import Float32

from fabgwas_embeddings import Encoder

_GROUP = 256  # texts between two commits


def cached_vectors(
    encoder: Encoder, texts: Sequence[str], folder: Path
) -> Float32[np.ndarray, "text dim"]:
    """Vectors of texts; those that `folder` lacks are encoded, and kept as they come."""
    names = [hashlib.sha256(text.encode()).digest() for text in texts]
    wanted = dict(zip(names, texts, strict=True))
    told = f"{encoder.name}-{encoder.model}-{encoder.revision}-{encoder.dim}"
    path = folder / (re.sub(r"[^\w.]+", "-", told) + ".sqlite")
    folder.mkdir(parents=True, exist_ok=True)
    with closing(sqlite3.connect(path)) as database:
        database.execute(
            "CREATE TABLE IF NOT EXISTS vectors (name BLOB PRIMARY KEY, v BLOB)"
        )
        known = _read(database, wanted)
        missing = sorted(set(wanted) - set(known))
        for start in range(0, len(missing), _GROUP):
            group = missing[start : start + _GROUP]
            made = encoder.encode([wanted[name] for name in group]).astype("<f4")
            rows = [(name, row.tobytes()) for name, row in zip(group, made, strict=True)]
            with database:
                database.executemany("INSERT OR REPLACE INTO vectors VALUES (?, ?)", rows)
            known |= zip(group, made, strict=True)
    return np.stack([known[name] for name in names])


def _read(
    database: sqlite3.Connection, wanted: dict[bytes, str]
) -> dict[bytes, np.ndarray]:
    found = {}
    for name in wanted:
        row = database.execute("SELECT v FROM vectors WHERE name = ?", (name,)).fetchone()
        if row is not None:
            found[name] = np.frombuffer(row[0], "<f4")
    return found
