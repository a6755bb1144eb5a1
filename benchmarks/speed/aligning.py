"""Matching a study to a store, against a join of the same columns in polars."""

from pathlib import Path

import numpy as np

from benchmarks.harness import Context
from benchmarks.speed._stopwatch import Call, Job, SpeedMethod, copy_bytes, scratch, sizes
from benchmarks.speed.reading import write_glm
from benchmarks.speed.storing import make_variants, write_store

_KIND = "align"
_DIM = 8  # keys alone are read


def _make(context: Context, amount: int) -> Job:
    import polars as pl

    import fabgwas as fg

    folder = scratch(context)
    path = Path(folder.name) / "study.PHENO1.glm.linear"
    write_glm(path, amount)
    store = write_store(Path(folder.name) / "store", amount, _DIM)
    left = pl.from_arrow(make_variants(amount)).with_row_index("left")
    right = pl.from_arrow(make_variants(amount)).with_row_index("right")
    on = ["chrom", "pos", "ref", "alt"]
    return Job(
        inputs={"study": fg.read_sumstats(path, build="GRCh38"), "store": store},
        amount=amount,
        unit="variants",
        floor=copy_bytes(2 * np.dtype(np.uint64).itemsize * amount),
        rival=lambda: left.join(right, on=on),
        folder=folder,
    )


def _align(job: Job) -> Call:
    from fabgwas.alignment import align

    return lambda: align(job.inputs["study"], job.inputs["store"])


TASKS = sizes(
    _KIND,
    "variants",
    _make,
    (10_000, 100_000, 1_000_000, 10_000_000),
    floor="64-bit keys of both sides copied",
    rival="polars' join by chromosome, position and alleles, in memory",
)
METHODS = [SpeedMethod(name="fabgwas.align", kind=_KIND, prepare=_align)]
