"""The files of a run: which, and how they are written."""

import logging
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa

from fabgwas import __version__
from fabgwas.config import POPULATIONS
from fabgwas.errors import UsageError
from fabgwas.io import ancestral_files, write_table
from fabgwas.ldstore import LdStore
from fabgwas.manifest import Manifest, Stages, describe_input, write_manifest

if TYPE_CHECKING:
    from fabgwas.pipeline._run import RunResult

log = logging.getLogger("fabgwas")

_LN10 = float(np.log(10))
_LAST = ("prior_mean", "prior_var", "fold", "log_pvalue", "log_pvalue_fab",
         "log_pvalue_family", "fab_lower", "fab_upper", "prior_prob", "family_weight",
         "log_pvalue_family_covariates", "posterior_mean", "posterior_sd", "lfsr",
         "log_qvalue_family", "log_qvalue_family_storey")  # fmt: skip


def output_paths(out: str) -> dict[str, Path]:
    """The files that a run writes for a prefix, the manifest last."""
    return {
        "parquet": Path(f"{out}.fab.parquet"),
        "tsv": Path(f"{out}.fab.tsv.gz"),
        "loci": Path(f"{out}.loci.tsv"),
        "report": Path(f"{out}.report.html"),
        "log": Path(f"{out}.log"),
        "manifest": Path(f"{out}.manifest.json"),
    }


def refuse_to_replace(paths: Iterable[Path], *, overwrite: bool) -> None:
    """Raise an error if an output exists and may not be replaced."""
    existing = [path for path in paths if path.exists() and not _is_own_log(path)]
    if existing and not overwrite:
        raise UsageError(f"{existing[0]} exists; choose another prefix, or overwrite.")


def _is_own_log(path: Path) -> bool:
    """Whether a file is the log of a run, which one that failed leaves behind."""
    if path.suffix != ".log" or not path.is_file():
        return False
    with path.open("rb") as file:
        return file.read(8) == b"fabgwas "


def in_order(results: pa.Table) -> pa.Table:
    """Results with the columns in the order of the files."""
    first = [name for name in results.column_names if name not in _LAST]
    mean = pa.array(results["prior_mean"].to_numpy() + 0.0)  # no -0
    results = results.set_column(
        results.schema.get_field_index("prior_mean"), "prior_mean", mean
    )
    last = [name for name in _LAST if name in results.column_names]
    return results.select([*first, *last])


def with_log10(table: pa.Table) -> pa.Table:
    """Add ``neg_log10_pvalue*`` beside each natural logarithm, for people who read text."""
    for name in [name for name in table.column_names if name.startswith("log_pvalue")]:
        values = table[name].to_numpy() / -_LN10
        # -0.0 would be printed as such
        table = table.append_column(
            f"neg_log10_{name[len('log_') :]}", pa.array(values + 0.0)
        )
    return table


def write_tables(results: pa.Table, loci: pa.Table, paths: dict[str, Path]) -> None:
    """Write the results as Parquet and text, and the loci as text."""
    write_table(results, paths["parquet"])
    write_table(with_log10(results), paths["tsv"])
    write_table(with_log10(loci), paths["loci"])


@contextmanager
def log_file(path: Path, command: Sequence[str]) -> Iterator[None]:
    """Keep what is logged in a file that begins with the version and the command."""
    path.parent.mkdir(parents=True, exist_ok=True)
    handler = logging.FileHandler(path, mode="w", encoding="utf-8")
    handler.setFormatter(logging.Formatter("%(message)s"))
    handler.addFilter(lambda record: not getattr(record, "tick", False))
    before = log.level
    log.setLevel(logging.DEBUG)
    log.addHandler(handler)
    try:
        log.info("fabgwas %s", __version__)
        log.info("%s", " ".join(command))
        yield
    except Exception as error:
        log.debug("failed: %s", error)  # for the file; the caller has the error
        raise
    finally:
        log.removeHandler(handler)
        log.setLevel(before)
        handler.close()


def files_beside(genotypes: Path) -> list[Path]:
    """A genotype file with those that say whose and which they are."""
    beside = (".bim", ".fam", ".pvar", ".pvar.zst", ".psam", ".sample")
    others = (genotypes.with_suffix(suffix) for suffix in beside)
    return [genotypes, *(path for path in others if path.is_file())]


def write_run_manifest(result: "RunResult", command: Sequence[str], stages: Stages) -> None:
    """Write what made the outputs of a run."""
    config = result.config
    inputs = [
        describe_input(config.sumstats, result.sumstats.format),
        describe_input(Path(config.embeddings) / "store.json", "fabgwas store"),
    ]
    if config.blocks not in POPULATIONS:
        inputs.append(describe_input(config.blocks, "bed intervals"))
    if isinstance(result.panel, LdStore):
        inputs.append(describe_input(Path(str(config.ld)) / "ld.json", "LD store"))
    elif result.panel is not None:
        inputs += [
            describe_input(path, "plink")
            for bed in result.panel.genotypes.files
            for path in files_beside(bed)
        ]
    if config.ancestral is not None:
        inputs += [describe_input(path) for path in ancestral_files(config.ancestral)]
    others = (config.bim, config.liftover, *config.aux)
    inputs += [describe_input(path) for path in others if path is not None]
    written = [path for name, path in result.outputs.items() if name != "manifest"]
    manifest = Manifest(
        command="run",
        args=command,
        config=config.to_dict(),
        inputs=inputs,
        outputs=[describe_input(path) for path in written],
        counts=result.counts(),
        seeds={"seed": config.seed},
        timings=stages.seconds,
        resources=stages.resources(),
    )
    write_manifest(result.outputs["manifest"], manifest)
