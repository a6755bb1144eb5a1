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
# # 5. Bringing your own data
#
# From genotypes and a phenotype to a report by way of `plink2 --glm`, what happens when a
# file does not say enough, and how to use vectors that others published.

# %%
# %matplotlib inline
import shutil
import subprocess
from pathlib import Path

import numpy as np
import pandas as pd

import fabgwas as fg

data = Path("demo-data")
shutil.copytree(fg.demo_data(), data, dirs_exist_ok=True)
prefix = str(data / "1000G_eur_chr22")

# %% [markdown]
# ## PLINK
#
# 378 people of 1000 Genomes and a phenotype that we **simulate**: forty causal variants,
# which together explain two thirds of it. With your own files start at `plink2`.

# %%
from fabgwas.io import open_genotypes

genotypes = open_genotypes(prefix)
rng = np.random.default_rng(0)
causal = np.sort(rng.choice(genotypes.n_variants, 40, replace=False))
dosage = genotypes.take(causal)
genetic = (dosage - dosage.mean(axis=0)) @ rng.standard_normal(40)
noise = rng.standard_normal(genetic.size) * genetic.std() / np.sqrt(2)
people = pd.read_csv(f"{prefix}.fam", sep=r"\s+", header=None)[[0, 1]]
people.columns = ["FID", "IID"]
people.assign(trait=genetic + noise).to_csv("trait.txt", sep="\t", index=False)

# %% [markdown]
# Where there is no `plink2`, every eighth row of its output is read instead.

# %%
plink2 = shutil.which("plink2")
if plink2:
    command = f"{plink2} --bfile {prefix} --pheno trait.txt --glm allow-no-covars --out my"
    subprocess.run(command.split(), check=True, capture_output=True)
    result = Path("my.trait.glm.linear")
else:
    result = Path("example.glm.linear.gz")
pd.read_csv(result, sep="\t", nrows=3)

# %%
study = fg.read_sumstats(result, build="GRCh37")
study

# %% [markdown]
# Read, checked and counted: which allele is the effect allele, where z comes from (here
# Student's t, by its p-value), and what was left out.
#
# ## From there to a report
#
# The vectors are made once for all studies of these variants. With 378 people no prior is
# going to find much; that is what the report should say, and it does.

# %%
from fabgwas_embeddings import embed_variants

embed_variants(f"{prefix}.bim", "store", build="GRCh37", encoder="local")
config = fg.RunConfig(
    sumstats=str(result), embeddings="store", ld=prefix, build="GRCh37", out="my-trait"
)
run = fg.run(config, overwrite=True)
print(*run.summary(), sep="\n")

# %%
from fabgwas.plots import lambda_gc, qq

log_p = {
    "two-sided": run.results["log_pvalue"].to_numpy(),
    "FAB": run.results["log_pvalue_fab"].to_numpy(),
}
print({name: f"lambda {lambda_gc(values):.3f}" for name, values in log_p.items()})
qq(log_p).figure

# %% [markdown]
# ## When a file does not say enough
#
# Tables of no known program are read by the usual names of columns, and what cannot be
# told is never guessed. A table with `A1` and `A2`, which mean one thing in one lab and
# the opposite in the next:

# %%
from fabgwas.errors import FabgwasError

lab = pd.read_csv(result, sep="\t")
lab = pd.DataFrame(
    {
        "CHR": lab["#CHROM"],
        "BP": lab["POS"],
        "SNP": lab["ID"],
        "A1": lab["A1"],
        "A2": np.where(lab["A1"] == lab["ALT"], lab["REF"], lab["ALT"]),
        "EFF": lab["BETA"],
        "SE": lab["SE"],
        "N": lab["OBS_CT"],
    }
)
lab.to_csv("lab.txt", sep="\t", index=False)


def read(**options) -> None:
    """Read the table, or tell what is missing."""
    try:
        print("read:", len(fg.read_sumstats("lab.txt", **options)), "variants")
    except FabgwasError as error:
        print("error:", error)


read()
read(columns={"beta": "EFF"})
read(columns={"beta": "EFF"}, effect_allele="A1", other_allele="A2")

# %% [markdown]
# A study is a table to everything that speaks Arrow:

# %%
import polars as pl

pl.DataFrame(study).select("rsid", "pos", "effect_allele", "beta", "z").head(3)

# %% [markdown]
# ## Vectors that others published
#
# The dataset `LiLabUNC/Variant-Foundation-Embeddings` of the Hugging Face Hub is opened
# as it is: Parquet files with the columns `chrom pos ref_UKB alt_UKB embedding`, of
# GRCh38. Collections are large, so here is a toy of that layout, a thousand of our own
# vectors.

# %%
import pyarrow as pa
import pyarrow.parquet as pq

store = fg.open_embeddings("store")
keys = pa.concat_tables([block.table for block in store.iter_keys()]).slice(0, 1000)
toy = pa.table(
    {
        "chrom": keys["chrom"].cast(pa.string()),
        "pos": keys["pos"].cast(pa.string()),  # text, as published
        "ref_UKB": keys["ref"].cast(pa.string()),
        "alt_UKB": keys["alt"].cast(pa.string()),
        "embedding": store.take(np.arange(1000)).tolist(),
    }
)
Path("hub/HapMap3-MEGA").mkdir(parents=True, exist_ok=True)
pq.write_table(toy, "hub/HapMap3-MEGA/part-0.parquet")
published = fg.open_embeddings("hub/HapMap3-MEGA")
published

# %% [markdown]
# Positions of two builds do not mix, and that is an error, too:

# %%
try:
    fg.align(study, published)
except FabgwasError as error:
    print("error:", error)

# %% [markdown]
# With the real files and the chain file of UCSC the study is moved to GRCh38 first:
#
# ```python
# from huggingface_hub import snapshot_download
#
# snapshot_download("LiLabUNC/Variant-Foundation-Embeddings", repo_type="dataset",
#                   allow_patterns="HapMap3-MEGA/*", local_dir="hub")
# fg.run(fg.RunConfig(sumstats="my.trait.glm.linear", embeddings="hub/HapMap3-MEGA",
#                     liftover="hg19ToHg38.over.chain.gz", ld="1000G_eur_hg38", out="my"))
# ```
