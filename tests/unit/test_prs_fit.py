"""The mathematics of the scores: a mean-field fit against exact and sampled answers."""

from itertools import product

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from fabgwas.ld import clump
from fabgwas.prs import (
    MixtureSettings,
    Problem,
    clump_and_threshold,
    find_mismatches,
    fit_mixture,
    guess_heritability,
    guess_intercept,
    infinitesimal_effects,
    pack_blocks,
    whiten,
)
from fabgwas.prs._aligned import aligned_zeros
from fabgwas.prs._ascent import Prior, ascend, no_effects
from fabgwas.prs._em import add_panel_error
from fabgwas.prs._newton import Gate, slab_slopes
from fabgwas.prs._regional import regional_variance
from fabgwas.prs._sample import Sums
from fabgwas.prs._select import choose_penalty
from fabgwas.prs._stochastic import Sampler
from fabgwas.prs._weights import Weights, log_weights

N = 5000.0
WEIGHT = np.array([0.9, 0.07, 0.03])
SLAB_VAR = np.array([4e-4, 4e-3])


@pytest.fixture(autouse=True)
def double_precision():
    with jax.enable_x64(True):
        yield


def problem_of(ld, z, n=N):
    """Blocks of correlations with their z-scores, in double precision."""
    sizes = [len(block) for block in ld]
    z = jnp.asarray(np.concatenate(z))
    batches = pack_blocks(sizes, lambda number: ld[number], np.float64)
    return Problem(batches, z, jnp.full(z.size, n))


def prior_of(problem, weight=WEIGHT, slab_var=SLAB_VAR, noise=1.0):
    log_weight = np.broadcast_to(np.log(weight), (problem.size, weight.size))
    return Prior(
        jnp.asarray(log_weight), jnp.asarray(slab_var), jnp.full(problem.size, noise)
    )


def settled(problem, prior, rounds=60):
    ascent = ascend(problem, prior, no_effects(problem))
    for _ in range(rounds):
        ascent = ascend(problem, prior, ascent.states)
    return ascent


def autocorrelation(size, r):
    return r ** np.abs(np.subtract.outer(np.arange(size), np.arange(size)))


def log_evidence(ld, z, weight, slab_var, noise=1.0):
    """Exact, by going through every assignment of variants to components."""
    size = len(z)
    tau = np.concatenate([[0.0], N * slab_var])
    terms = []
    for components in product(range(weight.size), repeat=size):
        variance = tau[list(components)]
        inside = variance > 0
        precision = ld[np.ix_(inside, inside)] / noise + np.diag(1 / variance[inside])
        score = z[inside] / noise
        term = np.log(weight[list(components)]).sum()
        if inside.any():
            term += 0.5 * score @ np.linalg.solve(precision, score)
            term -= 0.5 * np.linalg.slogdet(precision)[1]
            term -= 0.5 * np.log(variance[inside]).sum()
        terms.append(term)
    return np.logaddexp.reduce(terms)


def gibbs(ld, z, rng, chains=400, rounds=300, burn=50):
    """Posterior means of u by sampling components and effects in many chains."""
    tau = N * SLAB_VAR
    size = len(z)
    u, total = np.zeros((chains, size)), np.zeros(size)
    shrink = tau / (1 + tau)
    for turn in range(burn + rounds):
        for k in range(size):
            cavity = z[k] - u @ ld[k] + u[:, k]
            evidence = 0.5 * (np.log1p(-shrink) + shrink * cavity[:, None] ** 2)
            odds = WEIGHT[1:] / WEIGHT[0] * np.exp(evidence)
            probability = odds / (1 + odds.sum(axis=1, keepdims=True))
            if turn >= burn:
                total[k] += np.mean(probability @ shrink * cavity)
            draw, cumulative = rng.random(chains), np.cumsum(probability, axis=1)
            component = np.sum(draw[:, None] > cumulative, axis=1)
            chosen = np.append(shrink, 0.0)[component]
            u[:, k] = chosen * cavity + np.sqrt(chosen) * rng.normal(size=chains)
    return total / rounds


