"""Settings of a command from a TOML file, and back."""

import inspect
import tomllib
from collections.abc import Callable, Mapping
from datetime import datetime
from functools import wraps
from pathlib import Path
from typing import Annotated, Any

import typer

from fabgwas.errors import InputError, UsageError


def use_config(context: Any, path: Path | None) -> Path | None:
    """Take the settings of a TOML file as defaults of the options of a command.

    The context is one of Click, of which Typer may have a copy of its own.
    """
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
    columns = settings.get("columns")
    if isinstance(columns, Mapping):
        settings["columns"] = [f"{role}={name}" for role, name in columns.items()]
    context.default_map = {**(context.default_map or {}), **settings}
    return path


Config = Annotated[
    Path | None,
    typer.Option(
        callback=use_config,
        is_eager=True,
        help="TOML file of settings, as --print-config writes it; options go before it.",
    ),
]
PrintConfig = Annotated[
    bool,
    typer.Option("--print-config", help="Print the settings as TOML, and do nothing."),
]
# how a command goes about its work, not what it does
_MANNERS = {"data", "dry_run", "memory", "overwrite", "quiet", "threads"}


def configurable(command: Callable[..., None]) -> Callable[..., None]:
    """Give a command the options ``--config`` and ``--print-config``.

    They come before the first option of how it works, such as ``--threads``.
    """

    @wraps(command)
    def configured(*, print_config: bool, **settings: Any) -> None:
        del settings["config"]  # its callback has read it
        if print_config:
            print(as_toml(_shown(settings)), end="")
        else:
            command(**settings)

    signature = inspect.signature(command)
    parameters = list(signature.parameters.values())
    manners = (n for n, each in enumerate(parameters) if each.name in _MANNERS)
    place = next(manners, len(parameters))
    added: list[tuple[str, Any, Any]] = [
        ("config", None, Config),
        ("print_config", False, PrintConfig),
    ]
    parameters[place:place] = [
        inspect.Parameter(name, parameters[-1].kind, default=default, annotation=annotation)
        for name, default, annotation in added
    ]
    configured.__signature__ = signature.replace(parameters=parameters)  # type: ignore[attr-defined]
    configured.__annotations__ = {each.name: each.annotation for each in parameters}
    return configured


def _shown(settings: Mapping[str, Any]) -> dict[str, Any]:
    """What a file of settings holds."""
    shown = {name: value for name, value in settings.items() if name not in _MANNERS}
    for name, parse in (("chrom", chromosomes_of), ("columns", columns_of)):
        if name in shown:
            shown[name] = parse(shown[name])
    return shown


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
    if isinstance(value, datetime):
        value = value.date()
    escaped = str(value).replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'
