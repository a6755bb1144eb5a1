"""Settings of a run from a TOML file, and back."""

import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import typer

from fabgwas.errors import InputError, UsageError


def use_config(context: typer.Context, path: Path | None) -> Path | None:
    """Take the settings of a TOML file as defaults of the options of a command."""
    if path is None:
        return None
    try:
        settings = tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise InputError(f"{path}: {error.strerror or error}.") from error
    except tomllib.TOMLDecodeError as error:
        raise InputError(f"{path}: not TOML: {error}.") from error
    known = {parameter.name for parameter in context.command.params if parameter.name}
    known -= {"config", "print_config", "dry_run", "help"}
    unknown = sorted(set(settings) - known)
    if unknown:
        raise UsageError(
            f"{path}: unknown setting {unknown[0]!r}; known are {', '.join(sorted(known))}."
        )
    columns = settings.get("columns", {})
    if isinstance(columns, Mapping):
        settings["columns"] = [f"{role}={name}" for role, name in columns.items()]
    context.default_map = {**(context.default_map or {}), **settings}
    return path


def as_toml(settings: Mapping[str, Any]) -> str:
    """Settings as TOML; those that are left to the file or the test as comments."""
    tables = {name: value for name, value in settings.items() if isinstance(value, Mapping)}
    lines = [
        f"# {name} =" if value is None else f"{name} = {_value(value)}"
        for name, value in settings.items()
        if name not in tables
    ]
    for name, table in tables.items():
        entries = (f"{key} = {_value(value)}" for key, value in table.items())
        lines += ["", f"[{name}]", *entries] if table else []
    return "\n".join(lines) + "\n"


def columns_of(pairs: list[str] | None) -> dict[str, str]:
    """Columns by role, from texts such as ``se=StdErr2``, several apart by commas."""
    columns = {}
    for pair in [each for text in pairs or [] for each in text.split(",")]:
        role, equals, name = pair.partition("=")
        if not (role and equals and name):
            raise UsageError(f"columns are given as ROLE=COLUMN, not as {pair!r}.")
        columns[role.strip()] = name.strip()
    return columns


def chromosomes_of(texts: list[str] | None) -> list[str]:
    """Chromosomes from texts such as ``1-4,X``."""
    found = []
    for text in [each.strip() for given in texts or [] for each in given.split(",")]:
        low, dash, high = text.partition("-")
        if dash and low.isdigit() and high.isdigit():
            found += [str(number) for number in range(int(low), int(high) + 1)]
        else:
            found.append(text)
    return found


def _value(value: Any) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, int | float):
        return repr(value)
    if isinstance(value, list | tuple):
        return "[" + ", ".join(_value(item) for item in value) + "]"
    escaped = str(value).replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'
