"""The report of an evaluation, from its result."""

import shlex
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from jaxtyping import Float

from fabgwas import __version__
from fabgwas.manifest import environment, hide_secrets
from fabgwas.report import Measure, ScoreFigures, ScoreReport

if TYPE_CHECKING:
    from fabgwas.pipeline._evaluate import EvaluateConfig, EvaluateResult


def score_report(
    config: "EvaluateConfig",
    result: "EvaluateResult",
    command: Sequence[str],
    timings: Mapping[str, float],
) -> ScoreReport:
    """Gather what the report of an evaluation shows."""
    people, measured = result.people, result.measured
    return ScoreReport(
        title=config.out.rsplit("/", 1)[-1],
        phenotype=people.phenotype,
        y=people.y.astype(np.float64),
        binary=people.binary,
        scores=[
            ScoreFigures(
                name,
                values,
                _numbers(measured.quantiles, name, "estimate", "lower", "upper"),
                _numbers(measured.calibration, name, "predicted", "observed", "se"),
            )
            for name, values in zip(people.names, people.scores.T, strict=True)
        ],
        measures=[_measure(row) for row in measured.evaluation.to_pylist()],
        differences=[
            _measure(row | {"score": f"{row['first']} − {row['second']}"})
            for row in measured.differences.to_pylist()
        ],
        counts=people.counts,
        settings=asdict(config),
        versions={"fabgwas": __version__, **environment()["libraries"]},
        command=shlex.join(hide_secrets(list(command))),
        timings=dict(timings),
        created=datetime.now(UTC).strftime("%Y-%m-%d %H:%M UTC"),
    )


def _measure(row: Mapping[str, object]) -> Measure:
    return Measure(*(row[name] for name in Measure._fields))  # type: ignore[arg-type]


def _numbers(table: pa.Table, score: str, *columns: str) -> Float[np.ndarray, "column row"]:
    """Columns of the rows of one score, as rows."""
    rows = table.filter(pc.equal(table["score"], score))
    return np.array([rows[name].to_numpy() for name in columns], np.float64)
