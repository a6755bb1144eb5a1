"""Small reports for tests: of a run, with loci gained, kept and lost, and of scores."""

from dataclasses import replace
from typing import Any

import numpy as np

from fabgwas.report import (
    Clumping,
    Embedding,
    Estimate,
    FoldSummary,
    Locus,
    Measure,
    PriorFacts,
    RegionGain,
    ReportData,
    ScoreFigures,
    ScoreReport,
    StoreGain,
    Study,
    Tally,
)

LN10 = np.log(10.0)


def a_locus(pos: int, p: dict[str, float], **changes: Any) -> Locus:
    """A locus of 200 kb on chromosome 22; `p` holds -log10 p-values by test."""
    locus = Locus(
        chrom=22,
        start=pos - 100_000,
        end=pos + 100_000,
        variant=f"rs{pos}",
        pos=pos,
        effect_allele="A",
        other_allele="G",
        effect_allele_freq=0.31,
        z=-5.5,
        prior_mean=-0.4,
        prior_var=2.0,
        log_pvalue={test: -value * LN10 for test, value in p.items()},
        beta=-0.012,
        se=0.0022,
        fab_lower=-0.0161,
        fab_upper=-0.0079,
        n_variants=31,
    )
    return replace(locus, **changes)


def a_report(**changes: Any) -> ReportData:
    """Three loci on chromosome 22: SHARED, GAINED by the family test, LOST by it."""
    rng = np.random.default_rng(8)
    m = 3000
    pos = np.sort(rng.integers(17_000_000, 51_000_000, m))
    z = rng.standard_normal(m)
    log_p = {test: -rng.exponential(1.0, m) for test in ("two-sided", "fab", "family")}
    shared = a_locus(
        20_000_000, {"two-sided": 12, "fab": 12.2, "family": 13}, gene="SHARED"
    )
    gained = a_locus(
        30_000_000, {"two-sided": 6.5, "fab": 6.8, "family": 7.7}, gene="GAINED"
    )
    lost = a_locus(40_000_000, {"two-sided": 7.6, "fab": 7.5, "family": 3.9}, gene="LOST")
    for locus in (shared, gained, lost):
        nearest = int(np.argmin(np.abs(pos - locus.pos)))
        for test, values in log_p.items():
            values[nearest] = locus.log_pvalue[test]
    values: dict[str, Any] = {
        "title": "Height on chromosome 22",
        "primary": "family",
        "study": Study(
            path="height.fastGWA.gz",
            format="fastGWA",
            effect_allele_column="A1",
            trait="standing height",
            build="GRCh37",
            n=450_331,
        ),
        "embedding": Embedding(
            model="toy-encoder", dim=64, exclusions={"GWAS Catalog traits": ["height"]}
        ),
        "prior": PriorFacts(
            scheme="5 contiguous groups of LD blocks",
            covariates=("intercept", "log_ld_score"),
            folds=[FoldSummary(k, 600, 2200, "embedding", 0.01) for k in range(4)]
            + [FoldSummary(4, 600, 2200, "covariates", -0.002)],
            gain=Estimate(0.011, 0.002, 0.02),
            regions=[
                RegionGain("inside a gene", 1400, Estimate(0.02, 0.004, 0.03)),
                RegionGain("farther", 1600, Estimate(0.003)),
            ],
            stores=[
                StoreGain(
                    path="demo.store",
                    embedding=Embedding(model="toy-encoder", dim=64, template="default"),
                    used_folds=4,
                    n_folds=5,
                    gain=Estimate(0.011, 0.002, 0.02),
                ),
                StoreGain(
                    path="without.store",
                    embedding=Embedding(
                        model="toy-encoder", dim=64, exclusions={"sources": ["clinvar"]}
                    ),
                    used_folds=0,
                    n_folds=5,
                    gain=Estimate(0.0, 0.0, 0.0),
                    n_shared=2900,
                    difference=Estimate(0.0112, -0.001, 0.021),
                ),
            ],
            ld_intercept=Estimate(1.04, 0.98, 1.10),
        ),
        "clumping": Clumping(p2=0.01, r2=0.1, kb=1000.0, panel="1000G", panel_samples=378),
        "chrom": np.full(m, 22),
        "pos": pos,
        "z": z,
        "prior_mean": 0.1 * rng.standard_normal(m),
        "prior_var": rng.gamma(2.0, 0.5, m),
        "fold": np.arange(m) // 600,
        "block": np.arange(m) // 100,
        "log_pvalue": log_p,
        "thresholds": {"two-sided": 5e-8, "fab": 5e-8, "family": 0.05 / m},
        "loci": {"two-sided": [shared, lost], "fab": [shared], "family": [gained, shared]},
        "tallies": [
            Tally("Reading", {"read": 3010, "dropped_duplicates": 10, "kept": 3000})
        ],
        "warnings": ["Only one chromosome."],
        "settings": {"primary": "family", "kb": 1000.0, "min_maf": None},
        "versions": {"fabgwas": "0.1.0"},
        "command": "fabgwas run height.fastGWA.gz --embeddings demo.store --out height",
        "timings": {"read": 1.25, "fit prior": 75.0},
        "created": "2026-01-31",
        "loci_file": "height.loci.tsv",
    }
    return ReportData(**(values | changes))


def a_score_report(*, binary: bool = True) -> ScoreReport:
    """Two scores of 600 people, of which one knows the phenotype."""
    rng = np.random.default_rng(5)
    good, noise = rng.standard_normal((2, 600))
    liability = good + rng.standard_normal(600)
    y = (liability > 0.7).astype(float) if binary else liability
    steps = np.linspace(0.6, 1.8, 10)
    quantiles = np.array([steps, steps - 0.2, steps + 0.2])
    calibration = np.array([steps / 4, steps / 4 + 0.01, np.full(10, 0.02)])
    metric = "auc" if binary else "r2"
    return ScoreReport(
        title="heart",
        phenotype="disease",
        y=y,
        binary=binary,
        scores=[
            ScoreFigures("good", good, quantiles, calibration),
            ScoreFigures("noise", noise, quantiles, calibration),
        ],
        measures=[
            Measure("noise", metric, 0.51, 0.46, 0.56),
            Measure("good", metric, 0.78, 0.74, 0.82),
            Measure("good", "calibration_slope", 1.02),
        ],
        differences=[Measure("good − noise", metric, 0.27, 0.2, 0.34)],
        counts={"in_scores": 610, "used": 600},
        settings={"folds": 5},
        command="fabgwas evaluate s.tsv p.tsv --out heart",
    )
