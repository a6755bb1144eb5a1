"""`run`: one study, one prior, three tests."""

import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path

import numpy as np
import pyarrow as pa

from fabgwas.alignment import AlignReport
from fabgwas.assoc import (
    COLUMN_OF_TEST,
    COVARIATES_ONLY,
    fab_test,
)
from fabgwas.config import RunConfig
from fabgwas.features import Reference
from fabgwas.interchange import expect
from fabgwas.io import SumStats
from fabgwas.link import Gain
from fabgwas.loci import find_loci, level_of, name_loci
from fabgwas.manifest import Stages
from fabgwas.pipeline._attribution import (
    StoreComparison,
    compare_stores,
    split_gain,
)
from fabgwas.pipeline._inputs import Aligned, open_inputs, told_of
from fabgwas.pipeline._outputs import (
    log_file,
    outputs_of,
    refuse_to_replace,
    would_write,
)
from fabgwas.pipeline._read import blocks_of, check_request, read_others
from fabgwas.pipeline._report import report_data
from fabgwas.pipeline._warn import lost_loci, warn
from fabgwas.pipeline._write import (
    in_order,
    output_paths,
    write_run_manifest,
    write_tables,
)
from fabgwas.prior import FittedPrior, fit_prior
from fabgwas.report import compare, write_report
from fabgwas.show import as_html
from fabgwas.store import EmbeddingStore

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
    compared: tuple[StoreComparison, ...] = ()
    """What the stores of `RunConfig.compare` say, which shapes no test."""
    regions: Mapping[str, Gain] = field(default_factory=dict)
    """The held-out gain by region; empty where no fold uses the embedding."""

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
    inputs = open_inputs(config, Stages())
    return [
        f"variants: {inputs.study.counts['read']:,} read, {len(inputs.study):,} kept, "
        f"{inputs.main.alignment.report.matched:,} aligned",
        *told_of(inputs),
        would_write(paths.values()),
    ]


def _analyse(config: RunConfig, paths: dict[str, Path], stages: Stages) -> RunResult:
    inputs = open_inputs(config, stages)
    store, alignment = inputs.main
    study, panel, build = inputs.study, inputs.panel, store.metadata.build
    with stages("prior"):
        others = read_others(config, build)

        def learn(source: Aligned, aux_shift: float = 0.0) -> FittedPrior:
            return fit_prior(
                study,
                *source,
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

        prior = learn(inputs.main)
        log.info("prior: %r", prior)
    with stages("compare"):
        regions = split_gain(prior, build, config.seed)
        compared = tuple(compare_stores(prior, inputs.compared, learn, config.seed))
    with stages("test"):
        utility = _utility(config, prior)
        results = fab_test(
            prior, alpha=config.alpha, utility=utility, with_posterior=config.posterior
        )
        learn_main = partial(learn, inputs.main)
        overlap = _overlap(config, prior, results, learn_main) if others else ()
        results = in_order(results)
    with stages("loci"):
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
        warnings=(*study.warnings, *inputs.warnings),
        overlap=overlap,
        compared=compared,
        regions=regions,
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
