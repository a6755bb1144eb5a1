"""Building an LD store, against the operations of its correlations."""

import shutil
from pathlib import Path

import numpy as np

from benchmarks.harness import Context
from benchmarks.speed._people import places, write_people
from benchmarks.speed._stopwatch import Call, Job, SpeedMethod, multiply, scratch, sizes

_KIND = "build LD of 500 people"
_PEOPLE = 500


def _make(context: Context, amount: int) -> Job:
    from fabgwas.ld import assign_blocks

    folder = scratch(context)
    prefix = Path(folder.name) / "people"
    write_people(prefix, amount, _PEOPLE)
    chrom, pos = places(amount)
    block = assign_blocks(chrom.astype(np.int64), pos.astype(np.int64), "GRCh37", "EUR")
    members = np.unique(block, return_counts=True)[1].astype(float)
    return Job(
        inputs={"prefix": prefix, "out": Path(folder.name) / "ld"},
        amount=amount,
        unit="variants",
        floor=multiply(2 * _PEOPLE * float(members @ members)),
        folder=folder,
    )


def _build(encoding: str):
    def prepare(job: Job) -> Call:
        from fabgwas.ldstore import build_ld

        def run() -> None:
            shutil.rmtree(job.inputs["out"], ignore_errors=True)
            build_ld(
                job.inputs["prefix"], job.inputs["out"], build="GRCh37", encoding=encoding
            )

        return run

    return prepare


TASKS = sizes(
    _KIND,
    "variants",
    _make,
    (3_000, 30_000, 100_000),
    floor="operations of the correlations within blocks, as float32 products",
)
METHODS = [
    SpeedMethod(name=f"build_ld, {encoding}", kind=_KIND, prepare=_build(encoding))
    for encoding in ("float16", "int8")
]
