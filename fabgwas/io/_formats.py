"""Which program wrote a table of summary statistics, told by its column names."""

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
# roles of which a table of no known program may have one column only
_UNIQUE = ("effect_allele", "other_allele", "beta", "odds_ratio", "se", "z", "p")


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
def _entries() -> dict[str, Any]:
    text = files("fabgwas.io").joinpath("_columns.toml").read_text(encoding="utf-8")
    return tomllib.loads(text)


def list_traits_of(header: Sequence[str]) -> list[str]:
    """Traits that a file holds side by side, as ``BETA.trait``; empty for one trait."""
    return [name.removeprefix("BETA.") for name in header if name.startswith("BETA.")]


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
    given = _check_given(header, path, dict(columns or {}))
    trait = choose_trait(list_traits_of(header), path, trait)
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
    if format == chosen.name == "gcta-ma" and not chosen.fits(header):
        found = dict(zip(chosen.columns, header, strict=True))
    turned = given.get("effect_allele", "") == found.get("other_allele")
    if turned:
        given.setdefault("other_allele", found["effect_allele"])
    found |= given
    _check_repeated(header, path, found)
    statistic = _choose_statistic(chosen.statistic, found, path)
    return Layout(chosen, found, statistic, trait, turned)


def choose_trait(traits: Sequence[str], path: str, trait: str | None) -> str | None:
    """The trait that is meant, None if the file does not tell traits apart.

    Raises
    ------
    InputError
        If it is not said which of several is meant, or if there is none of that name.
    """
    if trait is None and len(traits) <= 1:
        return traits[0] if traits else None
    if not traits:
        raise InputError(
            f"{path}: holds one trait, so that none can be chosen (option trait)."
        )
    if trait not in traits:
        problem = "holds several traits" if trait is None else f"has no trait {trait!r}"
        raise InputError(
            f"{path}: {problem}; choose one of {', '.join(traits)} (option trait)."
        )
    return trait


def _check_given(header: Sequence[str], path: str, given: dict[str, str]) -> dict[str, str]:
    roles = {role for each in known_formats() for role in each.columns} | {"maf"}
    for role, column in given.items():
        if role not in roles:
            raise ValueError(
                f"unknown role {role!r}; known are {', '.join(sorted(roles))}."
            )
        if column not in header:
            raise InputError(
                f"{path}: there is no column {column!r} for {role}; "
                f"the columns are {_shown(header)}."
            )
    return given


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
    wanted = [each for each in formats if name in ("auto", each.name)]
    fitting = [each for each in wanted if each.fits(header)]
    if fitting:
        return fitting[0]
    if name == "auto":
        return None
    if name == "gcta-ma" and len(header) == len(wanted[0].columns):
        return wanted[0]  # GCTA itself reads columns by their order
    missing = [column for column in wanted[0].requires if column not in header]
    raise InputError(f"{path}: not {name}: there is no column {', '.join(missing)}.")


def _choose_statistic(kinds: Sequence[str], found: Mapping[str, str], path: str) -> str:
    for kind in kinds:
        if all(group & found.keys() for group in _NEEDS[kind]):
            return kind
    raise InputError(
        f"{path}: effects with standard errors, z-scores, or p-values with effects are "
        f"needed; the columns tell only {', '.join(sorted(found))}."
    )


def _generic_layout(header: Sequence[str], path: str, given: dict[str, str]) -> Layout:
    names: dict[str, list[str]] = _entries()["generic"]
    plain = {name: _plain(name) for name in header}
    found = dict(given)
    for role, candidates in names.items():
        present = [name for each in candidates for name in plain if plain[name] == each]
        if role in found or role == "ambiguous" or not present:
            continue
        if len(present) > 1 and role in _UNIQUE:
            raise InputError(
                f"{path}: {' and '.join(present)} may both hold the {_spoken(role)}; "
                f"name the one that does (option {_option(role)})."
            )
        found[role] = present[0]
    if not {"beta", "odds_ratio", "z"} & found.keys():
        raise InputError(
            f"{path}: not a known table of summary statistics: no column holds effects or "
            f"z-scores; its columns are {_shown(header)}."
        )
    _find_alleles(
        header, path, found, [n for n in header if plain[n] in names["ambiguous"]]
    )
    _check_repeated(header, path, found)
    statistic = _choose_statistic(["ratio", "z", "p"], found, path)
    return Layout(Format("generic"), found, statistic)


def _find_alleles(
    header: Sequence[str], path: str, found: dict[str, str], ambiguous: list[str]
) -> None:
    for role in ("effect_allele", "other_allele"):
        rest = [name for name in ambiguous if name not in found.values()]
        if role in found:
            continue
        if role == "other_allele" and len(rest) == 1:
            found[role] = rest[0]
            continue
        raise InputError(
            f"{path}: which column holds the {_spoken(role)} cannot be told from "
            f"{_shown(rest or header)}; name it (option {role})."
        )


def _check_repeated(header: Sequence[str], path: str, found: Mapping[str, str]) -> None:
    for role, name in found.items():
        if header.count(name) > 1:
            raise InputError(
                f"{path}: the column {name!r}, for the {_spoken(role)}, occurs "
                f"{header.count(name)} times in the header."
            )


def _first(candidates: Candidates, header: Sequence[str], trait: str | None) -> str | None:
    for name in [candidates] if isinstance(candidates, str) else candidates:
        full = name.replace("*", trait or "*")
        if full in header:
            return full
    return None


def _present(name: str, header: Sequence[str]) -> bool:
    if name.endswith("*"):
        return any(column.startswith(name[:-1]) for column in header)
    return name in header


def _plain(name: str) -> str:
    return name.upper().replace("-", "_").replace(".", "_")


def _spoken(role: str) -> str:
    return role.replace("_", " ")


def _option(role: str) -> str:
    return role if role.endswith("allele") else f"columns, role {role}"


def _shown(header: Sequence[str]) -> str:
    text = ", ".join(repr(name)[1:-1] for name in header[:30])
    return text[:300] + (", ..." if len(header) > 30 or len(text) > 300 else "")
