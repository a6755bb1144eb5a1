"""`evaluate_sumstats`: how good weights are, by summary statistics of other people."""

import logging
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from itertools import combinations
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
from jaxtyping import Float

from fabgwas.errors import InputError, NothingToAnalyseError, UsageError
from fabgwas.evaluate import (
    Terms,
    block_bootstrap,
    block_terms,
    percentile_interval,
    signed_correlation,
)
from fabgwas.io import (
    Genotypes,
    SumStats,
    Weights,
    match_rows,
    read_sumstats,
    read_weights,
    write_table,
)
from fabgwas.io._match_weights import match_weights
from fabgwas.io._people import read_people
from fabgwas.manifest import Manifest, Stages, describe_input, write_manifest
from fabgwas.pipeline._outputs import log_file, outputs_of
from fabgwas.pipeline._split import blocks_of_variants, open_panel_people
from fabgwas.progress import Progress

log = logging.getLogger("fabgwas")

_ENOUGH_BLOCKS = 100


@dataclass(frozen=True, kw_only=True)
class EvaluateSumstatsConfig:
    """All settings of `evaluate_sumstats`; paths are text."""

    weights: tuple[str, ...]
    sumstats: str
    """Of people whom the weights have not seen, such as the second part of `split`."""
    ld: str
    """PLINK fileset of a panel: *other people* than those the weights were fitted with."""
    out: str
    keep: str | None = None
    fit_people: str | None = None
    """People of the fitting panel (.fam or a list); none may be in this panel."""
    build: str | None = None
    population: str = "EUR"
    replicates: int = 1000
    level: float = 0.95
    seed: int = 0

    def __post_init__(self) -> None:
        if self.replicates < 20:
            raise UsageError(f"replicates must be at least 20, but is {self.replicates}.")
        if not Path(self.out).name:
            raise UsageError(f"out must be a prefix of file names, but is {self.out!r}.")


@dataclass(frozen=True)
class EvaluateSumstatsResult:
    """Signed accuracies and their paired differences."""

    evaluation: pa.Table
    """score, metric (r, and r2 with the sign of r), estimate, lower, upper, interval."""
    differences: pa.Table
    terms: Terms
    names: tuple[str, ...]
    counts: dict[str, int]
    outputs: dict[str, Path]

    def summary(self) -> list[str]:
        """The numbers that a user looks for first."""
        lines = [
            f"variants: {self.counts['used']:,} in {self.counts['blocks']} blocks, "
            f"{self.counts['weights_unused']:,} weights without statistics or panel"
        ]
        for row in self.evaluation.to_pylist():
            lines.append(f"{row['score']}: {_numbers(row)}")
        for row in self.differences.to_pylist():
            lines.append(f"{row['first']} - {row['second']}: {_numbers(row)}")
        return lines


def sumstats_paths(out: str) -> dict[str, Path]:
    """The files of an evaluation by summary statistics, the manifest last."""
    return {
        "evaluation": Path(f"{out}.evaluation.tsv"),
        "differences": Path(f"{out}.differences.tsv"),
        "log": Path(f"{out}.log"),
        "manifest": Path(f"{out}.manifest.json"),
    }


def open_judging(
    config: EvaluateSumstatsConfig, stages: Stages
) -> tuple[Genotypes, SumStats, list[Weights]]:
    """Open the panel, and read the statistics and the weights."""
    with stages("read"):
        genotypes = open_panel_people(config.ld, config.keep)
        _refuse_shared_people(config, genotypes)
        study = read_sumstats(config.sumstats, build=config.build)
        weights = [read_weights(path) for path in config.weights]
    return genotypes, study, weights


def evaluate_sumstats(
    config: EvaluateSumstatsConfig,
    *,
    overwrite: bool = False,
    command: Sequence[str] | None = None,
) -> EvaluateSumstatsResult:
    r"""Correlation of scores with a phenotype, :math:`w'b / \sqrt{w'Rw}`, with its sign.

    b are effects per standard deviation in people whom the weights have not seen; R is the
    LD of a panel that the weights have not seen either, never shrunk. Intervals come from
    the bootstrap of LD blocks.

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
        If an input cannot be used, the panels share people, or an output exists.
    """
    paths = sumstats_paths(config.out)
    command = (
        ["fabgwas.evaluate_sumstats", *config.weights] if command is None else list(command)
    )
    stages = Stages()
    with outputs_of(config.out, paths, overwrite=overwrite) as files:
        with log_file(files["log"], command):
            genotypes, study, weights = open_judging(config, stages)
            with stages("evaluate"):
                result = _evaluate(config, study, weights, genotypes, paths)
            with stages("write"):
                write_table(result.evaluation, files["evaluation"])
                write_table(result.differences, files["differences"])
            for line in result.summary():
                log.debug("%s", line)  # for the file; callers have the result
        inputs = [*config.weights, config.sumstats, *genotypes.files, config.keep]
        manifest = Manifest(
            command="evaluate",
            args=command,
            config=asdict(config),
            inputs=[describe_input(path) for path in inputs if path is not None],
            outputs=files.records(),
            counts=result.counts,
            seeds={"seed": config.seed},
            timings=stages.seconds,
            resources=stages.resources(),
        )
        write_manifest(files["manifest"], manifest)
    return result


