"""Make the PLINK files of this folder with the real programs.

The genotypes are real (1000 Genomes, Europeans, chromosome 22); both phenotypes and the
covariate are simulated here. Run as ``python make_plink_files.py DATA``, where DATA holds
height_ukb_fastgwa_chr22/; plink1.9 and plink2 must be installed.
"""

import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np
import pandas as pd

HERE = Path(__file__).parent
SEED = 22
MODEL_VARIANTS = 12
FIRST = "rs138631"
# two rare variants whose tests fail: the carriers lack phenotypes, or are all cases
UNSEEN, SEPARATING = "rs16982871", "rs13447279"
STRONG, CASE_EFFECT = "rs138636", "rs470097"


def main(data: Path) -> None:
    panel = data / "height_ukb_fastgwa_chr22/1000G_eur_chr22"
    with tempfile.TemporaryDirectory() as folder:
        work = Path(folder)
        cut(panel, work)
        simulate(work)
        run_plink1(work)
        run_plink2(work)
        for made in sorted(work.glob("keep.*")):
            shutil.copyfile(made, HERE / made.name.removeprefix("keep."))


def call(*arguments: object) -> None:
    subprocess.run([str(each) for each in arguments], check=True, capture_output=True)


def cut(panel: Path, work: Path) -> None:
    """40 variants: a stretch that holds all frequencies, and the two rare ones."""
    bim = pd.read_csv(f"{panel}.bim", sep="\t", header=None)[1].tolist()
    start = bim.index(FIRST)
    wanted = [*bim[start : start + 38], UNSEEN, SEPARATING]
    (work / "wanted").write_text("\n".join(wanted) + "\n")
    # plink1.9 makes the minor allele A1 of the new .bim
    extract = ("--extract", work / "wanted", "--make-bed", "--out", work / "keep.tiny")
    call("plink1.9", "--bfile", panel, *extract)
    recode = ("--recode", "A", "--out", work / "counts")
    call("plink1.9", "--bfile", work / "keep.tiny", *recode)
    for suffix in ("log", "nosex"):
        (work / f"keep.tiny.{suffix}").unlink()


def simulate(work: Path) -> None:
    """A quantitative and a binary phenotype and a covariate, from a fixed seed."""
    raw = pd.read_csv(work / "counts.raw", sep=r"\s+")
    count = {name.rsplit("_", 1)[0]: raw[name].to_numpy() for name in raw.columns[6:]}
    rng = np.random.default_rng(SEED)
    covariate = rng.normal(size=len(raw))
    # so strong that the p-value is below the smallest double
    height = 25.0 * count[STRONG] + 0.5 * covariate + rng.normal(size=len(raw))
    liability = 0.8 * count[CASE_EFFECT] + 0.3 * covariate + rng.logistic(size=len(raw))
    case = 1 + (liability > np.median(liability))
    case[count[SEPARATING] > 0] = 2
    unseen = count[UNSEEN] > 0
    people = {"#FID": raw["FID"], "IID": raw["IID"]}
    height[unseen], case[unseen] = -9, -9
    phenotypes = pd.DataFrame(people | {"quant": height.round(5), "case": case})
    phenotypes.to_csv(work / "pheno", sep="\t", index=False)
    covariates = pd.DataFrame(people | {"cov": covariate.round(5)})
    covariates.to_csv(work / "covar", sep="\t", index=False)


def run_plink1(work: Path) -> None:
    """Every table of --assoc, --model, --linear, --logistic and --freq."""
    ci, covar = ("--ci", "0.95"), ("--covar", work / "covar")
    case, quant = ("--pheno-name", "case"), ("--pheno-name", "quant")
    runs: dict[str, tuple[object, ...]] = {
        "plink1": (*case, "--assoc"),
        "plink1_ci": (*case, "--assoc", *ci),
        "plink1_fisher": (*case, "--assoc", "fisher"),
        "plink1_model": (*case, "--model"),
        "plink1_q": (*quant, "--assoc"),
        "plink1_linear": (*quant, "--linear", *covar),
        "plink1_linear_ci": (*quant, "--linear", *covar, *ci),
        "plink1_logistic": (*case, "--logistic", *covar),
        "plink1_logistic_ci": (*case, "--logistic", *covar, *ci),
    }
    base = ("plink1.9", "--bfile", work / "keep.tiny", "--allow-no-sex")
    for name, options in runs.items():
        out = ("--pheno", work / "pheno", *options, "--out", work / name)
        call(*base, *out)
    call(*base, "--freq", "--out", work / "plink1")
    for suffix in ("assoc", "assoc.fisher", "qassoc", "assoc.linear", "assoc.logistic"):
        keep(work, suffix)
    keep(work, "frq")
    whole = (work / "plink1_model.model").read_text().splitlines(keepends=True)
    (work / "keep.plink1.model").write_text("".join(whole[: 1 + 5 * MODEL_VARIANTS]))


def run_plink2(work: Path) -> None:
    """Linear, hybrid, plain and Firth regressions, with several sets of columns."""
    case, quant = ("--pheno-name", "case"), ("--pheno-name", "quant")
    runs: dict[str, tuple[object, ...]] = {
        "plink2": (*quant, "--glm"),
        "plink2_a1freq": (*quant, "--glm", "hide-covar", "cols=+a1freq"),
        "plink2_omitref": (*quant, "--glm", "hide-covar", "omit-ref"),
        "plink2_log10": (*quant, "--glm", "hide-covar", "log10"),
        "plink2_zs": (*quant, "--glm", "zs"),
        "plink2_hybrid": (*case, "--glm"),
        "plink2_nofirth": (*case, "--glm", "no-firth", "cols=+a1freq"),
        "plink2_firth": (*case, "--glm", "firth", "hide-covar", "--ci", "0.95"),
    }
    # REF is made the minor allele of every second variant, so that A1 is REF there
    alleles = pd.read_csv(work / "keep.tiny.bim", sep="\t", header=None)[[1, 4]]
    alleles[::2].to_csv(work / "ref", sep="\t", header=False, index=False)
    turn = ("--ref-allele", "force", work / "ref", 2, 1)
    turned = work / "turned"
    call("plink2", "--bfile", work / "keep.tiny", *turn, "--make-pgen", "--out", turned)
    tables = ("--pheno", work / "pheno", "--covar", work / "covar")
    for name, options in runs.items():
        out = ("--out", work / name)
        call("plink2", "--pfile", turned, *tables, *options, *out)
    for suffix in ("linear", "linear.zst", "logistic.hybrid", "logistic", "firth"):
        keep(work, f"glm.{suffix}")


def keep(work: Path, suffix: str) -> None:
    for path in work.glob(f"plink*.{suffix}"):
        path.rename(path.with_name(f"keep.{path.name}"))


if __name__ == "__main__":
    main(Path(sys.argv[1]))
