"""ClinVar: the VCF and variant_summary.txt."""

from collections.abc import Iterator
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc

from fabgwas.errors import InputError
from fabgwas.io._open import blaming
from fabgwas_embeddings._files import read_batches, read_header

CLINVAR_FIELDS = (
    "clinvar_significance",
    "clinvar_review",
    "clinvar_conditions",
    "clinvar_gene",
    "consequence",
)
_VCF = ["chrom", "pos", "id", "ref", "alt", "qual", "filter", "info"]
_NO_CONDITION = r"(?i)^(not[ _]provided|not[ _]specified|see[ _]cases|\d+ conditions)$"
_SUMMARY = {
    "chrom": "Chromosome",
    "pos": "PositionVCF",
    "ref": "ReferenceAlleleVCF",
    "alt": "AlternateAlleleVCF",
    "rsid": "RS# (dbSNP)",
    "clinvar_significance": "ClinicalSignificance",
    "clinvar_review": "ReviewStatus",
    "clinvar_conditions": "PhenotypeList",
    "clinvar_gene": "GeneSymbol",
    "assembly": "Assembly",
}
_SUMMARY_NULLS = ("", "-", "na", "-1", ".")


def read_clinvar(path: Path, build: str) -> Iterator[pa.RecordBatch]:
    """Stream a ClinVar VCF or variant_summary.txt of one build, compressed or not.

    Columns chrom, pos, ref, alt, rsid, the clinical significance, review status and
    conditions ("not provided" is no condition), gene, and in the VCF the molecular
    consequence, in the words of the file with blanks for underscores.

    Raises
    ------
    InputError
        If the file is neither, or says that it is of another build.
    """
    header, skipped = read_header(path)
    names = header.split("\t")
    if header.startswith("#CHROM"):
        _check_build(path, build)
        batches = _read_vcf(path, names, skipped + 1)
    elif names[0].lstrip("#") == "AlleleID":
        batches = _read_summary(path, names, skipped + 1, build)
    else:
        raise InputError(
            f"{path}: neither a ClinVar VCF nor variant_summary.txt; its first line is "
            f"{header[:60]!r}."
        )
    with blaming(path):
        yield from batches


def _check_build(path: Path, build: str) -> None:
    from fabgwas_embeddings._files import open_binary

    with open_binary(path) as file:
        for line in file:
            if not line.startswith(b"##"):
                return
            if line.startswith(b"##reference=") and build.encode() not in line:
                told = line.decode("utf-8", "replace").strip()
                raise InputError(
                    f"{path}: {told}, but the variants are {build}; take ClinVar's {build} "
                    "file."
                )


def _read_vcf(path: Path, names: list[str], skip: int) -> Iterator[pa.RecordBatch]:
    kept = ["chrom", "pos", "ref", "alt", "info"]
    names = [*_VCF, *names[len(_VCF) :]]
    types = {"pos": pa.int64()}
    for batch in read_batches(path, names, skip=skip, columns=kept, types=types):
        info = batch.column("info")
        consequence = pc.replace_substring_regex(
            pc.replace_substring_regex(_info(info, "MC"), r"SO:\d+\|", ""), "_variant", ""
        )
        columns = {name: batch.column(name) for name in ("chrom", "ref", "alt")}
        yield pa.record_batch(
            columns
            | {
                "pos": batch.column("pos").cast(pa.int32()),
                "rsid": _rsid(_info(info, "RS")),
                "clinvar_significance": _words(_info(info, "CLNSIG")),
                "clinvar_review": _words(_info(info, "CLNREVSTAT")),
                "clinvar_conditions": _conditions(_words(_info(info, "CLNDN"))),
                "clinvar_gene": _first(_info(info, "GENEINFO"), ":"),
                "consequence": _commas(_words(consequence)),
            }
        )


def _read_summary(
    path: Path, names: list[str], skip: int, build: str
) -> Iterator[pa.RecordBatch]:
    missing = sorted(set(_SUMMARY.values()) - set(names))
    if missing:
        raise InputError(
            f"{path}: this variant_summary.txt has no column {', '.join(missing)}; "
            "files since 2019 have it."
        )
    for batch in read_batches(
        path, names, skip=skip, columns=list(_SUMMARY.values()), nulls=_SUMMARY_NULLS
    ):
        table = batch.rename_columns(list(_SUMMARY))
        table = table.filter(pc.equal(table.column("assembly"), build))
        plain = ("chrom", "ref", "alt", "clinvar_gene")
        columns = {name: table.column(name) for name in plain}
        significance = table.column("clinvar_significance")
        yield pa.record_batch(
            columns
            | {
                "pos": table.column("pos").cast(pa.int32()),
                "rsid": _rsid(table.column("rsid")),
                "clinvar_significance": significance,
                "clinvar_review": table.column("clinvar_review"),
                "clinvar_conditions": _conditions(table.column("clinvar_conditions")),
                "consequence": pa.nulls(len(table), pa.string()),
            }
        )


def _info(info: pa.StringArray, key: str) -> pa.StringArray:
    """Value of a key of the INFO column."""
    found = pc.extract_regex(info, rf"(?:^|;){key}=(?P<value>[^;]*)")
    return pc.struct_field(found, "value")


def _words(text: pa.StringArray) -> pa.StringArray:
    spaced = pc.replace_substring(text, "_", " ")
    return pc.replace_substring(spaced, "  ", " ")


def _first(text: pa.StringArray, mark: str) -> pa.StringArray:
    return pc.list_element(pc.split_pattern(text, mark, max_splits=1), 0)


def _commas(text: pa.StringArray) -> pa.StringArray:
    return pc.replace_substring_regex(text, r",\s*", ", ")


def _rsid(number: pa.StringArray) -> pa.StringArray:
    return pc.binary_join_element_wise("rs", _first(number, ","), "")


def _conditions(text: pa.StringArray) -> pa.StringArray:
    """Names of conditions joined by commas; null if there is none."""
    parts = pc.split_pattern_regex(text, r"[|;]")
    names = pc.list_flatten(parts)
    rows = pc.list_parent_indices(parts)
    known = pc.invert(pc.match_substring_regex(names, _NO_CONDITION))
    table = pa.table({"row": rows.filter(known), "name": names.filter(known)})
    joined = table.group_by("row", use_threads=False).aggregate([("name", "list")])
    at = pc.index_in(pa.array(range(len(text)), joined["row"].type), joined["row"])
    lists = joined["name_list"].combine_chunks().take(at)
    return pc.binary_join(lists, ", ")
