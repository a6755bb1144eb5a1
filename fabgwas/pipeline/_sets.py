"""`make_set_tests`: genes or regions, with the prior of a run as kernel."""

import logging
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from fabgwas.errors import InputError, UsageError
from fabgwas.genes import read_genes
from fabgwas.io import regions_from_bed, write_table
from fabgwas.ldstore import LdStore, open_ld
from fabgwas.manifest import Manifest, Stages, describe_input, write_manifest
from fabgwas.pipeline._outputs import log_file, outputs_of
from fabgwas.pipeline._write import with_log10
from fabgwas.sets import set_tests
from fabgwas.variants import chromosome_codes, require_chromosomes

log = logging.getLogger("fabgwas")

_NEEDED = ("chrom", "pos", "effect_allele", "other_allele", "z", "prior_mean", "prior_var",
           "prior_prob", "fold")  # fmt: skip


@dataclass(frozen=True, kw_only=True)
class SetsConfig:
    """All settings of `make_set_tests`; paths are text."""

    results: str
    """PREFIX.fab.parquet of a run."""
    ld: str
    """LD store in the build of the run."""
    out: str
    chrom: tuple[str, ...] = ()
    """Chromosomes whose sets are tested; none stand for all."""
    regions: str | None = None
    """BED file with a name in its fourth column; None takes the protein-coding genes."""
    margin_kb: float = 0.0
    max_variants: int = 5000

    def __post_init__(self) -> None:
        if not self.margin_kb >= 0:
            raise UsageError(f"margin_kb must not be negative, but is {self.margin_kb:g}.")
        if self.max_variants < 1:
            raise UsageError(f"max_variants must be positive, but is {self.max_variants}.")
        if not Path(self.out).name:
            raise UsageError(f"out must be a prefix of file names, but is {self.out!r}.")


@dataclass(frozen=True)
class SetsResult:
    """A row for each tested gene or region; see `fabgwas.sets.set_tests`."""

    table: pa.Table
    counts: dict[str, int]
    outputs: dict[str, Path]

    def summary(self) -> list[str]:
        """The numbers that a user looks for first."""
        level = 0.05 / self.table.num_rows
        mine, equal = (
            int(np.sum(self.table[name].to_numpy() <= np.log(level)))
            for name in ("log_pvalue_set", "log_pvalue_set_equal")
        )
        return [
            f"sets: {self.counts['sets']:,} read, {self.counts['tested']:,} tested",
            f"below {level:.2g}: {mine:,}, with equal variances {equal:,}",
            f"table: {self.outputs['sets']}",
        ]


def make_set_tests(
    config: SetsConfig, *, overwrite: bool = False, command: Sequence[str] | None = None
) -> SetsResult:
    """Test genes or regions with the prior of a run, and write a table and a manifest.

    Parameters
    ----------
    config
        What to do.
    overwrite
        Whether files of an earlier call may be replaced.
    command
        The command line, for the log and the manifest.

    Raises
    ------
    FabgwasError
        If an input cannot be used, or an output exists.
    """
    paths = sets_paths(config.out)
    command = (
        ["fabgwas.make_set_tests", config.results] if command is None else list(command)
    )
    stages = Stages()
    with outputs_of(config.out, paths, overwrite=overwrite) as files:
        with log_file(files["log"], command):
            with stages("read"):
                study, panel, regions = open_sets(config)
            with stages("test"):
                table = set_tests(
                    study,
                    panel,
                    regions,
                    _effect_var(study, panel),
                    fold=study["fold"].to_numpy(),
                    margin_kb=config.margin_kb,
                    max_variants=config.max_variants,
                )
            counts = {"sets": regions.num_rows, "tested": table.num_rows}
            result = SetsResult(table, counts, paths)
            with stages("write"):
                write_table(with_log10(table), files["sets"])
            for line in result.summary():
                log.debug("%s", line)  # for the file; callers have the result
        inputs = [config.results, str(Path(config.ld) / "ld.json"), config.regions]
        manifest = Manifest(
            command="sets",
            args=command,
            config=asdict(config),
            inputs=[describe_input(path) for path in inputs if path is not None],
            outputs=files.records(),
            counts=counts,
            timings=stages.seconds,
            resources=stages.resources(),
        )
        write_manifest(files["manifest"], manifest)
    return result


def sets_paths(out: str) -> dict[str, Path]:
    """The files of set tests, the manifest last."""
    return {
        "sets": Path(f"{out}.sets.tsv"),
        "log": Path(f"{out}.sets.log"),
        "manifest": Path(f"{out}.sets.manifest.json"),
    }


def open_sets(config: SetsConfig) -> tuple[pa.Table, LdStore, pa.Table]:
    """The results of a run, the LD store, and the regions."""
    panel = open_ld(config.ld)
    regions = _regions(config, panel)
    if config.chrom:
        wanted = require_chromosomes(config.chrom)
        keep = np.isin(chromosome_codes(regions["chrom"]), wanted)
        regions = regions.filter(pa.array(keep))
    return _read_results(Path(config.results)), panel, regions


def _read_results(path: Path) -> pa.Table:
    if not path.is_file():
        raise InputError(f"{path}: there is no such file.")
    try:
        names = pq.read_schema(path).names
    except pa.ArrowInvalid as error:
        raise InputError(f"{path}: is no PREFIX.fab.parquet of fabgwas run.") from error
    missing = [name for name in _NEEDED if name not in names]
    if missing:
        raise InputError(f"{path}: has no column {missing[0]}; is it of fabgwas run?")
    return pq.read_table(path, columns=list(_NEEDED))


def _regions(config: SetsConfig, panel: LdStore) -> pa.Table:
    if config.regions is not None:
        return regions_from_bed(config.regions)
    if panel.build is None:
        raise UsageError(
            f"the build of {config.ld} is unknown, and with it the places of genes; give "
            "a BED file (option regions)."
        )
    genes = read_genes(panel.build).select(["symbol", "chrom", "start", "end"])
    return genes.rename_columns(["name", "chrom", "start", "stop"])


def _effect_var(study: pa.Table, panel: LdStore) -> np.ndarray:
    """Second moment of each effect: that of E z, less what it has of its neighbours."""
    mean, var, prob = (
        study[f"prior_{name}"].to_numpy() for name in ("mean", "var", "prob")
    )
    score = np.ones(study.num_rows)
    match = panel.match(study)
    score[match.left] = np.maximum(panel.ld_scores()[match.right], 1.0)
    return prob * (var + mean**2) / score
