"""Suites and what is in them, found by looking through their folders."""

import pkgutil
from importlib import import_module
from types import ModuleType
from typing import TypeVar

from benchmarks.harness.interface import Method, Task

Kind = TypeVar("Kind", Task, Method)
SUITES = ("properties", "tests", "prs", "cohort", "speed", "paper")


def find_tasks(suite: str) -> list[Task]:
    """The lists TASKS of all modules below `benchmarks.<suite>`."""
    return _collect(suite, "TASKS", Task)  # type: ignore[type-abstract]


def find_methods(suite: str) -> list[Method]:
    """The lists METHODS of all modules below `benchmarks.<suite>`."""
    return _collect(suite, "METHODS", Method)  # type: ignore[type-abstract]


def tables_module(suite: str) -> ModuleType | None:
    """`benchmarks.<suite>.tables`, where the suite has tables of its own."""
    name = f"benchmarks.{suite}.tables"
    try:
        return import_module(name)
    except ModuleNotFoundError as error:
        if error.name in (name, f"benchmarks.{suite}"):
            return None
        raise


def _collect(suite: str, name: str, kind: type[Kind]) -> list[Kind]:
    found: dict[str, Kind] = {}
    for module in _modules(suite):
        for each in getattr(module, name, ()):
            if not isinstance(each, kind):
                raise TypeError(
                    f"{module.__name__}.{name}: {each!r} is no {kind.__name__}."
                )
            if found.setdefault(each.name, each) is not each:
                raise ValueError(f"{module.__name__}: a second {name[:-1]} {each.name!r}.")
    return list(found.values())


def _modules(suite: str) -> list[ModuleType]:
    """Modules of a suite but those that begin with an underscore."""
    try:
        package = import_module(f"benchmarks.{suite}")
    except ModuleNotFoundError as error:
        if error.name != f"benchmarks.{suite}":
            raise
        return []
    names = [
        each.name
        for each in pkgutil.walk_packages(package.__path__, f"{package.__name__}.")
        if not any(part.startswith("_") for part in each.name.split("."))
    ]
    return [package, *map(import_module, names)]
