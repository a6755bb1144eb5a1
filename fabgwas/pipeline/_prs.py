"""`make_prs`: the weights of a polygenic score from summary statistics and LD."""

import logging
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pyarrow as pa
from jaxtyping import Float

from fabgwas.config import RunConfig
from fabgwas.errors import InputError, UsageError
from fabgwas.io import SumStats, detect_build, open_genotypes, write_weights
from fabgwas.ldstore import LdStore, build_ld, open_ld
from fabgwas.manifest import Manifest, Stages, describe_input, write_manifest
from fabgwas.pipeline._prs_data import (
    ScoreData,
    annotation_features,
    effects_table,
    embedding_features,
    score_data,
)
from fabgwas.pipeline._read import read_study
from fabgwas.pipeline._write import log_file, refuse_to_replace
from fabgwas.prs import (
    MixtureFit,
    MixtureSettings,
    Whitened,
    fit_mixture,
    infinitesimal_effects,
)

log = logging.getLogger("fabgwas")

METHODS = ("embedding", "mixture", "inf")
# how much of the off-diagonal LD is given up where a fit diverges
_SHRINKAGES = (0.0, 0.05, 0.2, 0.5)


@dataclass(frozen=True, kw_only=True)
class PrsConfig:
    """All settings of `make_prs`; paths are text."""

    sumstats: str
    ld: str
    """An LD store, or a PLINK fileset to compute one from."""
    out: str
    embeddings: str | None = None
    annotations: str | None = None
    method: str | None = None
    """``embedding``, ``mixture`` or ``inf``; None takes what the inputs allow."""
    heritability: float | None = None
    components: int = 512
    """Principal components of the embedding to use at most."""
    name: str | None = None
    keep_mismatches: bool = False
    """Whether variants stay whose statistics contradict the LD."""
    seed: int = 0
    population: str = "EUR"
    # reading
    format: str = "auto"
    effect_allele: str | None = None
    other_allele: str | None = None
    trait: str | None = None
    build: str | None = None
    liftover: str | None = None
    bim: str | None = None
    n: float | None = None
    n_cases: float | None = None
    n_controls: float | None = None
    min_info: float | None = None
    min_maf: float | None = None

    def __post_init__(self) -> None:
        if self.method is not None and self.method not in METHODS:
            raise UsageError(
                f"method must be one of {', '.join(METHODS)}, but is {self.method!r}."
            )
        if self.embeddings and self.annotations:
            raise UsageError("give embeddings or annotations, not both.")
        if self.method == "embedding" and not (self.embeddings or self.annotations):
            raise UsageError("method embedding needs embeddings or annotations.")
        if self.heritability is not None and not 0 < self.heritability < 1:
            raise UsageError(
                f"heritability must be between 0 and 1, but is {self.heritability:g}."
            )

    @property
    def chosen_method(self) -> str:
        """The method, as asked for or as the inputs allow."""
        features = self.embeddings or self.annotations
        return self.method or ("embedding" if features else "mixture")

    def reading(self) -> RunConfig:
        """The settings that reading the study shares with a run."""
        shared = {field.name for field in fields(RunConfig)} & {
            field.name for field in fields(self)
        }
        values = {name: getattr(self, name) for name in shared}
        return RunConfig(**(values | {"embeddings": self.embeddings or ""}))


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

    def summary(self) -> list[str]:
        """The numbers that a user looks for first."""
        told = ", ".join(f"{name} {value}" for name, value in self.facts.items())
        return [
            f"variants: {self.counts['read']:,} read, {self.counts['used']:,} used",
            f"method: {self.method}, heritability {self.heritability:.3f}, {told}",
            f"score: {self.outputs['score']}",
        ]


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
    paths = {
        "score": Path(f"{config.out}.score.tsv"),
        "pgs": Path(f"{config.out}.pgs.txt.gz"),
        "parquet": Path(f"{config.out}.weights.parquet"),
        "log": Path(f"{config.out}.log"),
        "manifest": Path(f"{config.out}.manifest.json"),
    }
    refuse_to_replace(paths.values(), overwrite=overwrite)
    command = ["fabgwas.make_prs", config.sumstats] if command is None else list(command)
    stages = Stages()
    with log_file(paths["log"], command):
        result, study = _make(config, paths, stages)
        with stages("write"):
            write_weights(
                result.table,
                config.out,
                name=config.name or f"fabgwas_{result.method}",
                build=study.build,
                trait=study.trait,
            )
        for line in result.summary():
            log.debug("%s", line)  # for the file; callers have the result
    _write_manifest(config, result, command, stages)
    return result