def _refuse_shared_people(config: EvaluateSumstatsConfig, genotypes: Genotypes) -> None:
    if config.fit_people is None:
        log.info(
            "people of the fitting panel are not given: they must be others than these"
        )
        return
    try:
        shared = read_people(config.fit_people, genotypes.samples)
    except InputError:
        if not Path(config.fit_people).is_file():
            raise
        return  # lists none of them, as it should
    name = genotypes.samples["sample"][int(shared[0])]
    raise InputError(
        f"{config.fit_people}: {shared.size} people, {name} among them, are in the panel "
        f"{config.ld} too; accuracy would be too high. Give other people (option keep)."
    )


def _evaluate(
    config: EvaluateSumstatsConfig,
    study: SumStats,
    weights: Sequence[Weights],
    genotypes: Genotypes,
    paths: dict[str, Path],
) -> EvaluateSumstatsResult:
    names = _names(weights)
    effect, matrix, n_unused = _columns(study, weights, genotypes)
    variant = np.flatnonzero(np.isfinite(effect) & matrix.any(axis=1))
    if not variant.size:
        raise NothingToAnalyseError(
            f"{study.path}: no variant with a weight has statistics and is in the panel."
        )
    used = genotypes.variants.take(pa.array(variant))
    block = blocks_of_variants(used, config.build or study.build, config.population)
    terms = block_terms(
        lambda rows: genotypes.take(variant[rows]),
        block,
        matrix[variant],
        effect[variant],
        Progress("variants", variant.size),
    )
    n_blocks = len(terms.agreement)
    if n_blocks < _ENOUGH_BLOCKS:
        log.warning(
            "warning: %d LD blocks are few to draw from; intervals are rough", n_blocks
        )
    evaluation, differences = _tables(config, names, terms)
    counts = {"used": int(variant.size), "blocks": n_blocks, "weights_unused": n_unused}
    return EvaluateSumstatsResult(evaluation, differences, terms, names, counts, paths)


def _names(weights: Sequence[Weights]) -> tuple[str, ...]:
    names = tuple(
        each.name if len(each.scores) == 1 else f"{each.name}_{column}"
        for each in weights
        for column in each.scores
    )
    for name in names:
        if names.count(name) > 1:
            raise UsageError(f"two scores are called {name!r}; rename one of them.")
    return names


def _columns(
    study: SumStats, weights: Sequence[Weights], genotypes: Genotypes
) -> tuple[Float[np.ndarray, " variant"], Float[np.ndarray, "variant score"], int]:
    """Effects (nan where there are none) and weights of all variants of the panel."""
    n_variants = genotypes.n_variants
    match = match_rows(study.table, genotypes.variants)
    effect = np.full(n_variants, np.nan)
    z, n = (study.table[name].to_numpy()[match.left] for name in ("z", "n"))
    effect[match.right] = match.sign * z / np.sqrt(n)
    matrix = np.zeros((n_variants, sum(len(each.scores) for each in weights)))
    number = n_unused = 0
    for each in weights:
        found = match_weights(each, genotypes.variants)
        sign = np.where(found.same, 1.0, -1.0)
        n_unused += len(each) - int(np.isfinite(effect[found.variant]).sum())
        for name in each.scores:
            weight: Any = each.table[name].to_numpy()[found.row]
            np.add.at(matrix[:, number], found.variant, sign * weight)
            number += 1
    return effect, matrix, n_unused


def _tables(
    config: EvaluateSumstatsConfig, names: Sequence[str], terms: Terms
) -> tuple[pa.Table, pa.Table]:
    r, draws = (
        signed_correlation(terms),
        block_bootstrap(terms, config.replicates, config.seed),
    )
    rows, pairs = [], []
    for metric in ("r", "r2"):
        estimate, drawn = (x if metric == "r" else x * np.abs(x) for x in (r, draws))
        intervals = percentile_interval(drawn, config.level)
        for k, name in enumerate(names):
            rows.append({"score": name, **_row(metric, estimate[k], intervals[k])})
        for a, b in combinations(range(len(names)), 2):
            interval = percentile_interval(drawn[:, [a]] - drawn[:, [b]], config.level)[0]
            facts = _row(metric, estimate[a] - estimate[b], interval)
            pairs.append({"first": names[a], "second": names[b], **facts})
    order = ["metric", "estimate", "lower", "upper", "interval"]
    kinds = [pa.string(), *[pa.float64()] * 3, pa.string()]
    fields = list(zip(order, kinds, strict=True))
    first = pa.schema([("score", pa.string()), *fields])
    second = pa.schema([("first", pa.string()), ("second", pa.string()), *fields])
    return pa.Table.from_pylist(rows, first), pa.Table.from_pylist(pairs, second)


def _row(metric: str, estimate: float, interval: Any) -> dict[str, Any]:
    return {"metric": metric, "estimate": float(estimate), "lower": float(interval[0]),
            "upper": float(interval[1]), "interval": "block bootstrap"}  # fmt: skip


def _numbers(row: dict[str, Any]) -> str:
    return (
        f"{row['metric']} {row['estimate']:.4f} ({row['lower']:.4f} to {row['upper']:.4f})"
    )
