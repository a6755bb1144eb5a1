"""Dry runs: inputs are opened, read and matched as in earnest, and nothing is written.

Each function takes the settings of the command after which it is named, and returns what
a user looks for first. It raises what the command would raise before its long part.
"""

from pathlib import Path

from fabgwas.errors import NothingToAnalyseError
from fabgwas.io import match_rows, open_genotypes
from fabgwas.ldstore import open_ld
from fabgwas.manifest import Stages
from fabgwas.pipeline._cohort import CohortConfig, cohort_paths, open_cohort
from fabgwas.pipeline._evaluate import (
    EvaluateConfig,
    evaluation_paths,
    read_config_people,
    require_libraries,
)
from fabgwas.pipeline._evaluate_sumstats import (
    EvaluateSumstatsConfig,
    open_judging,
    sumstats_paths,
)
from fabgwas.pipeline._ld import LdConfig, open_for_ld
from fabgwas.pipeline._outputs import refuse_to_replace, would_write
from fabgwas.pipeline._prs import prs_paths
from fabgwas.pipeline._prs_config import PrsConfig
from fabgwas.pipeline._read import check_request, read_study
from fabgwas.pipeline._score import ScoreConfig, open_scoring, score_paths
from fabgwas.pipeline._sets import SetsConfig, open_sets, sets_paths
from fabgwas.pipeline._split import SplitConfig, open_panel_people, split_paths
from fabgwas.store import open_embeddings


def check_prs(config: PrsConfig, *, overwrite: bool = False) -> list[str]:
    """Read the study, and find its variants in the panel; see the module."""
    paths = prs_paths(config).values()
    refuse_to_replace(paths, overwrite=overwrite)
    reading = config.reading()
    check_request(reading)
    if config.embeddings is not None:
        open_embeddings(config.embeddings)
    is_store = (Path(config.ld) / "ld.json").is_file()
    variants = (open_ld if is_store else open_genotypes)(config.ld).variants
    study = read_study(reading, variants)
    matched = match_rows(study.table, variants).left.size
    if not matched:
        raise NothingToAnalyseError(
            f"{study.path}: none of its {len(study):,} variants is in {config.ld}."
        )
    return [
        f"variants: {study.counts['read']:,} read, {len(study):,} kept, "
        f"{matched:,} in {config.ld}",
        f"method: {config.chosen_method}",
        would_write(paths),
    ]


def check_score(config: ScoreConfig, *, overwrite: bool = False) -> list[str]:
    """Match the weights with the genotypes; see the module."""
    paths = score_paths(config.out).values()
    refuse_to_replace(paths, overwrite=overwrite)
    inputs = open_scoring(config, Stages())
    matched = ", ".join(f"{match.counts.matched:,}" for match in inputs.matches)
    return [
        f"scores: {', '.join(inputs.names)}; weights matched: {matched}",
        f"people: {inputs.genotypes.n_samples:,}",
        would_write(paths),
    ]


def check_evaluate(config: EvaluateConfig, *, overwrite: bool = False) -> list[str]:
    """Read scores, phenotype and covariates; see the module."""
    require_libraries()
    paths = evaluation_paths(config).values()
    refuse_to_replace(paths, overwrite=overwrite)
    people = read_config_people(config, Stages())
    return [people.summary(), would_write(paths)]


def check_evaluate_sumstats(
    config: EvaluateSumstatsConfig, *, overwrite: bool = False
) -> list[str]:
    """Read weights, statistics and panel; see the module."""
    paths = sumstats_paths(config.out).values()
    refuse_to_replace(paths, overwrite=overwrite)
    genotypes, study, weights = open_judging(config, Stages())
    rows = ", ".join(f"{each.table.num_rows:,}" for each in weights)
    return [
        f"variants: {len(study):,} with statistics, {genotypes.n_variants:,} in the "
        f"panel; weights: {rows}",
        would_write(paths),
    ]


def check_cohort(config: CohortConfig, *, overwrite: bool = False) -> list[str]:
    """Find the variants of the genotypes among the embeddings; see the module."""
    paths = cohort_paths(config.out).values()
    refuse_to_replace(paths, overwrite=overwrite)
    inputs = open_cohort(config, Stages())
    report = inputs.alignment.report
    return [
        f"variants: {report.matched:,} of {report.variants:,} have a vector",
        f"people: {inputs.genotypes.n_samples:,}",
        would_write(paths),
    ]


def check_split(config: SplitConfig, *, overwrite: bool = False) -> list[str]:
    """Read the study, and find its variants in the panel; see the module."""
    paths = split_paths(config.out).values()
    refuse_to_replace(paths, overwrite=overwrite)
    reading = config.reading()
    check_request(reading)
    genotypes = open_panel_people(config.ld, config.keep)
    study = read_study(reading, genotypes.variants)
    matched = match_rows(study.table, genotypes.variants).left.size
    return [f"variants: {matched:,} of {len(study):,} in the panel", would_write(paths)]


def check_sets(config: SetsConfig, *, overwrite: bool = False) -> list[str]:
    """Read the results of the run and the regions; see the module."""
    paths = sets_paths(config.out).values()
    refuse_to_replace(paths, overwrite=overwrite)
    study, _, regions = open_sets(config)
    return [
        f"variants: {study.num_rows:,}; genes or regions: {regions.num_rows:,}",
        would_write(paths),
    ]


def check_ld(config: LdConfig, *, overwrite: bool = False) -> list[str]:
    """Open the genotypes, and tell their build; see the module."""
    if not overwrite:
        # a build that was interrupted goes on
        refuse_to_replace([Path(config.out) / "ld.json"], overwrite=False)
    genotypes, build = open_for_ld(config)
    return [
        f"variants: {genotypes.n_variants:,}, of {genotypes.n_samples:,} people, "
        f"{build or 'unknown build'}",
        would_write([Path(config.out)]),
    ]
