"""`split`: one study as two, by its summary statistics and a reference panel."""

import logging
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, fields, replace
from pathlib import Path

import numpy as np
import pyarrow as pa
from jaxtyping import Float, Int
from scipy.special import log_ndtr

from fabgwas.config import RunConfig
from fabgwas.errors import NothingToAnalyseError, UsageError
from fabgwas.evaluate import panel_noise, split_z
from fabgwas.io import (
    Genotypes,
    SumStats,
    detect_build,
    match_rows,
    open_genotypes,
    write_munged,
)
from fabgwas.io._people import read_people
from fabgwas.ld import assign_blocks
from fabgwas.manifest import Manifest, Stages, describe_input, write_manifest
from fabgwas.pipeline._outputs import log_file, outputs_of
from fabgwas.pipeline._read import read_study
from fabgwas.variants import chromosome_codes

log = logging.getLogger("fabgwas")


@dataclass(frozen=True, kw_only=True)
class SplitConfig:
    """All settings of `split`; paths are text."""

    sumstats: str
    ld: str
    """PLINK fileset of a panel: *other people* than those whose LD a score is fitted with,
    of the same population."""
    out: str
    keep: str | None = None
    """People of the panel to use, as PLINK's ``--keep``."""
    share: float = 0.75
    """Of the sample, for the first part."""
    intercept: float = 1.0
    """LD score intercept: the variance of z where there is no effect."""
    population: str = "EUR"
    seed: int = 0
    # reading
    format: str = "auto"
    effect_allele: str | None = None
    other_allele: str | None = None
    columns: Mapping[str, str] = field(default_factory=dict)
    """Column of further roles, such as ``{"se": "StdErr2"}``."""
    trait: str | None = None
    build: str | None = None
    liftover: str | None = None
    bim: str | None = None
    n: float | None = None
    n_cases: float | None = None
    n_controls: float | None = None
    min_info: float | None = None
    min_maf: float | None = None
    chrom: tuple[str, ...] = ()
    """Chromosomes to analyse, all if empty."""

    def __post_init__(self) -> None:
        if not 0 < self.share < 1:
            raise UsageError(f"share must be between 0 and 1, but is {self.share:g}.")
        if not self.intercept > 0:
            raise UsageError(f"intercept must be positive, but is {self.intercept:g}.")
        if not Path(self.out).name:
            raise UsageError(f"out must be a prefix of file names, but is {self.out!r}.")

    def reading(self) -> RunConfig:
        """The settings that reading the study shares with a run."""
        shared = {each.name for each in fields(RunConfig)} & {
            each.name for each in fields(self)
        }
        return RunConfig(embeddings="", **{name: getattr(self, name) for name in shared})


@dataclass(frozen=True)
class SplitResult:
    """The two parts, and what was left out."""

    train: SumStats
    validation: SumStats
    counts: dict[str, int]
    outputs: dict[str, Path]

    def summary(self) -> list[str]:
        """The numbers that a user looks for first."""
        sizes = [
            float(np.median(part.table["n"])) for part in (self.train, self.validation)
        ]
        return [
            f"variants: {self.counts['kept']:,} of {self.counts['study']:,}, "
            f"{self.counts['not_in_panel']:,} are not in the panel",
            f"people: {sizes[0]:,.0f} in {self.outputs['train']}, "
            f"{sizes[1]:,.0f} in {self.outputs['validation']}",
        ]


def split_paths(out: str) -> dict[str, Path]:
    """The files of a split, the manifest last."""
    return {
        "train": Path(f"{out}.train.sumstats.parquet"),
        "train tally": Path(f"{out}.train.tally.tsv"),
        "validation": Path(f"{out}.validation.sumstats.parquet"),
        "validation tally": Path(f"{out}.validation.tally.tsv"),
        "log": Path(f"{out}.log"),
        "manifest": Path(f"{out}.manifest.json"),
    }


