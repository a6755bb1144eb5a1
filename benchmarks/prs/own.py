"""Methods of fabgwas, and the same model with the true prior."""

import time
from collections.abc import Callable
from typing import Any

import numpy as np
from scipy.special import log_ndtr

from benchmarks.harness import Context, FunctionMethod
from benchmarks.harness.interface import Task
from benchmarks.prs._answer import Answer
from benchmarks.prs._simulate import Study, calibrate
from fabgwas.prs import (
    THRESHOLDS,
    MixtureSettings,
    Problem,
    clump_and_threshold,
    fit_mixture,
    guess_heritability,
    infinitesimal_effects,
    pack_blocks,
    whiten,
)
from fabgwas.prs._sample import Sums

_VARIATIONAL = MixtureSettings(averaging=0)
# rounds before those that are averaged
_BURN = 16
# for the others, tasks that differ by the embedding are the same
SEE_THE_EMBEDDING = (
    "embedding",
    "embedding, order unknown",
    "limit of learning",
    "variational embedding",
)


def problem_of(study: Study) -> Problem:
    """The study as the fit takes it."""
    import jax.numpy as jnp

    sizes = [len(ld) for ld in study.ld]
    z = jnp.asarray(study.z, jnp.float32)
    return Problem(pack_blocks(sizes, lambda k: study.ld[k]), z, jnp.full_like(z, study.n))


def heritability(study: Study) -> float:
    """Guessed from z and LD scores, as the program does."""
    r2 = np.concatenate([np.square(ld) for ld in study.ld], axis=0)
    score = (r2 - (1 - r2) / study.n).sum(axis=1)
    return guess_heritability(study.z, np.full(study.z.size, float(study.n)), score)


def is_simulated(task: Task) -> bool:
    """Whether a task is one of `benchmarks.prs.simulated`."""
    return "causal" in task.settings and "embedding" in task.settings


def is_simulated_once(task: Task) -> bool:
    """Whether it is the first of those that differ by nothing but the embedding."""
    return is_simulated(task) and "informative" in task.name


def _timed(fit: Callable[[Study, int], Any]) -> Callable[[Study, Context, int], Answer]:
    """A fit that is timed from z, LD and features in memory to effects."""

    def answer(study: Study, context: Context, seed: int) -> Answer:
        began = time.perf_counter()
        effect = fit(study, seed)
        return Answer(effect, time.perf_counter() - began)

    return answer


def _fit(
    study: Study, seed: int, features: Any, settings: MixtureSettings, alike: bool = False
) -> np.ndarray:
    white = None
    if features is not None:
        white = whiten(features.astype(np.float32), alike=alike)
    h2 = heritability(study)
    return fit_mixture(problem_of(study), study.block, h2, white, settings).mean


def _mixture(study: Study, seed: int) -> np.ndarray:
    return _fit(study, seed, None, MixtureSettings(seed=seed))


def _embedding(study: Study, seed: int) -> np.ndarray:
    return _fit(study, seed, study.embedding, MixtureSettings(seed=seed))


def _order_unknown(study: Study, seed: int) -> np.ndarray:
    """As if it could not be seen how the embedding runs along the genome."""
    settings = MixtureSettings(regional=False, seed=seed)
    return _fit(study, seed, study.embedding, settings)


def _annotations(study: Study, seed: int) -> np.ndarray:
    return _fit(study, seed, study.annotation, MixtureSettings(seed=seed), alike=True)


def _variational_mixture(study: Study, seed: int) -> np.ndarray:
    return _fit(study, seed, None, _VARIATIONAL)


def _variational_embedding(study: Study, seed: int) -> np.ndarray:
    return _fit(study, seed, study.embedding, _VARIATIONAL)


def _infinitesimal(study: Study, seed: int) -> np.ndarray:
    n = np.full(study.z.size, float(study.n))
    return infinitesimal_effects(problem_of(study).batches, study.z, n, heritability(study))


