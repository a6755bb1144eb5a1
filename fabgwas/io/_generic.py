"""Columns of a table that no known program wrote, told by names that are usual."""

from collections.abc import Sequence

from fabgwas.errors import InputError
from fabgwas.io._formats import (
    Format,
    Layout,
    check_repeated,
    choose_statistic,
    generic_names,
    shown,
    spoken,
)

# roles of which a table of no known program may have one column only
_UNIQUE = ("effect_allele", "other_allele", "beta", "odds_ratio", "se", "z", "p")


def generic_layout(header: Sequence[str], path: str, given: dict[str, str]) -> Layout:
    """The column of each role, beside those that are given.

    Raises
    ------
    InputError
        If the effect allele or anything else that matters cannot be told.
    """
    names = generic_names()
    plain = {name: _plain(name) for name in header}
    found = dict(given)
    for role, candidates in names.items():
        present = [name for each in candidates for name in plain if plain[name] == each]
        if role in found or role == "ambiguous" or not present:
            continue
        if len(present) > 1 and role in _UNIQUE:
            raise InputError(
                f"{path}: {' and '.join(present)} may both hold the {spoken(role)}; "
                f"name the one that does (option {_option(role)})."
            )
        found[role] = present[0]
    if not {"beta", "odds_ratio", "z"} & found.keys():
        raise InputError(
            f"{path}: not a known table of summary statistics: no column holds effects or "
            f"z-scores; its columns are {shown(header)}."
        )
    _find_alleles(
        header, path, found, [n for n in header if plain[n] in names["ambiguous"]]
    )
    check_repeated(header, path, found)
    statistic = choose_statistic(["ratio", "z", "p"], found, path)
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
            f"{path}: which column holds the {spoken(role)} cannot be told from "
            f"{shown(rest or header)}; name it (option {role})."
        )


def _plain(name: str) -> str:
    return name.upper().replace("-", "_").replace(".", "_")


def _option(role: str) -> str:
    return role if role.endswith("allele") else f"columns, role {role}"
