"""FAVOR: the annotation tables of FAVORannotator and of the portal."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from fabgwas.errors import InputError
from fabgwas.io._open import blaming
from fabgwas_embeddings._files import parquet_batches, read_batches, read_header

FAVOR_FIELDS = (
    "gencode_category",
    "gencode_gene",
    "consequence",
    "metasvm",
    "metasvm_word",
    "cadd_phred",
    "cadd_class",
)
FAVOR_CLINVAR_FIELDS = ("clinvar_significance", "clinvar_review", "clinvar_conditions")

_KEY = "variant_vcf"  # chrom-pos-ref-alt
_SPLIT_KEY = ("chromosome", "position", "ref_vcf", "alt_vcf")
_TEXT = {
    "genecode_comprehensive_category": "gencode_category",  # FAVOR's own spelling
    "genecode_comprehensive_info": "gencode_gene",
    "genecode_comprehensive_exonic_category": "consequence",
    "metasvm_pred": "metasvm",
    "cadd_phred": "cadd_phred",
    "clnsig": "clinvar_significance",
    "clnrevstat": "clinvar_review",
    "clndn": "clinvar_conditions",
}
_CADD_BOUNDS = (10.0, 20.0, 30.0)
_CADD_WORDS = ["below 10", "10 to 20", "20 to 30", "30 or more"]


def read_favor(path: Path) -> Iterator[pa.RecordBatch]:
    """Stream a FAVOR table, CSV (compressed or not) or Parquet, full or essential.

    Positions are GRCh38. Columns that the table lacks are null. Genes are named without
    their distances and transcripts; CADD Phred scores are also given as a class.

    Raises
    ------
    InputError
        If there is neither `variant_vcf` nor chromosome, position, ref_vcf and alt_vcf.
    """
    with blaming(path):
        for batch in _batches(path):
            yield _canonical(batch)


def _batches(path: Path) -> Iterator[pa.RecordBatch]:
    with path.open("rb") as file:
        parquet = file.read(4) == b"PAR1"
    if parquet:
        yield from parquet_batches(path, lambda names: _wanted(names, path))
    else:
        header, skipped = read_header(path)
        names = [name.strip('"') for name in header.split(",")]
        columns = _wanted(names, path)
        yield from read_batches(
            path, names, skip=skipped + 1, delimiter=",", columns=columns, quote='"'
        )


def _wanted(names: list[str], path: Path) -> list[str]:
    known = {"rsid", *_TEXT}
    keys = [_KEY] if _KEY in names else list(_SPLIT_KEY)
    if not set(keys) <= set(names):
        raise InputError(
            f"{path}: not a FAVOR table: no column {_KEY}, nor {', '.join(_SPLIT_KEY)}."
        )
    return [*keys, *(name for name in names if name in known)]


def _canonical(batch: pa.RecordBatch) -> pa.RecordBatch:
    columns = _place(batch)
    columns["rsid"] = _column(batch, "rsid")
    for theirs, ours in _TEXT.items():
        columns[ours] = _column(batch, theirs)
    columns["gencode_gene"] = _gene_names(columns["gencode_gene"])
    columns["metasvm_word"] = pc.if_else(
        pc.equal(columns["metasvm"], "D"),
        "damaging",
        pc.if_else(pc.equal(columns["metasvm"], "T"), "tolerated", None),
    )
    columns["cadd_phred"] = columns["cadd_phred"].cast(pa.float64())
    columns["cadd_class"] = _cadd_class(columns["cadd_phred"])
    for name in FAVOR_CLINVAR_FIELDS:
        columns[name] = _clinvar_words(columns[name])
    return pa.record_batch(columns)


def _column(batch: pa.RecordBatch, name: str) -> pa.Array:
    if name not in batch.schema.names:
        return pa.nulls(len(batch), pa.string())
    text = batch.column(name).cast(pa.string())
    return pc.if_else(pc.equal(text, ""), pa.scalar(None, pa.string()), text)


def _place(batch: pa.RecordBatch) -> dict[str, pa.Array]:
    if _KEY in batch.schema.names:
        pattern = r"^(?:chr)?(?P<chrom>\w+)-(?P<pos>\d+)-(?P<ref>\w+)-(?P<alt>\w+)$"
        found = pc.extract_regex(batch.column(_KEY).cast(pa.string()), pattern)
        chrom, pos, ref, alt = (pc.struct_field(found, i) for i in range(4))
    else:
        chrom, pos, ref, alt = (batch.column(name) for name in _SPLIT_KEY)
    return {
        "chrom": chrom.cast(pa.string()),
        "pos": pos.cast(pa.int32()),
        "ref": ref.cast(pa.string()),
        "alt": alt.cast(pa.string()),
    }


def _gene_names(info: pa.StringArray) -> pa.StringArray:
    """``NONE(dist=NONE),MIR6859-4(dist=7051)`` is MIR6859-4."""
    bare = pc.replace_substring_regex(info, r"\([^)]*\)", "")
    bare = pc.replace_substring_regex(bare, r"[;,]\s*", ", ")
    bare = pc.replace_substring_regex(bare, r"^NONE, |, NONE$|^NONE$", "")
    return pc.if_else(pc.equal(bare, ""), pa.scalar(None, pa.string()), bare)


def _cadd_class(score: pa.Array) -> pa.Array:
    value = score.to_numpy(zero_copy_only=False)
    level = np.searchsorted(_CADD_BOUNDS, value, side="right")
    return pa.array(_CADD_WORDS).take(pa.array(level, mask=np.isnan(value)))


def _clinvar_words(text: pa.StringArray) -> pa.StringArray:
    spaced = pc.replace_substring(text, "_", " ")
    return pc.replace_substring_regex(spaced, r"[|;,]\s*", ", ")
