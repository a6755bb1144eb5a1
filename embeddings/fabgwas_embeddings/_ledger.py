"""The ledger of a job: which text belongs to which shard, and which groups are done.

It lies in the folder `.work` of the store, as a small SQLite file of hashes beside the
vectors (`_vector_files`), and is deleted when the store is complete. A text belongs to the
first shard that has it; the groups that are encoded by one call are cut from the sorted
texts of a shard. (Where texts are not shared, each shard has its own, and no text is kept.)
Both depend on the job alone, so that an interrupted job makes the same calls as one that
was not.
"""

import shutil
import sqlite3
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from itertools import pairwise
from pathlib import Path
from typing import NamedTuple

import numpy as np
from jaxtyping import Float32, Int

from fabgwas.errors import InputError, OutputError, UsageError
from fabgwas.files import writing
from fabgwas_embeddings._vector_files import VectorFiles

_TABLES = """
CREATE TABLE IF NOT EXISTS job (name TEXT PRIMARY KEY, value TEXT);
CREATE TABLE IF NOT EXISTS text (
    hash BLOB PRIMARY KEY, shard INTEGER NOT NULL, slot INTEGER NOT NULL
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS shard (
    number INTEGER PRIMARY KEY, texts INTEGER NOT NULL, characters INTEGER NOT NULL,
    last_user INTEGER NOT NULL
);
CREATE TABLE IF NOT EXISTS part (
    shard INTEGER, number INTEGER, start INTEGER, stop INTEGER,
    done INTEGER NOT NULL DEFAULT 0, tokens INTEGER NOT NULL DEFAULT 0,
    PRIMARY KEY (shard, number)
) WITHOUT ROWID;
"""
_PATIENCE = 2.0  # seconds to wait for a process that is just ending


class Part(NamedTuple):
    """A group of a shard's texts: slots `start` to `stop`."""

    number: int
    start: int
    stop: int


class Tally(NamedTuple):
    """Counts over all shards that have claimed."""

    texts: int
    characters: int
    groups: int
    groups_done: int
    tokens: int
    texts_open: int


