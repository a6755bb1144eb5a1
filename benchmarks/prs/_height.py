"""Real height split into a part to fit scores with, and a part to judge them by.

The split adds noise with the LD of people of 1000 Genomes (Zhao et al. 2021, PUMAS). These
people also say how much a score varies, unshrunk; others give the LD that scores are fitted
with. A study of no effects has the LD of a third group.
"""

from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, NamedTuple

import numpy as np
import pyarrow as pa
from scipy.special import log_ndtr

from benchmarks.harness import Context, need_file
from fabgwas.evaluate import panel_noise
from fabgwas.io import Genotypes, SumStats
from fabgwas.ld import ldsc_intercept
from fabgwas.ldstore import LdStore, build_ld, open_ld

PANELS = {
    "22 windows": (
        "height_ukb_boltlmm_1000G/ukb_height_boltlmm.22windows.hg19.sumstats.txt.gz",
        "height_ukb_boltlmm_1000G/1000G_EUR489.22windows.hg19",
    ),
    "chr22": (
        "height_ukb_fastgwa_chr22/ukb_height_chr22.fastGWA.gz",
        "height_ukb_fastgwa_chr22/1000G_eur_chr22",
    ),
}
SETTINGS: dict[str, Any] = {"n": 450_000.0, "share": 0.75, "min_maf": 0.05}
_QUICK_MAF = 0.3
_BUILD, _POPULATION = "GRCh37", "EUR"


class Panel(NamedTuple):
    """Some of the people, and their variants that a study has, by place."""

    genotypes: Genotypes
    variant: np.ndarray
    row: np.ndarray
    """Of the study."""
    sign: np.ndarray
    """+1 where the study's effect allele is the one that dosages count."""
    block: np.ndarray

    def dosage(self, rows: np.ndarray) -> np.ndarray:
        """Of these people, [person, variant]."""
        return self.genotypes.take(self.variant[rows])


class Split(NamedTuple):
    """The part to fit with, and what the other part and its people say."""

    train: Path
    ld: Path
    """LD store of the people whom scores are fitted with."""
    bim: Path
    judges: Panel
    effect: np.ndarray
    """Validation z over the root of n, towards the allele that dosages count."""
    intercept: float
    folder: TemporaryDirectory
    """Holds `train`, and goes with this."""


def split_height(panel: str, context: Context, seed: int, *, real: bool) -> Split:
    """Height as it is, or a study of the same variants without any effect."""
    from fabgwas.io import read_sumstats, write_munged
    from fabgwas.pipeline import SplitConfig, split

    sumstats, prefix = PANELS[panel]
    path, bed = need_file(context, sumstats), need_file(context, f"{prefix}.bed")
    context.cache.mkdir(parents=True, exist_ok=True)
    folder = TemporaryDirectory(dir=context.cache)
    step = 2 if real else 3
    judging, fitting = (_people(context, bed, start, step) for start in (0, 1))
    ld = _ld_store(context, bed, fitting)
    study = read_sumstats(path, n=SETTINGS["n"], build=_BUILD)
    intercept = _intercept(study, ld) if real else 1.0
    if not real:
        study = _without_effects(study, bed, _people(context, bed, 2, step), seed)
    write_munged(study, f"{folder.name}/study")
    config = SplitConfig(
        sumstats=f"{folder.name}/study.sumstats.parquet",
        ld=str(bed),
        out=f"{folder.name}/split",
        keep=str(judging),
        share=SETTINGS["share"],
        intercept=intercept,
        build=_BUILD,
        seed=seed,
    )
    validation = split(config).validation.table
    judges = open_people(bed, judging, validation)
    z, n = (validation[name].to_numpy()[judges.row] for name in ("z", "n"))
    return Split(
        train=Path(folder.name) / "split.train.sumstats.parquet",
        ld=ld.path,
        bim=bed.with_suffix(".bim"),
        judges=judges,
        effect=judges.sign * z / np.sqrt(n),
        intercept=intercept,
        folder=folder,
    )


def open_people(bed: Path, people: Path, table: pa.Table) -> Panel:
    """The people of a list, and their variants that a table has."""
    from fabgwas.io import match_rows
    from fabgwas.pipeline._split import blocks_of_variants, open_panel_people

    genotypes = open_panel_people(str(bed), str(people))
    match = match_rows(table, genotypes.variants)
    order = np.argsort(match.right)
    variant = match.right[order]
    known = genotypes.variants.take(pa.array(variant))
    block = blocks_of_variants(known, _BUILD, _POPULATION)
    return Panel(genotypes, variant, match.left[order], match.sign[order], block)


def _intercept(study: SumStats, ld: LdStore) -> float:
    """Of the LD score regression; at least 1."""
    match = ld.match(study.table)
    order = np.argsort(match.right)
    row, known = match.left[order], match.right[order]
    fit = ldsc_intercept(
        study.table["z"].to_numpy()[row],
        ld.ld_scores()[known],
        SETTINGS["n"],
        block=ld.variants["block"].to_numpy()[known],
    )
    return max(fit.intercept, 1.0)


def _without_effects(study: SumStats, bed: Path, people: Path, seed: int) -> SumStats:
    """The study with noise of the LD of some people in place of its z-scores."""
    others = open_people(bed, people, study.table)
    noise = panel_noise(others.dosage, others.block, 1000 + seed)
    known = np.isfinite(noise)
    z = (others.sign * noise)[known]
    table = study.table.take(pa.array(others.row[known]))
    columns = {
        "z": z,
        "beta": z * table["se"].to_numpy(),
        "log_pvalue": np.log(2) + log_ndtr(-np.abs(z)),
    }
    for name, values in columns.items():
        table = table.set_column(table.column_names.index(name), name, pa.array(values))
    return replace(study, table=table)


def _people(context: Context, bed: Path, start: int, step: int) -> Path:
    """Every second or third person, as PLINK's --keep reads them."""
    path = context.cache / f"prs-{bed.stem}-{start}-of-{step}.txt"
    rows = bed.with_suffix(".fam").read_text().splitlines()[start::step]
    path.write_text("".join(" ".join(row.split()[:2]) + "\n" for row in rows))
    return path


def _ld_store(context: Context, bed: Path, people: Path) -> LdStore:
    """LD of some of the people, computed once."""
    maf = _QUICK_MAF if context.quick else SETTINGS["min_maf"]
    path = context.cache / f"{people.stem}-maf-{maf:g}"
    if not (path / "ld.json").is_file():
        build_ld(bed, path, _POPULATION, build=_BUILD, keep=people, min_maf=maf)
    return open_ld(path)
