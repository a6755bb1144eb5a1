"""Rejection rates where nothing is to be found, and false discoveries where something is.

Studies have the LD of half of the 489 Europeans of 1000 Genomes; what methods know of LD is
that of the other half. Rates are those of null variants over their level, so that 1 is
right; seeds are the replicates. The null variants are all of them; or those of every other
chromosome, with strong effects on the rest; or those of every third LD block, where
another study has effects and this one has none. That study shares half of the noise, and
the effects of other blocks, so that it is worth borrowing from.
"""

from collections.abc import Callable
from functools import partial
from typing import NamedTuple

import numpy as np
from scipy.special import log_ndtr

from benchmarks.harness import Context, FunctionMethod, FunctionTask, Skip
from benchmarks.harness.interface import Task
from benchmarks.tests._genome import Genome, load_genome
from fabgwas.fab import (
    bh_log_qvalues,
    fab_log_pvalues,
    family_log_pvalues,
    family_prior,
    posterior,
    storey_log_qvalues,
)
from fabgwas.features import auxiliary_features, convolved_features
from fabgwas.link import Features, Folds, Moments, Prior, cross_fit, make_folds

LEVELS = (0.05, 1e-3, 1e-4)
_FDR = 0.05
_DIM, _CAUSAL, _NCP_VAR, _SHARED = 8, 0.05, 9.0, 0.5
_SETTINGS = {
    "levels": LEVELS, "fdr": _FDR, "dim": _DIM, "causal": _CAUSAL, "ncp_var": _NCP_VAR,
    "shared": _SHARED,
}  # fmt: skip


class Study(NamedTuple):
    """Z-scores, what priors are learned from, and which variants have no effect."""

    z: np.ndarray
    aux: np.ndarray | None
    null: np.ndarray
    covariates: np.ndarray
    features: list[Features]
    ld_score: np.ndarray
    folds: Folds
    fits: dict[tuple[str, float], Prior]
    """What was fitted already."""

    def prior(self, model: str, rho: float = _SHARED) -> Prior:
        """Learned on other folds; from the residual of the other study, if there is one."""
        if (model, rho) not in self.fits:
            features = self.features
            if self.aux is not None:
                residual = (self.aux - rho * self.z)[:, None]
                features = [auxiliary_features(self.covariates, residual)]
            self.fits[model, rho] = cross_fit(
                self.z,
                self.covariates,
                features,
                1 / self.ld_score,
                self.folds,
                model=model,
            )
        return self.fits[model, rho]


def simulate(scenario: str, context: Context, seed: int) -> Study:
    """Draw one study."""
    if context.data is None:
        raise Skip("needs the real data: set FABGWAS_TEST_DATA")
    genome = load_genome(context.data, context.cache, context.quick)
    rng = np.random.default_rng([seed, sum(map(ord, scenario))])
    size = genome.pos.size
    folds = make_folds(genome.tile, genome.pos, genome.block)
    vectors = rng.standard_normal((size, _DIM)).astype(np.float32)
    b = np.sqrt(_NCP_VAR) * np.exp(vectors[:, 1]) * rng.standard_normal(size)
    b = np.where(rng.random(size) < _CAUSAL, b, 0.0)
    null = np.ones(size, bool)
    number = np.unique(genome.block, return_inverse=True)[1]
    if scenario == _OTHER_FOLDS:
        null = genome.tile % 2 == 0
    elif scenario == _FALSE:
        # every other block has no effects
        null = number % 2 == 0
    elif scenario == _OTHER_STUDY:
        null = number % 3 == 0
    acts = ~null if scenario != _OTHER_STUDY else number % 3 == 1
    effect = convolve(genome, np.where(acts, b, 0.0))
    noise = draw(genome, rng)
    z, aux = effect + noise, None
    if scenario == _OTHER_STUDY:
        others = _SHARED * noise + np.sqrt(1 - _SHARED**2) * draw(genome, rng)
        aux = convolve(genome, np.where(number % 3 < 2, b, 0.0)) + others
    covariates = np.column_stack(
        [np.ones(size), np.log(genome.ld_score), genome.heterozygosity]
    )
    x = np.column_stack([covariates, vectors]).astype(np.float32)
    own = Features("own", x, x, covariates.shape[1])
    sign = np.ones(size)
    convolved = convolved_features(
        own, _DIM, genome.table, sign, genome.known, genome.block
    )
    return Study(z, aux, null, covariates, [own, convolved], genome.ld_score, folds, {})


def draw(genome: Genome, rng: np.random.Generator) -> np.ndarray:
    """Z-scores without effects."""
    parts = [root @ rng.standard_normal(len(root)).astype("f4") for root in genome.roots]
    return np.concatenate(parts).astype(float)


def convolve(genome: Genome, b: np.ndarray) -> np.ndarray:
    """E z of causal effects."""
    return np.concatenate([ld @ b[here] for here, ld in genome.slices()])


