"""The formats of summary statistics, as `_columns.toml` describes them."""

import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from importlib.resources import files
from typing import Any

from fabgwas.errors import InputError

Candidates = str | list[str]

# roles that each kind of statistic needs, one of each group
_NEEDS = {
    "t": [{"z"}],
    "z": [{"z"}],
    "chisq": [{"chisq"}, {"beta", "odds_ratio"}],
    "ratio": [{"beta", "odds_ratio"}, {"se"}],
    "p": [{"p", "neg_log10_p"}, {"beta", "odds_ratio", "z"}],
}


@dataclass(frozen=True)
class Format:
    """One entry of `_columns.toml`, which explains the fields."""

    name: str
    statistic: list[str] = field(default_factory=list)
    requires: list[str] = field(default_factory=list)
    any: list[str] = field(default_factory=list)
    columns: dict[str, Candidates] = field(default_factory=dict)
    additive: list[str] = field(default_factory=list)
    fatal: list[str] = field(default_factory=list)
    refuse: str = ""
    allele_needed: bool = False
    mitochondrial: str = "26"

    def fits(self, header: Sequence[str]) -> bool:
        """Whether a header holds what the format requires."""
        return all(name in header for name in self.requires) and (
            not self.any or any(_present(name, header) for name in self.any)
        )


@dataclass(frozen=True)
class Layout:
    """A format, the column of a file that plays each role, and where z comes from."""

    format: Format
    columns: dict[str, str]
    statistic: str
    trait: str | None = None
    alleles_turned: bool = False
    """Whether the effect allele was said to be the one that the format calls the other."""


@cache
def known_formats() -> tuple[Format, ...]:
    """All formats, in the order in which they are tried."""
    return tuple(Format(**entry) for entry in _entries()["format"])


@cache
def generic_names() -> dict[str, list[str]]:
    """What a header of no known program may call each role."""
    names: dict[str, list[str]] = _entries()["generic"]
    return names


@cache
def _entries() -> dict[str, Any]:
    text = files("fabgwas.io").joinpath("_columns.toml").read_text(encoding="utf-8")
    return tomllib.loads(text)


def choose_statistic(kinds: Sequence[str], found: Mapping[str, str], path: str) -> str:
    """The first kind of statistic whose columns are there."""
    for kind in kinds:
        if all(group & found.keys() for group in _NEEDS[kind]):
            return kind
    raise InputError(
        f"{path}: effects with standard errors, z-scores, or p-values with effects are "
        f"needed; the columns tell only {', '.join(sorted(found))}."
    )


def check_repeated(header: Sequence[str], path: str, found: Mapping[str, str]) -> None:
    """Raise an error if a column that matters is not the only one of its name."""
    for role, name in found.items():
        if header.count(name) > 1:
            raise InputError(
                f"{path}: the column {name!r}, for the {spoken(role)}, occurs "
                f"{header.count(name)} times in the header."
            )


def _present(name: str, header: Sequence[str]) -> bool:
    if name.endswith("*"):
        return any(column.startswith(name[:-1]) for column in header)
    return name in header


def spoken(role: str) -> str:
    """A role in words."""
    return role.replace("_", " ")


def shown(header: Sequence[str]) -> str:
    """The names of a header, as many as fit into a message."""
    text = ", ".join(repr(name)[1:-1] for name in header[:30])
    return text[:300] + (", ..." if len(header) > 30 or len(text) > 300 else "")
