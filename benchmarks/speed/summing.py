"""L = G E of 2,000 people: one read of genotypes and vectors, and their product."""

from pathlib import Path

from benchmarks.harness import Context
from benchmarks.speed._people import variants, write_people
from benchmarks.speed._stopwatch import (
    Call,
    Job,
    SpeedMethod,
    multiply,
    read_bytes,
    scratch,
    sizes,
)
from benchmarks.speed.storing import write_store

_KIND = "cohort of 2,000 people, 256 numbers"
_PEOPLE, _DIM = 2000, 256


def _make(context: Context, amount: int) -> Job:
    folder = scratch(context)
    prefix = Path(folder.name) / "people"
    write_people(prefix, amount, _PEOPLE)
    table = variants(amount, "alt", "ref")
    store = write_store(Path(folder.name) / "store", amount, _DIM, table)
    read = read_bytes(Path(f"{prefix}.bed"), *sorted(store.path.rglob("*.parquet")))
    products = multiply(2.0 * amount * _PEOPLE * _DIM)

    def floor() -> None:
        read()
        products()

    inputs = {"prefix": prefix, "store": store.path, "folder": Path(folder.name)}
    return Job(inputs=inputs, amount=amount, unit="variants", floor=floor, folder=folder)


def _cohort(job: Job) -> Call:
    from fabgwas.pipeline import CohortConfig, cohort

    config = CohortConfig(
        genotypes=(str(job.inputs["prefix"]),),
        embeddings=str(job.inputs["store"]),
        out=str(job.inputs["folder"] / "cohort"),
        build="GRCh38",
    )
    return lambda: cohort(config, overwrite=True)


TASKS = sizes(
    _KIND,
    "variants",
    _make,
    (10_000, 100_000),
    floor="genotypes and vectors into memory, and all their products, float32",
)
METHODS = [SpeedMethod(name="fabgwas cohort", kind=_KIND, prepare=_cohort)]