def split(
    config: SplitConfig, *, overwrite: bool = False, command: Sequence[str] | None = None
) -> SplitResult:
    """Split a study as if its people had been: see `fabgwas.evaluate.split_z`.

    PREFIX.train.sumstats.parquet is for `make_prs`, with the LD of other people;
    PREFIX.validation.sumstats.parquet for `evaluate_sumstats`.

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
    paths = split_paths(config.out)
    command = ["fabgwas.split", config.sumstats] if command is None else list(command)
    stages = Stages()
    with outputs_of(config.out, paths, overwrite=overwrite) as files:
        with log_file(files["log"], command):
            with stages("read"):
                genotypes = open_panel_people(config.ld, config.keep)
                study = read_study(config.reading(), genotypes.variants)
            with stages("split"):
                result = _split(config, study, genotypes, paths)
            with stages("write"):
                for name in ("train", "validation"):
                    write_munged(getattr(result, name), f"{files.prefix}.{name}")
            for line in result.summary():
                log.debug("%s", line)  # for the file; callers have the result
        inputs = [
            config.sumstats,
            *genotypes.files,
            config.keep,
            config.bim,
            config.liftover,
        ]
        manifest = Manifest(
            command="split",
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


def open_panel_people(ld: str, keep: str | None) -> Genotypes:
    """Genotypes of a panel, of all people or of those that a file lists."""
    genotypes = open_genotypes(ld)
    if keep is not None:
        genotypes = genotypes.choose_samples(read_people(keep, genotypes.samples))
    log.info(
        "panel: %s variants, %s people", f"{genotypes.n_variants:,}", genotypes.n_samples
    )
    return genotypes


def blocks_of_variants(
    variants: pa.Table, build: str | None, population: str
) -> Int[np.ndarray, " variant"]:
    """LD block of each variant: 0, 1, ...

    Raises
    ------
    UsageError
        If the build is unknown.
    """
    build = build or detect_build(variants)
    if build is None:
        raise UsageError(
            "the build of the panel cannot be detected, and its LD blocks need it; give it "
            "(option build)."
        )
    codes = chromosome_codes(variants["chrom"])
    return assign_blocks(codes, variants["pos"].to_numpy(), build, population)


def _split(
    config: SplitConfig, study: SumStats, genotypes: Genotypes, paths: dict[str, Path]
) -> SplitResult:
    match = match_rows(study.table, genotypes.variants)
    if not match.left.size:
        raise NothingToAnalyseError(
            f"{study.path}: no variant is in the panel {config.ld}."
        )
    variants = genotypes.variants.take(pa.array(match.right))
    block = blocks_of_variants(variants, study.build, config.population)
    noise = panel_noise(lambda rows: genotypes.take(match.right[rows]), block, config.seed)
    varies = np.isfinite(noise)
    table = study.table.take(pa.array(match.left[varies]))
    # towards the effect allele of the study
    noise = (noise * match.sign)[varies]
    z = table["z"].to_numpy()
    halves = split_z(z, noise, config.share, config.intercept)
    counts = {
        "study": len(study),
        "not_in_panel": len(study) - match.left.size,
        "not_varying_in_panel": int(np.sum(~varies)),
        "kept": table.num_rows,
    }
    for name, count in counts.items():
        log.info("  split, %s: %s", name.replace("_", " "), f"{count:,}")
    shares = (config.share, 1 - config.share)
    parts = [
        replace(
            study,
            table=_part(table, half, share),
            n_effective_note=f"{share:g} of the study's",
            counts=study.counts | {"kept": table.num_rows},
        )
        for half, share in zip(halves, shares, strict=True)
    ]
    return SplitResult(parts[0], parts[1], counts, paths)


def _part(table: pa.Table, z: Float[np.ndarray, " variant"], share: float) -> pa.Table:
    """The table with the statistics of a share of its people."""
    se = table["se"].to_numpy() / np.sqrt(share)
    columns = {
        "beta": z * se,
        "se": se,
        "z": z,
        "log_pvalue": np.log(2) + log_ndtr(-np.abs(z)),
        "n": table["n"].to_numpy() * share,
    }
    for name, values in columns.items():
        at = table.column_names.index(name)
        missing = np.isnan(values)
        table = table.set_column(at, name, pa.array(values, pa.float64(), mask=missing))
    return table
