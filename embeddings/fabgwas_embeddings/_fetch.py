"""Public annotation files: one table of addresses, checked downloads."""

import hashlib
import json
import shutil
import tomllib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from fnmatch import fnmatch
from importlib.resources import files
from pathlib import Path
from typing import Any
from urllib.error import URLError
from urllib.parse import urlsplit
from urllib.request import urlopen
from zipfile import BadZipFile, ZipFile

from fabgwas.errors import RemoteError, UsageError

_CHUNK = 1 << 20  # bytes
_TIMEOUT = 60.0  # seconds of silence
# as for files that are read: a small archive that unpacks to all the disk is hostile
_LARGEST_RATIO, _LARGEST_SURELY = 200, 2**30
_RECORD = "fetched.json"


@dataclass(frozen=True)
class RemoteFile:
    """A file to be fetched."""

    url: str
    file: str
    """Its name here."""
    licence: str
    md5: str | None = None
    """Address of the publisher's checksum."""
    member: str | None = None
    """Pattern of the file in a zip."""


def remote_files(table: Path | None = None) -> dict[str, RemoteFile]:
    """The files that are known by name, from the shipped table or another."""
    path = table or files("fabgwas_embeddings") / "urls.toml"
    rows = tomllib.loads(path.read_text("utf-8"))
    return {name: RemoteFile(**row) for name, row in rows.items()}


def fetch(
    names: Sequence[str], folder: str | Path, *, table: Path | None = None
) -> list[Path]:
    """Download files, check them, and write down what was fetched when.

    A file is renamed to its place only when it is whole: its length is the one announced
    and its MD5 the publisher's, where one is published. The file's own SHA-256, address and
    day go into `fetched.json`. Files that are there, and are those of the record, stay.

    Parameters
    ----------
    names
        Keys of `remote_files`.
    folder
        Where to put them.
    table
        Another table of addresses.

    Raises
    ------
    RemoteError
        If a server fails or a file is not what it should be; nothing is left of it.
    """
    known = remote_files(table)
    unknown = [name for name in names if name not in known]
    if unknown or not names:
        raise UsageError(
            f"fetch: choose among {', '.join(known)}, not {unknown or 'none'}."
        )
    folder = Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    return [_fetch(name, known[name], folder) for name in names]


def _fetch(name: str, remote: RemoteFile, folder: Path) -> Path:
    path = folder / remote.file
    record = _read_record(folder)
    if path.exists() and record.get(name, {}).get("sha256") == _digest(path, "sha256"):
        return path
    partial = path.with_name(f".{path.name}.partial")
    try:
        _download(remote.url, partial)
        if remote.md5 is not None:
            _check_md5(remote, partial)
        if remote.member is not None:
            _unpack(remote, partial)
        digest = _digest(partial, "sha256")
        partial.replace(path)
    finally:
        partial.unlink(missing_ok=True)
    record[name] = {
        "file": path.name,
        "url": remote.url,
        "licence": remote.licence,
        "bytes": path.stat().st_size,
        "sha256": digest,
        "fetched": datetime.now(UTC).date().isoformat(),
    }
    text = json.dumps(record, indent=1, sort_keys=True) + "\n"
    (folder / _RECORD).write_text(text, encoding="utf-8")
    return path


def _download(url: str, path: Path) -> None:
    try:
        with urlopen(url, timeout=_TIMEOUT) as reply, path.open("wb") as file:
            shutil.copyfileobj(reply, file, _CHUNK)
            announced = reply.headers.get("Content-Length")
    except (URLError, OSError) as error:
        raise RemoteError(
            f"{url}: {getattr(error, 'reason', error)}; try again."
        ) from error
    size = path.stat().st_size
    if announced is not None and size != int(announced):
        raise RemoteError(f"{url}: cut off after {size:,} of {announced} bytes; try again.")


def _check_md5(remote: RemoteFile, path: Path) -> None:
    """Compare with the publisher's checksum, a file of ``MD5  NAME`` lines."""
    assert remote.md5 is not None
    listing = path.with_name(f"{path.name}.md5")
    try:
        _download(remote.md5, listing)
        rows = [line.split() for line in listing.read_text("utf-8").splitlines() if line]
    finally:
        listing.unlink(missing_ok=True)
    name = urlsplit(remote.url).path.rpartition("/")[2]
    sums = [row[0] for row in rows if len(row) == 1 or row[-1].endswith(name)]
    if not sums:
        raise RemoteError(f"{remote.md5}: names no checksum of {name}.")
    found = _digest(path, "md5")
    if found != sums[0].lower():
        raise RemoteError(f"{remote.url}: MD5 is {found}, but {sums[0]} was published.")


def _unpack(remote: RemoteFile, path: Path) -> None:
    """Put the wanted member of a zip in its place."""
    try:
        with ZipFile(path) as archive:
            found = [
                each for each in archive.namelist() if fnmatch(each, remote.member or "")
            ]
            if len(found) != 1:
                raise RemoteError(
                    f"{remote.url}: holds {len(found)} files like {remote.member}, not one."
                )
            size = archive.getinfo(found[0]).file_size
            if size > max(_LARGEST_SURELY, _LARGEST_RATIO * path.stat().st_size):
                raise RemoteError(
                    f"{remote.url}: unpacks to more than {_LARGEST_RATIO} times its size, "
                    "as no table does."
                )
            unpacked = path.with_name(f"{path.name}.member")
            with archive.open(found[0]) as source, unpacked.open("wb") as file:
                shutil.copyfileobj(source, file, _CHUNK)
    except BadZipFile as error:
        raise RemoteError(f"{remote.url}: is no zip file; try again.") from error
    unpacked.replace(path)


def _digest(path: Path, kind: str) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, kind).hexdigest()


def _read_record(folder: Path) -> dict[str, Any]:
    path = folder / _RECORD
    return json.loads(path.read_text("utf-8")) if path.exists() else {}
