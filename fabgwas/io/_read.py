"""Reading summary statistics of one study, whatever program wrote them."""

from collections.abc import Mapping
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc

from fabgwas.errors import InputError
from fabgwas.interchange import Tabular
from fabgwas.io._bim import read_bim
from fabgwas.io._build import detect_build, normalize_build
from fabgwas.io._delimited import (
    Text,
    as_text_table,
    read_columns,
    split_header,
    without_padding,
)
from fabgwas.io._formats import Layout
from fabgwas.io._layout import find_layout, list_traits_of
from fabgwas.io._metadata import Metadata, build_in, phenotype_in_name, read_metadata
from fabgwas.io._munged import read_munged
from fabgwas.io._open import read_bytes, read_start
from fabgwas.io._sizes import Size
from fabgwas.io._statistics import SMALLEST, origin_of_z
from fabgwas.io._study import KnownVariants, Study
from fabgwas.io._sumstats import SumStats
from fabgwas.io._vcf import is_vcf, list_studies, read_vcf

_TEXT = ("rsid",)
_WORDS = ("chrom", "effect_allele", "other_allele", "ref", "alt", "test", "error")
_ENOUGH_FOR_A_HEADER = 2**24


def list_traits(path: str | Path) -> list[str]:
    """Traits that a file holds side by side; empty if it does not tell traits apart."""
    content = pa.py_buffer(read_start(Path(path), _ENOUGH_FOR_A_HEADER))
    text = split_header(content, str(path))
    return list_studies(text) if is_vcf(text) else list_traits_of(text.header)


def read_sumstats(
    source: str | Path | Tabular,
    *,
    format: str = "auto",
    effect_allele: str | None = None,
    other_allele: str | None = None,
    columns: Mapping[str, str] | None = None,
    bim: str | Path | pa.Table | None = None,
    reference: KnownVariants | None = None,
    n: float | int | None = None,
    n_cases: float | int | None = None,
    n_controls: float | int | None = None,
    trait: str | None = None,
    build: str | None = None,
    min_info: float | int | None = None,
    min_maf: float | int | None = None,
    keep_indels: bool = True,
) -> SumStats:
    """Read, check and standardise the summary statistics of one study.

    The format is told by the column names; the compression (gzip, bgzip, bzip2, zstd) by
    the first bytes. Nothing is guessed: where the effect allele is not certain, an error
    names the option that settles it.

    Parameters
    ----------
    source
        A file of any format of `_columns.toml`, a GWAS-VCF, or what `write_munged` wrote;
        or a table of pandas, polars or Arrow with the columns of such a file. Its
        p-values are best left as text: floats have lost those below 1e-308.
    format
        Name of the format, if it should not be detected; ``generic`` for usual names of
        columns whoever wrote them.
    effect_allele, other_allele
        Columns of the alleles, where the format leaves them open or the file errs.
    columns
        Columns of further roles, such as ``{"se": "StdErr2"}``.
    bim
        PLINK .bim (or `Genotypes.variants`) that fills missing places and alleles by
        identifier; those that occur several times fill nothing.
    reference
        Variants of a panel (`Panel.variants`) that fill places and other alleles where
        there is no `bim`; never the effect allele, which is that of the study's own file.
        A function, such as `EmbeddingStore.find_named`, is asked for the variants that
        lack an allele.
    n, n_cases, n_controls
        Sample sizes. With cases and controls the effective size
        4 / (1 / cases + 1 / controls) is used.
    trait
        Which trait, in a file of several.
    build
        GRCh37 or GRCh38, or hg19 or hg38; detected if None.
    min_info, min_maf
        Smallest imputation quality and minor-allele frequency; rows without are dropped.
    keep_indels
        False drops alleles of more than one base.

    Raises
    ------
    InputError
        If the file cannot be understood.
    NothingToAnalyseError
        If no row is left.
    """
    if (n_cases is None) != (n_controls is None):
        raise ValueError("n_cases and n_controls must be given together.")
    size = Size(n, n_cases, n_controls)
    if not all(each is None or 0 < each < float("inf") for each in size):
        raise ValueError(f"sample sizes must be positive and finite: {size}.")
    known = {"effect_allele": effect_allele, "other_allele": other_allele}
    given = dict(columns or {}) | {k: v for k, v in known.items() if v is not None}
    if isinstance(source, str | Path):
        path = Path(source)
        if path.suffix == ".parquet":
            return read_munged(
                path, size, build, min_info, min_maf, keep_indels=keep_indels
            )
        stated, content = read_metadata(path), read_bytes(path)
    else:
        path, stated, content = Path("table"), Metadata(), as_text_table(source)
    raw, layout, text = _read_raw(content, str(path), format, trait, given)
    study = Study(raw, layout, str(path))
    del raw, content
    if bim is None and not layout.format.allele_needed:
        bim = reference
    study.fill(read_bim(Path(bim)) if isinstance(bim, str | Path) else bim)
    study.sift(min_info, min_maf, keep_indels=keep_indels)
    table, note, warnings = study.table(_or_stated(size, stated, layout))
    return SumStats(
        table=table,
        path=str(path),
        format=layout.format.name,
        effect_allele_column=layout.columns.get("effect_allele", "A1 of the .bim"),
        build=_build(build, table, stated.build or build_in(text), str(path)),
        trait=layout.trait or _plink2_trait(layout, path),
        n_effective_note=note,
        counts=study.sieve.counts | {"kept": table.num_rows},
        warnings=warnings,
        z_from=origin_of_z(layout),
    )


