"""What ran, on which inputs, with which versions, for how long: PREFIX.manifest.json."""

import hashlib
import json
import os
import platform
import re
import resource
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from fabgwas import __version__
from fabgwas.errors import InputError
from fabgwas.files import sha256_of, write_atomically

SCHEMA_VERSION = "1.0"

_LIBRARIES = (
    "numpy", "scipy", "jax", "jaxlib", "pyarrow", "pandas", "bed-reader", "pandas-plink",
    "liftover", "matplotlib", "jinja2", "zstandard",
)  # fmt: skip
_HIDDEN = "(hidden)"
_SECRET_NAME = re.compile(
    r"(api|access|private|secret)[_-]?key|secret|passw(or)?d|credential|bearer"
    r"|(^|[_-])(token|auth)$",
    re.IGNORECASE,
)
# keys of the services that make embeddings, and user:password@ in addresses
_SECRET_TEXT = re.compile(r"\b(sk|hf|ghp|pk)[-_][A-Za-z0-9_-]{16,}|(?<=://)[^/\s@]+(?=@)")
_SHORTEST_SECRET = 8


@dataclass(frozen=True)
class FileRecord:
    """A file as it was when it was read or written."""

    path: str
    bytes: int
    sha256: str
    format: str | None = None


def describe_input(path: str | Path, format: str | None = None) -> FileRecord:
    """Size and SHA-256 of a file, read in pieces, or of all files under a folder.

    The checksum of a folder is that of the list that ``sha256sum`` prints for its files,
    sorted by their path relative to it.
    """
    location = Path(path)
    if location.is_dir():
        files = sorted(file for file in location.rglob("*") if file.is_file())
        names = [file.relative_to(location).as_posix() for file in files]
        lines = [
            f"{sha256_of(file)}  {name}\n" for file, name in zip(files, names, strict=True)
        ]
        checksum = hashlib.sha256("".join(lines).encode()).hexdigest()
        size = sum(file.stat().st_size for file in files)
        return FileRecord(str(path), size, checksum, format)
    if not location.is_file():
        raise InputError(f"{path}: no such file.")
    return FileRecord(str(path), location.stat().st_size, sha256_of(location), format)


class Stages:
    """Seconds of each stage of a run, and what the run used since this object was made.

    ``with stages("align"): ...`` adds to the stage of that name.
    """

    def __init__(self) -> None:
        self.seconds: dict[str, float] = {}
        self._start = time.perf_counter()

    @contextmanager
    def __call__(self, name: str) -> Iterator[None]:
        """Time the body of a with statement, also when it fails."""
        start = time.perf_counter()
        try:
            yield
        finally:
            spent = time.perf_counter() - start
            self.seconds[name] = self.seconds.get(name, 0.0) + spent

    def resources(self) -> dict[str, float]:
        """Elapsed, user and system seconds, and the largest resident memory in bytes.

        Elapsed time is that since this object was made, the rest that of the process.
        """
        usage = resource.getrusage(resource.RUSAGE_SELF)
        unit = 1 if sys.platform == "darwin" else 1024
        return {
            "elapsed_s": round(time.perf_counter() - self._start, 3),
            "user_s": round(usage.ru_utime, 3),
            "sys_s": round(usage.ru_stime, 3),
            "max_rss": usage.ru_maxrss * unit,
        }


def environment() -> dict[str, Any]:
    """Operating system, Python, and versions of the libraries that decide the numbers.

    Nothing of the environment variables, the user or the machine's name.
    """
    libraries = {}
    for name in _LIBRARIES:
        try:
            libraries[name] = version(name)
        except PackageNotFoundError:
            continue
    return {
        "os": {"system": platform.system(), "release": platform.release()},
        "python": {
            "implementation": platform.python_implementation(),
            "version": platform.python_version(),
        },
        "machine": platform.machine(),
        "cpus": len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else None,
        "libraries": libraries,
    }


@dataclass(frozen=True, kw_only=True)
class Manifest:
    """Provenance of one run, after the provenance schema of tskit.

    `args` and `config` may hold secrets: `to_dict` hides them.
    """

    command: str
    args: Sequence[str]
    config: Mapping[str, Any]
    inputs: Sequence[FileRecord]
    outputs: Sequence[FileRecord] = ()
    counts: Mapping[str, Any] = field(default_factory=dict)
    results: Mapping[str, Any] = field(default_factory=dict)
    seeds: Mapping[str, int] = field(default_factory=dict)
    timings: Mapping[str, float] = field(default_factory=dict)
    resources: Mapping[str, float] = field(default_factory=dict)
    environment: Mapping[str, Any] = field(default_factory=environment)

    def to_dict(self) -> dict[str, Any]:
        """Plain values in the order of the file, without secrets."""
        content = {
            "schema_version": SCHEMA_VERSION,
            "software": {"name": "fabgwas", "version": __version__},
            "parameters": {
                "command": self.command,
                "args": list(self.args),
                "config": dict(self.config),
            },
            "environment": dict(self.environment),
            "inputs": [asdict(record) for record in self.inputs],
            "outputs": [asdict(record) for record in self.outputs],
            "counts": dict(self.counts),
            "results": dict(self.results),
            "seeds": dict(self.seeds),
            "timings": {name: round(spent, 3) for name, spent in self.timings.items()},
            "resources": dict(self.resources),
        }
        return hide_secrets(content)


def write_manifest(path: str | Path, manifest: Manifest) -> None:
    """Write a manifest as indented JSON, whole or not at all."""
    text = json.dumps(manifest.to_dict(), indent=2, ensure_ascii=False, default=_plain)
    with write_atomically(Path(path)) as temporary:
        temporary.write_text(text + "\n", encoding="utf-8")


def hide_secrets(value: Any) -> Any:
    """Replace what could open an account: by its name, by its look, or by its origin.

    Hidden are values of settings and options named like a key, token or password, texts
    that look like the key of a service, user and password in addresses, and whatever
    equals the value of an environment variable with such a name.
    """
    known = [
        content
        for name, content in os.environ.items()
        if _SECRET_NAME.search(name) and len(content) >= _SHORTEST_SECRET
    ]
    return _hide(value, known)


def _hide(value: Any, known: Sequence[str]) -> Any:
    if isinstance(value, Mapping):
        return {
            name: _HIDDEN
            if isinstance(content, str) and _SECRET_NAME.search(str(name))
            else _hide(content, known)
            for name, content in value.items()
        }
    if isinstance(value, list | tuple):
        return _hide_arguments([_hide(item, known) for item in value])
    if isinstance(value, str):
        for secret in known:
            value = value.replace(secret, _HIDDEN)
        return _SECRET_TEXT.sub(_HIDDEN, value)
    return value


def _hide_arguments(items: list[Any]) -> list[Any]:
    """Hide the value that follows, or is part of, an option such as ``--api-key``."""
    hidden = list(items)
    for number, item in enumerate(items):
        if not (isinstance(item, str) and item.startswith("--")):
            continue
        option, equals, _ = item.partition("=")
        if not _SECRET_NAME.search(option[2:]):
            continue
        if equals:
            hidden[number] = f"{option}={_HIDDEN}"
        elif number + 1 < len(items):
            hidden[number + 1] = _HIDDEN
    return hidden


def _plain(value: Any) -> Any:
    """Values that JSON does not know: paths, and numbers of numpy."""
    if isinstance(value, Path):
        return str(value)
    if hasattr(value, "tolist"):
        return value.tolist()
    raise TypeError(f"a manifest cannot hold a {type(value).__name__}: {value!r}.")
