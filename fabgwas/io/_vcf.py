"""GWAS-VCF: one study per sample column, its statistics in FORMAT fields."""

import pyarrow as pa
import pyarrow.compute as pc

from fabgwas.errors import InputError
from fabgwas.io._delimited import Text, read_columns
from fabgwas.io._formats import Format, Layout
from fabgwas.io._layout import choose_trait

_FIXED = ["CHROM", "POS", "ID", "REF", "ALT", "QUAL", "FILTER", "INFO", "FORMAT"]
# field -> role: effect, its standard error, -log10 p, frequency of ALT, size, z-score
_ROLES = {
    "ES": "beta", "SE": "se", "LP": "neg_log10_p", "AF": "effect_allele_freq", "SS": "n",
    "NC": "n_cases", "EZ": "z", "SI": "info",
}  # fmt: skip
_PLACE = {
    "chrom": "CHROM",
    "pos": "POS",
    "rsid": "ID",
    "effect_allele": "ALT",
    "other_allele": "REF",
}


def is_vcf(text: Text) -> bool:
    """Whether a file begins like a VCF."""
    return text.comments.startswith("##fileformat=VCF")


def list_studies(text: Text) -> list[str]:
    """Names of the studies of a GWAS-VCF.

    Raises
    ------
    InputError
        If there is none.
    """
    studies = text.header[len(_FIXED) :]
    if text.header[: len(_FIXED)] != _FIXED or not studies:
        raise InputError(f"{text.path}: not a GWAS-VCF: there is no column of a study.")
    return studies


def read_vcf(text: Text, trait: str | None) -> tuple[pa.Table, Layout]:
    """The columns of one study of a GWAS-VCF, as if it were a plain table."""
    studies = list_studies(text)
    study = choose_trait(studies, text.path, trait) or studies[0]
    types = {
        "CHROM": pa.dictionary(pa.int32(), pa.string()),
        "POS": pa.int64(),
        "ID": pa.string(),
        "REF": pa.dictionary(pa.int32(), pa.string()),
        "ALT": pa.dictionary(pa.int32(), pa.string()),
        "FORMAT": pa.dictionary(pa.int32(), pa.string()),
        study: pa.string(),
    }
    raw = read_columns(text, types).combine_chunks()
    table = raw.select(list(_PLACE.values()))
    fields = _fields(raw["FORMAT"].combine_chunks(), raw[study].combine_chunks(), text.path)
    for name, values in fields.items():
        table = table.append_column(name, values)
    columns = _PLACE | {role: name for name, role in _ROLES.items() if name in fields}
    if {"ES", "SE"} <= fields.keys():
        statistic = "ratio"
    elif "EZ" in fields:
        statistic = "z"
    else:
        raise InputError(f"{text.path}: FORMAT holds neither ES and SE nor EZ.")
    return table, Layout(Format("gwas-vcf"), columns, statistic, study)


def _fields(
    formats: pa.DictionaryArray, values: pa.StringArray, path: str
) -> dict[str, pa.Array]:
    """The known fields, as numbers; records may differ in their FORMAT."""
    columns: dict[str, pa.Array] = {}
    for number, layout in enumerate(formats.dictionary.to_pylist()):
        mine = pc.fill_null(pc.equal(formats.indices, number), False)
        row = pc.if_else(mine, pc.cumulative_sum(mine.cast(pa.int64())), None)
        names = layout.split(":")
        # trailing fields may be left out
        padded = pc.binary_join_element_wise(values.filter(mine), ":" * len(names), "")
        parts = pc.split_pattern(padded, ":")
        for place, name in enumerate(names):
            if name not in _ROLES:
                continue
            found = _numbers(pc.list_element(parts, place), f"{path}: FORMAT field {name}")
            found = found.take(pc.subtract(row, 1))
            columns[name] = pc.coalesce(columns[name], found) if name in columns else found
    return columns


def _numbers(text: pa.StringArray, where: str) -> pa.DoubleArray:
    # several values belong to several alternate alleles, and such rows are dropped
    missing = pc.or_(
        pc.is_in(text, pa.array([".", "", "NA"])), pc.match_substring(text, ",")
    )
    try:
        return pc.if_else(missing, None, text).cast(pa.float64())
    except pa.ArrowInvalid as error:
        raise InputError(f"{where}: {' '.join(str(error).split())[:200]}") from error
