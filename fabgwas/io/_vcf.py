"""GWAS-VCF: one study per sample column, its statistics in FORMAT fields."""

import pyarrow as pa
import pyarrow.compute as pc

from fabgwas.errors import InputError
from fabgwas.io._delimited import read_columns, split_header
from fabgwas.io._formats import Format, Layout

_FIXED = ["#CHROM", "POS", "ID", "REF", "ALT", "QUAL", "FILTER", "INFO", "FORMAT"]
# field -> role: effect, its standard error, -log10 p, frequency of ALT, size, z-score
_ROLES = {
    "ES": "beta", "SE": "se", "LP": "neg_log10_p", "AF": "effect_allele_freq", "SS": "n",
    "NC": "n_cases", "EZ": "z", "SI": "info",
}  # fmt: skip
_PLACE = {
    "chrom": "#CHROM",
    "pos": "POS",
    "rsid": "ID",
    "effect_allele": "ALT",
    "other_allele": "REF",
}


def is_vcf(content: bytes) -> bool:
    """Whether a file begins like a VCF."""
    return content.startswith(b"##fileformat=VCF")


def read_vcf(content: bytes, path: str, trait: str | None) -> tuple[pa.Table, Layout]:
    """The columns of one study of a GWAS-VCF, as if it were a plain table."""
    text = split_header(content, path)
    studies = text.header[len(_FIXED) :]
    if text.header[: len(_FIXED)] != _FIXED or not studies:
        raise InputError(f"{path}: not a GWAS-VCF: there is no column of a study.")
    if trait is None and len(studies) > 1:
        raise InputError(
            f"{path}: choose one of the traits {', '.join(studies)} (option trait)."
        )
    study = trait if trait is not None else studies[0]
    if study not in studies:
        raise InputError(f"{path}: has no trait {study!r}; it has {', '.join(studies)}.")
    wanted = [*_PLACE.values(), "FORMAT", study]
    raw = read_columns(text, {name: pa.string() for name in wanted})
    fields = _fields(raw["FORMAT"], raw[study], path)
    columns = _PLACE | {role: field for field, role in _ROLES.items() if field in fields}
    table = raw.select(list(_PLACE.values()))
    for name, values in fields.items():
        table = table.append_column(name, values)
    statistic = "ratio" if {"ES", "SE"} <= fields.keys() else "z"
    if statistic == "z" and "EZ" not in fields:
        raise InputError(f"{path}: FORMAT holds neither ES and SE nor EZ.")
    return table, Layout(Format("gwas-vcf", [], statistic=statistic), columns)


def _fields(
    formats: pa.ChunkedArray, values: pa.ChunkedArray, path: str
) -> dict[str, pa.Array]:
    """The known fields, as numbers; records may differ in their FORMAT."""
    columns: dict[str, pa.Array] = {}
    for layout in pc.unique(formats).drop_null().to_pylist():
        mine = pc.fill_null(pc.equal(formats, layout), False)
        parts = _one_array(pc.split_pattern(values, ":"))
        for number, name in enumerate(layout.split(":")):
            if name not in _ROLES:
                continue
            try:
                long_enough = pc.and_(
                    _one_array(mine), pc.greater(pc.list_value_length(parts), number)
                )
                rows = pc.if_else(long_enough, parts, pa.scalar(None, parts.type))
                padded = _element(rows, number)
                found = pc.if_else(pc.equal(padded, "."), None, padded).cast(pa.float64())
            except pa.ArrowInvalid as error:
                message = " ".join(str(error).split())
                raise InputError(f"{path}: FORMAT field {name}: {message}") from error
            columns[name] = pc.coalesce(columns[name], found) if name in columns else found
    return columns


def _one_array(values: pa.ChunkedArray | pa.Array) -> pa.Array:
    if isinstance(values, pa.Array):
        return values
    chunks = values.combine_chunks()
    return chunks if isinstance(chunks, pa.Array) else pa.concat_arrays(chunks.chunks)


def _element(rows: pa.Array, number: int) -> pa.Array:
    """One element of each list; null where the list is null."""
    known = pc.is_valid(rows)
    element = pc.list_element(rows.filter(known), number)
    slots = pc.cumulative_sum(known.cast(pa.int64()))
    return element.take(pc.if_else(known, pc.subtract(slots, 1), None))
