# ---
# jupyter:
#   jupytext:
#     formats: ipynb,py:percent
#   kernelspec:
#     display_name: Python 3
#     language: python
#     name: python3
# ---

# %% [markdown]
# # 3. Priors and FAB tests
#
# What a prior can do for a test, what it cannot, and why the error rate holds whatever
# the prior is worth. The first half is simulated, so that the truth is known; the second
# looks at the prior of real height statistics.

# %%
# %matplotlib inline
import numpy as np
from matplotlib.figure import Figure
from scipy.stats import norm

import fabgwas as fg

BLUE, ORANGE, GREY = "#0b5d9c", "#c44e00", "#6b7480"
rng = np.random.default_rng(0)


def new_axes(width: float = 6.0, height: float = 3.6, n: int = 1):
    """Axes of a figure, and the figure."""
    figure = Figure(figsize=(width, height), layout="constrained")
    return figure.subplots(1, n), figure


# %% [markdown]
# ## One variant
#
# The FAB test tilts the two-sided test towards the sign that the prior expects, by
# $b = 2 m / v$. With the prior $N(2, 4)$ evidence of the expected sign counts up to twice
# as much, and evidence of the other sign counts less.

# %%
z = np.linspace(-6, 6, 401)
ax, figure = new_axes()
for mean, color in ((0.0, GREY), (0.5, BLUE), (2.0, ORANGE)):
    log_p = fg.fab_log_pvalues(z, prior_mean=mean, prior_var=4.0)
    ax.plot(z, -log_p / np.log(10), color=color, label=f"prior N({mean:g}, 4)")
ax.axhline(-np.log10(5e-8), color="k", linewidth=0.7, linestyle="--")
ax.set(xlabel="z", ylabel="-log10 p")
ax.legend(frameon=False)
figure

# %% [markdown]
# ## Valid for every prior
#
# A million z-scores *without* effects, and priors that range from silly to worse: huge
# means, tiny variances, all of the wrong scale. How often is p below the level?

# %%
n = 1_000_000
null = rng.standard_normal(n)
priors = {
    "no opinion": (np.zeros(n), np.ones(n)),
    "random signs": (rng.normal(0, 3, n), rng.gamma(1, 1, n) + 0.05),
    "always positive": (np.full(n, 5.0), np.full(n, 1.0)),
}
print("prior            level   share of p below it, standard errors off")
for name, (mean, var) in priors.items():
    log_p = fg.fab_log_pvalues(null, mean, var)
    for level in (0.05, 1e-3, 1e-4):
        share = np.mean(log_p <= np.log(level))
        off = (share - level) / np.sqrt(level * (1 - level) / n)
        print(f"{name:16s} {level:<7g} {share:.2e}  {off:+.1f}")

# %% [markdown]
# A bad prior costs power, never validity. One thing would break it: a prior that has seen
# the z it is used on. Here each prior mean leans towards its own z:

# %%
peeking = fg.fab_log_pvalues(null, prior_mean=3 * null, prior_var=1.0)
print(
    f"share of p below 0.05 if the prior has peeked: {np.mean(peeking <= np.log(0.05)):.3f}"
)

# %% [markdown]
# Twice the errors, from a prior that looks excellent. So every prior is learned on
# *other* chromosomes, and descriptions that quote the study are left out of the store.
#
# ## A family of tests
#
# The FAB p-value is never below half the two-sided one: a single test cannot use that a
# variant is *likely* to matter, if its sign is unknown. A family can, by moving error
# budget from hopeless to hopeful variants. Its error, too, is controlled for every prior;
# we check with null z-scores in LD, and priors that are reasonable, random or
# concentrated on one variant in ten.

