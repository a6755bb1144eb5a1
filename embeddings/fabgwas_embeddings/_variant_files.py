"""Readers of lists of variants, in the files that people have."""

from collections.abc import Collection, Iterator
from pathlib import Path

import pyarrow as pa

from fabgwas.errors import InputError
from fabgwas.io._open import blaming
from fabgwas_embeddings._files import parquet_batches, read_batches, read_header, source_of
from fabgwas_embeddings._variants import VARIANT_COLUMNS, VariantList, no_variants, tidy

# names of a column in lower case, in order of preference
_NAMES = {
    "chrom": ("#chrom", "chrom", "chr", "chromosome", "#chr", "chr_name"),
    "pos": ("pos", "bp", "position", "genpos", "base_pair_location"),
    "ref": ("ref", "other_allele", "reference_allele", "allele0", "a2"),
    "alt": ("alt", "effect_allele", "allele1", "a1"),
    "rsid": ("rsid", "snp", "id", "variant_id", "markername"),
}
_SUMSTATS = ("chrom", "pos", "other_allele", "effect_allele", "rsid")
_BIM = ["chrom", "rsid", "cm", "pos", "alt", "ref"]


def read_variants(path: str | Path) -> VariantList:
    """Read a list of variants: .bim, .pvar, VCF, Parquet, or a table with a header.

    PLINK 1 does not say which allele is the reference; A2 is taken as ref and A1 as alt.
    In summary statistics, of any format that `fabgwas.read_sumstats` knows, the effect
    allele is alt. Rows without a position, with alleles other than A, C, G, T, and repeated
    rows are left out and counted.
    """
    path = Path(path)
    tables = list(variant_tables(path))
    table = pa.concat_tables(tables) if tables else no_variants()
    return tidy(table, source_of("variants", path), str(path))


def variant_tables(path: Path) -> Iterator[pa.Table]:
    """The rows of a list of variants as they are, in pieces; columns `VARIANT_COLUMNS`."""
    if not path.is_file():
        raise InputError(f"{path}: no such file.")
    if path.suffix == ".bim":
        batches = _read_bim(path)
    elif _is_parquet(path):
        batches = _read_parquet(path)
    else:
        batches = _read_text(path)
    with blaming(path):
        for batch in batches:
            yield pa.table(batch)


def _is_parquet(path: Path) -> bool:
    with path.open("rb") as file:
        return file.read(4) == b"PAR1"


def _read_bim(path: Path) -> Iterator[pa.RecordBatch]:
    line, _ = read_header(path)
    delimiter = "\t" if "\t" in line else " "
    if len(line.split(delimiter)) != len(_BIM):
        raise InputError(
            f"{path}: line 1 has not the six columns of a .bim file, separated by tabs or "
            "single blanks."
        )
    yield from _batches(path, _BIM, 0, delimiter, {name: name for name in VARIANT_COLUMNS})


def _read_text(path: Path) -> Iterator[pa.RecordBatch]:
    """A table with a header; one that is no plain list may still be summary statistics."""
    line, skipped = read_header(path)
    delimiter = next((mark for mark in ("\t", ",", " ") if mark in line), "\t")
    names = line.split(delimiter)
    try:
        if "" in names:  # columns in line, as PLINK 1 writes them
            raise InputError(f"{path}: its columns are not separated by single marks.")
        chosen = _choose(names, path)
    except InputError as error:
        yield from _read_sumstats(path, error)
    else:
        yield from _batches(path, names, skipped + 1, delimiter, chosen)


def _read_sumstats(path: Path, why_no_list: InputError) -> Iterator[pa.RecordBatch]:
    """What `fabgwas run` would read; the reasons of both readers if it would not."""
    from fabgwas.io import read_sumstats

    try:
        study = read_sumstats(path)
    except InputError as error:
        raise InputError(f"{why_no_list} Nor are they statistics: {error}") from error
    canonical = dict(zip(VARIANT_COLUMNS, _SUMSTATS, strict=True))
    for batch in study.table.to_batches():
        yield _canonical(batch, canonical)


def _batches(
    path: Path, names: list[str], skip: int, delimiter: str, chosen: dict[str, str]
) -> Iterator[pa.RecordBatch]:
    batches = read_batches(
        path,
        names,
        skip=skip,
        delimiter=delimiter,
        columns=list(chosen.values()),
        types={chosen["pos"]: pa.int64()},
    )
    for batch in batches:
        yield _canonical(batch, chosen)


def _read_parquet(path: Path) -> Iterator[pa.RecordBatch]:
    chosen: dict[str, str] = {}

    def choose(names: list[str]) -> Collection[str]:
        chosen.update(_choose(names, path))
        return chosen.values()

    for batch in parquet_batches(path, choose):
        yield _canonical(batch, chosen)


def _choose(names: list[str], path: Path) -> dict[str, str]:
    """Which column of a file is chrom, pos, ref, alt and, if there is one, rsid."""
    lower = {name.lower(): name for name in reversed(names)}
    chosen = {
        column: next((lower[name] for name in known if name in lower), None)
        for column, known in _NAMES.items()
    }
    for column in VARIANT_COLUMNS[:4]:
        if chosen[column] is None:
            raise InputError(
                f"{path}: no column for {column}; it may be called one of "
                f"{', '.join(_NAMES[column])}. The columns are {', '.join(names)}."
            )
    return {column: name for column, name in chosen.items() if name is not None}


def _canonical(batch: pa.RecordBatch, chosen: dict[str, str]) -> pa.RecordBatch:
    columns = {}
    for column in VARIANT_COLUMNS:
        if column not in chosen:
            columns[column] = pa.nulls(len(batch), pa.string())
            continue
        kind = pa.int32() if column == "pos" else pa.string()
        columns[column] = batch[chosen[column]].cast(kind)
    return pa.record_batch(columns)