def _clump(study: Study, seed: int) -> np.ndarray:
    """The threshold is chosen in the validation people."""
    size = len(study.ld[0])
    pos = 1 + np.arange(study.z.size) % size * 2400

    def correlate(row: int, others: np.ndarray) -> np.ndarray:
        return study.ld[row // size][row % size, others % size]

    effects = clump_and_threshold(
        study.z,
        np.log(2) + log_ndtr(-np.abs(study.z)),
        study.block,
        pos,
        correlate,
        thresholds=THRESHOLDS,
    )
    trait = study.trait[study.people["validation"]]
    scores = study.scores(effects.T, "validation")
    r = [np.corrcoef(score, trait)[0, 1] if score.std() else -1 for score in scores.T]
    return effects[int(np.argmax(r))]


def oracle_posterior(study: Study, probability: np.ndarray, seed: int) -> Sums:
    """Averages of the sampler with these prior probabilities and the true variance."""
    import jax
    import jax.numpy as jnp

    from fabgwas.prs._ascent import Prior
    from fabgwas.prs._stochastic import Sampler

    problem = problem_of(study)
    log_weight = np.column_stack([np.log1p(-probability), np.log(probability)])
    slab_var = study.h2 / (study.causal_share * probability.size)
    prior = Prior(
        jnp.asarray(log_weight, jnp.float32),
        jnp.asarray([slab_var], jnp.float32),
        jnp.ones_like(problem.z),
    )
    sampler = Sampler(problem, jax.random.key(seed))
    sampler.rounds(prior, _BURN)
    return sampler.rounds(prior, MixtureSettings().averaging)


def _oracle(study: Study, seed: int) -> np.ndarray:
    found = oracle_posterior(study, study.probability, seed)
    return np.asarray(found.mean, np.float64) / np.sqrt(study.n)


def _limit(study: Study, seed: int) -> np.ndarray:
    r"""The oracle, but for what the study leaves unknown of the direction of the embedding.

    At the truth the study tells of the log odds :math:`x'\beta` the information
    :math:`H = X' \mathrm{diag}(P - p)^2 X`, with posterior probabilities P. The best
    learner, which expects coefficients of their true spread :math:`1/\lambda`, ends near

    .. math:: \hat\beta \sim N\{(H + \lambda)^{-1} H \beta,
        (H + \lambda)^{-1} H (H + \lambda)^{-1}\}.
    """
    p = study.probability
    posterior = np.asarray(oracle_posterior(study, p, seed).probability)[:, 0]
    x = whiten(study.embedding.astype(np.float32)).x
    x = np.column_stack([np.ones(len(x)), x])
    truth = np.linalg.lstsq(x, np.log(p) - np.log1p(-p), rcond=None)[0]
    truth[0] = 0.0
    spread = float(truth @ truth) / (truth.size - 1)
    information = (x * np.square(posterior - p)[:, None]).T @ x
    penalty = np.diag([0.0, *np.full(truth.size - 1, 1 / spread)])
    inverse = np.linalg.inv(information + penalty)
    root = np.linalg.cholesky(information + 1e-9 * np.eye(truth.size))
    noise = inverse @ root @ np.random.default_rng(seed).standard_normal(truth.size)
    learned = x[:, 1:] @ (inverse @ information @ truth + noise)[1:]
    known = calibrate(learned, study.causal_share)
    mean = oracle_posterior(study, known, seed).mean
    return np.asarray(mean, np.float64) / np.sqrt(study.n)


METHODS = [
    FunctionMethod(
        name=name,
        answer=_timed(fit),
        settings=settings,
        meant_for=is_simulated if name in SEE_THE_EMBEDDING else is_simulated_once,
    )
    for name, fit, settings in (
        ("mixture", _mixture, {"version": 4}),
        ("embedding", _embedding, {"version": 8}),
        ("embedding, order unknown", _order_unknown, {"version": 2}),
        ("oracle prior", _oracle, {"version": 2}),
        ("limit of learning", _limit, {"version": 2}),
        ("annotations", _annotations, {"version": 8}),
        ("ct", _clump, {"thresholds": THRESHOLDS}),
        ("inf", _infinitesimal, {}),
        ("variational mixture", _variational_mixture, {"version": 3}),
        ("variational embedding", _variational_embedding, {"version": 6}),
    )
]