# %%
m, replicates, alpha = 100, 4000, 0.05
fold = np.repeat([0, 1], m // 2)
lag = np.abs(np.subtract.outer(np.arange(10), np.arange(10)))
root = np.linalg.cholesky(0.9**lag)  # LD blocks of ten variants


def null_in_ld() -> np.ndarray:
    """Z-scores of variants without effects, correlated within LD blocks."""
    return (rng.standard_normal((m // 10, 10)) @ root.T).ravel()


variances = {
    "all alike": np.full(m, 4.0),
    "random": rng.gamma(0.5, 8.0, m),
    "one in ten": np.where(np.arange(m) % 10 == 0, 30.0, 0.01),  # one in each block
}
errors = dict.fromkeys(variances, 0)
for _ in range(replicates):
    null = null_in_ld()
    for name, var in variances.items():
        log_p = fg.family_log_pvalues(null, np.zeros(m), var, fold)
        errors[name] += bool(log_p.min() <= np.log(alpha / m))
for name, count in errors.items():
    rate = count / replicates
    se = np.sqrt(rate * (1 - rate) / replicates)
    print(f"{name:12s} any false discovery in {rate:.3f} +- {se:.3f} of families")

# %% [markdown]
# At most 0.05, within the noise of the simulation, and less where LD makes tests alike,
# as Bonferroni's always is. Now with effects, one variant in ten, and priors of growing
# skill: the prior variances are as they should be at 1, all the same at 0, and the wrong
# way round below.

# %%
m = 400
fold = np.repeat(np.arange(4), m // 4)


def power(skill: float, n_sets: int = 40) -> dict[str, float]:
    """Share of effects that each test finds at the same level."""
    rng = np.random.default_rng(1)  # the same data for each skill
    found = dict.fromkeys(("two-sided", "FAB", "family"), 0)
    total = 0
    for _ in range(n_sets):
        hopeful = rng.random(m) < 0.1
        effect = hopeful * rng.normal(0, 3.5, m)
        z = effect + rng.standard_normal(m)
        var = np.exp(skill * np.log(np.where(hopeful, 12.0, 0.05)))
        sign = np.zeros(m)  # the prior knows sizes, not signs
        tests = {
            "two-sided": np.log(2) + norm.logsf(np.abs(z)),
            "FAB": fg.fab_log_pvalues(z, sign, var),
            "family": fg.family_log_pvalues(z, sign, var, fold),
        }
        for name, log_p in tests.items():
            found[name] += int(np.sum(log_p[hopeful] <= np.log(alpha / m)))
        total += int(hopeful.sum())
    return {name: count / total for name, count in found.items()}


skills = np.array([-0.5, -0.25, 0.0, 0.25, 0.5, 0.75, 1.0])
powers = [power(skill) for skill in skills]
ax, figure = new_axes()
for name, color, line in (
    ("two-sided", GREY, "-"),
    ("FAB", ORANGE, "--"),
    ("family", BLUE, "-"),
):
    ax.plot(
        skills, [each[name] for each in powers], line, marker="o", color=color, label=name
    )
ax.axvline(0, color="k", linewidth=0.7, linestyle=":")
ax.set(xlabel="Skill of the prior (negative: wrong)", ylabel="Power", ylim=(0, None))
ax.legend(frameon=False)
figure

# %% [markdown]
# A prior that knows sizes helps the family, and a wrong one hurts it; the FAB test, which
# knows no sign here, is the two-sided test exactly. That is the trade you make by
# declaring one of them primary before the run.
#
# ## Intervals
#
# The values that a FAB test does not reject are an interval of exact coverage, short
# where the prior is right.

# %%
theta = rng.normal(1.0, 0.5, 20_000)
se = np.sqrt(0.95 * 0.05 / theta.size)
estimate = theta + rng.standard_normal(theta.size)
for name, mean, var in (("right prior", 1.0, 0.25), ("wrong prior", -2.0, 0.25)):
    lower, upper = fg.fab_intervals(estimate, 1.0, mean, var)
    covered = np.mean((lower <= theta) & (theta <= upper))
    length = np.mean(upper - lower)
    print(f"{name}: covers {covered:.4f} +- {se:.4f}, length {length:.2f} (usual 3.92)")

# %% [markdown]
# ## The prior of real height statistics
#
# Two pictures tell what a prior knows. Left: is z² as large as expected? Right: does z
# have the expected sign? Here the embedding was used whether it helped or not
# (`model="ridge"`). Even so chromosome 22 teaches little but that variants with more LD
# have larger z²; of signs nothing is known, and the prior says so: its means are tiny.

# %%
import shutil
from pathlib import Path

from fabgwas.plots import prior_calibration, prior_direction
from fabgwas_embeddings import embed_variants

data = Path("demo-data")
shutil.copytree(fg.demo_data(), data, dirs_exist_ok=True)
study = fg.read_sumstats(data / "ukb_height_chr22.fastGWA.gz")
embed_variants(data / "1000G_eur_chr22.bim", "store", build="GRCh37", encoder="local")
store = fg.open_embeddings("store")
panel = fg.open_panel(str(data / "1000G_eur_chr22"), build="GRCh37")
prior = fg.fit_prior(study, store, fg.align(study, store), panel, model="ridge")

z = prior.study["z"].to_numpy()
mean, var, prob = prior.moments
mean, var = prob * mean, prob * (var + (1 - prob) * mean**2)  # the chance of 0 counted in
(left, right), figure = new_axes(9.5, 4.4, n=2)
prior_calibration(mean, var, z, left, block=prior.block)
prior_direction(mean, z, right, block=prior.block)
figure
