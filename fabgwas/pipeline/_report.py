"""The report of a run, from its result."""

import shlex
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from fabgwas import __version__
from fabgwas.assoc import COLUMN_OF_TEST
from fabgwas.ld import ldsc_intercept
from fabgwas.link import Gain
from fabgwas.loci import level_of
from fabgwas.manifest import environment, hide_secrets
from fabgwas.prior import FittedPrior
from fabgwas.report import (
    Clumping,
    Embedding,
    Estimate,
    FoldSummary,
    Locus,
    PriorFacts,
    RegionGain,
    ReportData,
    StoreGain,
    Study,
    Tally,
)
from fabgwas.store import EmbeddingStore
from fabgwas.variants import chromosome_codes

if TYPE_CHECKING:
    from fabgwas.pipeline._run import RunResult

_NORMAL_95 = 1.96
# a jackknife of fewer LD blocks tells no interval
_LEAST_BLOCKS = 20


def report_data(
    result: "RunResult", command: Sequence[str], timings: Mapping[str, float]
) -> ReportData:
    """Gather what a report shows."""
    config, results = result.config, result.results
    mean, var = _marginal_moments(results)
    return ReportData(
        title=config.trait or config.out.rsplit("/", 1)[-1],
        primary=config.primary,
        study=_study(result),
        embedding=_embedding(result.store),
        prior=_prior(result),
        clumping=Clumping(
            p2=config.p2,
            r2=config.r2,
            kb=config.kb,
            panel=config.ld,
            panel_samples=None if result.panel is None else result.panel.n_samples,
        ),
        chrom=chromosome_codes(results["chrom"]).astype(np.int64),
        pos=results["pos"].to_numpy().astype(np.int64),
        z=results["z"].to_numpy(),
        prior_mean=mean,
        prior_var=var,
        fold=results["fold"].to_numpy(),
        log_pvalue={
            test: results[column].to_numpy() for test, column in COLUMN_OF_TEST.items()
        },
        thresholds={
            test: level_of(test, results.num_rows, config.p1) for test in COLUMN_OF_TEST
        },
        loci={
            test: _loci(result.loci.filter(pc.equal(result.loci["test"], test)))
            for test in COLUMN_OF_TEST
        },
        same_level=_loci(result.references["same-level"]),
        covariates_only=_loci(result.references["covariates"]),
        block=result.prior.block,
        tallies=[
            Tally("Reading", result.sumstats.counts),
            Tally("Alignment with the embeddings", result.alignment._asdict()),
        ],
        warnings=result.warnings,
        settings=config.to_dict(),
        versions={"fabgwas": __version__, **environment()["libraries"]},
        command=shlex.join(hide_secrets(list(command))),
        timings=dict(timings),
        created=datetime.now(UTC).strftime("%Y-%m-%d %H:%M UTC"),
        loci_file=result.outputs["loci"].name,
    )


def _loci(table: pa.Table) -> list[Locus]:
    return [Locus.from_row(row) for row in table.to_pylist()]


def _study(result: "RunResult") -> Study:
    sumstats = result.sumstats
    n = sumstats.table["n"].drop_null().to_numpy()
    return Study(
        path=sumstats.path,
        format=sumstats.format,
        effect_allele_column=sumstats.effect_allele_column,
        trait=sumstats.trait,
        build=sumstats.build,
        n=float(np.median(n)) if n.size else None,
        n_note=sumstats.n_effective_note,
    )


def _marginal_moments(results: pa.Table) -> tuple[np.ndarray, np.ndarray]:
    """Prior mean and variance of E z, the chance that it is 0 counted in."""
    prob, mean, var = (
        results[f"prior_{name}"].to_numpy() for name in ("prob", "mean", "var")
    )
    return prob * mean, prob * (var + (1 - prob) * mean**2)


def _embedding(store: EmbeddingStore) -> Embedding:
    about = store.metadata
    return Embedding(
        model=about.model,
        dim=about.dim,
        template=about.template or "",
        sources=[str(source.get("name", source)) for source in about.sources],
        exclusions=about.exclusions,
    )


def _prior(result: "RunResult") -> PriorFacts:
    prior = result.prior
    return PriorFacts(
        scheme=prior.scheme,
        covariates=prior.covariates,
        folds=[
            FoldSummary(
                fold=report.fold,
                n_variants=report.n_variants,
                n_training=report.n_training,
                model=report.model,
                inner_gain=report.inner_gain,
                details={
                    "shrinkage": report.shrinkage,
                    "mean scale": report.mean_scale,
                    "covariates slope": report.covariates_slope,
                    "embedding slope": report.embedding_slope,
                    "slabs": report.n_slabs,
                },
            )
            for report in prior.reports
        ],
        gain=_estimate(prior.gain),
        regions=[
            RegionGain(name, gain.n_variants, _estimate(gain))
            for name, gain in result.regions.items()
        ],
        stores=_stores(result) if result.compared else (),
        ld_intercept=_ld_intercept(prior),
        overlap=result.overlap,
    )


def _estimate(gain: Gain) -> Estimate:
    return Estimate(gain.mean, gain.lower, gain.upper)


def _stores(result: "RunResult") -> list[StoreGain]:
    """The main store, then those that are compared with it."""
    prior = result.prior
    main = StoreGain(
        path=str(result.store.path),
        embedding=_embedding(result.store),
        used_folds=prior.used_folds,
        n_folds=len(prior.reports),
        gain=_estimate(prior.gain),
    )
    others = (
        StoreGain(
            path=str(each.store.path),
            embedding=_embedding(each.store),
            used_folds=each.used_folds,
            n_folds=each.n_folds,
            gain=_estimate(each.gain),
            n_shared=each.difference.n_variants,
            difference=_estimate(each.difference),
        )
        for each in result.compared
    )
    return [main, *others]


def _ld_intercept(prior: FittedPrior) -> Estimate | None:
    """The intercept of the LD score regression, where there is LD enough for one."""
    ld_score = prior.ld_score
    if ld_score is None or np.ptp(ld_score) == 0:
        return None
    if np.unique(prior.block).size < _LEAST_BLOCKS:
        return None
    n = prior.study["n"].to_numpy().astype(float)
    known = np.isfinite(n) & (n > 0)
    # a common size cancels in the intercept
    n = np.where(known, n, np.median(n[known]) if known.any() else 1.0)
    z = prior.study["z"].to_numpy()
    fit = ldsc_intercept(z, ld_score, n, block=prior.block)
    margin = _NORMAL_95 * fit.intercept_se
    return Estimate(fit.intercept, fit.intercept - margin, fit.intercept + margin)