def _read_raw(
    content: pa.Buffer, path: str, format: str, trait: str | None, given: dict[str, str]
) -> tuple[pa.Table, Layout, str]:
    """The columns that matter, what they mean, and the comments above them."""
    text = split_header(content, path)
    if is_vcf(text):
        return *read_vcf(text, trait), text.comments
    layout = find_layout(text.header, path, format=format, trait=trait, columns=given)
    text = without_padding(text)
    types = {name: _type_of(role) for role, name in layout.columns.items()}
    raw = read_columns(text, types)
    if "p" in layout.columns and layout.statistic != "z":
        raw = _with_text_of_p(raw, text, layout.columns["p"])
    return raw, layout, text.comments


def _type_of(role: str) -> pa.DataType:
    if role in _TEXT:
        return pa.string()
    if role in _WORDS:
        return pa.dictionary(pa.int32(), pa.string())
    return pa.int64() if role == "pos" else pa.float64()


def _with_text_of_p(raw: pa.Table, text: Text, name: str) -> pa.Table:
    """Add the text of the p-values, if some are too small for a double."""
    smallest = pc.min(raw[name]).as_py()
    if smallest is None or smallest >= SMALLEST:
        return raw
    written = read_columns(text, {name: pa.string()})
    return raw.append_column(f"{name} as text", written[name])


def _or_stated(size: Size, stated: Metadata, layout: Layout) -> Size:
    """Sizes as given; else those of the metadata, if the table has no column of them."""
    if any(each is not None for each in size) or "n" in layout.columns:
        return size
    if stated.n_cases is not None and stated.n_controls is not None:
        return Size(None, stated.n_cases, stated.n_controls)
    return Size(stated.n)


def _build(given: str | None, table: pa.Table, stated: str | None, path: str) -> str | None:
    """The build as given, which must not contradict the positions, or as detected."""
    found = detect_build(table)
    if given is None:
        return found or stated
    build = normalize_build(given)
    if found not in (None, build):
        raise InputError(f"{path}: its positions are those of {found}, not of {build}.")
    return build


def _plink2_trait(layout: Layout, path: Path) -> str | None:
    plink2 = layout.format.name.startswith("plink2")
    return phenotype_in_name(path) if plink2 else None
