"""Simulated studies on real LD, with embeddings that know something of the effects."""

from dataclasses import dataclass, field
from typing import Any

import numpy as np
from scipy.sparse import block_diag
from scipy.special import log_ndtr

from benchmarks.harness import Context, Skip
from benchmarks.tests._genome import SETTINGS, Genome, load_genome
from fabgwas.fab import bh_log_qvalues, family_log_pvalues, family_prior
from fabgwas.features import convolved_features
from fabgwas.link import Features, Folds, Moments, Prior, cross_fit, make_folds

# intercept, log LD score, heterozygosity
_COVARIATES = 3


@dataclass
class Study:
    """What methods are given, and behind `truth` what they are not."""

    z: np.ndarray
    chrom: np.ndarray
    locus: np.ndarray
    folds: Folds
    ld_score: np.ndarray
    covariates: np.ndarray
    features: list[Features]
    effect: np.ndarray
    """E z: the truth."""
    truth: dict[str, Moments]
    """Priors with the true parameters: normal, and a slab of the true fourth moment."""
    level: float
    _fits: dict[str, Prior] = field(default_factory=dict)
    _references: dict[str, np.ndarray] = field(default_factory=dict)

    @property
    def size(self) -> int:
        """Number of variants."""
        return self.z.size

    @property
    def log_pvalue(self) -> np.ndarray:
        """Of the two-sided test."""
        return np.log(2) + log_ndtr(-np.abs(self.z))

    def reject(self, log_p: np.ndarray, *, fdr: bool = False) -> np.ndarray:
        """What Bonferroni, or Benjamini and Hochberg, rejects."""
        if fdr:
            return bh_log_qvalues(log_p) <= np.log(self.level)
        return log_p <= np.log(self.level / self.size)

    def family(self, prior: Moments, *, by_ld: bool) -> np.ndarray:
        """The family test as `fabgwas.fab_test` makes it."""
        utility = 1 / self.ld_score if by_ld else None
        mean, var, value = family_prior(*prior, self.level / self.size, utility)
        return family_log_pvalues(self.z, mean, var, self.folds.fold, utility=value)

    def references(self) -> dict[str, np.ndarray]:
        """What is rejected by the tests that gains are measured against."""
        if not self._references:
            log_p = self.family(self.prior("auto").covariates, by_ld=True)
            self._references["two-sided"] = self.reject(self.log_pvalue)
            self._references["covariates"] = self.reject(log_p)
        return self._references

    def prior(self, model: str) -> Prior:
        """A linking model, fitted once."""
        if model not in self._fits:
            kinds = {"ridge": self.features[:1], "ldscore": self.features[1:]}
            self._fits[model] = cross_fit(
                self.z,
                self.covariates,
                [] if model == "covariates" else kinds.get(model, self.features),
                1 / self.ld_score,
                self.folds,
                model=model,
            )
        return self._fits[model]


def simulate(context: Context, seed: int, scenario: str) -> Study:
    """Draw one study."""
    if context.data is None:
        raise Skip("needs the real data: set FABGWAS_TEST_DATA")
    genome = load_genome(context.data, context.cache, context.quick)
    settings = SETTINGS["embedding"] | SETTINGS["effects"] | SETTINGS["scenario"][scenario]
    rng = np.random.default_rng([seed, sum(map(ord, scenario))])
    dim = settings["dim"]
    coefficients = rng.standard_normal((dim, 2)) / np.sqrt(dim)
    copies = [
        _copy(genome, settings, coefficients, rng, number)
        for number in range(SETTINGS["genome"]["copies"])
    ]
    names = [name for name in copies[0] if name != "ld"]
    joined = {name: np.concatenate([one[name] for one in copies]) for name in names}
    order = np.lexsort((joined["pos"], joined["chrom"]))
    joined = {name: values[order] for name, values in joined.items()}
    block = np.cumsum(np.concatenate([[1], np.diff(joined["block"]) != 0]))
    folds = make_folds(joined["chrom"], joined["pos"], block)
    features = [
        Features("own", joined["own"], joined["own"], _COVARIATES),
        Features(
            "convolved",
            joined["convolved"],
            joined["own"][:, _COVARIATES:],
            _COVARIATES,
            block_diag([one["ld"] for one in copies], "csr")[order][:, order],
        ),
    ]
    covariates = joined["own"][:, :_COVARIATES].astype(float)
    moments = {
        name: Moments(*(joined[f"{name}_{part}"] for part in Moments._fields))
        for name in ("normal", "slab")
    }
    return Study(
        joined["z"], joined["chrom"], joined["locus"], folds, joined["ld_score"],
        covariates, features, joined["effect"], moments, SETTINGS["level"],
    )  # fmt: skip