def test_a_variant_alone_has_the_exact_posterior():
    z = np.array([-6.0, -1.0, 0.0, 2.0, 5.0])
    problem = problem_of([np.eye(1)] * 5, z[:, None])
    ascent = settled(problem, prior_of(problem), rounds=1)
    tau = N * SLAB_VAR
    for k, value in enumerate(z):
        density = (
            WEIGHT
            * np.exp(-0.5 * value**2 / np.concatenate([[1.0], 1 + tau]))
            / np.sqrt(np.concatenate([[1.0], 1 + tau]))
        )
        probability = density / density.sum()
        mean = probability[1:] @ (tau / (1 + tau)) * value
        second = probability[1:] @ (tau / (1 + tau) + (tau / (1 + tau) * value) ** 2)
        assert np.allclose(ascent.moments.mean[k], mean)
        assert np.allclose(ascent.moments.var[k], second - mean**2)
        assert np.allclose(ascent.moments.probability[k], probability[1:])
    exact = sum(log_evidence(np.eye(1), z[[k]], WEIGHT, SLAB_VAR) for k in range(5))
    assert ascent.bound == pytest.approx(exact, rel=1e-9)


def test_the_bound_is_below_the_evidence(rng):
    ld = autocorrelation(5, 0.6)
    z = np.linalg.cholesky(ld) @ rng.normal(size=5) + ld @ np.array([0, 4.0, 0, 0, -3.0])
    for noise in (1.0, 0.7):
        problem = problem_of([ld], [z])
        bound = settled(problem, prior_of(problem, noise=noise)).bound
        # the bound also counts the likelihood of a trait with this residual variance
        trait = -0.5 * N * (np.log(noise) + 1 / noise - 1)
        gap = log_evidence(ld, z, WEIGHT, SLAB_VAR, noise) - (bound - trait)
        assert 0 < gap < 1.5


@pytest.mark.parametrize("r", [0.0, 0.5, 0.95])
def test_no_visit_lowers_the_bound(rng, r):
    ld = [autocorrelation(size, r) for size in (3, 30, 120)]
    z = [np.linalg.cholesky(b) @ rng.normal(0, 2, len(b)) for b in ld]
    problem = problem_of(ld, z)
    prior, states, bounds = prior_of(problem), no_effects(problem), []
    for _ in range(40):
        ascent = ascend(problem, prior, states)
        states = ascent.states
        bounds.append(ascent.bound)
    assert np.all(np.diff(bounds) >= -1e-9)


def simulated(rng, n_blocks=30, size=40, enrichment=0.0, share=0.05):
    """Blocks with causal variants, more of them where a feature is large."""
    ld = [autocorrelation(size, 0.7) for _ in range(n_blocks)]
    features = rng.normal(size=(n_blocks * size, 6))
    logit = np.log(share / (1 - share)) + enrichment * features[:, 5]
    causal = rng.random(n_blocks * size) < 1 / (1 + np.exp(-logit))
    effect = np.where(
        causal, rng.normal(0, np.sqrt(0.5 / (share * causal.size)), causal.size), 0
    )
    z = [
        np.sqrt(N) * block @ part + np.linalg.cholesky(block) @ rng.normal(size=size)
        for block, part in zip(ld, np.split(effect, n_blocks), strict=True)
    ]
    block = np.repeat(np.arange(n_blocks), size)
    return problem_of(ld, z), block, features * [5, 3, 2, 1, 1, 0.3], effect


@pytest.mark.parametrize("enrichment", [0.0, 1.5])
def test_no_round_of_the_fit_lowers_the_bound(rng, enrichment):
    problem, block, features, _ = simulated(rng, enrichment=enrichment)
    fit = fit_mixture(
        problem,
        block,
        0.3,
        whiten(features),
        MixtureSettings(tolerance=-1.0, warm_up=8, max_iterations=30, averaging=0),
    )
    assert len(fit.bounds) == 30
    assert np.all(np.diff(fit.bounds) >= -1e-8)


@pytest.mark.parametrize("share", [0.01, 0.5])
def test_slabs_settle_at_what_the_trait_has(rng, share):
    problem, block, _, effect = simulated(rng, n_blocks=120, share=share)
    moved, held = (
        fit_mixture(problem, block, 0.3, settings=MixtureSettings(settling=rounds))
        for rounds in (12, 0)
    )
    genetic = np.sum(effect**2)
    assert moved.prior_var.sum() == pytest.approx(genetic, rel=0.2)
    loss, more = (np.square(fit.mean - effect).sum() for fit in (moved, held))
    assert loss < more


