"""Loci found in simulated studies on real LD, by tests that know more or less.

Every answer is the set of rejected variants: at a family-wise error of 0.05, or (names that
end in FDR) at a false discovery rate of 0.05.
"""

from collections.abc import Callable
from functools import partial

import numpy as np

from benchmarks.harness import Context, FunctionMethod, FunctionTask, Skip, need_module
from benchmarks.tests._groups import group_weights
from benchmarks.tests._loci import judge
from benchmarks.tests._study import SETTINGS, Study, simulate
from fabgwas.fab import fab_log_pvalues, family_log_pvalues
from fabgwas.link import Moments

# the slower linking models are fitted for the first seeds only
_SEEDS_OF_MODELS = 5


def _family(prior: Callable[[Study], Moments], *, by_ld: bool, fdr: bool = False):
    """The family test under a prior; with 1 / (LD score) as utility, or equal ones."""

    def answer(study: Study, context: Context, seed: int) -> np.ndarray:
        return study.reject(study.family(prior(study), by_ld=by_ld), fdr=fdr)

    return answer


def _own_slabs(study: Study, context: Context, seed: int) -> np.ndarray:
    """The family test whose likelihood ratios are those of the fitted prior itself."""
    found = study.prior("auto").moments
    log_p = family_log_pvalues(
        study.z, found.mean, np.maximum(found.var, 1.0), study.folds.fold, found.prob,
        1 / study.ld_score,
    )  # fmt: skip
    return study.reject(log_p)


def _linked(model: str, study: Study) -> Moments:
    if model == "covariates":
        return study.prior("auto").covariates
    return study.prior(model).moments


def _first_seeds(answer):
    def limited(study: Study, context: Context, seed: int) -> np.ndarray:
        if seed >= _SEEDS_OF_MODELS:
            raise Skip(f"fitted for the first {_SEEDS_OF_MODELS} seeds only")
        return answer(study, context, seed)

    return limited


def _two_sided(study: Study, context: Context, seed: int, *, fdr: bool) -> np.ndarray:
    return study.reject(study.log_pvalue, fdr=fdr)


def _fab(study: Study, context: Context, seed: int) -> np.ndarray:
    """The FAB test of each variant, with the mean and variance of the whole prior."""
    mean, var, prob = _linked("auto", study)
    total = prob * (var + mean**2) - (prob * mean) ** 2
    return study.reject(fab_log_pvalues(study.z, prob * mean, total))


def _weighted(study: Study, context: Context, seed: int, *, by: str, fdr: bool):
    """P-values weighted by group, with weights that were learned on other folds."""
    if by == "LD score":
        score = study.ld_score
    else:
        mean, var, prob = _linked("auto", study)
        score = prob * (var + mean**2)
    weight = group_weights(study.log_pvalue, score, study.folds)
    return study.reject(np.minimum(study.log_pvalue - np.log(weight), 0.0), fdr=fdr)


def _adafdr(study: Study, context: Context, seed: int) -> np.ndarray:
    """AdaFDR with LD score, heterozygosity and leading coordinates as covariates."""
    need_module("adafdr")
    need_module("torch", "torch, which adafdr imports")
    from adafdr.method import adafdr_test

    x = np.column_stack([study.covariates[:, 1:], study.features[0].mean[:, 3:7]])
    p = np.exp(study.log_pvalue)
    _, threshold, _ = adafdr_test(p, x, alpha=study.level)
    return p <= threshold


def _oracle(shape: str, study: Study) -> Moments:
    return study.truth[shape]


TASKS = [
    FunctionTask(
        name=f"power, {scenario}",
        problem=partial(simulate, scenario=scenario),
        judge=judge,
        settings={
            name: SETTINGS[name] for name in ("level", "genome", "embedding", "effects")
        }
        | {"scenario": SETTINGS["scenario"][scenario]},
        all_seeds=range(SETTINGS["seeds"][scenario]),
        quick_seeds=(0,) if scenario == "strong" else (),
    )
    for scenario in SETTINGS["scenario"]
]


def _is_power(task: object) -> bool:
    return str(getattr(task, "name", "")).startswith("power")


def _method(name: str, answer) -> FunctionMethod:
    # gains of all are told against the family test with the covariates; since version 3
    # priors are learned through LD, since version 4 such fits may end early
    learned = any(word in name for word in ("auto", "ldscore", "mixture", "of the prior"))
    settings = {"version": 4 if learned else 2}
    return FunctionMethod(name=name, answer=answer, settings=settings, meant_for=_is_power)


_UTILITIES = {"a = 1/LD score": True, "a = 1": False}
METHODS = [
    _method("two-sided", partial(_two_sided, fdr=False)),
    _method("FAB, auto", _fab),
    *(
        _method(f"family, {model}, {told}", _family(partial(_linked, model), by_ld=by_ld))
        for model in ("covariates", "auto")
        for told, by_ld in _UTILITIES.items()
    ),
    *(
        _method(
            f"family, {model}, a = 1/LD score",
            _first_seeds(_family(partial(_linked, model), by_ld=True)),
        )
        for model in ("ridge", "ldscore", "mixture")
    ),
    *(
        _method(f"oracle, {shape}, {told}", _family(partial(_oracle, shape), by_ld=by_ld))
        for shape in ("normal", "slab")
        for told, by_ld in _UTILITIES.items()
    ),
    _method("family, auto, fitted slabs, a = 1/LD score", _own_slabs),
    _method("weights by group of the prior", partial(_weighted, by="prior", fdr=False)),
    _method("weights by LD score", partial(_weighted, by="LD score", fdr=False)),
    _method("two-sided, FDR", partial(_two_sided, fdr=True)),
    _method(
        "family, covariates, FDR",
        _family(partial(_linked, "covariates"), by_ld=False, fdr=True),
    ),
    _method("family, auto, FDR", _family(partial(_linked, "auto"), by_ld=False, fdr=True)),
    _method("oracle, slab, FDR", _family(partial(_oracle, "slab"), by_ld=False, fdr=True)),
    _method("weights by group of the prior, FDR", partial(_weighted, by="prior", fdr=True)),
    _method("weights by LD score, FDR", partial(_weighted, by="LD score", fdr=True)),
    _method("AdaFDR, FDR", _first_seeds(_adafdr)),
]