class Ledger:
    """The state of one job on disk.

    Raises
    ------
    UsageError
        If the folder holds a ledger of another job, or another process uses it.
    OutputError
        Here and later, if it cannot be written.
    """

    def __init__(
        self, folder: Path, job: str, dim: int, *, share_texts: bool = True
    ) -> None:
        self.folder = folder
        self.dim = dim
        self._shared = share_texts
        self._files = VectorFiles(folder, dim)
        with writing(folder):
            folder.mkdir(parents=True, exist_ok=True)
        self._db = sqlite3.connect(
            folder / "ledger.sqlite", timeout=_PATIENCE, isolation_level=None
        )
        try:
            # the lock is held until this process ends, however it ends
            self._db.execute("PRAGMA locking_mode = EXCLUSIVE")
            self._db.execute("PRAGMA journal_mode = WAL")
            self._db.execute("PRAGMA synchronous = NORMAL")
            self._db.executescript(_TABLES)
            self._db.execute("INSERT OR IGNORE INTO job VALUES ('job', ?)", (job,))
        except sqlite3.OperationalError as error:
            self.close()
            if error.sqlite_errorcode != sqlite3.SQLITE_BUSY:
                raise OutputError(f"{folder}: cannot be written: {error}.") from error
            raise UsageError(
                f"{folder.parent}: another run is at work here ({error}); wait for it, or "
                "end it."
            ) from error
        (known,) = self._db.execute("SELECT value FROM job WHERE name = 'job'").fetchone()
        if known != job:
            self.close()
            raise UsageError(
                f"{folder.parent}: an unfinished job with other variants, sources or "
                "settings is here; finish it with its own settings, or delete the folder."
            )

    def claimed(self, shard: int) -> bool:
        """Whether the texts of a shard are known."""
        find = "SELECT 1 FROM shard WHERE number = ?"
        return self._db.execute(find, (shard,)).fetchone() is not None

    def claim(
        self,
        shard: int,
        hashes: Sequence[bytes],
        texts: Sequence[str],
        cut: Callable[[Sequence[str]], list[int]],
    ) -> None:
        """Give a shard those of its sorted texts that no other has, cut into groups.

        Shards must claim in their order.
        """
        where = np.full(len(hashes), -1)
        if self._shared:
            where, _ = self.locate(hashes)
        new = np.flatnonzero(where < 0).tolist()
        rows = [(hashes[text], shard, slot) for slot, text in enumerate(new)]
        ends = cut([texts[text] for text in new])
        parts = [
            (shard, number, start, stop)
            for number, (start, stop) in enumerate(pairwise([0, *ends]))
        ]
        characters = sum(len(texts[text]) for text in new)
        used = [(shard, int(owner)) for owner in np.unique(where[where >= 0])]
        with self._writing(), self._db:  # all or nothing
            self._db.execute("BEGIN IMMEDIATE")
            if self._shared:
                self._db.executemany("INSERT INTO text VALUES (?, ?, ?)", rows)
            self._db.execute(
                "INSERT INTO shard VALUES (?, ?, ?, ?)",
                (shard, len(new), characters, shard),
            )
            self._db.executemany("UPDATE shard SET last_user = ? WHERE number = ?", used)
            self._db.executemany(
                "INSERT INTO part (shard, number, start, stop) VALUES (?, ?, ?, ?)", parts
            )

    def owned(self, shard: int, hashes: Sequence[bytes]) -> list[int]:
        """Which of its sorted texts belong to a shard, in the order of the slots."""
        if not self._shared:
            return list(range(len(hashes)))
        where, _ = self.locate(hashes)
        return np.flatnonzero(where == shard).tolist()

    def locate(
        self, hashes: Sequence[bytes]
    ) -> tuple[Int[np.ndarray, " text"], Int[np.ndarray, " text"]]:
        """Shard and slot of each text, -1 where it is unknown."""
        find = "SELECT shard, slot FROM text WHERE hash = ?"
        found = [self._db.execute(find, (each,)).fetchone() or (-1, -1) for each in hashes]
        return tuple(np.array(found, np.int64).reshape(-1, 2).T)  # type: ignore[return-value]

    def open_parts(self, shard: int) -> list[Part]:
        """The groups of a shard that are still to be encoded."""
        rows = self._db.execute(
            "SELECT number, start, stop FROM part WHERE shard = ? AND NOT done ORDER BY 1",
            (shard,),
        )
        return [Part(*row) for row in rows]

    def part(self, shard: int, number: int) -> Part:
        """One group."""
        row = self._db.execute(
            "SELECT number, start, stop FROM part WHERE shard = ? AND number = ?",
            (shard, number),
        ).fetchone()
        return Part(*row)

    def finish_part(
        self, shard: int, part: Part, vectors: Float32[np.ndarray, "text dim"], tokens: int
    ) -> None:
        """Keep the vectors of a group; on disk before it counts as done.

        A group that is done stays as it is: after a kill a batch may be read again whose
        vectors are written to their shard and gone.
        """
        if vectors.shape != (part.stop - part.start, self.dim):
            raise ValueError(
                f"vectors must have shape {(part.stop - part.start, self.dim)}, "
                f"not {vectors.shape}."
            )
        if part not in self.open_parts(shard):
            return
        self._check_kept(shard)
        with self._writing():
            self._files.write(shard, part.start, vectors)
            self._db.execute(
                "UPDATE part SET done = 1, tokens = ? WHERE shard = ? AND number = ?",
                (tokens, shard, part.number),
            )

    def vectors(
        self, number: int, hashes: Sequence[bytes]
    ) -> Float32[np.ndarray, "text dim"]:
        """The vectors of all sorted texts of a shard, whichever shard encoded them."""
        shard = np.full(len(hashes), number)
        slot = np.arange(len(hashes))
        if self._shared:
            shard, slot = self.locate(hashes)
        out = np.empty((len(hashes), self.dim), np.float32)
        for owner in np.unique(shard).tolist():
            self._check_kept(owner)
            rows = np.flatnonzero(shard == owner)
            out[rows] = self._files.read(owner)[slot[rows]]
        return out

    def drop_vectors(self, written: int) -> None:
        """Delete the vectors that only shards up to `written` needed."""
        rows = self._db.execute("SELECT number FROM shard WHERE last_user <= ?", (written,))
        for (number,) in rows:
            self._files.path(number).unlink(missing_ok=True)

    def tally(self) -> Tally:
        """What is claimed and what is done."""
        shards = "SELECT total(texts), total(characters) FROM shard"
        parts = "SELECT count(*), total(done), total(tokens) FROM part"
        open_texts = "SELECT total(stop - start) FROM part WHERE NOT done"
        values = [
            *self._db.execute(shards).fetchone(),
            *self._db.execute(parts).fetchone(),
            *self._db.execute(open_texts).fetchone(),
        ]
        return Tally(*map(int, values))

    def close(self) -> None:
        """Close the files."""
        self._db.close()

    def delete(self) -> None:
        """Close and remove the ledger and its vectors."""
        self.close()
        shutil.rmtree(self.folder)

    @contextmanager
    def _writing(self) -> Iterator[None]:
        with writing(self.folder):
            try:
                yield
            except sqlite3.OperationalError as error:
                raise OutputError(f"{self.folder}: cannot be written: {error}.") from error

    def _check_kept(self, shard: int) -> None:
        """The vectors of a shard may be missing only while none of its groups is done."""
        path = self._files.path(shard)
        if path.exists():
            return
        find = "SELECT count(*) FROM part WHERE shard = ? AND done"
        (done,) = self._db.execute(find, (shard,)).fetchone()
        if done:
            raise InputError(
                f"{path}: is gone, though its texts were encoded; delete the folder "
                f"{self.folder} and start again."
            )