def test_slopes_of_slabs_are_those_of_the_evidence(rng):
    z = rng.normal(0, 2, 200)
    problem = problem_of([np.eye(1)] * 200, z[:, None])
    log_odds, log_var = np.log(WEIGHT[1:] / WEIGHT[0]), np.log(SLAB_VAR)

    def log_evidence(position):
        odds, slab_var = np.exp(np.split(position, 2))
        var = 1 + N * np.concatenate([[0.0], slab_var])
        weight = np.concatenate([[1.0], odds]) / (1 + odds.sum())
        return np.log(
            (weight / np.sqrt(var) * np.exp(-0.5 * z[:, None] ** 2 / var)).sum(axis=1)
        ).sum()

    prior = prior_of(problem)
    shrink = N * SLAB_VAR / (1 + N * SLAB_VAR)
    posterior = settled(problem, prior, 1).moments
    second = posterior.probability * (shrink + np.square(shrink * z[:, None]))
    slopes = slab_slopes(
        problem.n, prior, Sums(posterior.mean, posterior.probability, second)
    )
    here = np.concatenate([log_odds, log_var])
    expected = [
        (log_evidence(here + step) - log_evidence(here - step)) / 2e-5
        for step in 1e-5 * np.eye(4)
    ]
    assert np.allclose(slopes.sum(axis=0), expected, rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize("averaging", [0, 4])
def test_features_that_tell_raise_the_accuracy(rng, averaging):
    problem, block, features, effect = simulated(rng, n_blocks=120, enrichment=2.0)
    settings = MixtureSettings(averaging=averaging)
    plain = fit_mixture(problem, block, 0.3, settings=settings)
    informed = fit_mixture(problem, block, 0.3, whiten(features), settings)
    assert informed.choice.useful
    loss, before = (np.square(fit.mean - effect).sum() for fit in (informed, plain))
    assert loss < 0.97 * before
    if averaging == 0:
        assert informed.bounds[-1] > plain.bounds[-1] + 10


def test_features_that_tell_nothing_are_left_out(rng):
    problem, block, _, _ = simulated(rng, n_blocks=120)
    noise = whiten(rng.normal(size=(problem.size, 40)))
    settings = MixtureSettings(averaging=0)
    plain = fit_mixture(problem, block, 0.3, settings=settings)
    other = fit_mixture(problem, block, 0.3, noise, settings)
    assert not other.choice.useful
    assert np.allclose(other.mean, plain.mean, atol=1e-3)


def panel_of(rng, ld, people):
    """Correlations in a sample of people."""
    x = rng.normal(size=(people, len(ld))) @ np.linalg.cholesky(ld).T
    return np.corrcoef(x, rowvar=False)


def test_a_panel_of_few_people_errs_as_much_as_is_allowed_for(rng):
    people, n = 200, 1e5
    ld = autocorrelation(40, 0.6)
    effect = rng.normal(0, 0.02, 40) * (rng.random(40) < 0.3)
    u = np.sqrt(n) * effect
    explained = effect @ ld @ effect
    problem = problem_of([ld], [ld @ u], n)
    residual = prior_of(problem, noise=1 - explained)
    allowed = add_panel_error(problem, residual, people).noise[0] - 1 + explained
    assert allowed == pytest.approx(n * explained / people)
    errors = np.array([(ld - panel_of(rng, ld, people)) @ u for _ in range(2000)])
    # where the variant is far from all effects, nothing else is in the formula
    far = np.abs(ld @ u) < 0.1 * np.sqrt(u @ ld @ u)
    assert far.sum() > 3
    ratio = np.mean(errors[:, far] ** 2) / allowed
    assert ratio == pytest.approx(1, abs=0.1)


def test_allowing_for_a_small_panel_raises_the_accuracy(rng):
    people, n = 150, 2e5
    _, block, _, effect = simulated(rng, n_blocks=40)
    ld = autocorrelation(40, 0.7)
    parts = np.split(effect, 40)
    z = [
        np.sqrt(n) * ld @ part + np.linalg.cholesky(ld) @ rng.normal(size=40)
        for part in parts
    ]
    problem = problem_of([panel_of(rng, ld, people) for _ in parts], z, n)
    trusting, careful = (
        fit_mixture(problem, block, 0.5, panel_people=size).mean for size in (None, people)
    )

    def accuracy(mean):
        fitted = [part @ ld for part in np.split(mean, 40)]
        return np.concatenate(fitted) @ effect / np.sqrt(np.concatenate(fitted) @ mean)

    assert accuracy(careful) > 1.01 * accuracy(trusting)


def test_two_perfectly_linked_variants_share_one_effect():
    ld = np.ones((2, 2))
    problem = problem_of(
        [ld, -ld + 2 * np.eye(2)], [np.array([5.0, 5.0]), np.array([5.0, -5.0])]
    )
    mean = np.asarray(settled(problem, prior_of(problem)).moments.mean)
    alone = problem_of([np.eye(1)], [np.array([5.0])])
    expected = float(settled(alone, prior_of(alone)).moments.mean[0])
    assert mean[0] + mean[1] == pytest.approx(expected, rel=0.1)
    assert mean[2] - mean[3] == pytest.approx(expected, rel=0.1)


def test_posterior_means_are_those_of_sampling_where_ld_is_weak(rng):
    size = 8
    noise = rng.normal(size=(400, size))
    ld = np.corrcoef(noise, rowvar=False)
    ld = np.eye(size) + (ld - np.eye(size)) * min(
        1, 0.099 / np.abs(ld - np.eye(size)).max()
    )
    z = ld @ np.array([0, 5.0, 0, 0, 2.5, 0, -3.5, 0]) + rng.normal(size=size)
    problem = problem_of([ld], [z])
    fitted = np.asarray(settled(problem, prior_of(problem)).moments.mean)
    sampled = gibbs(ld, z, rng)
    assert np.allclose(fitted, sampled, atol=0.06)


def test_in_tight_ld_the_sum_of_effects_is_that_of_sampling(rng):
    ld = np.array([[1.0, 0.99], [0.99, 1.0]])
    z = np.array([6.0, 6.1])
    problem = problem_of([ld], [z])
    fitted = np.asarray(settled(problem, prior_of(problem)).moments.mean).sum()
    assert fitted == pytest.approx(gibbs(ld, z, rng, rounds=600).sum(), rel=0.05)


def exact_means(ld, z):
    """Posterior means of u, by going through every assignment."""
    size, tau = len(z), np.concatenate([[0.0], N * SLAB_VAR])
    logs, means = [], []
    for components in product(range(WEIGHT.size), repeat=size):
        variance = tau[list(components)]
        inside = variance > 0
        precision = ld[np.ix_(inside, inside)] + np.diag(1 / variance[inside])
        mean = np.zeros(size)
        mean[inside] = np.linalg.solve(precision, z[inside])
        logs.append(
            np.log(WEIGHT[list(components)]).sum()
            + 0.5 * z @ mean
            - 0.5 * np.linalg.slogdet(precision)[1]
            - 0.5 * np.log(variance[inside]).sum()
        )
        means.append(mean)
    probability = np.exp(logs - np.logaddexp.reduce(logs))
    return probability @ np.array(means)


@pytest.mark.parametrize("r", [0.3, 0.9])
def test_the_sampler_is_right_where_the_ascent_is_not(rng, r):
    ld = autocorrelation(4, r)
    z = ld @ np.array([0, 4.0, 0, 0]) + np.linalg.cholesky(ld) @ rng.normal(size=4)
    # many copies of a block are many chains
    problem = problem_of([ld] * 200, [z] * 200)
    sampler, prior = Sampler(problem, jax.random.key(1)), prior_of(problem)
    sampler.rounds(prior, 3)
    sampled = np.asarray(sampler.rounds(prior, 10).mean).reshape(200, 4)
    error = sampled.std(axis=0) / np.sqrt(200)
    assert np.all(np.abs(sampled.mean(axis=0) - exact_means(ld, z)) < 5 * error + 1e-3)


def test_a_seed_repeats_a_fit(rng):
    problem, block, *_ = simulated(rng, n_blocks=6)
    settings = MixtureSettings(judging=1, learning=1, averaging=1, seed=3)
    one, two = (fit_mixture(problem, block, 0.3, settings=settings) for _ in range(2))
    assert np.array_equal(one.mean, two.mean)


@pytest.mark.parametrize("averaging", [0, 1])
def test_ld_that_is_not_definite_never_gives_silent_numbers(rng, averaging):
    ld = 4 * (np.ones((30, 30)) - np.eye(30)) * rng.choice([-1, 1], (30, 30))
    ld = (ld + ld.T) / 2 + np.eye(30)
    problem = problem_of([ld], [rng.normal(0, 30, 30)])
    with pytest.raises(ArithmeticError, match="diverged"):
        fit_mixture(
            problem, np.zeros(30, int), 0.5, settings=MixtureSettings(averaging=averaging)
        )


def test_padding_changes_nothing(rng):
    ld = [autocorrelation(size, 0.5) for size in (17, 31, 5)]
    z = [rng.normal(0, 2, len(block)) for block in ld]
    together = problem_of(ld, z)
    whole = np.asarray(settled(together, prior_of(together), 30).moments.mean)
    parts = []
    for block, part in zip(ld, z, strict=True):
        alone = problem_of([block], [part])
        parts.append(np.asarray(settled(alone, prior_of(alone), 30).moments.mean))
    assert np.allclose(whole, np.concatenate(parts), atol=1e-12)


def test_infinitesimal_effects_solve_their_equation(rng):
    ld = [autocorrelation(size, 0.8) for size in (20, 45)]
    z = [rng.normal(0, 2, len(block)) for block in ld]
    problem = problem_of(ld, z)
    n = np.full(65, N)
    effects = infinitesimal_effects(problem.batches, np.concatenate(z), n, 0.4)
    for block, part, mine in zip(ld, z, np.split(effects, [20]), strict=True):
        ridge = 65 / (N * 0.4) * np.eye(len(block))
        assert np.allclose((block + ridge) @ mine * np.sqrt(N), part)


def test_heritability_is_guessed_from_the_size_of_z():
    z = np.sqrt(np.full(1000, 1 + 5000 * 20 * 0.3 / 1000))
    h2 = guess_heritability(z, np.full(1000, 5000.0), np.full(1000, 20.0))
    assert h2 == pytest.approx(0.3)


@pytest.mark.parametrize("confounding", [1.0, 1.5])
def test_the_intercept_is_that_of_the_noise(rng, confounding):
    blocks, size, n = 400, 50, 5000.0
    ld = [autocorrelation(size, r) for r in rng.uniform(0.1, 0.95, blocks)]
    u = rng.normal(0, np.sqrt(n * 0.4 / (blocks * size)), (blocks, size))
    noise = rng.normal(0, np.sqrt(confounding), (blocks, size))
    z = [b @ v + np.linalg.cholesky(b) @ e for b, v, e in zip(ld, u, noise, strict=True)]
    score = np.concatenate([np.square(b).sum(axis=1) for b in ld])
    block = np.repeat(np.arange(blocks), size)
    found = guess_intercept(np.concatenate(z), np.full(score.size, n), score, block)
    assert found == pytest.approx(confounding, abs=0.1)
    assert found >= 1


def test_too_few_blocks_tell_no_intercept(rng):
    z, n, block = rng.normal(0, 2, 200), np.full(200, 1e4), np.arange(200) // 100
    assert guess_intercept(z, n, rng.uniform(1, 9, 200), block) == 1
    assert guess_intercept(z, n, np.ones(200), np.arange(200)) == 1
    assert guess_intercept(1e6 * z, n, rng.uniform(1, 9, 200), np.arange(200)) == 1


def test_whitened_features_are_uncorrelated(rng):
    x = rng.normal(size=(500, 5)) @ rng.normal(size=(5, 8))
    white = whiten(x)
    assert white.x.shape == (500, 5)
    assert np.allclose(white.x.T @ white.x / 500, np.eye(5), atol=1e-8)
    assert np.all(np.diff(white.variance) <= 0)
    row = np.arange(500) * 2 + 1
    spread = whiten(x, row, 1200).x
    assert np.array_equal(spread[row], white.x)
    assert not np.delete(spread, row, axis=0).any()


def test_jax_takes_aligned_arrays_as_they_are():
    for shape in [(1000, 7), (3, 5, 11)]:
        values = aligned_zeros(shape, np.float32)
        assert not values.any()
        assert jax.device_put(values).unsafe_buffer_pointer() == values.ctypes.data


def test_weights_sum_to_one_and_follow_the_features():
    weights = Weights(np.array([0.0, -3.0, -5.0]), np.array([0.0, 1.0, 1.0]), np.zeros(1))
    log_w = np.asarray(
        log_weights(
            jnp.asarray(weights.base), jnp.asarray(weights.scores), jnp.array([-1.0, 0, 2])
        )
    )
    assert np.allclose(np.exp(log_w).sum(axis=1), 1)
    assert np.all(np.diff(log_w[:, 0]) < 0)


def test_a_flipped_variant_contradicts_its_neighbours(rng):
    ld = autocorrelation(40, 0.9)
    z = ld @ np.where(np.arange(40) == 20, 12.0, 0) + np.linalg.cholesky(ld) @ rng.normal(
        size=40
    )
    assert not find_mismatches(ld, z).any()
    z[22] *= -1
    assert np.flatnonzero(find_mismatches(ld, z)).tolist() == [22]


def test_correlations_that_cannot_be_are_refused():
    with pytest.raises(ArithmeticError, match="not positive semidefinite"):
        find_mismatches(np.array([[1.0, 1.5], [1.5, 1.0]]), np.zeros(2))


def test_evidence_that_is_not_finite_is_refused(rng):
    features = whiten(rng.normal(size=(40, 3)))
    weights = Weights(np.array([0.0, -3.0]), np.array([0.0, 1.0]), np.zeros(0))
    evidence = jnp.asarray(rng.normal(size=(40, 2))).at[7, 1].set(jnp.nan)
    with pytest.raises(ArithmeticError, match="diverged"):
        choose_penalty(features, weights, evidence, np.arange(40) % 4)


@pytest.mark.parametrize("informative", [False, True])
def test_features_gain_nothing_by_more_weight_for_all(rng, informative):
    n, tau = 4000, 4.0
    x = rng.normal(size=(n, 256))
    log_odds = -1 + (2 * x[:, 0] if informative else 0)
    causal = rng.random(n) < 1 / (1 + np.exp(-log_odds))
    z = rng.normal(size=n) * np.sqrt(1 + tau * causal)
    evidence = -0.5 * np.log1p(tau) + 0.5 * z**2 * tau / (1 + tau)
    # of a fit that still believes in a small part of the causal variants
    weights = Weights(np.array([0.0, -5.0]), np.array([0.0, 1.0]), np.zeros(0))
    log_bayes = jnp.asarray(np.column_stack([np.zeros(n), evidence]))
    choice = choose_penalty(whiten(x), weights, log_bayes, np.arange(n) % 4)
    assert choice.useful == informative


def in_runs(rng, n, run=5):
    """A standard normal function of the places of variants that runs along the genome."""
    return np.convolve(rng.normal(size=n + run - 1), np.ones(run), "valid") / np.sqrt(run)


@pytest.mark.parametrize("rows", [8192, 700])
def test_a_direction_that_runs_along_the_genome_is_found(rng, monkeypatch, rows):
    monkeypatch.setattr("fabgwas.prs._regional._ROWS", rows)
    n, dim = 20_000, 64
    x, direction = rng.normal(size=(n, dim)), rng.normal(size=dim)
    direction /= np.linalg.norm(direction)
    runs = np.sqrt(0.3) * in_runs(rng, n) + np.sqrt(0.7) * rng.normal(size=n)
    x += np.outer(runs - x @ direction, direction)
    block = np.arange(n) // 500
    variance, directions = regional_variance(x, block)
    assert variance.mean() == pytest.approx(1)
    best = int(np.argmax(variance))
    assert (directions[:, best] @ direction) ** 2 > 0.9
    # the others are noise, and share what is left
    assert np.allclose(np.delete(variance, best), 0.1)
    # by brute force; neighbours are of one block, and at most four variants away
    brute, pairs = np.zeros((dim, dim)), 0
    for lag in (1, 2, 3, 4):
        same = block[lag:] == block[:-lag]
        product = x[lag:][same].T @ x[:-lag][same]
        brute, pairs = brute + (product + product.T) / 2, pairs + same.sum()
    top = np.linalg.eigvalsh(brute / pairs)[-1]
    found = directions[:, best] @ (brute / pairs) @ directions[:, best]
    assert found == pytest.approx(top, rel=1e-6)


def test_noise_does_not_run_along_the_genome(rng):
    for size, dim in (5000, 50), (5000, 3), (1000, 100):
        for _ in range(20):
            noise = rng.normal(size=(size, dim))
            variance, _ = regional_variance(noise, np.zeros(size, int))
            assert np.array_equal(variance, np.ones(dim))
    # no variant has a neighbour
    variance, directions = regional_variance(rng.normal(size=(9, 3)), np.arange(9))
    assert np.array_equal(variance, np.ones(3))
    assert np.array_equal(directions, np.eye(3))


@pytest.mark.parametrize("where", ["in what runs", "in what does not"])
def test_regional_features_are_expected_to_tell_more_where_they_do(rng, where):
    n, dim, tau = 6000, 128, 9.0
    x = rng.normal(size=(n, dim))
    x[:, 0] = np.sqrt(0.5) * x[:, 0] + np.sqrt(0.5) * in_runs(rng, n)
    telling = x[:, 0] if where == "in what runs" else x[:, 1]
    causal = rng.random(n) < 1 / (1 + np.exp(3 - 1.5 * telling))
    z = rng.normal(size=n) * np.sqrt(1 + tau * causal)
    log_bayes = -0.5 * np.log1p(tau) + 0.5 * z**2 * tau / (1 + tau)
    log_bayes = jnp.asarray(np.column_stack([np.zeros(n), log_bayes]))
    odds = causal.mean() / (1 - causal.mean())
    weights = Weights(np.array([0.0, np.log(odds)]), np.array([0.0, 1.0]), np.zeros(0))
    rotated = whiten(x @ np.linalg.qr(rng.normal(size=(dim, dim)))[0])
    block = np.arange(n) // 60
    choice, blind = (
        choose_penalty(rotated, weights, log_bayes, block, regional=regional)
        for regional in (True, False)
    )
    assert choice.useful
    assert blind.useful
    if where == "in what runs":
        assert choice.expected == "regional ones first"
        assert choice.gain > blind.gain + 10
    else:
        assert (choice.expected, choice.gain) == (blind.expected, blind.gain)


def test_units_of_annotations_do_not_matter(rng):
    n = 3000
    x = np.column_stack([rng.normal(size=n), rng.random(n) < 0.1, in_runs(rng, n)])
    log_bayes = np.column_stack([np.zeros(n), 2 * x[:, 1] - 0.3 + rng.normal(size=n)])
    weights = Weights(np.array([0.0, -3.0]), np.array([0.0, 1.0]), np.zeros(0))
    choices = [
        choose_penalty(
            whiten(x * units, alike=True),
            weights,
            jnp.asarray(log_bayes),
            np.arange(n) // 30,
        )
        for units in (1.0, np.array([10.0, 1.0, 0.1]))
    ]
    assert choices[0].useful
    assert choices[0].gain == pytest.approx(choices[1].gain, rel=1e-6)
    assert choices[0].strength == choices[1].strength


def test_little_evidence_moves_the_prior_no_farther_than_half_a_log_odds(rng):
    n = 500
    x = rng.normal(size=(n, 3))
    prior = Prior(jnp.log(jnp.full((n, 2), 0.5)), jnp.ones(1), jnp.ones(n))
    # all agree, and by so little that a whole Newton step would go to 1,000
    probability = jnp.asarray(0.5 + 1e-3 * x[:, :1])
    sums = Sums(jnp.zeros(n), probability, probability)
    gate = Gate(whiten(x), 1e-9 * np.eye(3))
    weights = Weights(np.zeros(2), np.array([0.0, 1.0]), np.zeros(0))
    _, after = gate.step(weights, prior, sums, 1.0)
    linear = after.log_weight[:, 1] - after.log_weight[:, 0]
    assert np.std(linear) == pytest.approx(0.5)
    assert np.corrcoef(linear, x[:, 0])[0, 1] > 0.98
    # what one variant gains another loses
    assert np.exp(after.log_weight[:, 1]).mean() == pytest.approx(0.5, abs=1e-3)


def test_clumps_are_those_of_all_blocks_but_each_block_is_visited_once(rng):
    block = np.repeat([3, 1, 2], 30)
    pos = rng.integers(1, 5_000_000, block.size)
    effect, log_pvalue = rng.normal(size=block.size), -rng.exponential(5, block.size)
    ld = np.where(np.equal.outer(block, block), rng.uniform(-1, 1, (90, 90)), 0)
    visited = []

    def correlate(row, others):
        visited.append(block[row])
        return ld[row, others]

    thresholds = (1e-2, 1.0)
    effects = clump_and_threshold(
        effect, log_pvalue, block, pos, correlate, thresholds=thresholds
    )
    assert np.count_nonzero(np.diff(visited)) == 2
    # one chromosome, no LD between blocks
    leads = clump(
        log_pvalue, np.ones_like(block), pos, correlate, p1=1.0, p2=1.0, r2=0.1
    ).lead
    for row, threshold in zip(effects, thresholds, strict=True):
        kept = leads[log_pvalue[leads] <= np.log(threshold)]
        assert set(np.flatnonzero(row)) == set(kept)
        assert np.array_equal(row[kept], effect[kept])
