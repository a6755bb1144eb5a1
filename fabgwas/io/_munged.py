"""Standardised summary statistics on disk, with a tally of what was dropped."""

import json
from pathlib import Path
from typing import Any

import pyarrow as pa

from fabgwas.errors import InputError
from fabgwas.io._build import normalize_build
from fabgwas.io._formats import Format, Layout
from fabgwas.io._sizes import Size
from fabgwas.io._study import CANONICAL, OPTIONAL, Study
from fabgwas.io._sumstats import SumStats
from fabgwas.io._tables import read_parquet, write_table

FORMAT = "fabgwas"

_FACTS = ("path", "format", "effect_allele_column", "build", "trait", "n_effective_note",
          "counts", "warnings", "z_from")  # fmt: skip


def write_munged(sumstats: SumStats, prefix: str | Path) -> tuple[Path, Path]:
    """Write PREFIX.sumstats.parquet, which `read_sumstats` reads, and PREFIX.tally.tsv."""
    facts = {name: getattr(sumstats, name) for name in _FACTS}
    data, tally = Path(f"{prefix}.sumstats.parquet"), Path(f"{prefix}.tally.tsv")
    metadata = {FORMAT: json.dumps(facts)}
    write_table(sumstats.table.replace_schema_metadata(metadata), data)
    counts = {"step": list(sumstats.counts), "variants": list(sumstats.counts.values())}
    write_table(pa.table(counts), tally)
    return data, tally


def read_munged(
    path: Path,
    size: Size,
    build: str | None,
    min_info: float | int | None,
    min_maf: float | int | None,
    *,
    keep_indels: bool,
) -> SumStats:
    """What `write_munged` wrote, with what is dropped now added to its counts.

    Raises
    ------
    InputError
        If the file is another one.
    """
    raw, facts = _read(path)
    present = [name for name in (*CANONICAL, *OPTIONAL) if name in raw.column_names]
    layout = Layout(Format(FORMAT), {name: name for name in present}, "z")
    study = Study(raw, layout, str(path))
    study.sift(min_info, min_maf, keep_indels=keep_indels)
    table, note, _ = study.table(size)
    counts = {name: size for name, size in facts["counts"].items() if name != "kept"}
    for name, dropped in study.sieve.counts.items():
        if name != "read":
            counts[name] = counts.get(name, 0) + dropped
    return SumStats(
        table=table,
        path=str(path),
        format=FORMAT,
        effect_allele_column="effect_allele",
        build=facts["build"] if build is None else normalize_build(build),
        trait=facts["trait"],
        n_effective_note=facts["n_effective_note"] if size == Size() else note,
        counts=counts | {"kept": table.num_rows},
        warnings=tuple(facts["warnings"]),
        z_from=facts.get("z_from", ""),
    )


def _read(path: Path) -> tuple[pa.Table, dict[str, Any]]:
    table = read_parquet(path)
    facts = (table.schema.metadata or {}).get(FORMAT.encode())
    missing = [name for name in CANONICAL if name not in table.column_names]
    if missing or facts is None:
        reason = f": there is no column {missing[0]!r}" if missing else ""
        raise InputError(f"{path}: was not written by fabgwas munge{reason}.")
    for name, kind in (CANONICAL | dict.fromkeys(OPTIONAL, pa.float64())).items():
        if name in table.column_names and table[name].type != kind:
            raise InputError(
                f"{path}: the column {name!r} holds {table[name].type}, not {kind}; write "
                "the file with fabgwas munge again."
            )
    try:
        known = json.loads(facts)
        return table, {name: known[name] for name in _FACTS if name != "z_from"} | known
    except (ValueError, TypeError, KeyError) as error:
        raise InputError(f"{path}: its metadata are damaged ({error!r}).") from error
