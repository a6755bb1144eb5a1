"""The study of a run: read, checked, and lifted to the build of the store."""

import logging
from dataclasses import replace
from pathlib import Path

import numpy as np
import pyarrow as pa

from fabgwas.config import POPULATIONS, RunConfig
from fabgwas.errors import InputError, NothingToAnalyseError, UsageError
from fabgwas.io import (
    Genotypes,
    SumStats,
    blocks_from_bed,
    lift_over,
    normalize_build,
    read_sumstats,
)
from fabgwas.io._formats import known_formats
from fabgwas.io._study import KnownVariants
from fabgwas.ld import Blocks
from fabgwas.variants import chromosome_codes, require_chromosomes

log = logging.getLogger("fabgwas")

_OTHER_BUILD = {"GRCh37": "GRCh38", "GRCh38": "GRCh37"}


def read_study(config: RunConfig, reference: KnownVariants | None = None) -> SumStats:
    """Read the summary statistics of a run, log what was found, and lift if asked.

    `reference` are variants of the panel or the store, which fill gaps where there is no
    .bim.
    """
    study = read_sumstats(
        config.sumstats,
        format=config.format,
        effect_allele=config.effect_allele,
        other_allele=config.other_allele,
        columns=config.columns,
        bim=config.bim,
        reference=reference,
        n=config.n,
        n_cases=config.n_cases,
        n_controls=config.n_controls,
        trait=config.trait,
        build=config.build,
        min_info=config.min_info,
        min_maf=config.min_maf,
    )
    log.info(
        "read %s: %s, effect allele in %s, z from %s, n: %s, build %s",
        study.path,
        study.format,
        study.effect_allele_column,
        study.z_from or "z",
        study.n_effective_note,
        study.build or "unknown",
    )
    for step, count in study.counts.items():
        log.info("  %s: %s", step.replace("_", " "), f"{count:,}")
    for warning in study.warnings:
        log.warning("warning: %s", warning)
    if config.liftover is not None:
        study = _lift(study, config.liftover)
    return _only(study, config.chrom) if config.chrom else study


def check_request(config: RunConfig) -> None:
    """Find what no file can mend before anything long begins.

    Raises
    ------
    UsageError
        If a format, a build, a chromosome or LD blocks of that name are not known.
    InputError
        If a file is not there.
    """
    names = ("auto", "generic", *dict.fromkeys(each.name for each in known_formats()))
    if config.format not in names:
        raise UsageError(f"unknown format {config.format!r}; known are {', '.join(names)}.")
    if config.build is not None:
        try:
            normalize_build(config.build)
        except InputError as error:
            raise UsageError(str(error)) from error
    require_chromosomes(config.chrom)
    files = [config.sumstats, *config.aux, config.bim, config.liftover]
    if config.blocks not in POPULATIONS:
        files.append(config.blocks)
    for path in files:
        if path is not None and not Path(path).is_file():
            folder = Path(path).is_dir()
            problem = "is a folder, not a file" if folder else "there is no such file"
            raise InputError(f"{path}: {problem}.")


def blocks_of(config: RunConfig) -> str | Blocks:
    """The LD blocks of a run: a population, or what a BED file says."""
    if config.blocks in POPULATIONS:
        return config.blocks
    return blocks_from_bed(config.blocks)


def _only(study: SumStats, names: tuple[str, ...]) -> SumStats:
    """The variants on some chromosomes, with the others counted."""
    wanted = require_chromosomes(names)
    keep = np.isin(chromosome_codes(study.table["chrom"]), wanted)
    if not keep.any():
        raise NothingToAnalyseError(
            f"{study.path}: no variant lies on chromosome {', '.join(names)}."
        )
    dropped = int((~keep).sum())
    log.info("  other chromosomes: %s", f"{dropped:,}")
    table = study.table.filter(pa.array(keep))
    counts = study.counts | {
        "dropped_other_chromosome": dropped, "kept": table.num_rows
    }  # fmt: skip
    return replace(study, table=table, counts=counts)


def on_chromosomes(genotypes: Genotypes, names: tuple[str, ...]) -> Genotypes:
    """The genotypes on some chromosomes, with the others counted; no names are all."""
    if not names:
        return genotypes
    chosen = genotypes.choose_chromosomes(names)
    log.info("  other chromosomes: %s", f"{genotypes.n_variants - chosen.n_variants:,}")
    return chosen


def read_others(config: RunConfig, build: str) -> list[SumStats]:
    """Read the other studies that inform the prior; they must be on the given build."""
    others = []
    for path in config.aux:
        other = read_sumstats(path)
        log.info("other study %s: %s variants", other.path, f"{len(other):,}")
        for warning in other.warnings:
            log.warning("warning: %s: %s", path, warning)
        if other.build not in (None, build):
            raise InputError(
                f"{path}: is {other.build}, the embeddings are {build}; lift it with "
                "fabgwas munge --liftover."
            )
        others.append(other)
    return others


def _lift(study: SumStats, chain: str) -> SumStats:
    if study.build is None:
        raise InputError(
            f"{study.path}: the build cannot be detected; give it (option build)."
        )
    lifted = lift_over(study, chain, _OTHER_BUILD[study.build])
    for step, count in lifted.counts.items():
        if step not in study.counts:
            log.info("  %s: %s", step.replace("_", " "), f"{count:,}")
    return lifted