def rates(study: Study, log_p: np.ndarray, seed: int) -> dict[str, float]:
    """Rejection rates of null variants over their level, and any at 0.05 over their number.

    Of q-values: false discoveries among all of them, and how many there are.
    """
    mine = log_p[study.null]
    found = {
        f"rate at {level:g} over it": float(np.mean(mine <= np.log(level)) / level)
        for level in LEVELS
    }
    return found | {"family-wise error": float(np.min(mine) <= np.log(0.05 / mine.size))}


def false_share(study: Study, log_q: np.ndarray, seed: int) -> dict[str, float]:
    """False discoveries among all that are made."""
    rejected = log_q <= np.log(_FDR)
    false = np.count_nonzero(rejected & study.null)
    return {
        "false discovery rate": float(false / max(np.count_nonzero(rejected), 1)),
        "discoveries": float(np.count_nonzero(rejected)),
    }


def _two_sided(z: np.ndarray) -> np.ndarray:
    return np.log(2) + log_ndtr(-np.abs(z))


def _usual(study: Study, context: Context, seed: int) -> np.ndarray:
    return _two_sided(study.z)


def _total(moments: Moments) -> tuple[np.ndarray, np.ndarray]:
    mean, var, prob = moments
    return prob * mean, prob * (var + mean**2) - (prob * mean) ** 2


def _fab(model: str, rho: float, study: Study, context: Context, seed: int) -> np.ndarray:
    return fab_log_pvalues(study.z, *_total(study.prior(model, rho).moments))


def _spent(study: Study, moments: Moments, folds: np.ndarray) -> np.ndarray:
    """The family test as `fabgwas.fab_test` makes it."""
    utility = 1 / study.ld_score
    mean, var, value = family_prior(*moments, 0.05 / study.z.size, utility)
    return family_log_pvalues(study.z, mean, var, folds, utility=value)


def _family(model: str, study: Study, context: Context, seed: int) -> np.ndarray:
    return _spent(study, study.prior(model).moments, study.folds.fold)


def _pooled(study: Study, context: Context, seed: int) -> np.ndarray:
    """Both studies in one, as multi-trait methods do under one genetic correlation of 1."""
    return _two_sided((study.z + study.aux) / np.sqrt(2 + 2 * _SHARED))


def _lfdr(study: Study, context: Context, seed: int) -> np.ndarray:
    """Running mean of the local false discovery rates, as a q-value."""
    lfdr = np.exp(posterior(study.z, *study.prior("auto").moments).log_lfdr)
    order = np.argsort(lfdr)
    log_q = np.empty(lfdr.size)
    with np.errstate(divide="ignore"):
        log_q[order] = np.log(np.cumsum(lfdr[order]) / np.arange(1, lfdr.size + 1))
    return log_q


Answer = Callable[[Study, Context, int], np.ndarray]


def _q(values: Callable[[np.ndarray], np.ndarray], answer: Answer) -> Answer:
    return lambda study, context, seed: values(answer(study, context, seed))


_NOTHING, _OTHER_FOLDS, _OTHER_STUDY, _FALSE = (
    "no effects", "effects on other chromosomes", "effects on another trait",
    "effects in half of the blocks",
)  # fmt: skip
TASKS = [
    FunctionTask(
        name=f"calibration, {scenario}",
        problem=partial(simulate, scenario),
        judge=false_share if scenario == _FALSE else rates,
        settings=_SETTINGS,
        all_seeds=range(30),
        quick_seeds=(0,) if scenario == _NOTHING else (),
    )
    for scenario in (_NOTHING, _OTHER_FOLDS, _OTHER_STUDY, _FALSE)
]
_MODELS = ("covariates", "ridge", "ldscore", "mixture", "auto")


def _for(*scenarios: str) -> Callable[[Task], bool]:
    names = {f"calibration, {each}" for each in scenarios}
    return lambda task: task.name in names


_ALONE, _AUX = _for(_NOTHING, _OTHER_FOLDS), _for(_OTHER_STUDY)
_ROWS: list[tuple[str, Answer, Callable[[Task], bool]]] = [
    ("two-sided", _usual, _for(_NOTHING, _OTHER_FOLDS, _OTHER_STUDY)),
    *((f"FAB, {model}", partial(_fab, model, _SHARED), _ALONE) for model in _MODELS),
    *((f"family, {model}", partial(_family, model), _ALONE) for model in _MODELS),
    ("FAB, other study", partial(_fab, "auto", _SHARED), _AUX),
    ("FAB, other study, overlap forgotten", partial(_fab, "auto", 0.0), _AUX),
    ("family, other study", partial(_family, "auto"), _AUX),
    ("both studies pooled", _pooled, _AUX),
    ("BH, two-sided", _q(bh_log_qvalues, _usual), _for(_FALSE)),
    ("BH, family, auto", _q(bh_log_qvalues, partial(_family, "auto")), _for(_FALSE)),
    ("Storey, two-sided", _q(storey_log_qvalues, _usual), _for(_FALSE)),
    (
        "Storey, family, auto",
        _q(storey_log_qvalues, partial(_family, "auto")),
        _for(_FALSE),
    ),
    ("local, auto", _lfdr, _for(_FALSE)),
]
METHODS = [
    FunctionMethod(name=f"size: {name}", answer=answer, meant_for=meant_for)
    for name, answer, meant_for in _ROWS
]
