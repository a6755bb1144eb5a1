"""Programs of others: VIPRS, PRS-CS, and clumping by PLINK, its threshold by validation."""

import os
import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from jaxtyping import Float, Int

from benchmarks.harness import (
    Context,
    FunctionMethod,
    Skip,
    need_module,
    need_program,
)
from benchmarks.prs._answer import Answer
from benchmarks.prs._files import (
    write_blocks,
    write_prscs_reference,
    write_statistics,
    write_training,
)
from benchmarks.prs._simulate import Study
from benchmarks.prs.own import is_simulated_once
from fabgwas.prs import THRESHOLDS

if TYPE_CHECKING:
    import pandas as pd


def _folder(context: Context, seed: int) -> Path:
    """The people of a seed are the same in all tasks, and so is their LD."""
    return context.cache / "prs" / f"seed{seed}"


@contextmanager
def _for_one_fit(study: Study, folder: Path) -> Iterator[tuple[Path, Path]]:
    """A folder of its own, as tasks of one seed may run at once, and statistics in it."""
    with tempfile.TemporaryDirectory(dir=folder) as name:
        yield Path(name), write_statistics(study, Path(name) / "study.fastGWA")


def _call(*command: str | Path) -> float:
    """Run a program; gives its seconds."""
    # what is set for this process would lead other Pythons astray
    keep = {k: v for k, v in os.environ.items() if not k.startswith(("PYTHON", "XLA"))}
    began = time.perf_counter()
    subprocess.run([*map(str, command)], check=True, capture_output=True, env=keep)
    return time.perf_counter() - began


def _rows(names: "pd.Series[str]") -> Int[np.ndarray, " variant"]:
    """Numbers of variants in the study, by the names that were written for them."""
    return names.str.removeprefix("rs").astype(int).to_numpy() - 1


def _effects(
    study: Study, found: "pd.DataFrame", name: str, weight: str
) -> Float[np.ndarray, " variant"]:
    """Weights of allele A, 0 for a variant that has none."""
    effect = np.zeros(study.z.size)
    effect[_rows(found[name])] = found[weight] * np.where(found["A1"] == "A", 1, -1)
    return effect


def _viprs(study: Study, context: Context, seed: int) -> Answer:
    """``viprs_fit`` with three components; its LD is computed once for a seed."""
    fit, make_ld = need_program("viprs_fit"), need_program("mgp_compute_ld")
    folder = _folder(context, seed)
    prefix = write_training(study, folder)
    ld = folder / "viprs_ld"
    if not ld.is_dir():
        temporary = folder / "viprs_ld.part"
        shutil.rmtree(temporary, ignore_errors=True)
        _call(
            make_ld, "--estimator", "block", "--ld-blocks", write_blocks(folder),
            "--bfile", prefix, "--output-dir", temporary, "--backend", "xarray",
            "--storage-dtype", "int16", "--genome-build", "GRCh37", "--temp-dir", folder,
        )  # fmt: skip
        temporary.rename(ld)
    import pandas as pd

    with _for_one_fit(study, folder) as (out, table):
        seconds = _call(
            fit, "-l", ld / "chr_*", "-s", table, "--sumstats-format", "fastgwa",
            "--n-components", "3", "--output-dir", out / "fit", "--temp-dir", out,
        )  # fmt: skip
        found = pd.read_csv(next((out / "fit").glob("*.fit*")), sep="\t")
    return Answer(_effects(study, found, "SNP", "BETA"), seconds)


def _prscs(study: Study, context: Context, seed: int) -> Answer:
    """``prst prscs2`` of prstools, its global shrinkage learned from the data."""
    # a program's Python lies beside it
    python = Path(need_program("prst")).with_name("python")
    need_module("h5py", "h5py, which prstools brings")
    need_module("numba")
    import pandas as pd

    folder = _folder(context, seed)
    prefix = write_training(study, folder)
    reference = write_prscs_reference(study, folder / "ldblk_own")
    with _for_one_fit(study, folder) as (out, table):
        seconds = _call(
            python, "-P", Path(__file__).with_name("_prscs.py"), "prscs2",
            "--ref", reference, "--target", prefix, "--sst", table,
            "--colmap", "SNP,A1,A2,BETA,,P,SE,N,AF1,CHR,POS", "--n_gwas", str(study.n),
            "--out", out / "prscs", "--pred", "no", "--seed", str(seed), "--n_jobs", "1",
        )  # fmt: skip
        found = pd.read_csv(out / "prscs_.prstweights.tsv", sep="\t")
    # weights are per allele; effects are per standard deviation of the dosage
    return Answer(_effects(study, found, "snp", "allele_weight") * study.sd, seconds)


def _plink(study: Study, context: Context, seed: int) -> Answer:
    """``plink2 --clump`` at r2 > 0.1; the threshold is chosen in the validation people."""
    plink = need_program("plink2")
    told = subprocess.run([plink, "--help", "clump"], capture_output=True, text=True)
    if "--clump-r2" not in told.stdout:
        raise Skip("needs a plink2 that clumps (2.00a4 or later)")
    import pandas as pd

    folder = _folder(context, seed)
    prefix = write_training(study, folder)
    with _for_one_fit(study, folder) as (out, table):
        began = time.perf_counter()
        _call(
            plink, "--bfile", prefix, "--clump", table, "--clump-p1", "1",
            "--clump-p2", "1", "--clump-r2", "0.1", "--clump-kb", "1000",
            "--clump-unphased", "--threads", "1", "--out", out / "plink",
        )  # fmt: skip
        found = pd.read_csv(out / "plink.clumps", sep="\t")
    lead = _rows(found["ID"])
    p = found["P"].to_numpy()
    effects = np.zeros((len(THRESHOLDS), study.z.size))
    for row, threshold in zip(effects, THRESHOLDS, strict=True):
        row[lead[p <= threshold]] = study.z[lead[p <= threshold]]
    trait = study.trait[study.people["validation"]]
    scores = study.scores(effects.T, "validation")
    r = [np.corrcoef(score, trait)[0, 1] if score.std() else -1 for score in scores.T]
    return Answer(effects[int(np.argmax(r))], time.perf_counter() - began)


METHODS = [
    FunctionMethod(name="VIPRS", answer=_viprs, meant_for=is_simulated_once),
    FunctionMethod(name="PRS-CS", answer=_prscs, meant_for=is_simulated_once),
    FunctionMethod(name="PLINK C+T", answer=_plink, meant_for=is_simulated_once),
]
