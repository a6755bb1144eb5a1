"""Scoring 2,000 people, against plink2 --score and one read of the genotypes."""

import shutil
import subprocess
from pathlib import Path

import numpy as np
import pyarrow as pa

from benchmarks.harness import Context
from benchmarks.speed._people import variants, write_people
from benchmarks.speed._stopwatch import Call, Job, SpeedMethod, read_bytes, scratch, sizes

_KIND = "score 2,000 people"
_PEOPLE = 2000


def _make(context: Context, amount: int) -> Job:
    from fabgwas.io import write_weights

    folder = scratch(context)
    prefix = Path(folder.name) / "people"
    write_people(prefix, amount, _PEOPLE)
    weight = pa.array(np.random.default_rng(1).standard_normal(amount))
    table = variants(amount, "effect_allele", "other_allele")
    table = table.append_column("weight", weight)
    files = write_weights(table, Path(folder.name) / "weights", name="s", build="GRCh37")
    plink2 = shutil.which("plink2")
    return Job(
        inputs={"prefix": prefix, "files": files, "folder": Path(folder.name)},
        amount=amount,
        unit="variants",
        floor=read_bytes(Path(f"{prefix}.bed")),
        rival=_plink2(plink2, prefix, files["score"]) if plink2 else None,
        folder=folder,
    )


def _plink2(program: str, prefix: Path, score: Path) -> Call:
    told = [program, "--bfile", prefix, "--score", score, "1", "2", "3", "header-read"]
    told += ["--out", prefix.with_name("plink2")]
    return lambda: subprocess.run(told, check=True, capture_output=True)


def _score(job: Job) -> Call:
    from fabgwas.pipeline._score import ScoreConfig, score

    config = ScoreConfig(
        weights=(str(job.inputs["files"]["parquet"]),),
        genotypes=(str(job.inputs["prefix"]),),
        out=str(job.inputs["folder"] / "scores"),
    )
    return lambda: score(config, overwrite=True)


TASKS = sizes(
    _KIND,
    "variants",
    _make,
    (10_000, 100_000, 300_000),
    floor="the .bed into memory",
    rival="plink2 --score, where it is installed",
)
METHODS = [SpeedMethod(name="fabgwas score", kind=_KIND, prepare=_score)]