def _make(
    config: PrsConfig, paths: dict[str, Path], stages: Stages
) -> tuple[PrsResult, SumStats]:
    with _ld_store(config, stages) as store:
        with stages("read"):
            study = read_study(config.reading(), store.variants)
        with stages("align"):
            data = score_data(study, store)
            if not config.keep_mismatches:
                data = data.without_mismatches(store)
        features, found = None, {}
        if config.chosen_method == "embedding":
            with stages("features"):
                features, found = _features(config, data)
        counts = {**data.counts, **found}
        for name, count in counts.items():
            log.info("  %s: %s", name.replace("_", " "), f"{count:,}")
        h2 = config.heritability or data.heritability()
        log.info("heritability to begin with: %.3f", h2)
        with stages("fit"):
            effects = _fit(config, store, data, h2, features)
    table = effects_table(data, effects.mean, effects.details)
    counts = {**study.counts, **counts}
    method = config.chosen_method
    return PrsResult(table, counts, method, h2, effects.facts, paths), study


@contextmanager
def _ld_store(config: PrsConfig, stages: Stages) -> Iterator[LdStore]:
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
    with tempfile.TemporaryDirectory(dir=Path(config.out).resolve().parent) as folder:
        log.info("computing the LD of %s; fabgwas ld would keep it", config.ld)
        with stages("ld"):
            path = build_ld(config.ld, Path(folder) / "ld", config.population, build=build)
        yield open_ld(path)


def _features(config: PrsConfig, data: ScoreData) -> tuple[Whitened, dict[str, int]]:
    if config.annotations is not None:
        return annotation_features(config.annotations, data)
    return embedding_features(str(config.embeddings), data, config.components)


class _Effects(NamedTuple):
    """Posterior means, columns of the table, and what the fit tells."""

    mean: Float[np.ndarray, " variant"]
    details: dict[str, Float[np.ndarray, " variant"]]
    facts: dict[str, Any]


def _fit(
    config: PrsConfig,
    store: LdStore,
    data: ScoreData,
    heritability: float,
    features: Whitened | None,
) -> _Effects:
    if config.chosen_method == "inf":
        batches = data.problem(store).batches
        mean = infinitesimal_effects(batches, data.z, data.n, heritability)
        return _Effects(mean, {}, {})
    settings = MixtureSettings(seed=config.seed)
    fit, shrinkage = _fit_robustly(store, data, heritability, features, settings)
    details = {
        "weight_sd": fit.sd,
        "inclusion_prob": fit.inclusion,
        "prior_var": fit.prior_var,
        "prior_prob": fit.prior_inclusion,
    }
    facts = _facts(fit)
    if shrinkage:
        facts["LD shrunk by"] = shrinkage
    return _Effects(fit.mean, details, facts)


def _fit_robustly(
    store: LdStore,
    data: ScoreData,
    heritability: float,
    features: Whitened | None,
    settings: MixtureSettings,
) -> tuple[MixtureFit, float]:
    """Fit; where that diverges, trust the LD less and begin again, and say so."""
    for shrinkage in _SHRINKAGES:
        try:
            problem = data.problem(store, shrinkage)
            fit = fit_mixture(problem, data.block, heritability, features, settings)
            return fit, shrinkage
        except ArithmeticError as error:
            log.warning("warning: %s (LD shrunk by %g)", error, shrinkage)
    raise InputError(
        f"{data.study.path}: its statistics do not fit the LD of {store.path}, however "
        "much that is shrunk; are they of one population, and is n right?"
    )


def _facts(fit: MixtureFit) -> dict[str, Any]:
    facts: dict[str, Any] = {
        "rounds": len(fit.bounds),
        "bound": round(fit.bounds[-1], 2),
        "expected causal": round(float(fit.inclusion.sum()), 1),
    }
    if fit.choice is not None:
        facts["features"] = "used" if fit.choice.useful else "not used"
        facts["held-out gain"] = round(fit.choice.gain, 2)
    return facts


def _write_manifest(
    config: PrsConfig, result: PrsResult, command: Sequence[str], stages: Stages
) -> None:
    ld = Path(config.ld)
    inputs = [describe_input(config.sumstats)]
    if (ld / "ld.json").is_file():
        inputs.append(describe_input(ld / "ld.json", "LD store"))
    else:
        beds = open_genotypes(config.ld).files
        inputs += [describe_input(path, "plink") for path in beds]
    if config.embeddings is not None:
        path = Path(config.embeddings) / "store.json"
        inputs.append(describe_input(path, "fabgwas store"))
    others = (config.annotations, config.bim, config.liftover)
    inputs += [describe_input(path) for path in others if path is not None]
    written = [path for name, path in result.outputs.items() if name != "manifest"]
    manifest = Manifest(
        command="prs",
        args=command,
        config=asdict(config),
        inputs=inputs,
        outputs=[describe_input(path) for path in written],
        counts={**result.counts, **result.facts},
        timings=stages.seconds,
        resources=stages.resources(),
    )
    write_manifest(result.outputs["manifest"], manifest)
