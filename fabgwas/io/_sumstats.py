"""Summary statistics of one study, read from whatever a program wrote."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from html import escape
from pathlib import Path
from typing import TYPE_CHECKING

import pyarrow as pa
import pyarrow.parquet

from fabgwas.errors import InputError
from fabgwas.io._build import detect_build, normalize_build
from fabgwas.io._delimited import Text, column_types, read_columns, split_header
from fabgwas.io._formats import Layout, find_layout, list_traits_of
from fabgwas.io._open import read_bytes
from fabgwas.io._study import CANONICAL, Study, canonical
from fabgwas.io._tables import write_table
from fabgwas.io._vcf import is_vcf, read_vcf

if TYPE_CHECKING:
    import pandas as pd

_NUMBERS = (
    "beta", "odds_ratio", "se", "z", "chisq", "neg_log10_p", "n", "n_cases", "n_controls",
    "effect_allele_freq", "maf", "info",
)  # fmt: skip

_FACTS = (
    "path", "format", "effect_allele_column", "build", "trait", "n_effective_note",
    "counts", "warnings",
)  # fmt: skip


@dataclass(frozen=True)
class SumStats:
    """The variants of a study in canonical columns, and how they were read.

    ``beta`` and ``se`` are null where the study reports only z-scores. ``log_pvalue`` is
    the natural log of the reported two-sided test. ``n`` is the effective sample size.
    """

    table: pa.Table
    path: str
    format: str
    effect_allele_column: str
    build: str | None
    trait: str | None
    n_effective_note: str
    counts: dict[str, int] = field(default_factory=dict)
    """Rows read, dropped for each reason, and kept."""
    warnings: tuple[str, ...] = ()

    def __len__(self) -> int:
        return self.table.num_rows

    def to_pandas(self) -> "pd.DataFrame":
        """The table as a pandas data frame."""
        return self.table.to_pandas()

    def __repr__(self) -> str:
        return "SumStats(" + ", ".join(f"{k} {v}" for k, v in self._facts().items()) + ")"

    def _repr_html_(self) -> str:
        rows = "".join(
            f"<tr><th>{escape(name)}</th><td>{escape(value)}</td></tr>"
            for name, value in self._facts().items()
        )
        return f"<table><caption>SumStats</caption>{rows}</table>"

    def _facts(self) -> dict[str, str]:
        facts = {
            "file": self.path,
            "format": self.format,
            "effect allele": self.effect_allele_column,
            "variants": f"{len(self):,} of {self.counts.get('read', len(self)):,}",
            "build": self.build or "unknown",
            "n": self.n_effective_note,
        }
        return facts | ({"trait": self.trait} if self.trait else {})


def list_traits(path: str | Path) -> list[str]:
    """Traits that a file holds side by side; empty if it holds one."""
    return list_traits_of(split_header(read_bytes(Path(path)), str(path)).header)


def read_sumstats(
    path: str | Path,
    *,
    format: str = "auto",
    effect_allele: str | None = None,
    other_allele: str | None = None,
    columns: Mapping[str, str] | None = None,
    bim: str | Path | None = None,
    n: float | None = None,
    n_cases: float | None = None,
    n_controls: float | None = None,
    trait: str | None = None,
    build: str | None = None,
    min_info: float | None = None,
    min_maf: float | None = None,
    keep_indels: bool = True,
) -> SumStats:
    """Read, check and standardise the summary statistics of one study.

    The format is told by the column names; the compression (gzip, bgzip, bzip2, zstd) by
    the first bytes. Nothing is guessed: where the effect allele is not certain, an error
    names the option that settles it.

    Parameters
    ----------
    path
        A file of any format of `_columns.toml`, a GWAS-VCF, or what `write_munged` wrote.
    format
        Name of the format, if it should not be detected.
    effect_allele, other_allele
        Columns of the alleles, where the format leaves them open.
    columns
        Columns of further roles, such as ``{"se": "StdErr2"}``.
    bim
        PLINK .bim that fills missing places and alleles by identifier.
    n, n_cases, n_controls
        Sample sizes. With cases and controls the effective size
        4 / (1 / cases + 1 / controls) is used.
    trait
        Which trait, in a file of several.
    build
        GRCh37 or GRCh38; detected if None.
    min_info, min_maf
        Smallest imputation quality and minor-allele frequency.
    keep_indels
        False drops alleles of more than one base.

    Raises
    ------
    InputError
        If the file cannot be understood.
    NothingToAnalyseError
        If no row is left.
    """
    path = Path(path)
    options = {"effect_allele": effect_allele, "other_allele": other_allele}
    given = dict(columns or {}) | {k: v for k, v in options.items() if v is not None}
    if path.suffix == ".parquet" and not path.is_dir():
        return _read_munged(path)
    content = read_bytes(path)
    if is_vcf(content):
        raw, layout = read_vcf(content, str(path), trait)
    else:
        text = split_header(content, str(path))
        layout = find_layout(
            text.header, str(path), format=format, trait=trait, columns=given
        )
        raw = _read_raw(text, layout)
    del content
    study = Study(raw, layout, str(path))
    study.fill(None if bim is None else Path(bim))
    study.sift(min_info, min_maf, keep_indels=keep_indels)
    table, note = study.table(n, n_cases, n_controls)
    return SumStats(
        table=table,
        path=str(path),
        format=layout.format.name,
        effect_allele_column=layout.columns.get("effect_allele", "A1 of the .bim"),
        build=normalize_build(build) if build else detect_build(table),
        trait=trait,
        n_effective_note=note,
        counts=study.sieve.counts | {"kept": table.num_rows},
        warnings=study.warnings,
    )


def _read_raw(text: Text, layout: Layout) -> pa.Table:
    types = column_types(layout.columns, _NUMBERS)
    if layout.format.statistic != "p" and "p" in layout.columns:
        # only compared with z, so that underflow does not matter
        types[layout.columns["p"]] = pa.float64()
    return read_columns(text, types)


def write_munged(sumstats: SumStats, prefix: str) -> tuple[Path, Path]:
    """Write PREFIX.sumstats.parquet, which `read_sumstats` reads, and PREFIX.tally.tsv."""
    facts = {name: getattr(sumstats, name) for name in _FACTS}
    metadata = {"fabgwas": json.dumps(facts)}
    data, tally = Path(f"{prefix}.sumstats.parquet"), Path(f"{prefix}.tally.tsv")
    write_table(sumstats.table.replace_schema_metadata(metadata), data)
    counts = {"step": list(sumstats.counts), "variants": list(sumstats.counts.values())}
    write_table(pa.table(counts), tally)
    return data, tally


def _read_munged(path: Path) -> SumStats:
    try:
        table = pyarrow.parquet.read_table(path)
    except (OSError, pa.ArrowInvalid) as error:
        message = " ".join(str(error).split())
        raise InputError(f"{path}: cannot be read as Parquet: {message}") from error
    facts = (table.schema.metadata or {}).get(b"fabgwas")
    missing = [name for name in CANONICAL if name not in table.column_names]
    if missing or facts is None:
        reason = f": there is no column {missing[0]!r}" if missing else ""
        raise InputError(f"{path}: was not written by fabgwas munge{reason}.")
    known = json.loads(facts)
    known["warnings"] = tuple(known["warnings"])
    return SumStats(table=canonical(table.replace_schema_metadata()), **known)
