"""Which program wrote a table of summary statistics, told by its column names."""

from collections.abc import Mapping, Sequence

from fabgwas.errors import InputError
from fabgwas.io._formats import (
    Candidates,
    Format,
    Layout,
    check_repeated,
    choose_statistic,
    known_formats,
    shown,
)
from fabgwas.io._generic import generic_layout


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
        return generic_layout(header, path, given)
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
    check_repeated(header, path, found)
    statistic = choose_statistic(chosen.statistic, found, path)
    return Layout(chosen, found, statistic, trait, turned)


def list_traits_of(header: Sequence[str]) -> list[str]:
    """Traits that a file holds side by side, as ``BETA.trait``; empty for one trait."""
    return [name.removeprefix("BETA.") for name in header if name.startswith("BETA.")]


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
                f"the columns are {shown(header)}."
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


def _first(candidates: Candidates, header: Sequence[str], trait: str | None) -> str | None:
    for name in [candidates] if isinstance(candidates, str) else candidates:
        full = name.replace("*", trait or "*")
        if full in header:
            return full
    return None
