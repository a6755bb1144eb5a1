"""Reading summary statistics as plink2 writes them, against polars' raw parse."""

from pathlib import Path

import numpy as np

from benchmarks.harness import Context
from benchmarks.speed._stopwatch import Call, Job, SpeedMethod, read_bytes, scratch, sizes

_KIND = "read .glm.linear"
_BASES = np.array(list("ACGT"))


def write_glm(path: Path, n: int, seed: int = 0) -> None:
    """A .glm.linear file of independent variants, spread over 22 chromosomes."""
    import polars as pl

    rng = np.random.default_rng(seed)
    chrom = np.sort(rng.integers(1, 23, n))
    pos = (np.arange(n) - np.searchsorted(chrom, chrom)) * 150 + 10_000
    ref = rng.integers(4, size=n)
    alt = (ref + rng.integers(1, 4, n)) % 4
    se = 0.002 + 0.01 * rng.random(n)
    t = rng.standard_normal(n)
    frame = pl.DataFrame(
        {
            "#CHROM": chrom,
            "POS": pos,
            "ID": np.char.add("rs", (np.arange(n) + 1000).astype(str)),
            "REF": _BASES[ref],
            "ALT": _BASES[alt],
            "A1": _BASES[alt],
            "A1_FREQ": np.round(0.01 + 0.49 * rng.random(n), 6),
            "TEST": np.full(n, "ADD"),
            "OBS_CT": np.full(n, 400_000),
            "BETA": np.round(se * t, 8),
            "SE": np.round(se, 8),
            "T_STAT": np.round(t, 5),
            "P": np.round(2 * np.exp(-0.717 * np.abs(t) - 0.416 * t * t) / 2, 9).clip(1e-9),
        }
    )
    frame.write_csv(path, separator="\t")


def _make(context: Context, amount: int) -> Job:
    folder = scratch(context)
    path = Path(folder.name) / "study.PHENO1.glm.linear"
    write_glm(path, amount)
    return Job(
        inputs={"path": path},
        amount=amount,
        unit="rows",
        floor=read_bytes(path),
        rival=lambda: _polars(path),
        folder=folder,
    )


def _polars(path: Path) -> object:
    import polars as pl

    return pl.read_csv(path, separator="\t")


def _fabgwas(job: Job) -> Call:
    import fabgwas as fg

    return lambda: fg.read_sumstats(job.inputs["path"], build="GRCh38")


def _pandas(job: Job) -> Call:
    import pandas as pd

    return lambda: pd.read_csv(job.inputs["path"], sep="\t")


TASKS = sizes(
    _KIND,
    "rows",
    _make,
    (10_000, 100_000, 1_000_000, 10_000_000),
    floor="bytes of the file into memory",
    rival="polars, all columns, nothing checked",
)
METHODS = [
    SpeedMethod(name="fabgwas.read_sumstats", kind=_KIND, prepare=_fabgwas),
    SpeedMethod(name="pandas.read_csv", kind=_KIND, prepare=_pandas),
]
