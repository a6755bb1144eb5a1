"""`evaluate`: how good scores are, on people with phenotypes."""

import logging
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from fabgwas.errors import UsageError
from fabgwas.io import write_table
from fabgwas.manifest import Manifest, Stages, describe_input, write_manifest
from fabgwas.pipeline._augment import measure_augmented
from fabgwas.pipeline._measures import Measured, measure
from fabgwas.pipeline._outputs import Outputs, log_file, outputs_of
from fabgwas.pipeline._people import People, read_evaluated
from fabgwas.pipeline._report_scores import score_report
from fabgwas.report import write_score_report

log = logging.getLogger("fabgwas")

_TABLES = ("evaluation", "differences", "quantiles", "calibration")


@dataclass(frozen=True, kw_only=True)
class EvaluateConfig:
    """All settings of `evaluate`; paths are text."""

    scores: str
    phenotype: str
    out: str
    score_names: tuple[str, ...] | None = None
    phenotype_name: str | None = None
    covariates: str | None = None
    covariate_names: tuple[str, ...] | None = None
    quantitative: bool = False
    prevalence: float | None = None
    """Of cases in the population, for R2 on the liability scale."""
    quantiles: int = 10
    folds: int = 5
    replicates: int = 1000
    """Of the bootstrap."""
    augment: str | None = None
    """Table of people whose column L, or all numbers, may improve each score."""
    level: float = 0.95
    seed: int = 0

    def __post_init__(self) -> None:
        for name, low in (("quantiles", 3), ("folds", 2), ("replicates", 20), ("seed", 0)):
            if getattr(self, name) < low:
                raise UsageError(
                    f"{name} must be at least {low}, but is {getattr(self, name)}."
                )
        for name in ("prevalence", "level"):
            value = getattr(self, name)
            if value is not None and not 0 < value < 1:
                raise UsageError(f"{name} must be between 0 and 1, but is {value:g}.")
        if not Path(self.out).name:
            raise UsageError(f"out must be a prefix of file names, but is {self.out!r}.")


@dataclass(frozen=True)
class EvaluateResult:
    """What was measured on whom, and where it was written."""

    people: People
    measured: Measured
    augmented: pa.Table | None
    """With and without components of further features; see `measure_augmented`."""
    outputs: dict[str, Path]

    def summary(self) -> list[str]:
        """The numbers that a user looks for first."""
        lines = [self.people.summary()]
        lines += [_line(row) for row in self.measured.evaluation.to_pylist()]
        for row in self.measured.differences.to_pylist():
            row["score"] = f"{row['first']} - {row['second']}"
            lines.append(_line(row))
        if self.augmented is not None:
            lines += [_line(row) for row in self.augmented.to_pylist()]
        lines.append(f"report: {self.outputs['report']}")
        return lines


def evaluate(
    config: EvaluateConfig,
    *,
    overwrite: bool = False,
    command: Sequence[str] | None = None,
) -> EvaluateResult:
    """Evaluate scores of people with phenotypes, and write tables, figures and a manifest.

    Parameters
    ----------
    config
        What to do.
    overwrite
        Whether files of an earlier run may be replaced.
    command
        The command line, for the log and the manifest.

    Raises
    ------
    FabgwasError
        If an input cannot be used, or an output exists.
    """
    require_libraries()
    paths = evaluation_paths(config)
    command = ["fabgwas.evaluate", config.scores] if command is None else list(command)
    stages = Stages()
    with outputs_of(config.out, paths, overwrite=overwrite) as files:
        with log_file(files["log"], command):
            people = read_config_people(config, stages)
            measured, augmented = _measure(config, people, stages)
            result = EvaluateResult(people, measured, augmented, paths)
            with stages("write"):
                for name in _TABLES:
                    write_table(getattr(measured, name), files[name])
                if result.augmented is not None:
                    write_table(result.augmented, files["augmented"])
                _draw(result, files["figures"])
                report = score_report(config, result, command, stages.seconds)
                write_score_report(files["report"], report)
            for line in result.summary():
                log.debug("%s", line)  # for the file; callers have the result
        _write_manifest(config, result, files, command, stages)
    return result


