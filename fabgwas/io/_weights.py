"""Weights of polygenic scores, and the three files they are written to."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet

from fabgwas import __version__
from fabgwas.io._tables import write_table

PLACE = ("chrom", "pos", "rsid", "effect_allele", "other_allele")
DETAILS = ("weight_sd", "inclusion_prob", "prior_var", "prior_prob")
FORMAT = "fabgwas-weights"

_FREQ = "effect_allele_freq"
_PGS_NAMES = {
    "rsid": "rsID",
    "chrom": "chr_name",
    "pos": "chr_position",
    "effect_allele": "effect_allele",
    "other_allele": "other_allele",
    "weight": "effect_weight",
    _FREQ: "allelefrequency_effect",
}


@dataclass(frozen=True)
class Weights:
    """One or several scores: a weight per copy of the effect allele of each variant.

    `table` has the columns chrom, pos, rsid, effect_allele, other_allele (nulls where the
    file has no such fact), effect_allele_freq where it is known, and those of `scores`.
    """

    table: pa.Table
    scores: tuple[str, ...]
    """Columns of weights, float64, without nulls."""
    name: str
    """What the file calls its score, or the name of the file."""
    path: str
    build: str | None
    """GRCh37 or GRCh38, if stated."""
    facts: Mapping[str, str]
    """What the header of the file says."""
    counts: Mapping[str, int]
    """Rows read, kept, and dropped for each reason."""

    def __len__(self) -> int:
        return self.table.num_rows


def write_weights(
    table: pa.Table,
    prefix: str | Path,
    *,
    name: str,
    build: str | None = None,
    trait: str | None = None,
    weight_type: str = "beta",
    facts: Mapping[str, str] | None = None,
) -> dict[str, Path]:
    """Write the weights of one score for people, for programs and for the PGS Catalog.

    PREFIX.score.tsv goes into ``plink2 --score PREFIX.score.tsv 1 2 3 header-read``;
    PREFIX.pgs.txt.gz is a PGS Catalog scoring file of version 2.0; PREFIX.weights.parquet
    has all columns and rows. The two texts leave out weights that are exactly 0.

    Parameters
    ----------
    table
        Columns chrom, pos, rsid, effect_allele, other_allele and weight (per copy of the
        effect allele); perhaps effect_allele_freq, weight_sd, inclusion_prob, prior_var
        and prior_prob. Variants without rsid get chrom:pos:other:effect in the first file.
    prefix
        Of the three files.
    name
        Of the score, without blanks: the title of its column.
    build
        GRCh37 or GRCh38.
    trait
        As the study calls it.
    weight_type
        Scale of the weights in the words of the PGS Catalog: beta, or log(OR).
    facts
        Further lines of the header, such as a checksum of the settings.

    Returns
    -------
    The paths, by ``score``, ``pgs`` and ``parquet``.

    Raises
    ------
    ValueError
        If a column is absent or unknown, or a weight is not finite.
    """
    table = _checked(table)
    known = {"name": name, "build": build, "trait": trait, "weight_type": weight_type}
    stated = {**known, "facts": dict(facts or {})}
    paths = {
        "score": Path(f"{prefix}.score.tsv"),
        "pgs": Path(f"{prefix}.pgs.txt.gz"),
        "parquet": Path(f"{prefix}.weights.parquet"),
    }
    used = table.filter(pc.not_equal(table["weight"], 0.0))
    write_table(_for_plink(used, name), paths["score"])
    header = _pgs_header(used.num_rows, known, facts or {})
    write_table(_for_catalog(used), paths["pgs"], comments=header)
    metadata = {FORMAT: json.dumps(stated)}
    write_table(table.replace_schema_metadata(metadata), paths["parquet"])
    return paths


def _checked(table: pa.Table) -> pa.Table:
    """The table in the order of the columns of the file."""
    needed = [*PLACE, "weight"]
    absent = [name for name in needed if name not in table.column_names]
    if absent:
        raise ValueError(f"table must have a column {absent[0]!r}.")
    order = [*PLACE, _FREQ, "weight", *DETAILS]
    unknown = [name for name in table.column_names if name not in order]
    if unknown:
        raise ValueError(f"table has an unknown column {unknown[0]!r}; known are {order}.")
    weight = pc.fill_null(table["weight"].cast(pa.float64()), np.nan).to_numpy()
    if not np.isfinite(weight).all():
        worst = int(np.argmin(np.isfinite(weight)))
        raise ValueError(f"weights must be finite, but weight[{worst}] is {weight[worst]}.")
    return table.select([name for name in order if name in table.column_names])


def _for_plink(table: pa.Table, name: str) -> pa.Table:
    """Identifier, counted allele and weight first, the rest after them."""
    text = {column: table[column].cast(pa.string()) for column in PLACE}
    place = pc.binary_join_element_wise(
        text["chrom"], text["pos"], text["other_allele"], text["effect_allele"], ":"
    )
    rest = [c for c in table.column_names if c not in ("rsid", "effect_allele", "weight")]
    columns = {
        "rsid": pc.coalesce(text["rsid"], place),
        "effect_allele": text["effect_allele"],
        "_".join(name.split()) or "weight": table["weight"],
        **{column: table[column] for column in rest},
    }
    return pa.table(columns)


def _for_catalog(table: pa.Table) -> pa.Table:
    """Columns as the PGS Catalog names them, empty where something is unknown."""
    present = [name for name in _PGS_NAMES if name in table.column_names]
    renamed = table.select(present).rename_columns([_PGS_NAMES[name] for name in present])
    texts = [
        column if pa.types.is_floating(column.type) and not column.null_count
        # not NA, which the Catalog's own programs would take for a name
        else pc.fill_null(column.cast(pa.string()), "")
        for column in renamed.columns
    ]  # fmt: skip
    return pa.table(texts, renamed.column_names)


def _pgs_header(
    n_variants: int, known: Mapping[str, str | None], facts: Mapping[str, str]
) -> str:
    trait = known["trait"] or ""
    lines = [
        "###PGS CATALOG SCORING FILE - see https://www.pgscatalog.org/downloads/"
        "#dl_ftp_scoring for additional information",
        "#format_version=2.0",
        "##POLYGENIC SCORE (PGS) INFORMATION",
        f"#pgs_id={known['name']}",
        f"#pgs_name={known['name']}",
        f"#trait_reported={trait}",
        f"#trait_mapped={trait}",
        "#trait_efo=",
        f"#genome_build={known['build'] or 'NR'}",
        f"#variants_number={n_variants}",
        f"#weight_type={known['weight_type']}",
        "##SOURCE INFORMATION",
        "#pgp_id=",
        "#citation=",
        f"#software=fabgwas {__version__}",
        *(f"#{key}={value}" for key, value in facts.items()),
    ]
    return "".join(f"{' '.join(line.split())}\n" for line in lines)
