"""Every command that writes files, on a small world in which each takes seconds."""

import multiprocessing
import os
import resource
import sys
from multiprocessing.connection import Connection
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from filesets import linked_dosage, write_fileset

from fabgwas.pipeline import LdConfig, make_ld
from fabgwas.store import StoreMetadata, write_embeddings

# forks a process that has imported everything, so that what is killed is at work
_SERVER = multiprocessing.get_context("forkserver")
_SERVER.set_forkserver_preload(
    ["fabgwas.pipeline", "fabgwas.cli", "fabgwas_embeddings._cli"]
)

_CHROMS, _PER_CHROM, _PEOPLE, _DIM = 5, 60, 40, 6


class Command(NamedTuple):
    """A command line, and what it leaves when it has ended well."""

    arguments: list[str]
    outputs: list[str]
    """Names after the prefix, or files of the folder."""


def make_world(folder: Path) -> dict[str, Command]:
    """Write the inputs into a folder; the commands lack ``--out`` and its value."""
    rng = np.random.default_rng(5)
    size = _CHROMS * _PER_CHROM
    chrom = np.repeat([str(code) for code in range(1, _CHROMS + 1)], _PER_CHROM)
    pos = np.tile(np.arange(1, _PER_CHROM + 1) * 400_000, _CHROMS)
    dosage = linked_dosage(rng, _PEOPLE, size)
    geno = write_fileset(folder / "geno", dosage, pos, chrom.tolist())
    z = rng.standard_normal(size)
    lines = [
        f"{c}\trs{c}_{p}\t{p}\tA\tC\t0.4\t{each * 0.01:.6f}\t0.01\t10000"
        for c, p, each in zip(chrom, pos, z, strict=True)
    ]
    study, head = folder / "study.tsv", "CHR\tSNP\tBP\tEA\tNEA\tEAF\tBETA\tSE\tN"
    study.write_text("\n".join([head, *lines]) + "\n")
    table = pa.table(
        {
            "chrom": chrom,
            "pos": pa.array(pos, pa.int32()),
            "rsid": [f"rs{c}_{p}" for c, p in zip(chrom, pos, strict=True)],
            "ref": ["C"] * size,
            "alt": ["A"] * size,
        }
    )
    metadata = StoreMetadata(model="toy", dim=_DIM, build="GRCh37")
    write_embeddings(folder / "store", metadata, table, rng.normal(size=(size, _DIM)))
    weights = folder / "weights.txt"
    weights.write_text(
        "ID A1 W\n" + "".join(f"rs{c}_{p} A 0.1\n" for c, p in zip(chrom, pos, strict=True))
    )
    (folder / "scores.tsv").write_text(
        "FID\tIID\tW\n" + "".join(f"f{i}\ts{i}\t{i % 7}\n" for i in range(_PEOPLE))
    )
    (folder / "pheno.tsv").write_text(
        "FID\tIID\ty\n"
        + "".join(f"f{i}\ts{i}\t{i % 7 + i % 3}.5\n" for i in range(_PEOPLE))
    )
    _write_results(folder / "results.parquet", table, z)
    (folder / "regions.bed").write_text(
        "".join(f"{c + 1}\t0\t30000000\tregion{c + 1}\n" for c in range(_CHROMS))
    )
    panel = folder / "panel"
    make_ld(LdConfig(genotypes=(str(geno),), out=str(panel), build="GRCh37"))
    store, build = ["--embeddings", str(folder / "store")], ["--build", "GRCh37"]
    last = ["log", "manifest.json"]
    run = ["fab.parquet", "fab.tsv.gz", "loci.tsv", "report.html"]
    tables = ["evaluation.tsv", "differences.tsv", "quantiles.tsv", "calibration.tsv"]
    parts = [f"{part}.{name}" for part in ("train", "validation")
             for name in ("sumstats.parquet", "tally.tsv")]  # fmt: skip
    return {
        "run": Command(["run", str(study), *store, *build], [*run, *last]),
        "munge": Command(["munge", str(study), *build], ["sumstats.parquet", "tally.tsv"]),
        "ld": Command(
            ["ld", str(geno), *build],
            ["ld.json", "variants.parquet", "blocks.parquet", "matrices.bin",
             "manifest.json"],
        ),
        "prs": Command(
            ["prs", str(study), "--ld", str(geno), "--method", "inf", *build],
            ["score.tsv", "pgs.txt.gz", "weights.parquet", *last],
        ),
        "score": Command(["score", str(weights), str(geno)], ["scores.tsv", *last]),
        "cohort": Command(
            ["cohort", str(geno), *store, *build, "--components", "3"],
            ["cohort.parquet", "pcs.tsv", *last],
        ),
        "sets": Command(
            ["sets", str(folder / "results.parquet"), "--ld", str(panel), "--regions",
             str(folder / "regions.bed")],
            ["sets.tsv", "sets.log", "sets.manifest.json"],
        ),
        "evaluate": Command(
            ["evaluate", str(folder / "scores.tsv"), str(folder / "pheno.tsv"),
             "--replicates", "20"],
            [*tables, "evaluation.svg", "report.html", *last],
        ),
        "split": Command(
            ["split", str(study), "--ld", str(geno), *build], [*parts, *last]
        ),
        "embed": Command(
            ["embed", "run", f"{geno}.bim", "--encoder", "hashing", *build],
            ["store.json", *(f"chrom={c + 1}/part-00000.parquet" for c in range(_CHROMS))],
        ),
    }  # fmt: skip


