"""The study of a run: read, checked, and lifted to the build of the store."""

import logging

import pyarrow as pa

from fabgwas.config import RunConfig
from fabgwas.errors import InputError
from fabgwas.io import SumStats, lift_over, read_sumstats

log = logging.getLogger("fabgwas")

_OTHER_BUILD = {"GRCh37": "GRCh38", "GRCh38": "GRCh37"}


def read_study(config: RunConfig, reference: pa.Table | None = None) -> SumStats:
    """Read the summary statistics of a run, log what was found, and lift if asked.

    `reference` are the variants of the panel, which fill gaps where there is no .bim.
    """
    study = read_sumstats(
        config.sumstats,
        format=config.format,
        effect_allele=config.effect_allele,
        other_allele=config.other_allele,
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
        "read %s: %s, effect allele in %s, n: %s, build %s",
        study.path,
        study.format,
        study.effect_allele_column,
        study.n_effective_note,
        study.build or "unknown",
    )
    for step, count in study.counts.items():
        log.info("  %s: %s", step.replace("_", " "), f"{count:,}")
    for warning in study.warnings:
        log.warning("warning: %s", warning)
    return study if config.liftover is None else _lift(study, config.liftover)


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
