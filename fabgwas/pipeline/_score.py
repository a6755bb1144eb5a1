"""`score`: scores of people, from weights and genotypes."""

import logging
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from jaxtyping import Bool, Float, Int

from fabgwas.errors import UsageError
from fabgwas.evaluate import Sums, score_sums
from fabgwas.io import Genotypes, Weights, open_genotypes, read_weights, write_table
from fabgwas.io._match_weights import MATCHES, WeightCounts, WeightMatch, match_weights
from fabgwas.manifest import Manifest, Stages, describe_input, write_manifest
from fabgwas.pipeline._outputs import log_file, outputs_of
from fabgwas.pipeline._read import on_chromosomes
from fabgwas.progress import Progress

log = logging.getLogger("fabgwas")

MISSING = ("impute", "skip")
_USUAL = ("weight", "effect_weight")


@dataclass(frozen=True, kw_only=True)
class ScoreConfig:
    """All settings of `score`; paths are text."""

    weights: tuple[str, ...]
    genotypes: tuple[str, ...]
    out: str
    chrom: tuple[str, ...] = ()
    """Chromosomes to sum over; none stand for all."""
    columns: tuple[str, ...] | None = None
    """Columns of weights; None takes those that `fabgwas.io.read_weights` finds."""
    missing: str = "impute"
    """``impute`` the mean of the file, or ``skip`` the genotype."""
    match: str = "auto"
    """``position``, ``id`` or ``auto``: see `fabgwas.io.match_weights`."""
    keep_ambiguous: bool = True

    def __post_init__(self) -> None:
        for name, choices in (("missing", MISSING), ("match", MATCHES)):
            if getattr(self, name) not in choices:
                raise UsageError(
                    f"{name} must be one of {', '.join(choices)}, "
                    f"but is {getattr(self, name)!r}."
                )
        if not Path(self.out).name:
            raise UsageError(f"out must be a prefix of file names, but is {self.out!r}.")


@dataclass(frozen=True)
class ScoreResult:
    """Scores of people, and how the weights were matched."""

    table: pa.Table
    """FID, IID, and a column for each score: the sum of weight times dosage. Where
    genotypes are skipped also NAME_AVG, the sum over the number of alleles behind it."""
    names: tuple[str, ...]
    counts: dict[str, WeightCounts]
    """By file of weights."""
    n_variants: int
    """Distinct variants that were read."""
    unknown: int
    """Variants without a single genotype."""
    outputs: dict[str, Path]

    def summary(self) -> list[str]:
        """The numbers that a user looks for first."""
        lines = [
            f"{name}: {count.matched:,} of {count.weights:,} weights matched, "
            f"{count.absent:,} absent, {count.other_alleles:,} with other alleles, "
            f"{count.ambiguous_dropped:,} ambiguous left out"
            for name, count in self.counts.items()
        ]
        return [
            *lines,
            f"scores: {', '.join(self.names)}, from {self.n_variants:,} variants",
            f"people: {self.table.num_rows:,}, in {self.outputs['scores']}",
        ]


class ScoreInputs(NamedTuple):
    """People and weights, and which weight belongs to which variant."""

    genotypes: Genotypes
    weights: list[Weights]
    names: tuple[str, ...]
    matches: list[WeightMatch]


def score_paths(out: str) -> dict[str, Path]:
    """The files of scores, the manifest last."""
    return {
        "scores": Path(f"{out}.scores.tsv"),
        "log": Path(f"{out}.log"),
        "manifest": Path(f"{out}.manifest.json"),
    }


