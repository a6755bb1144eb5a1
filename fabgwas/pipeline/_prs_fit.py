"""The fits of `make_prs`, and what is done where one diverges."""

import logging
from typing import Any, NamedTuple

import numpy as np
from jaxtyping import Float

from fabgwas.errors import InputError
from fabgwas.ldstore import LdStore
from fabgwas.pipeline._prs_config import PrsConfig
from fabgwas.pipeline._prs_data import ScoreData
from fabgwas.progress import Progress
from fabgwas.prs import (
    THRESHOLDS,
    MixtureFit,
    MixtureSettings,
    Whitened,
    clump_and_threshold,
    fit_mixture,
    infinitesimal_effects,
    settings_for,
)

log = logging.getLogger("fabgwas")

# how much of the off-diagonal LD is given up where a fit diverges
_SHRINKAGES = (0.0, 0.05, 0.2, 0.5)


class Effects(NamedTuple):
    """Posterior means, columns of the table, and what the fit tells."""

    mean: Float[np.ndarray, " variant"]
    details: dict[str, Float[np.ndarray, " variant"]]
    facts: dict[str, Any]
    grid: dict[str, Float[np.ndarray, " variant"]]
    """Further scores, by name."""


def fit_effects(
    config: PrsConfig,
    store: LdStore,
    data: ScoreData,
    heritability: float,
    features: Whitened | None,
) -> Effects:
    """Fit by the method of the settings."""
    if config.chosen_method == "ct":
        return _clump_and_threshold(config, store, data)
    if config.chosen_method == "inf":
        batches = data.problem(store).batches
        mean = infinitesimal_effects(batches, data.z, data.n, heritability)
        return Effects(mean, {}, {}, {})
    settings = settings_for(data.z.size, config.seed)
    fit, shrinkage = _fit_robustly(store, data, heritability, features, settings)
    details = {
        "weight_sd": fit.sd,
        "inclusion_prob": fit.inclusion,
        "prior_var": fit.prior_var,
        "prior_prob": fit.prior_inclusion,
    }
    facts = _facts(fit)
    if shrinkage:
        facts["LD shrunk by"] = shrinkage
    return Effects(fit.mean, details, facts, {})


def _fit_robustly(
    store: LdStore,
    data: ScoreData,
    heritability: float,
    features: Whitened | None,
    settings: MixtureSettings,
) -> tuple[MixtureFit, float]:
    """Fit; where that diverges, trust the LD less and begin again, and say so."""
    for shrinkage in _SHRINKAGES:
        try:
            problem = data.problem(store, shrinkage)
            told = Progress("rounds of the sampler")
            fit = fit_mixture(
                problem,
                data.block,
                heritability,
                features,
                settings,
                panel_people=store.n_samples,
                progress=told,
            )
            return fit, shrinkage
        except ArithmeticError as error:
            log.warning("warning: %s (LD shrunk by %g)", error, shrinkage)
    raise InputError(
        f"{data.study.path}: its statistics do not fit the LD of {store.path}, however "
        "much that is shrunk; are they of one population, and is n right?"
    )


def _facts(fit: MixtureFit) -> dict[str, Any]:
    facts: dict[str, Any] = {
        "rounds": len(fit.bounds),
        "bound": round(fit.bounds[-1], 2),
        "expected causal": round(float(fit.inclusion.sum()), 1),
    }
    if fit.choice is not None:
        used = f"used ({fit.choice.expected})"
        facts["features"] = used if fit.choice.useful else "not used"
        facts["held-out gain"] = round(fit.choice.gain, 2)
    return facts


def _clump_and_threshold(config: PrsConfig, store: LdStore, data: ScoreData) -> Effects:
    table = data.study.table
    thresholds = sorted({*THRESHOLDS, config.p_threshold})
    effects = clump_and_threshold(
        data.z / np.sqrt(data.n),
        table["log_pvalue"].to_numpy(),
        data.block,
        table["pos"].to_numpy(),
        store.correlate(table),
        thresholds=thresholds,
        r2=config.r2,
        kb=config.kb,
    )
    mean = effects[thresholds.index(config.p_threshold)]
    grid = {f"ct_{p:g}": row for p, row in zip(thresholds, effects, strict=True)}
    facts = {"threshold": config.p_threshold, "variants": int(np.count_nonzero(mean))}
    return Effects(mean, {}, facts, grid)
