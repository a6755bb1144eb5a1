"""`run`: one study, one prior, three tests."""

import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pyarrow as pa

from fabgwas.alignment import Alignment, AlignReport, align
from fabgwas.assoc import (
    COLUMN_OF_TEST,
    COVARIATES_ONLY,
    fab_test,
)
from fabgwas.config import RunConfig
from fabgwas.errors import InputError
from fabgwas.features import Reference
from fabgwas.interchange import expect
from fabgwas.io import SumStats
from fabgwas.ldstore import open_ld
from fabgwas.loci import find_loci, level_of, name_loci
from fabgwas.manifest import Stages
from fabgwas.memory import require_memory
from fabgwas.panel import open_panel
from fabgwas.pipeline._outputs import (
    log_file,
    outputs_of,
    refuse_to_replace,
    would_write,
)
from fabgwas.pipeline._read import blocks_of, check_request, read_others, read_study
from fabgwas.pipeline._report import report_data
from fabgwas.pipeline._warn import NO_PANEL, absent_hits, lost_loci, warn
from fabgwas.pipeline._write import (
    in_order,
    output_paths,
    write_run_manifest,
    write_tables,
)
from fabgwas.prior import FittedPrior, fit_prior
from fabgwas.report import compare, write_report
from fabgwas.show import as_html
from fabgwas.store import EmbeddingStore, open_embeddings

log = logging.getLogger("fabgwas")


@dataclass(frozen=True)
class RunResult:
    """What a run found, and where it wrote it."""

    config: RunConfig
    sumstats: SumStats
    store: EmbeddingStore
    panel: Reference | None
    alignment: AlignReport
    prior: FittedPrior
    results: pa.Table
    """A row per tested variant; see `fabgwas.fab_test`."""
    loci: pa.Table
    """The loci of all three tests; see `fabgwas.find_loci`."""
    references: dict[str, pa.Table]
    """Loci that gains are measured against: ``same-level`` are those of the two-sided test
    at the level of the primary one, ``covariates`` of the family test without embedding."""
    outputs: dict[str, Path]
    warnings: tuple[str, ...] = ()
    """What to know before trusting the loci."""
    overlap: tuple[str, ...] = ()
    """How people in several studies were accounted for, and what depends on that."""

    def n_loci(self, test: str) -> int:
        """Number of loci of one test."""
        return int(np.sum(self.loci["test"].to_numpy(zero_copy_only=False) == test))

    def counts(self) -> dict[str, int]:
        """Variants and loci, step by step."""
        aligned = {f"align_{name}": n for name, n in self.alignment._asdict().items()}
        loci = {f"loci_{test}": self.n_loci(test) for test in COLUMN_OF_TEST}
        return {**self.sumstats.counts, **aligned, "tested": self.results.num_rows, **loci}

    def summary(self) -> list[str]:
        """The numbers that a user looks for first."""
        loci = ", ".join(
            f"{self.n_loci(test)} {test}" + " (primary)" * (test == self.config.primary)
            for test in COLUMN_OF_TEST
        )
        return [
            f"variants: {self.sumstats.counts['read']:,} read, "
            f"{len(self.sumstats):,} kept, {self.alignment.matched:,} aligned and tested",
            f"loci: {loci}",
            f"report: {self.outputs['report']}",
        ]

    def __repr__(self) -> str:
        return "RunResult(" + "; ".join(self.summary()) + ")"

    def _repr_html_(self) -> str:
        rows = (line.split(": ", 1) for line in self.summary())
        return as_html(f"Run of {self.config.sumstats}", dict(rows))


def run(
    config: RunConfig, *, overwrite: bool = False, command: Sequence[str] | None = None
) -> RunResult:
    """Read one study, learn its prior, test it, and write tables, report and manifest.

    Parameters
    ----------
    config
        What to do; see `RunConfig`.
    overwrite
        Whether files of an earlier run may be replaced.
    command
        The command line, for the log and the manifest.

    Raises
    ------
    FabgwasError
        If an input cannot be used, or an output exists.
    """
    expect(config, RunConfig, "fabgwas.RunConfig")
    paths = output_paths(config.out)
    command = ["fabgwas.run", config.sumstats] if command is None else list(command)
    stages = Stages()
    with outputs_of(config.out, paths, overwrite=overwrite) as files:
        with log_file(files["log"], command):
            check_request(config)
            log.info("primary test, declared before the data are read: %s", config.primary)
            result = _analyse(config, paths, stages)
            with stages("write"):
                write_tables(result.results, result.loci, files)
                data = report_data(result, command, stages.seconds)
                found = warn(lost_loci(compare(data)))
                result = replace(result, warnings=(*result.warnings, *found))
                data = replace(data, warnings=(*data.warnings, *found))
                write_report(files["report"], data)
            for line in result.summary():
                log.debug("%s", line)  # for the file; callers have the result
        write_run_manifest(result, files, command, stages)
    return result


def check(config: RunConfig, *, overwrite: bool = False) -> list[str]:
    """Read and align the inputs of a run, as it would, and say what it would write.

    Nothing is written, and no prior is learned.

    Raises
    ------
    FabgwasError
        If `run` would raise it before learning a prior.
    """
    check_request(config)
    paths = output_paths(config.out)
    refuse_to_replace(paths.values(), overwrite=overwrite)
    inputs = _open(config, Stages())
    return [
        f"variants: {inputs.study.counts['read']:,} read, {len(inputs.study):,} kept, "
        f"{inputs.alignment.report.matched:,} aligned",
        would_write(paths.values()),
    ]


