"""Where a benchmark runs: its data, its cache, and what it may lack."""

import shutil
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path


class Skip(Exception):  # noqa: N818
    """A cell that cannot run here; the reason becomes its line in the table."""


@dataclass(frozen=True, kw_only=True)
class Context:
    """What tasks and methods are told beside their own settings."""

    data: Path | None
    """Folder of the real data, None if there is none."""
    cache: Path
    """Folder that outlives a run: encodings, simulated genotypes. Not in git."""
    quick: bool = False
    """Whether sizes are cut so that every suite together takes minutes."""


def need_file(context: Context, name: str) -> Path:
    """A file of the real data, or a skipped cell."""
    if context.data is None:
        raise Skip("needs the real data: set FABGWAS_TEST_DATA")
    path = context.data / name
    if not path.exists():
        raise Skip(f"needs the real data: no {name}")
    return path


def need_program(name: str) -> str:
    """An external program on PATH, or a skipped cell."""
    found = shutil.which(name)
    if found is None:
        raise Skip(f"needs the program {name}")
    return found


def need_module(name: str, install: str | None = None) -> None:
    """An optional Python package, or a skipped cell."""
    if find_spec(name) is None:
        raise Skip(f"needs the package {install or name}")
