"""The files of a run: which, and how they are written."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa

from fabgwas.config import POPULATIONS
from fabgwas.io import ancestral_files, write_table
from fabgwas.ldstore import LdStore
from fabgwas.manifest import FileRecord, Manifest, Stages, describe_input, write_manifest
from fabgwas.pipeline._attribution import attribution_facts
from fabgwas.pipeline._outputs import Outputs
from fabgwas.store import STORE_FILE

if TYPE_CHECKING:
    from fabgwas.pipeline._run import RunResult

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


def write_tables(results: pa.Table, loci: pa.Table, files: Outputs) -> None:
    """Write the results as Parquet and text, and the loci as text."""
    write_table(results, files["parquet"])
    write_table(with_log10(results), files["tsv"])
    write_table(with_log10(loci), files["loci"])


def describe_store(path: str) -> FileRecord:
    """The list of the files of a store, or all files of one that has no such list."""
    listed = Path(path) / STORE_FILE
    if listed.is_file():
        return describe_input(listed, "fabgwas store")
    return describe_input(path, "published store")


def files_beside(genotypes: Path) -> list[Path]:
    """A genotype file with those that say whose and which they are."""
    beside = (".bim", ".fam", ".pvar", ".pvar.zst", ".psam", ".sample")
    others = (genotypes.with_suffix(suffix) for suffix in beside)
    return [genotypes, *(path for path in others if path.is_file())]


def write_run_manifest(
    result: "RunResult", files: Outputs, command: Sequence[str], stages: Stages
) -> None:
    """Write what made the outputs of a run."""
    config = result.config
    inputs = [
        describe_input(config.sumstats, result.sumstats.format),
        *(describe_store(path) for path in (config.embeddings, *config.compare)),
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
    manifest = Manifest(
        command="run",
        args=command,
        config=config.to_dict(),
        inputs=inputs,
        outputs=files.records(),
        counts=result.counts(),
        results=attribution_facts(result),
        seeds={"seed": config.seed},
        timings=stages.seconds,
        resources=stages.resources(),
    )
    write_manifest(files["manifest"], manifest)