def _write_results(path: Path, variants: pa.Table, z: np.ndarray) -> None:
    """What a run tells of each variant, as far as tests of sets need it."""
    size = variants.num_rows
    columns = {
        "chrom": variants["chrom"],
        "pos": variants["pos"],
        "effect_allele": variants["alt"],
        "other_allele": variants["ref"],
        "z": z,
        "prior_mean": np.zeros(size),
        "prior_var": np.ones(size),
        "prior_prob": np.full(size, 0.1),
        "fold": pa.array(np.arange(size) // _PER_CHROM, pa.int32()),
    }
    pq.write_table(pa.table(columns), path)


FOLDERS = ("ld", "embed")


class Running:
    """A command at work in a process of its own."""

    def __init__(self, command: Command, out: Path, file_limit: int, mask: int) -> None:
        self._stderr, theirs = _SERVER.Pipe(duplex=False)
        arguments = [*command.arguments, "--out", str(out)]
        settings = (arguments, theirs, file_limit, mask)
        self.process = _SERVER.Process(target=_work, args=settings)
        self.process.start()
        theirs.close()

    def wait(self) -> tuple[int, str]:
        """Exit code, and what was printed on stderr."""
        with open(self._stderr.fileno(), closefd=False) as file:
            errors = file.read()
        self.process.join()
        code = self.process.exitcode
        assert code is not None
        return code, errors


def start(
    command: Command, out: Path, file_limit: int = resource.RLIM_INFINITY, mask: int = 0o022
) -> Running:
    """Begin a command; no file may become larger than a limit, in bytes."""
    return Running(command, out, file_limit, mask)


def run(
    command: Command, out: Path, file_limit: int = resource.RLIM_INFINITY, mask: int = 0o022
) -> tuple[int, str]:
    """Exit code and what is on stderr."""
    return start(command, out, file_limit, mask).wait()


def _work(arguments: list[str], stderr: Connection, file_limit: int, mask: int) -> None:
    from fabgwas.cli import main

    os.dup2(stderr.fileno(), 2)
    os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
    sys.argv = ["fabgwas", *arguments]
    os.umask(mask)
    resource.setrlimit(resource.RLIMIT_FSIZE, (file_limit, file_limit))
    main()


def places(name: str, command: Command, out: Path) -> list[Path]:
    """Where the outputs of a command are to be."""
    if name in FOLDERS:
        return [out / each for each in command.outputs]
    return [out.with_name(f"{out.name}.{each}") for each in command.outputs]
