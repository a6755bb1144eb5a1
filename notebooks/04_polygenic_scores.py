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
# # 4. Polygenic scores
#
# Weights from summary statistics and LD, judged without individual data, and then scores
# of people. Height again, chromosome 22 only: a score of 1 % of the genome is small, and
# so are all numbers here.

# %%
# %matplotlib inline
import shutil
from pathlib import Path

import numpy as np
import pandas as pd
from matplotlib.figure import Figure

import fabgwas as fg
from fabgwas.ldstore import build_ld
from fabgwas.pipeline import (
    EvaluateConfig,
    EvaluateSumstatsConfig,
    PrsConfig,
    ScoreConfig,
    SplitConfig,
    evaluate,
    evaluate_sumstats,
    make_prs,
    score,
    split,
)

data = Path("demo-data")
shutil.copytree(fg.demo_data(), data, dirs_exist_ok=True)
prefix = str(data / "1000G_eur_chr22")

# %% [markdown]
# ## Nobody may be used twice
#
# The people whose LD a score is fitted with must not be those whose LD it is judged with,
# or noise that both share looks like skill. So the panel is cut in two.

# %%
fam = pd.read_csv(f"{prefix}.fam", sep=r"\s+", header=None)
people = fam[[0, 1]].sample(frac=1, random_state=0)
people[:189].to_csv("fit.txt", sep="\t", header=False, index=False)
people[189:].to_csv("judge.txt", sep="\t", header=False, index=False)

# %% [markdown]
# `split` makes two studies of one, *as if* three quarters of its people had been in the
# first and the others in the second: noise with the LD of the panel moves from one to the
# other.

# %%
parts = split(
    SplitConfig(
        sumstats=str(data / "ukb_height_chr22.fastGWA.gz"),
        ld=prefix,
        keep="judge.txt",
        build="GRCh37",
        out="height",
    ),
    overwrite=True,
)
print(*parts.summary(), sep="\n")

# %% [markdown]
# ## Four ways to weights
#
# - `ct`: clumping and thresholding, p < 1e-4;
# - `inf`: every variant has a small effect;
# - `mixture`: few have an effect, the same prior for all variants;
# - `embedding`: a mixture whose prior depends on the vectors, if they predict held-out
#   blocks.

# %%
from fabgwas_embeddings import embed_variants

embed_variants(data / "1000G_eur_chr22.bim", "store", build="GRCh37", encoder="local")
ld = build_ld(prefix, "ld", build="GRCh37", keep="fit.txt", overwrite=True)
for method in ("ct", "inf", "mixture", "embedding"):
    made = make_prs(
        PrsConfig(
            sumstats="height.train.sumstats.parquet",
            ld=str(ld),
            embeddings="store" if method == "embedding" else None,
            method=method,
            name=method,
            out=method,
        ),
        overwrite=True,
    )
    print(f"{method}: {np.count_nonzero(made.table['weight'])} weights")

# %% [markdown]
# ## Judged by summary statistics
#
# The correlation of a score with height among the other quarter of the people follows
# from their summary statistics and the LD of people that no score has seen.

# %%
judged = evaluate_sumstats(
    EvaluateSumstatsConfig(
        weights=tuple(
            f"{name}.score.tsv" for name in ("ct", "inf", "mixture", "embedding")
        ),
        sumstats="height.validation.sumstats.parquet",
        ld=prefix,
        keep="judge.txt",
        fit_people="fit.txt",
        build="GRCh37",
        out="judged",
    ),
    overwrite=True,
)
table = judged.evaluation.to_pandas()
r2 = table[table["metric"] == "r2"].set_index("score")
r2[["estimate", "lower", "upper"]].style.format("{:.5f}")

# %%
figure = Figure(figsize=(6.0, 2.6), layout="constrained")
ax = figure.add_subplot()
height = np.arange(len(r2))[::-1]
ax.errorbar(
    100 * r2["estimate"],
    height,
    xerr=100 * np.abs(r2[["lower", "upper"]].T - r2["estimate"]).to_numpy(),
    fmt="o",
    color="#0b5d9c",
)
ax.set_yticks(height, r2.index)
ax.set(
    xlabel="Variance of height explained by chromosome 22 (%), 95 % interval",
    ylim=(-0.5, 3.5),
)
figure

# %% [markdown]
# Intervals overlap; what counts are differences on the same blocks. The mixture beats
# clumping and thresholding; the embedding adds nothing to it here, though it did predict
# held-out blocks of the training half:

# %%
differences = judged.differences.to_pandas()
of_r2 = differences[differences["metric"] == "r2"].drop(columns=["metric", "interval"])
of_r2.style.format(dict.fromkeys(("estimate", "lower", "upper"), "{:+.5f}")).hide()

# %% [markdown]
# ## Scores of people
#
# Weights are matched by place and alleles, strands included; `plink2 --score` reads the
# same file and gives the same scores.

# %%
scored = score(
    ScoreConfig(weights=("mixture.score.tsv",), genotypes=(prefix,), out="people"),
    overwrite=True,
)
print(*scored.summary(), sep="\n")

# %% [markdown]
# The people of 1000 Genomes have no phenotypes. **So from here on the phenotype is
# simulated**, from the score itself and noise, only to show what `evaluate` measures and
# draws.

# %%
rng = np.random.default_rng(0)
frame = scored.table.to_pandas()
name = scored.names[0]
standard = (frame[name] - frame[name].mean()) / frame[name].std()
liability = np.sqrt(0.2) * standard + np.sqrt(0.8) * rng.standard_normal(len(frame))
frame["disease"] = np.where(
    liability > np.quantile(liability, 0.6), 2, 1
)  # as PLINK codes cases
frame[["FID", "IID", "disease"]].to_csv("disease.txt", sep="\t", index=False)
measured = evaluate(
    EvaluateConfig(
        scores="people.scores.tsv", phenotype="disease.txt", out="disease", quantiles=5
    ),
    overwrite=True,
)
print(*measured.summary()[:-1], sep="\n")

# %%
from fabgwas.plots import quantile_plot, roc, score_distribution

case = frame["disease"].to_numpy() == 2
odds = measured.measured.quantiles.to_pandas()
figure = Figure(figsize=(12, 3.9), layout="constrained")
left, middle, right = figure.subplots(1, 3)
score_distribution(standard.to_numpy(), case, left)
quantile_plot(
    *(odds[each].to_numpy() for each in ("estimate", "lower", "upper")), middle, binary=True
)
roc({"mixture": standard.to_numpy()}, case, right)
figure

# %% [markdown]
# `disease.report.html` has all of it, with calibration, intervals and a methods
# paragraph.