class _Inputs(NamedTuple):
    store: EmbeddingStore
    panel: Reference | None
    study: SumStats
    alignment: Alignment
    warnings: tuple[str, ...]


def _open(config: RunConfig, stages: Stages) -> _Inputs:
    """Read the study, and find its variants in the store."""
    with stages("read"):
        store = open_embeddings(config.embeddings)
        log.info("embeddings: %r", store)
        if store.metadata.exclusions:
            log.info("  left out of the descriptions: %s", store.metadata.exclusions)
        panel = _open_panel(config, store.metadata.build)
        study = read_study(config, store.find_named if panel is None else panel.variants)
        warnings = warn([NO_PANEL] if panel is None else [])
    with stages("align"):
        alignment = align(study, store)
        for name, count in alignment.report._asdict().items():
            log.info("  align, %s: %s", name.replace("_", " "), f"{count:,}")
        require_memory(
            4 * alignment.row.size * min(config.components, store.dim),
            f"{config.components} components of {alignment.row.size:,} variants",
            "use fewer (option components)",
        )
        warnings += warn(absent_hits(study, alignment.row))
    return _Inputs(store, panel, study, alignment, tuple(warnings))


def _analyse(config: RunConfig, paths: dict[str, Path], stages: Stages) -> RunResult:
    store, panel, study, alignment, warnings = _open(config, stages)
    with stages("prior"):
        others = read_others(config, store.metadata.build)

        def learn(aux_shift: float = 0.0) -> FittedPrior:
            return fit_prior(
                study,
                store,
                alignment,
                panel,
                aux=others,
                aux_rho=config.aux_rho,
                aux_shift=aux_shift,
                model=config.model,
                orient=config.orient,
                ancestral=config.ancestral,
                components=config.components,
                max_shift=config.max_shift,
                blocks=blocks_of(config),
                seed=config.seed,
            )

        prior = learn()
        log.info("prior: %r", prior)
    with stages("test"):
        utility = _utility(config, prior)
        results = fab_test(
            prior, alpha=config.alpha, utility=utility, with_posterior=config.posterior
        )
        overlap = _overlap(config, prior, results, learn) if others else ()
        results = in_order(results)
    with stages("loci"):
        build = store.metadata.build
        loci, references = _find_all_loci(config, results, panel, build)
    return RunResult(
        config=config,
        sumstats=study,
        store=store,
        panel=panel,
        alignment=alignment.report,
        prior=prior,
        results=results,
        loci=loci,
        references=references,
        outputs=paths,
        warnings=(*study.warnings, *warnings),
        overlap=overlap,
    )


def _utility(config: RunConfig, prior: FittedPrior) -> np.ndarray | None:
    return prior.utility if config.utility == "ld-score" else None


def _overlap(
    config: RunConfig,
    prior: FittedPrior,
    results: pa.Table,
    learn: Callable[[float], FittedPrior],
) -> tuple[str, ...]:
    """Say how shared people were accounted for, and how much depends on the estimate."""

    def n_hits(tested: pa.Table) -> int:
        level = level_of(config.primary, tested.num_rows, config.p1)
        column = tested[COLUMN_OF_TEST[config.primary]]
        return int(np.sum(column.to_numpy() <= np.log(level)))

    def shifted_hits(shift: float) -> int:
        learned = learn(shift)
        return n_hits(fab_test(learned, utility=_utility(config, learned)))

    told = [
        f"{name}: null z-scores correlate {overlap.rho:.4f} (SE {overlap.se:.4f})"
        for name, overlap in prior.overlaps.items()
    ]
    if any(overlap.se > 0 for overlap in prior.overlaps.values()):
        told.append(
            f"{n_hits(results):,} hits of the {config.primary} test; "
            f"{shifted_hits(-2.0):,} and {shifted_hits(2.0):,} if that is 2 SE lower or "
            "higher"
        )
    for line in told:
        log.info("%s", line)
    return tuple(told)


def _find_all_loci(
    config: RunConfig, results: pa.Table, panel: Reference | None, build: str
) -> tuple[pa.Table, dict[str, pa.Table]]:
    """The loci of the three tests, and those that gains are measured against."""
    rules = {"p2": config.p2, "r2": config.r2, "kb": config.kb, "alpha": config.alpha}

    def loci_of(test: str, p1: float | None) -> pa.Table:
        return name_loci(find_loci(results, test, panel, p1=p1, **rules), build)

    compared = "family" if config.primary == "two-sided" else config.primary
    level = level_of(compared, results.num_rows, config.p1)
    references = {
        "same-level": loci_of("two-sided", level),
        "covariates": loci_of(COVARIATES_ONLY, config.p1),
    }
    loci = [loci_of(test, config.p1) for test in COLUMN_OF_TEST]
    return pa.concat_tables(loci), references


def _open_panel(config: RunConfig, build: str) -> Reference | None:
    if config.ld is None:
        return None
    if (Path(config.ld) / "ld.json").is_file():
        panel: Reference = open_ld(config.ld)
        if panel.build != build:
            raise InputError(f"{config.ld}: is {panel.build}, the embeddings are {build}.")
    else:
        panel = open_panel(config.ld, build=build)
    log.info("panel: %s variants, %s people", f"{panel.n_variants:,}", panel.n_samples)
    return panel
