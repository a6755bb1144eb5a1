"""Rows of scoring files: in canonical columns, and those of no use counted."""

import tomllib
from collections.abc import Mapping, Sequence
from functools import cache
from importlib.resources import files
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from fabgwas.io._weights import PLACE
from fabgwas.variants import CHROMOSOMES, chromosome_codes

FREQ = "effect_allele_freq"
_TRUE = pa.array(["true", "1", "yes", "t", "y"])


@cache
def columns_known() -> dict[str, Any]:
    """The facts of `_score_columns.toml`."""
    text = (files("fabgwas.io") / "_score_columns.toml").read_text(encoding="utf-8")
    return tomllib.loads(text)


def canonical_rows(
    raw: pa.Table, roles: Mapping[str, str], scores: Sequence[str]
) -> pa.Table:
    """The usual columns, with null where there is no such thing."""
    nothing = pa.nulls(raw.num_rows, pa.string())
    text = {
        name: raw[roles[name]].cast(pa.string()) if name in roles else nothing
        for name in PLACE
    }
    code = chromosome_codes(text["chrom"])
    index = pa.array(code.astype(np.int8) - 1, mask=code == 0)
    alleles = {name: _allele(text[name]) for name in ("effect_allele", "other_allele")}
    columns: dict[str, Any] = {
        "chrom": pa.DictionaryArray.from_arrays(index, pa.array(CHROMOSOMES)),
        "pos": _positions(text["pos"], code > 0),
        "rsid": text["rsid"],
        **alleles,
    }
    if FREQ in roles:
        columns[FREQ] = raw[roles[FREQ]].cast(pa.float64())
    for name in scores:
        columns[name] = raw[name].cast(pa.float64())
    return pa.table(columns)


def _allele(values: pa.ChunkedArray | pa.Array) -> pa.ChunkedArray | pa.Array:
    """Upper case; null for what is no allele, such as the ``A/C`` of an inferred one."""
    upper = pc.utf8_upper(values)
    good = pc.match_substring_regex(upper, "^[A-Z0-9<>:*_-]+$")
    return pc.if_else(pc.fill_null(good, False), upper, None)


def _positions(text: pa.ChunkedArray | pa.Array, placed: np.ndarray) -> pa.Array:
    """Base pairs; null where there is no number, or no chromosome with it."""
    # whole numbers may be written as 5e+06 or 5.0
    good = pc.match_substring_regex(text, r"^[0-9]+(\.[0-9]+)?([eE]\+?[0-9]+)?$")
    number = pc.if_else(pc.fill_null(good, False), text, None).cast(pa.float64())
    pos = pc.fill_null(number, np.nan).to_numpy()
    with np.errstate(invalid="ignore"):
        known = placed & (pos > 0) & (pos < 2**31)
    return pa.array(np.where(known, pos, 0).astype(np.int64), mask=~known)


def sieved(
    table: pa.Table, raw: pa.Table, roles: Mapping[str, str], scores: Sequence[str]
) -> tuple[pa.Table, dict[str, int]]:
    """The rows of use, and how many are not, each counted for its first reason."""
    weights = [pc.fill_null(table[name], np.nan).to_numpy() for name in scores]
    finite = np.isfinite(weights).all(axis=0)
    placed = table["pos"].is_valid().to_numpy()
    named = table["rsid"].is_valid().to_numpy()
    reasons = {
        "not_additive": _not_additive(raw, roles),
        "no_weight": ~finite,
        "no_effect_allele": ~table["effect_allele"].is_valid().to_numpy(),
        "no_place_or_identifier": ~(placed | named),
    }
    keep = np.ones(table.num_rows, bool)
    counts = {"read": table.num_rows}
    for reason, bad in reasons.items():
        counts[reason] = int(np.sum(keep & bad))
        keep &= ~bad
    return table.filter(pa.array(keep)), counts | {"kept": int(keep.sum())}


def _not_additive(raw: pa.Table, roles: Mapping[str, str]) -> np.ndarray:
    bad = np.zeros(raw.num_rows, bool)
    for name in raw.column_names:
        if name.lower() in columns_known()["flags"]["not_additive"]:
            lower = pc.utf8_lower(raw[name].cast(pa.string()))
            bad |= pc.is_in(lower, _TRUE).to_numpy()
    if "effect_type" in roles:
        kind = pc.fill_null(pc.utf8_lower(raw[roles["effect_type"]]), "additive")
        bad |= pc.not_equal(kind, "additive").to_numpy()
    return bad
