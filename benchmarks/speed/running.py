"""A whole run without LD: from a .glm.linear file and a store to tables and a report.

The floor is one read of the store and the products of all its numbers with each other.
"""

import json
from functools import partial
from pathlib import Path

from benchmarks.harness import Context
from benchmarks.speed._stopwatch import (
    Call,
    Job,
    SpeedMethod,
    SpeedTask,
    multiply,
    read_bytes,
    scratch,
)
from benchmarks.speed.reading import write_glm
from benchmarks.speed.storing import write_store

_KIND = "fabgwas run, {dim:,} numbers"
# a store of many numbers can be projected to 256, once
_SIZES = {
    256: (100_000, 1_200_000),
    1024: (10_000, 100_000, 1_200_000),
    3072: (100_000, 1_200_000),
}


def _make(dim: int, context: Context, amount: int) -> Job:
    folder = scratch(context)
    study = Path(folder.name) / "study.PHENO1.glm.linear"
    write_glm(study, amount)
    store = write_store(Path(folder.name) / "store", amount, dim)
    read = read_bytes(*sorted(store.path.rglob("*.parquet")))
    # one multiplication and one addition; symmetry could save half
    products = multiply(2.0 * amount * dim**2)

    def floor() -> None:
        read()
        products()

    inputs = {"study": study, "store": store.path, "out": Path(folder.name) / "out"}
    return Job(inputs=inputs, amount=amount, unit="variants", floor=floor, folder=folder)


def _run(job: Job) -> Call:
    import fabgwas as fg

    config = fg.RunConfig(
        sumstats=str(job.inputs["study"]),
        embeddings=str(job.inputs["store"]),
        out=str(job.inputs["out"]),
        build="GRCh38",
    )

    def run() -> dict[str, float]:
        fg.run(config, overwrite=True)
        told = json.loads(Path(f"{config.out}.manifest.json").read_text())["timings"]
        return {"prior and tests": told["prior"] + told["test"]}

    return run


TASKS = [
    SpeedTask(
        kind=_KIND.format(dim=dim),
        unit="variants",
        make=partial(_make, dim),
        amount=amount,
        # tests of the command line run it whole already
        quick=None,
        floor="one read of the store and all products of its numbers, float32",
    )
    for dim, amounts in _SIZES.items()
    for amount in amounts
]
METHODS = [
    SpeedMethod(
        name=f"fabgwas.run, {dim:,} numbers", kind=_KIND.format(dim=dim), prepare=_run
    )
    for dim in _SIZES
]
