"""`make_prs`: the weights of a polygenic score from summary statistics and LD."""

import logging
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import pyarrow as pa

from fabgwas.compilation import keep_compiled
from fabgwas.errors import UsageError
from fabgwas.io import SumStats, detect_build, open_genotypes, write_table, write_weights
from fabgwas.ldstore import LdStore, build_ld, open_ld
from fabgwas.manifest import Manifest, Stages, describe_input, write_manifest
from fabgwas.pipeline._outputs import Outputs, log_file, outputs_of
from fabgwas.pipeline._prs_config import PrsConfig
from fabgwas.pipeline._prs_data import (
    ScoreData,
    annotation_features,
    effects_table,
    embedding_features,
    score_data,
    weights_grid,
)
from fabgwas.pipeline._prs_fit import fit_effects
from fabgwas.pipeline._read import read_study
from fabgwas.pipeline._write import describe_store
from fabgwas.progress import Progress
from fabgwas.prs import Whitened

log = logging.getLogger("fabgwas")


@dataclass(frozen=True)
class PrsResult:
    """Weights of a score, and how they came about."""

    table: pa.Table
    """The columns of `fabgwas.io.write_weights`."""
    counts: dict[str, int]
    method: str
    heritability: float
    facts: dict[str, Any]
    """What the fit tells: iterations, bound, slabs, penalty."""
    outputs: dict[str, Path]
    grid: pa.Table | None
    """Weights of all thresholds, of method ct."""

    def summary(self) -> list[str]:
        """The numbers that a user looks for first."""
        told = ", ".join(f"{name} {value}" for name, value in self.facts.items())
        return [
            f"variants: {self.counts['read']:,} read, {self.counts['used']:,} used",
            f"method: {self.method}, heritability {self.heritability:.3f}, {told}",
            f"score: {self.outputs['score']}",
        ]


def prs_paths(config: PrsConfig) -> dict[str, Path]:
    """The files of a score."""
    paths = {
        "score": Path(f"{config.out}.score.tsv"),
        "pgs": Path(f"{config.out}.pgs.txt.gz"),
        "parquet": Path(f"{config.out}.weights.parquet"),
        "log": Path(f"{config.out}.log"),
        "manifest": Path(f"{config.out}.manifest.json"),
    }
    if config.chosen_method == "ct":
        paths = {"grid": Path(f"{config.out}.ct.tsv"), **paths}
    return paths


def make_prs(
    config: PrsConfig, *, overwrite: bool = False, command: Sequence[str] | None = None
) -> PrsResult:
    """Fit a polygenic score, and write its weights, a log and a manifest.

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
    paths = prs_paths(config)
    command = ["fabgwas.make_prs", config.sumstats] if command is None else list(command)
    keep_compiled()
    stages = Stages()
    with outputs_of(config.out, paths, overwrite=overwrite) as files:
        with log_file(files["log"], command):
            result, study = _make(config, files, stages)
            with stages("write"):
                write_weights(
                    result.table,
                    files.prefix,
                    name=config.name or f"fabgwas_{result.method}",
                    build=study.build,
                    trait=study.trait,
                )
                if result.grid is not None:
                    write_table(result.grid, files["grid"])
            for line in result.summary():
                log.debug("%s", line)  # for the file; callers have the result
        _write_manifest(config, result, files, command, stages)
    return result


def _make(config: PrsConfig, files: Outputs, stages: Stages) -> tuple[PrsResult, SumStats]:
    with _ld_store(config, files.folder, stages) as store:
        with stages("read"):
            study = read_study(config.reading(), store.variants)
        with stages("align"):
            data = score_data(study, store)
            if not config.keep_mismatches:
                data = data.without_mismatches(store)
            data = data.without_confounding(config.intercept)
        features, found = None, dict[str, int]()
        if config.chosen_method == "embedding":
            with stages("features"):
                features, found = _features(config, data)
        counts = {**data.counts, **found}
        for name, count in counts.items():
            log.info("  %s: %s", name.replace("_", " "), f"{count:,}")
        log.info("LD score intercept: %.3f", data.intercept)
        h2 = config.heritability or data.heritability()
        log.info("heritability to begin with: %.3f", h2)
        with stages("fit"):
            effects = fit_effects(config, store, data, h2, features)
    table = effects_table(data, effects.mean, effects.details)
    grid = weights_grid(data, effects.grid) if effects.grid else None
    counts = {**study.counts, **counts}
    method = config.chosen_method
    facts = {"intercept": round(data.intercept, 3), **effects.facts}
    return PrsResult(table, counts, method, h2, facts, files.paths, grid), study


@contextmanager
def _ld_store(config: PrsConfig, folder: Path, stages: Stages) -> Iterator[LdStore]:
    """The LD store, or one that is computed from genotypes and then removed."""
    if (Path(config.ld) / "ld.json").is_file():
        yield open_ld(config.ld)
        return
    build = config.build or detect_build(open_genotypes(config.ld).variants)
    if build is None:
        raise UsageError(
            f"the build of {config.ld} cannot be detected, and its LD blocks need it; "
            "give it (option build)."
        )
    with tempfile.TemporaryDirectory(dir=folder) as place:
        log.info("computing the LD of %s; fabgwas ld would keep it", config.ld)
        with stages("ld"):
            path = build_ld(
                config.ld,
                Path(place) / "ld",
                config.population,
                build=build,
                progress=Progress("blocks"),
            )
        yield open_ld(path)


def _features(config: PrsConfig, data: ScoreData) -> tuple[Whitened, dict[str, int]]:
    if config.annotations is not None:
        return annotation_features(config.annotations, data)
    return embedding_features(str(config.embeddings), data, config.components)


def _write_manifest(
    config: PrsConfig,
    result: PrsResult,
    files: Outputs,
    command: Sequence[str],
    stages: Stages,
) -> None:
    ld = Path(config.ld)
    inputs = [describe_input(config.sumstats)]
    if (ld / "ld.json").is_file():
        inputs.append(describe_input(ld / "ld.json", "LD store"))
    else:
        beds = open_genotypes(config.ld).files
        inputs += [describe_input(path, "plink") for path in beds]
    if config.embeddings is not None:
        inputs.append(describe_store(config.embeddings))
    others = (config.annotations, config.bim, config.liftover)
    inputs += [describe_input(path) for path in others if path is not None]
    manifest = Manifest(
        command="prs",
        args=command,
        config=asdict(config),
        inputs=inputs,
        outputs=files.records(),
        counts={**result.counts, **result.facts},
        timings=stages.seconds,
        resources=stages.resources(),
    )
    write_manifest(files["manifest"], manifest)
