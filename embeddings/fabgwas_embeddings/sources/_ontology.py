"""Terms of an ontology with all that lies below them."""

from collections import defaultdict
from collections.abc import Iterable
from pathlib import Path

from fabgwas.errors import InputError
from fabgwas_embeddings._files import open_binary


def with_children(terms: Iterable[str], path: Path) -> list[str]:
    """Names and identifiers of terms of an OBO file and of their descendants.

    A term is given by its name (case does not count), or by its identifier, written
    ``EFO:0004339`` or ``EFO_0004339``. Terms that the file does not have stay as they are,
    because a reported trait need not be a term.

    Raises
    ------
    InputError
        If the file has no terms.
    """
    names, children = _read_obo(path)
    if not names:
        raise InputError(f"{path}: no [Term] found; give the ontology in OBO format.")
    by_name = {name.casefold(): each for each, name in names.items()}
    found: dict[str, None] = {}
    for term in terms:
        found[term] = None
        start = term.replace("_", ":") if term.replace("_", ":") in names else None
        waiting = [start or by_name.get(term.casefold(), "")]
        seen = set(waiting)
        while waiting:
            each = waiting.pop()
            if each in names:
                found[names[each]] = None
                found[each.replace(":", "_")] = None  # as the URIs of the catalog write it
            for child in children[each]:
                if child not in seen:
                    seen.add(child)
                    waiting.append(child)
    return list(found)


def _read_obo(path: Path) -> tuple[dict[str, str], dict[str, list[str]]]:
    """Name of each term, and the terms right below each."""
    names: dict[str, str] = {}
    children: dict[str, list[str]] = defaultdict(list)
    term = None
    with open_binary(path) as file:
        for raw in file:
            key, _, value = raw.decode("utf-8", "replace").strip().partition(": ")
            if key.startswith("["):
                term = "" if key == "[Term]" else None
            elif term is None:
                continue
            elif key == "id":
                term = value
            elif key == "name":
                names[term] = value
            elif key == "is_a":
                children[value.split(" ")[0]].append(term)
    return names, children
