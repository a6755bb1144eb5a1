"""Which program wrote a table of summary statistics, told by its column names."""

import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from importlib.resources import files
from typing import Any

from fabgwas.errors import InputError

Candidates = str | list[str]


@dataclass(frozen=True)
class Format:
    """One entry of `_columns.toml`, which explains the fields."""

    name: str
    requires: list[str]
    any: list[str] = field(default_factory=list)
    statistic: str = "ratio"
    columns: dict[str, Candidates] = field(default_factory=dict)
    additive: list[str] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)
    refuse: str = ""
    effect_from_bim: bool = False
    place_in_name: bool = False
    mitochondrial: str = "26"

    def fits(self, header: Sequence[str]) -> bool:
        """Whether a header holds what the format requires."""
        return all(name in header for name in self.requires) and (
            not self.any or any(_present(name, header) for name in self.any)
        )


@dataclass(frozen=True)
class Layout:
    """A format, and the column of a file that plays each role."""

    format: Format
    columns: dict[str, str]


@cache
def known_formats() -> tuple[Format, ...]:
    """All formats, in the order in which they are tried."""
    return tuple(Format(**entry) for entry in _entries()["format"])


@cache
def _entries() -> dict[str, Any]:
    text = files("fabgwas.io").joinpath("_columns.toml").read_text(encoding="utf-8")
    return tomllib.loads(text)


def list_traits_of(header: Sequence[str]) -> list[str]:
    """Traits that a file holds side by side, as ``BETA.trait``; empty for one trait."""
    return [name[len("BETA.") :] for name in header if name.startswith("BETA.")]


def find_layout(
    header: Sequence[str],
    path: str,
    *,
    format: str = "auto",
    trait: str | None = None,
    columns: Mapping[str, str] | None = None,
) -> Layout:
    """Choose the format that fits a header, and the column of each role.

    Raises
    ------
    InputError
        If nothing fits, or if the effect allele cannot be told without being told.
    """
    repeated = sorted({name for name in header if header.count(name) > 1})
    if repeated:
        raise InputError(f"{path}: the column {repeated[0]!r} occurs twice in the header.")
    trait = _choose_trait(header, path, trait)
    given = dict(columns or {})
    for role, column in given.items():
        if column not in header:
            raise InputError(
                f"{path}: there is no column {column!r} for {role}; the columns are "
                f"{', '.join(header[:30])}."
            )
    chosen = _choose_format(header, path, format)
    if chosen is None:
        return _generic_layout(header, path, given)
    if chosen.refuse:
        raise InputError(f"{path}: {chosen.refuse}.")
    found = {
        role: name
        for role, candidates in chosen.columns.items()
        if (name := _first(candidates, header, trait)) is not None
    }
    if (swapped := given.get("effect_allele")) and swapped == found.get("other_allele"):
        given.setdefault("other_allele", found["effect_allele"])
    return Layout(chosen, found | given)


def _choose_trait(header: Sequence[str], path: str, trait: str | None) -> str | None:
    traits = list_traits_of(header)
    if not traits:
        return trait
    if trait is None and len(traits) == 1:
        return traits[0]
    if trait not in traits:
        problem = "holds several traits" if trait is None else f"has no trait {trait!r}"
        raise InputError(
            f"{path}: {problem}; choose one of {', '.join(traits)} (option trait)."
        )
    return trait


def _choose_format(header: Sequence[str], path: str, name: str) -> Format | None:
    """The first format that fits; None if only generic names may help."""
    formats = known_formats()
    names = list(dict.fromkeys(each.name for each in formats))
    if name not in ("auto", "generic", *names):
        raise InputError(
            f"{path}: unknown format {name!r}; known are auto, generic, {', '.join(names)}."
        )
    if name == "generic":
        return None
    fitting = [
        each for each in formats if each.fits(header) and name in ("auto", each.name)
    ]
    if not fitting and name != "auto":
        wanted = next(each for each in formats if each.name == name)
        missing = [column for column in wanted.requires if column not in header]
        raise InputError(f"{path}: not {name}: there is no column {', '.join(missing)}.")
    return fitting[0] if fitting else None


def _generic_layout(header: Sequence[str], path: str, given: dict[str, str]) -> Layout:
    names: dict[str, list[str]] = _entries()["generic"]
    plain = {_plain(name): name for name in reversed(header)}
    found = {
        role: plain[candidate]
        for role, candidates in names.items()
        if role != "ambiguous"
        for candidate in reversed(candidates)
        if candidate in plain
    } | given
    signed = {"beta", "odds_ratio", "z"} & found.keys()
    if not signed:
        raise InputError(
            f"{path}: not a known table of summary statistics: no column holds effects or "
            f"z-scores; its columns are {_shown(header)}."
        )
    ambiguous = [plain[name] for name in names["ambiguous"] if name in plain]
    for role in ("effect_allele", "other_allele"):
        rest = [name for name in ambiguous if name not in found.values()]
        if role in found:
            continue
        if role == "other_allele" and len(rest) == 1:
            found[role] = rest[0]
            continue
        raise InputError(
            f"{path}: which column holds the {role.replace('_', ' ')} cannot be told from "
            f"{_shown(rest or header)}; name it (option {role.replace('_', '-')})."
        )
    statistic = "ratio" if {"beta", "odds_ratio"} & signed and "se" in found else "z"
    if statistic == "z" and "z" not in found:
        if not {"p", "neg_log10_p"} & found.keys():
            raise InputError(f"{path}: there is no column of standard errors or p-values.")
        statistic = "p"
    return Layout(Format("generic", [], statistic=statistic), found)


def _first(candidates: Candidates, header: Sequence[str], trait: str | None) -> str | None:
    for name in [candidates] if isinstance(candidates, str) else candidates:
        full = name.replace("*", trait) if trait is not None else name
        if full in header:
            return full
    return None


def _present(name: str, header: Sequence[str]) -> bool:
    if name.endswith("*"):
        return any(column.startswith(name[:-1]) for column in header)
    return name in header


def _plain(name: str) -> str:
    return name.upper().replace("-", "_").replace(".", "_")


def _shown(header: Sequence[str]) -> str:
    text = ", ".join(repr(name)[1:-1] for name in header[:12])
    return text[:200] + (", ..." if len(header) > 12 or len(text) > 200 else "")
