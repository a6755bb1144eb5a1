"""A store in the making, which an interrupted build leaves for the next one to go on."""

import json
import os
import shutil
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from fabgwas.files import LOCK, locked_folder, writing
from fabgwas.ldstore._format import MATRICES

_KEY, _JOURNAL = "key", "blocks.jsonl"
PREPARED = "prepared.npz"


@contextmanager
def partial_folder(out: Path, key: str) -> Iterator[Path]:
    """The folder beside `out` in which a store grows, for one process at a time.

    It is emptied unless it was begun with the same `key`, a digest of all that shapes the
    store.
    """
    folder = out.with_name(f".{out.name}.partial")
    with locked_folder(folder, out):
        known = folder / _KEY
        if not known.is_file() or known.read_text(encoding="utf-8") != key:
            with writing(folder):
                for path in folder.iterdir():
                    if path.name != LOCK:
                        path.unlink()
                known.write_text(key, encoding="utf-8")
        yield folder


def finish(folder: Path, out: Path) -> None:
    """Give the whole store its name, in the place of an older one if there is any."""
    for name in (_KEY, LOCK, _JOURNAL, PREPARED):
        (folder / name).unlink(missing_ok=True)
    older = out.with_name(f".{out.name}.{os.getpid()}.older")
    if out.exists():
        out.rename(older)
    folder.rename(out)
    shutil.rmtree(older, ignore_errors=True)


class GrowingMatrices:
    """The matrices of a store, one after the other, each noted once it is written."""

    def __init__(self, folder: Path) -> None:
        self._matrices, self._journal = folder / MATRICES, folder / _JOURNAL
        self._matrices.touch()
        self.rows = self._whole_rows()
        self._end = self.rows[-1]["offset"] + self.rows[-1]["size"] if self.rows else 0
        os.truncate(self._matrices, self._end)
        self._journal.write_text("".join(map(_line, self.rows)), encoding="utf-8")

    def append(self, row: dict[str, Any], content: bytes) -> None:
        """Write one matrix, then note its row with place, size and checksum."""
        place = {"offset": self._end, "size": len(content), "crc32": zlib.crc32(content)}
        with writing(self._matrices), self._matrices.open("ab") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        self.rows.append(row | place)
        with writing(self._journal), self._journal.open("a", encoding="utf-8") as journal:
            journal.write(_line(self.rows[-1]))
        self._end += len(content)

    def _whole_rows(self) -> list[dict[str, Any]]:
        """The noted rows, up to the first whose matrix is not as it was written."""
        rows: list[dict[str, Any]] = []
        if not self._journal.is_file():
            return rows
        with self._matrices.open("rb") as file:
            for text in self._journal.read_text(encoding="utf-8").splitlines():
                try:
                    row = json.loads(text)
                except ValueError:
                    break
                if zlib.crc32(file.read(row["size"])) != row["crc32"]:
                    break
                rows.append(row)
        return rows


def _line(row: dict[str, Any]) -> str:
    return json.dumps(row) + "\n"
