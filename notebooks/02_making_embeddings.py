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
# # 2. Making embeddings
#
# From a list of variants to a store of vectors: describe, plan, embed, and look at what
# the vectors know. Everything runs offline on a laptop; a served model or an API is a
# change of one word.

# %%
# %matplotlib inline
import shutil
from itertools import pairwise
from pathlib import Path

import numpy as np
from matplotlib.figure import Figure

import fabgwas as fg
from fabgwas_embeddings import embed_variants, make_encoder, make_job, plan_job

data = Path("demo-data")
shutil.copytree(fg.demo_data(), data, dirs_exist_ok=True)
bim = data / "1000G_eur_chr22.bim"

# %% [markdown]
# ## What the model will read
#
# A job joins variants, the sources of annotations and a template. The shipped sources are
# gene models and what genes do; `SourceFiles` adds FAVOR, ClinVar or the GWAS Catalog.
# Nothing is encoded yet.

# %%
import pyarrow as pa

job = make_job(bim, "store", build="GRCh37", encoder="local")
a_few = pa.table(
    {
        "pos": pa.array([36_700_000, 37_463_000, 49_000_000], pa.int32()),
        "ref": ["A", "C", "G"],
        "alt": ["G", "T", "A"],
        "rsid": ["one", "two", "three"],
    }
)
description = job.describer.describe("22", a_few)
for rsid, text in zip(a_few["rsid"], description.text_of, strict=True):
    print(f"{rsid}: {description.texts[text]}\n")

# %% [markdown]
# Neighbouring variants often share a description, and a text is embedded once. A text
# that quotes the study you are going to test would leak the answer into the prior: leave
# such sources out (`exclude_trait`, `catalog_before`), or use the template `anonymous`,
# which names no gene.
#
# ## What it will cost
#
# `plan_job` counts before anything is spent. The same variants, embedded here and by an
# API:

# %%
print(plan_job(job, measure=False), end="\n\n")
hosted = make_job(bim, "hosted", build="GRCh37", encoder="openai")
print(plan_job(hosted))

# %% [markdown]
# ## The store
#
# Killed at any moment, the same call goes on where it was; called on a complete store, it
# opens it.

# %%
made = embed_variants(bim, "store", build="GRCh37", encoder="local")
store = fg.open_embeddings("store")
store

# %% [markdown]
# Vectors are read in blocks, in float32. Their two leading principal components, coloured
# by place: each lump is a gene, or a family of genes side by side.

# %%
blocks = list(store.iter_blocks())
vectors = np.concatenate([block.embedding for block in blocks])
keys = pa.concat_tables([block.table for block in store.iter_keys()])
pos = keys["pos"].to_numpy()

centred = vectors - vectors.mean(axis=0)
_, _, axes_of_variation = np.linalg.svd(centred[::10], full_matrices=False)
x, y = axes_of_variation[:2] @ centred.T

figure = Figure(figsize=(6.5, 4.6), layout="constrained")
ax = figure.add_subplot()
points = ax.scatter(x, y, c=pos / 1e6, s=6, cmap="viridis", rasterized=True)
figure.colorbar(points, label="Position (Mb)")
ax.set(xlabel="First component", ylabel="Second component")
figure

# %% [markdown]
# ## Do the vectors know anything?
#
# Ask in words. The genes of chromosome 22 whose variants are nearest to a phrase:

# %%
from fabgwas.genes import nearest_genes

encoder = make_encoder("local")
symbol = np.array(nearest_genes(np.full(pos.size, 22), pos, "GRCh37").symbol)
unit = vectors / np.linalg.norm(vectors, axis=1, keepdims=True)


def ask(phrase: str) -> str:
    """The five genes nearest to a phrase, by cosine."""
    question = encoder.encode([phrase])[0]
    near = np.argsort(-(unit @ question))
    names = list(dict.fromkeys(symbol[near]))[:5]
    return ", ".join(names)


for phrase in (
    "crystallin of the eye lens",
    "globin and iron in red blood cells",
    "myelin and nerve cells",
):
    print(f"{phrase}: {ask(phrase)}")

# %% [markdown]
# The crystallins are found, and myoglobin; myelin is not. The small offline model knows
# words better than biology, and a larger one is worth its price if it knows *your* trait:
# that is measured on held-out variants, in every report.
#
# The nearer two variants are on the chromosome, the more alike are their texts. That is
# why a prior is always tested on variants far from those that taught it.

# %%
rng = np.random.default_rng(0)
first = rng.integers(0, pos.size, 40_000)
second = np.clip(first + rng.integers(-400, 401, first.size), 0, pos.size - 1)
distance = np.abs(pos[first] - pos[second]) / 1e3
cosine = np.einsum("ij,ij->i", unit[first], unit[second])
edges = [1, 10, 30, 100, 300, 1000, 3000]
middle = [np.sqrt(low * high) for low, high in pairwise(edges)]
mean = [
    cosine[(distance >= low) & (distance < high)].mean() for low, high in pairwise(edges)
]
strangers = cosine.size // 2
apart = np.einsum(
    "ij,ij->i", unit[rng.permutation(first)[:strangers]], unit[second[:strangers]]
)

figure = Figure(figsize=(5.5, 3.6), layout="constrained")
ax = figure.add_subplot()
ax.plot(middle, mean, "o-", color="#0b5d9c")
ax.axhline(apart.mean(), color="grey", linestyle="--", label="any two variants")
ax.set(xscale="log", xlabel="Distance (kb)", ylabel="Mean cosine of two descriptions")
ax.legend(frameon=False)
figure

# %% [markdown]
# To publish a store, or to keep it where others read it:
# `fabgwas embed export-hf store folder` writes a dataset for the Hugging Face Hub, with
# its card.