def read_config_people(config: EvaluateConfig, stages: Stages) -> People:
    """People with scores, phenotype and covariates, and a log of who is left out."""
    with stages("read"):
        people = read_evaluated(
            config.scores,
            config.phenotype,
            wanted=config.score_names,
            phenotype_name=config.phenotype_name,
            covariates=config.covariates,
            covariate_names=config.covariate_names,
            quantitative=config.quantitative,
        )
    for name, count in people.counts.items():
        log.info("  people, %s: %s", name.replace("_", " "), f"{count:,}")
    return people


def _measure(
    config: EvaluateConfig, people: People, stages: Stages
) -> tuple[Measured, pa.Table | None]:
    with stages("measure"):
        measured = measure(
            people,
            prevalence=config.prevalence,
            n_quantiles=config.quantiles,
            n_folds=config.folds,
            n_replicates=config.replicates,
            level=config.level,
            seed=config.seed,
        )
    if config.augment is None:
        return measured, None
    with stages("augment"):
        augmented = measure_augmented(
            people,
            config.augment,
            n_folds=config.folds,
            n_replicates=config.replicates,
            level=config.level,
            seed=config.seed,
        )
    return measured, augmented


def require_libraries() -> None:
    """Say what to install, if the extra is absent."""
    for module, name in (("sklearn", "scikit-learn"), ("statsmodels", "statsmodels")):
        if find_spec(module) is None:
            raise UsageError(
                f"evaluating scores needs {name}, which is not installed: "
                "pip install 'fabgwas[evaluate]'"
            )


def evaluation_paths(config: EvaluateConfig) -> dict[str, Path]:
    """The files of an evaluation; figures of single scores are those of the first."""
    out = config.out
    more = () if config.augment is None else ("augmented",)
    return {
        **{name: Path(f"{out}.{name}.tsv") for name in (*_TABLES, *more)},
        "figures": Path(f"{out}.evaluation.svg"),
        "report": Path(f"{out}.report.html"),
        "log": Path(f"{out}.log"),
        "manifest": Path(f"{out}.manifest.json"),
    }


def _line(row: dict[str, object]) -> str:
    interval = (
        "" if row["lower"] is None else f" ({row['lower']:.4f} to {row['upper']:.4f})"
    )
    return f"{row['score']}: {row['metric']} {row['estimate']:.4f}{interval}"


def _draw(result: EvaluateResult, path: Path) -> None:
    """ROC curves of all scores; quantiles and calibration of the first."""
    from matplotlib.figure import Figure

    from fabgwas.files import write_atomically
    from fabgwas.plots import quantile_plot, reliability, roc

    people, measured = result.people, result.measured
    figure = Figure(figsize=(13.5 if people.binary else 9.5, 4.4), layout="constrained")
    axes = figure.subplots(1, 3 if people.binary else 2)
    if people.binary:
        curves = dict(zip(people.names, people.scores.T, strict=True))
        roc({f"{n}, {measured.auc[n]:.3f}": s for n, s in curves.items()}, people.y > 0.5,
            axes[0])  # fmt: skip
    bars = _arrays(measured.quantiles, people.names[0], "estimate", "lower", "upper")
    quantile_plot(bars[0], bars[1], bars[2], axes[-2], binary=people.binary)
    bins = _arrays(measured.calibration, people.names[0], "predicted", "observed", "se")
    reliability(bins[0], bins[1], bins[2], axes[-1], binary=people.binary)
    with write_atomically(path) as temporary:
        # without a date, so that equal results make equal files
        figure.savefig(temporary, format="svg", metadata={"Date": None})


def _arrays(table: pa.Table, score: str, *columns: str) -> list[np.ndarray]:
    """Columns of the rows of one score."""
    rows = table.filter(pc.equal(table["score"], score))
    return [rows[name].to_numpy() for name in columns]


def _write_manifest(
    config: EvaluateConfig,
    result: EvaluateResult,
    files: Outputs,
    command: Sequence[str],
    stages: Stages,
) -> None:
    inputs = [config.scores, config.phenotype, config.covariates, config.augment]
    manifest = Manifest(
        command="evaluate",
        args=command,
        config=asdict(config),
        inputs=[describe_input(path) for path in inputs if path is not None],
        outputs=files.records(),
        counts=result.people.counts,
        seeds={"seed": config.seed},
        timings=stages.seconds,
        resources=stages.resources(),
    )
    write_manifest(files["manifest"], manifest)
