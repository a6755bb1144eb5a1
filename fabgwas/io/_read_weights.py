"""`read_weights`: scoring files of PLINK, of the PGS Catalog, and our own."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import pyarrow as pa

from fabgwas.errors import InputError, NothingToAnalyseError
from fabgwas.io._build import normalize_build
from fabgwas.io._delimited import Text, read_columns, split_header, without_padding
from fabgwas.io._metadata import build_in
from fabgwas.io._open import blaming, read_bytes
from fabgwas.io._tables import read_parquet
from fabgwas.io._weight_rows import FREQ, canonical_rows, columns_known, sieved
from fabgwas.io._weights import FORMAT, Weights

_LONGEST_LINE = 2**16


def read_weights(path: str | Path, columns: Sequence[str] | None = None) -> Weights:
    """Read one or several scores from a scoring file.

    Understood are what `write_weights` writes, scoring files of the PGS Catalog (also
    harmonised ones, whose ``hm_`` places are taken), and what ``plink --score`` takes: an
    identifier, an allele and one or more columns of weights, with or without a header.
    Rows that are dropped are counted.

    Parameters
    ----------
    path
        Text, plain or compressed, or Parquet.
    columns
        Which columns of weights; None means the column weight or effect_weight, and if
        there is none, all columns of numbers that play no other role.

    Raises
    ------
    InputError
        If the file cannot be understood.
    NothingToAnalyseError
        If no row is left.
    """
    path = Path(path)
    if path.suffix == ".parquet":
        raw, facts = _read_parquet(path)
        roles = _roles(raw.column_names, str(path))
        scores = _score_columns(raw.column_names, roles, columns, str(path))
    else:
        raw, roles, scores, facts = _read_text(path, columns)
    with blaming(path):
        table, counts = sieved(canonical_rows(raw, roles, scores), raw, roles, scores)
    if not table.num_rows:
        raise NothingToAnalyseError(f"{path}: no weight is left of {counts['read']} rows.")
    return Weights(
        table=table,
        scores=tuple(scores),
        name=facts.get("name") or facts.get("pgs_id") or _stem(path),
        path=str(path),
        build=_build(facts, path),
        facts=facts,
        counts=counts,
    )


def _roles(header: Sequence[str], path: str) -> dict[str, str]:
    """Which column plays each role that the header has."""
    plain: dict[str, str] = {}
    for name in header:
        plain.setdefault(name.lower(), name)
    roles = {
        role: next(plain[name] for name in names if name in plain)
        for role, names in columns_known()["roles"].items()
        if any(name in plain for name in names)
    }
    if "effect_allele" not in roles:
        raise InputError(
            f"{path}: no column of effect alleles (effect_allele or A1) among "
            f"{' '.join(header)}; name it so."
        )
    if "rsid" not in roles and not {"chrom", "pos"} <= roles.keys():
        raise InputError(
            f"{path}: neither a column of identifiers (ID, SNP, rsID) nor of places "
            f"(chr_name and chr_position) among {' '.join(header)}."
        )
    return roles


def _score_columns(
    header: Sequence[str],
    roles: Mapping[str, str],
    wanted: Sequence[str] | None,
    path: str,
) -> list[str]:
    """Columns of weights: the wanted ones, the usual one, or all that may be."""
    if wanted is not None:
        absent = [name for name in wanted if name not in header]
        if absent:
            raise InputError(f"{path}: no column {absent[0]!r} among {' '.join(header)}.")
        return list(wanted)
    if "weight" in roles:
        return [roles["weight"]]
    known = columns_known()
    taken = {name for names in known["roles"].values() for name in names}
    taken |= {*known["flags"]["not_additive"], *known["others"]["names"]}
    found = [name for name in header if name and name.lower() not in taken]
    if not found:
        raise InputError(f"{path}: no column of weights among {' '.join(header)}.")
    return found


def _read_parquet(path: Path) -> tuple[pa.Table, dict[str, str]]:
    table = read_parquet(path)
    try:
        stated = json.loads((table.schema.metadata or {}).get(FORMAT.encode(), b"{}"))
        facts = {**stated.pop("facts", {}), **{k: v for k, v in stated.items() if v}}
    except (ValueError, TypeError, AttributeError) as error:
        raise InputError(f"{path}: its metadata are damaged ({error!r}).") from error
    return table, {name: str(value) for name, value in facts.items()}


def _read_text(
    path: Path, wanted: Sequence[str] | None
) -> tuple[pa.Table, dict[str, str], list[str], dict[str, str]]:
    content, facts, skipped = _without_comments(read_bytes(path))
    text = split_header(content, str(path))
    text = replace(text, first_line=text.first_line + skipped)
    if _is_number(text.header[-1]):
        text = _headerless(text, content, skipped)
    text = without_padding(text)
    roles = _roles(text.header, str(path))
    scores = _score_columns(text.header, roles, wanted, str(path))
    flags = [
        n for n in text.header if n.lower() in columns_known()["flags"]["not_additive"]
    ]
    types = dict.fromkeys([*roles.values(), *flags], pa.string())
    if wanted is None and "weight" not in roles:
        scores = _numeric(text, scores)
    types |= dict.fromkeys(scores, pa.float64())
    if FREQ in roles:
        types[roles[FREQ]] = pa.float64()
    return read_columns(text, types), roles, scores, facts


def _without_comments(content: pa.Buffer) -> tuple[pa.Buffer, dict[str, str], int]:
    """What follows the header of the PGS Catalog, its facts, and how many lines it has."""
    facts: dict[str, str] = {}
    at = lines = 0
    while content.size > at and content.slice(at, 1).to_pybytes() == b"#":
        line = content.slice(at, min(_LONGEST_LINE, content.size - at)).to_pybytes()
        line = line.partition(b"\n")[0]
        text = line.decode(errors="replace").strip()
        key, equals, value = text.lstrip("#").partition("=")
        if not text.startswith("##") and (not equals or "\t" in text):
            break  # the header of a table
        if equals and not text.startswith("##"):
            facts[key.strip().lower()] = value.strip()
        at, lines = min(at + len(line) + 1, content.size), lines + 1
    return content.slice(at), facts, lines


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True


def _headerless(text: Text, content: pa.Buffer, skipped: int) -> Text:
    """Names for the columns of a file for ``plink --score`` that has no header."""
    n_scores = len(text.header) - 2
    if n_scores < 1 or not all(_is_number(value) for value in text.header[2:]):
        raise InputError(
            f"{text.path}: line {skipped + 1}: neither a header, nor an identifier, an "
            "allele and weights."
        )
    names = ["weight"] if n_scores == 1 else [f"score{k + 1}" for k in range(n_scores)]
    header = ["rsid", "effect_allele", *names]
    return replace(text, header=header, body=content, first_line=skipped + 1, comments="")


def _numeric(text: Text, names: list[str]) -> list[str]:
    """Those of the columns whose first value is a number."""
    end = text.body.slice(0, min(_LONGEST_LINE, text.body.size)).to_pybytes()
    first = end.partition(b"\n")[0].decode(errors="replace").split(text.delimiter)
    found = [
        name
        for name, value in zip(text.header, first, strict=False)
        if name in names and _is_number(value)
    ]
    if not found:
        raise InputError(f"{text.path}: no column of numbers among {' '.join(names)}.")
    return found


def _build(facts: Mapping[str, str], path: Path) -> str | None:
    """The build that the header states, or the name of the file."""
    stated = facts.get("hmpos_build") or facts.get("build") or facts.get("genome_build")
    if stated and stated.upper() not in ("NR", "NA"):
        return normalize_build(stated, path)
    return build_in(path.name)


def _stem(path: Path) -> str:
    name = path.name
    for suffix in (".gz", ".bz2", ".zst", ".parquet", ".tsv", ".txt", ".score", ".weights",
                   ".pgs"):  # fmt: skip
        name = name.removesuffix(suffix)
    return name
