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
# # 1. Quickstart
#
# Standing height in UK Biobank (fastGWA), chromosome 22, with 378 Europeans of 1000
# Genomes as reference panel: from summary statistics to loci, under a minute. All of it
# comes with `pip install 'fabgwas[demo]'`, and nothing here needs the network.

# %%
# %matplotlib inline
import shutil
from pathlib import Path

import numpy as np

import fabgwas as fg

# copies, as if they were files of yours
data = Path("demo-data")
shutil.copytree(fg.demo_data(), data, dirs_exist_ok=True)
study = fg.read_sumstats(data / "ukb_height_chr22.fastGWA.gz")
study

# %% [markdown]
# The format, the effect allele, the build and the origin of z were told by the file.
# Next, a vector for each variant: its place is described in English and embedded by a
# small language model that runs offline ([notebook 2](02_making_embeddings.ipynb)).

# %%
from fabgwas_embeddings import embed_variants

embed_variants(data / "1000G_eur_chr22.bim", "store", build="GRCh37", encoder="local")
store = fg.open_embeddings("store")
store

# %% [markdown]
# `align` finds the variants of the study in the store and compares alleles; `fit_prior`
# learns what to expect of each variant from variants *elsewhere*: here from other runs of
# LD blocks, in a whole genome from other chromosomes.

# %%
panel = fg.open_panel(str(data / "1000G_eur_chr22"), build="GRCh37")
alignment = fg.align(study, store)
prior = fg.fit_prior(study, store, alignment, panel)
prior

# %% [markdown]
# *Embedding used in 1* fold of five, and a *held-out gain* whose interval holds 0: on this
# one chromosome the vectors predicted nothing that could be seen beyond LD score and
# heterozygosity. What is tested below is mostly a prior of these two. That is a usual
# outcome for a single chromosome, and the program should tell you;
# [notebook 3](03_priors_and_fab_tests.ipynb) shows what happens when a prior does know
# something.

# %%
results = fg.fab_test(prior, utility=prior.utility)
loci = {test: fg.find_loci(results, test, panel) for test in ("two-sided", "fab", "family")}
{test: found.num_rows for test, found in loci.items()}

# %% [markdown]
# The family test has a level of its own, 0.05 / 15,820 variants = 3.2e-6, where the other
# two have 5e-8. **Compare tests at one level only:** at 3.2e-6 the two-sided test finds

# %%
level = 0.05 / results.num_rows
fg.find_loci(results, "two-sided", panel, p1=level).num_rows

# %% [markdown]
# loci, and they are the same places: where another variant leads, a clump may part into
# two or two may merge. The report of `fabgwas run` counts what is gained and lost by
# place, and here both are none. In pictures:

# %%
from fabgwas.plots import mirrored_manhattan

chrom = np.full(results.num_rows, 22)
pos = results["pos"].to_numpy()
mirrored_manhattan(
    chrom,
    pos,
    results["log_pvalue_family"].to_numpy(),
    results["log_pvalue"].to_numpy(),
    names=("Family test", "Two-sided test"),
    thresholds=(level, level),
).figure

# %% [markdown]
# Results are Arrow tables, which pandas, polars and DuckDB read. The strongest loci:

# %%
named = fg.name_loci(loci["family"], "GRCh37").to_pandas()
named["neg_log10_pvalue_family"] = -named["log_pvalue_family"] / np.log(10)
columns = ["rsid", "pos", "n_variants", "nearest_gene", "beta", "neg_log10_pvalue_family"]
top = named.sort_values("neg_log10_pvalue_family", ascending=False).head(6)
top[columns].style.format(precision=3).hide()

# %% [markdown]
# The first of them, with the LD of the panel:

# %%
from fabgwas.genes import read_genes
from fabgwas.plots import Gene, locus_zoom

first = top.iloc[0]
near = np.flatnonzero(np.abs(pos - first["pos"]) < 400_000)
lead = int(np.flatnonzero(pos == first["pos"])[0])
r2 = panel.correlate(results)(lead, near) ** 2
genes = [
    Gene(row["symbol"], row["start"], row["end"], row["strand"])
    for row in read_genes("GRCh37").to_pylist()
    if row["chrom"] == "22"
    and row["end"] > pos[near].min()
    and row["start"] < pos[near].max()
]
locus_zoom(
    pos[near],
    results["log_pvalue_family"].to_numpy()[near],
    r2=r2,
    lead=int(np.flatnonzero(near == lead)[0]),
    genes=genes,
    threshold=level,
).figure

# %% [markdown]
# All of this with tables, a report to pass on and a manifest is one call, or
# `fabgwas run` in the shell:
#
# ```python
# fg.run(fg.RunConfig(sumstats="ukb_height_chr22.fastGWA.gz", embeddings="store",
#                     ld="1000G_eur_chr22", build="GRCh37", out="results/height"))
# ```
