"""False discovery rates on BMI: 50,000 variants of the whole genome, hardly linked.

GIANT 2015 (Locke et al.): the 23,113 of them whose places are known. Nothing is known of
the truth, so that discoveries are counted and shared ones told.
"""

import csv
import gzip
from functools import partial
from pathlib import Path
from typing import NamedTuple

import numpy as np

from benchmarks.harness import (
    Context,
    FunctionMethod,
    FunctionTask,
    Skip,
    need_file,
    need_module,
)
from benchmarks.tests._groups import group_weights
from fabgwas.fab import (
    bh_log_qvalues,
    fab_log_pvalues,
    family_log_pvalues,
    family_prior,
    posterior,
    storey_log_qvalues,
)
from fabgwas.link import Folds, Moments

_SETTINGS = {"study": "bmi_giant_50k_genomewide", "encoder": "local", "level": 0.05}


class Study(NamedTuple):
    """Z-scores, folds, and priors that were learned without each fold."""

    z: np.ndarray
    log_pvalue: np.ndarray
    folds: Folds
    heterozygosity: np.ndarray
    priors: dict[str, Moments]
    gain: tuple[float, float, float]


def _make(context: Context, seed: int) -> Study:
    from fabgwas.alignment import align
    from fabgwas.io import read_sumstats
    from fabgwas.link import make_folds
    from fabgwas.prior import fit_prior
    from fabgwas.store import open_embeddings
    from fabgwas.variants import chromosome_codes

    source = need_file(context, _SETTINGS["study"]) / "bmi_giant_50k.tsv.gz"
    path = context.cache / "tests-bmi.tsv"
    _with_places(source, path)
    study = read_sumstats(path, build="GRCh37")
    store = open_embeddings(_store(context, study.table))
    alignment = align(study, store)
    prior = fit_prior(study, store, alignment)
    table = prior.study
    chrom = chromosome_codes(table["chrom"]).astype(np.int64)
    pos = table["pos"].to_numpy().astype(np.int64)
    frequency = table["effect_allele_freq"].to_numpy().astype(float)
    return Study(
        z=table["z"].to_numpy().astype(float),
        log_pvalue=table["log_pvalue"].to_numpy().astype(float),
        folds=make_folds(chrom, pos, prior.block),
        heterozygosity=np.nan_to_num(2 * frequency * (1 - frequency), nan=0.3),
        priors={"auto": prior.moments, "covariates": prior.reference},
        gain=(prior.gain.mean, prior.gain.lower, prior.gain.upper),
    )


def _with_places(source: Path, path: Path) -> None:
    """The rows whose places are known, with the columns of GWAS-SSF."""
    names = {
        "chr": "chromosome", "pos_hg19": "base_pair_location", "A1": "effect_allele",
        "A2": "other_allele", "b": "beta", "se": "standard_error",
        "Freq_MAF_Hapmap": "effect_allele_frequency", "p": "p_value", "SNP": "rsid",
        "N": "n",
    }  # fmt: skip
    path.parent.mkdir(parents=True, exist_ok=True)
    with gzip.open(source, "rt") as read, path.open("w") as write:
        print(*names.values(), sep="\t", file=write)
        for row in csv.DictReader(read, delimiter="\t"):
            if row["pos_hg19"] not in ("", "NA"):
                print(*(row[name] for name in names), sep="\t", file=write)


def _store(context: Context, table) -> Path:
    """Vectors of the descriptions, made once."""
    from fabgwas_embeddings import embed_variants

    # no model in quick runs
    encoder = "hashing" if context.quick else _SETTINGS["encoder"]
    path = context.cache / f"tests-bmi-store-{encoder}"
    if not (path / "store.json").is_file():
        names = ["chrom", "pos", "other_allele", "effect_allele", "rsid"]
        variants = table.select(names).rename_columns(
            ["chrom", "pos", "ref", "alt", "rsid"]
        )
        embed_variants(variants, path, build="GRCh37", encoder=encoder)
    return path


def _judge(study: Study, rejected: np.ndarray, seed: int) -> dict[str, float]:
    plain = bh_log_qvalues(study.log_pvalue) <= np.log(_SETTINGS["level"])
    return {
        "discoveries": float(rejected.sum()),
        "gained on two-sided": float(np.sum(rejected & ~plain)),
        "lost to two-sided": float(np.sum(plain & ~rejected)),
        "tested": float(rejected.size),
        "held-out gain of the prior": study.gain[0],
        "its lower end": study.gain[1],
        "its upper end": study.gain[2],
    }


def _bh(log_p: np.ndarray) -> np.ndarray:
    return bh_log_qvalues(log_p) <= np.log(_SETTINGS["level"])


def _two_sided(study: Study, context: Context, seed: int) -> np.ndarray:
    return _bh(study.log_pvalue)


def _storey(study: Study, context: Context, seed: int) -> np.ndarray:
    return storey_log_qvalues(study.log_pvalue) <= np.log(_SETTINGS["level"])


def _family(name: str, study: Study, context: Context, seed: int) -> np.ndarray:
    level = _SETTINGS["level"] / study.z.size
    mean, var, value = family_prior(*study.priors[name], level)
    return _bh(family_log_pvalues(study.z, mean, var, study.folds.fold, utility=value))


def _fab(study: Study, context: Context, seed: int) -> np.ndarray:
    mean, var, prob = study.priors["auto"]
    total = prob * (var + mean**2) - (prob * mean) ** 2
    return _bh(fab_log_pvalues(study.z, prob * mean, total))


def _local(study: Study, context: Context, seed: int) -> np.ndarray:
    """The largest set whose mean local false discovery rate is at most the level."""
    mean, var, prob = study.priors["auto"]
    lfdr = np.exp(posterior(study.z, mean, var, prob).log_lfdr)
    order = np.argsort(lfdr)
    running = np.cumsum(lfdr[order]) / np.arange(1, lfdr.size + 1)
    rejected = np.zeros(lfdr.size, bool)
    rejected[order[running <= _SETTINGS["level"]]] = True
    if not np.any(prob < 1):
        raise Skip("the prior has no null component, so that nothing is surely null")
    return rejected


def _weighted(study: Study, context: Context, seed: int) -> np.ndarray:
    """Groups by heterozygosity, as in IHW with the frequency as covariate."""
    weight = group_weights(study.log_pvalue, study.heterozygosity, study.folds)
    return _bh(np.minimum(study.log_pvalue - np.log(weight), 0.0))


def _adafdr(study: Study, context: Context, seed: int) -> np.ndarray:
    need_module("adafdr")
    need_module("torch", "torch, which adafdr imports")
    from adafdr.method import adafdr_test

    x = study.heterozygosity[:, None]
    p = np.exp(study.log_pvalue)
    _, threshold, _ = adafdr_test(p, x, alpha=_SETTINGS["level"], fast_mode=False)
    return p <= threshold


TASKS = [
    FunctionTask(name="discoveries, BMI", problem=_make, judge=_judge, settings=_SETTINGS)
]
METHODS = [
    FunctionMethod(
        name=f"FDR, {name}",
        answer=answer,
        settings={"version": 2} if name.startswith("family") else {},
        meant_for=lambda task: task.name == "discoveries, BMI",
    )
    for name, answer in (
        ("two-sided", _two_sided),
        ("two-sided, Storey", _storey),
        ("FAB, auto", _fab),
        ("family, covariates", partial(_family, "covariates")),
        ("family, auto", partial(_family, "auto")),
        ("local, auto", _local),
        ("weights by heterozygosity", _weighted),
        ("AdaFDR", _adafdr),
    )
]