def _copy(
    genome: Genome,
    settings: dict[str, Any],
    coefficients: np.ndarray,
    rng: np.random.Generator,
    number: int,
) -> dict[str, np.ndarray]:
    """All windows once, with effects and noise of their own."""
    pos, tile = genome.pos, genome.tile
    vectors = _embedding(rng, pos, tile, settings)
    knowing = _embedding(rng, pos, tile, settings) if settings.get("unrelated") else vectors
    prior = _effect_prior(knowing, coefficients, settings)
    causal = rng.random(pos.size) < prior.prob
    b = np.where(causal, rng.normal(prior.mean, np.sqrt(prior.var)), 0.0)
    effect, z = np.empty((2, pos.size))
    for (here, ld), root in zip(genome.slices(), genome.roots, strict=True):
        effect[here] = ld @ b[here]
        z[here] = effect[here] + root @ rng.standard_normal(len(ld)).astype(root.dtype)
    # each chromosome gets the windows of different autosomes
    home = (tile - 1 + 5 * number) % 22 + 1
    shifted = pos + number * 10_000_000
    covariates = np.column_stack(
        [np.ones(pos.size), np.log(genome.ld_score), genome.heterozygosity]
    )
    own = np.column_stack([covariates, vectors]).astype(np.float32)
    convolved = convolved_features(
        Features("own", own, own, covariates.shape[1]), vectors.shape[1], genome.table,
        np.ones(pos.size), genome.known, genome.block,
    )  # fmt: skip
    return {
        "z": z, "effect": effect, "chrom": home, "pos": shifted,
        "locus": shifted // (SETTINGS["genome"]["locus_kb"] * 1000) + home * 10**6,
        "block": genome.block + 10**6 * number, "ld_score": genome.ld_score,
        "own": own, "convolved": convolved.mean, "ld": convolved.ld,
        **_marginal_priors(genome, prior),
    }  # fmt: skip


def _embedding(
    rng: np.random.Generator, pos: np.ndarray, tile: np.ndarray, told: dict[str, Any]
) -> np.ndarray:
    """Vectors that neighbours share in part, with coordinates of falling variance."""
    gene = np.unique(tile * 10**6 + pos // (told["gene_kb"] * 1000), return_inverse=True)[1]
    shared = rng.standard_normal((gene.max() + 1, told["dim"]))[gene]
    own = rng.standard_normal((pos.size, told["dim"]))
    x = np.sqrt(told["shared"]) * shared + np.sqrt(1 - told["shared"]) * own
    return x * np.arange(1, told["dim"] + 1) ** -told["decay"]


def _effect_prior(
    x: np.ndarray, coefficients: np.ndarray, settings: dict[str, Any]
) -> Moments:
    """The prior of each causal effect, times the square root of n."""
    log_odds, shift = ((x / x.std(axis=0)) @ coefficients).T
    odds = np.exp(settings["log_odds_sd"] * log_odds)
    prob = np.minimum(settings["causal"] * odds / odds.mean(), 0.5)
    return Moments(
        settings["mean_shift"] * shift, np.full(prob.size, settings["ncp_var"]), prob
    )


def _marginal_priors(genome: Genome, prior: Moments) -> dict[str, np.ndarray]:
    """What the true prior of the causal effects says of E z: two shapes of it.

    The normal one has the mean and variance of E z. The slab has its fourth moment, too.
    """
    expected = prior.prob * prior.mean
    spread = prior.prob * (prior.var + prior.mean**2) - expected**2
    fourth = 3 * prior.prob * prior.var**2 - 3 * spread**2
    mean, var, kurtosis = np.empty((3, expected.size))
    for here, ld in genome.slices():
        mean[here] = ld @ expected[here]
        var[here] = ld**2 @ spread[here]
        kurtosis[here] = np.maximum(ld**4 @ fourth[here], 0.0)
    slab = np.maximum((3 * var**2 + kurtosis) / (3 * var), var)
    prob = var / slab
    # the mean of what is not null, of which it cannot be more than most
    most = np.sqrt(0.8 * slab)
    slab_mean = np.clip(mean / prob, -most, most)
    return {
        "normal_mean": mean, "normal_var": var, "normal_prob": np.ones(mean.size),
        "slab_mean": slab_mean, "slab_var": slab - slab_mean**2, "slab_prob": prob,
    }  # fmt: skip