def score(
    config: ScoreConfig, *, overwrite: bool = False, command: Sequence[str] | None = None
) -> ScoreResult:
    """Score people: PREFIX.scores.tsv, PREFIX.log and PREFIX.manifest.json.

    The genotypes are read once for all scores. With missing genotypes imputed, the sums
    are the SUM of ``plink2 --score ... cols=+scoresums``; skipped, those of its
    ``no-mean-imputation``.

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
    paths = score_paths(config.out)
    command = ["fabgwas.score", *config.weights] if command is None else list(command)
    stages = Stages()
    with outputs_of(config.out, paths, overwrite=overwrite) as files:
        with log_file(files["log"], command):
            result, genotypes = _score(config, paths, stages)
            with stages("write"):
                write_table(result.table, files["scores"])
            for line in result.summary():
                log.debug("%s", line)  # for the file; callers have the result
        manifest = Manifest(
            command="score",
            args=command,
            config=asdict(config),
            inputs=[
                *(describe_input(path) for path in config.weights),
                *(describe_input(path, "genotypes") for path in genotypes.files),
            ],
            outputs=files.records(),
            counts={name: count._asdict() for name, count in result.counts.items()},
            timings=stages.seconds,
            resources=stages.resources(),
        )
        write_manifest(files["manifest"], manifest)
    return result


def open_scoring(config: ScoreConfig, stages: Stages) -> ScoreInputs:
    """Open the genotypes, read the weights, and match them."""
    with stages("read"):
        genotypes = open_genotypes(config.genotypes)
        log.info(
            "genotypes: %s variants, %s people",
            f"{genotypes.n_variants:,}",
            f"{genotypes.n_samples:,}",
        )
        genotypes = on_chromosomes(genotypes, config.chrom)
        weights = [read_weights(path, config.columns) for path in config.weights]
    names = _names(weights)
    with stages("match"):
        options: dict[str, Any] = {
            "by": config.match,
            "keep_ambiguous": config.keep_ambiguous,
        }
        matches = [match_weights(each, genotypes.variants, **options) for each in weights]
        _log_counts(weights, matches)
    return ScoreInputs(genotypes, weights, names, matches)


def _score(
    config: ScoreConfig, paths: dict[str, Path], stages: Stages
) -> tuple[ScoreResult, Genotypes]:
    genotypes, weights, names, matches = open_scoring(config, stages)
    with stages("score"):
        variant, same, other = _matrices(weights, matches)
        sums = score_sums(
            genotypes.take,
            variant,
            same,
            other,
            founder=founders(genotypes.samples),
            impute=config.missing == "impute",
            progress=Progress("variants", variant.size),
        )
    if sums.unknown:
        log.warning(
            "warning: %s variants have no genotype at all, and add nothing",
            f"{sums.unknown:,}",
        )
    table = _table(genotypes, names, sums, averages=config.missing == "skip")
    counts = {each.path: match.counts for each, match in zip(weights, matches, strict=True)}
    return (
        ScoreResult(table, names, counts, variant.size, sums.unknown, paths),
        genotypes,
    )


def founders(samples: pa.Table) -> Bool[np.ndarray, " sample"]:
    """Who has neither father nor mother, as PLINK reads a .fam file."""
    parents = [pc.equal(samples[name], "0").to_numpy() for name in ("father", "mother")]
    return parents[0] & parents[1]


def _names(weights: Sequence[Weights]) -> tuple[str, ...]:
    """A name for each score: of its column, or of the file where that says nothing."""
    names = [
        "_".join(each.name.split()) if column in _USUAL else column
        for each in weights
        for column in each.scores
    ]
    repeated = {name for name in names if names.count(name) > 1}
    if repeated:
        raise UsageError(
            f"two scores are called {sorted(repeated)[0]!r}; rename a column or a file."
        )
    return tuple(names)


def _matrices(
    weights: Sequence[Weights], matches: Sequence[WeightMatch]
) -> tuple[
    Int[np.ndarray, " variant"],
    Float[np.ndarray, "variant score"],
    Float[np.ndarray, "variant score"],
]:
    """Distinct variants, ascending, and the weights of either allele in each score."""
    variant = np.unique(np.concatenate([match.variant for match in matches]))
    n_scores = sum(len(each.scores) for each in weights)
    same, other = np.full((2, variant.size, n_scores), np.nan)
    first = 0
    for each, match in zip(weights, matches, strict=True):
        at = np.searchsorted(variant, match.variant)
        for number, name in enumerate(each.scores, first):
            weight = each.table[name].to_numpy()[match.row]
            for target, chosen in ((same, match.same), (other, ~match.same)):
                column = target[:, number]
                column[at[chosen]] = np.nan_to_num(column[at[chosen]])
                # a variant may be there twice: both rows count
                np.add.at(column, at[chosen], weight[chosen])
        first += len(each.scores)
    return variant, same, other


def _table(
    genotypes: Genotypes, names: Sequence[str], sums: Sums, *, averages: bool
) -> pa.Table:
    people = genotypes.samples
    columns = {"FID": people["family"], "IID": people["sample"]}
    for number, name in enumerate(names):
        columns[name] = pa.array(sums.total[:, number])
        if averages:
            alleles = np.where(sums.alleles[:, number] > 0, sums.alleles[:, number], np.nan)
            columns[f"{name}_AVG"] = pa.array(sums.total[:, number] / alleles)
    return pa.table(columns)


def _log_counts(weights: Sequence[Weights], matches: Sequence[WeightMatch]) -> None:
    for each, match in zip(weights, matches, strict=True):
        log.info("weights: %s", each.path)
        dropped = {k: v for k, v in each.counts.items() if v and k not in ("read", "kept")}
        for name, count in {**dropped, **match.counts._asdict()}.items():
            log.info("  %s: %s", name.replace("_", " "), f"{count:,}")
