"""Discoveries in one half of a real study of height, looked for in the other half.

The half-studies are independent: noise with the LD of 244 people of 1000 Genomes, scaled by
the LD score intercept, is added to and taken from the statistics. The prior and its LD
scores know the other 245 people. Independent halves check noise, not confounding.
"""

from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pyarrow as pa
from scipy.special import log_ndtr

from benchmarks.harness import Context, FunctionMethod, FunctionTask, need_file
from benchmarks.tests._genome import open_half
from fabgwas.evaluate import panel_noise, split_z
from fabgwas.fab import family_log_pvalues, family_prior
from fabgwas.ld import ldsc_intercept
from fabgwas.link import Moments

_SETTINGS = {
    "study": "height_ukb_boltlmm_1000G",
    "n": 459_000.0,
    "encoder": "local",
    "level": 0.05,
    "locus_kb": 200,
}


class Halves(NamedTuple):
    """The first half with its priors, and what the second half says."""

    first: np.ndarray
    second: np.ndarray
    locus: np.ndarray
    fold: np.ndarray
    utility: np.ndarray
    priors: dict[str, Moments]
    gain: float


def _make(context: Context, seed: int) -> Halves:
    from fabgwas.alignment import align
    from fabgwas.io import open_genotypes, read_sumstats
    from fabgwas.prior import fit_prior
    from fabgwas.store import open_embeddings

    folder = need_file(context, _SETTINGS["study"])
    path = next(iter(sorted(folder.glob("*.sumstats.txt.gz"))))
    bed = next(iter(sorted(folder.glob("*.bed"))))
    study = read_sumstats(path, n=_SETTINGS["n"], build="GRCh37")
    panel = open_half(context, "b")
    store = open_embeddings(_store(context, bed))
    people = open_genotypes(bed)
    others = people.choose_samples(np.arange(0, people.n_samples, 2))
    table = study.table
    noise = _noise(table, panel, others, seed)
    table = table.filter(pa.array(np.isfinite(noise)))
    noise = noise[np.isfinite(noise)]
    z = table["z"].to_numpy()
    match = panel.match(table)
    inside = np.argsort(match.left)
    fit = ldsc_intercept(
        z[match.left[inside]],
        panel.ld_scores()[match.right[inside]],
        _SETTINGS["n"],
        block=panel.variants["block"].to_numpy()[match.right[inside]],
    )
    first, second = split_z(z, noise, 0.5, max(fit.intercept, 1.0))
    column = table.schema.get_field_index("z")
    half = replace(study, table=table.set_column(column, "z", pa.array(first)))
    alignment = align(half, store)
    prior = fit_prior(half, store, alignment, panel)
    rows = alignment.row
    place = table["pos"].to_numpy()[rows] // (_SETTINGS["locus_kb"] * 1000)
    chrom = table["chrom"].to_numpy(zero_copy_only=False)[rows].astype(int)
    return Halves(
        first=first[rows], second=second[rows], locus=chrom * 10**6 + place,
        fold=prior.fold, utility=prior.utility,
        priors={"auto": prior.moments, "covariates": prior.reference},
        gain=prior.gain.mean,
    )  # fmt: skip


def _noise(table: pa.Table, panel, others, seed: int) -> np.ndarray:
    """Noise for each row, towards its effect allele; nan for variants of neither panel."""
    from fabgwas.io import match_rows

    known = panel.match(table)
    block_of = np.full(table.num_rows, -1)
    block_of[known.left] = panel.variants["block"].to_numpy()[known.right]
    match = match_rows(table, others.variants)
    used = block_of[match.left] >= 0
    left, right, sign = match.left[used], match.right[used], match.sign[used]
    drawn = panel_noise(lambda rows: others.take(right[rows]), block_of[left], seed)
    noise = np.full(table.num_rows, np.nan)
    noise[left] = drawn * sign
    return noise


def _store(context: Context, bed: Path) -> Path:
    """Vectors of the descriptions of the variants, made once."""
    from fabgwas_embeddings import embed_variants

    # no model in quick runs
    encoder = "hashing" if context.quick else _SETTINGS["encoder"]
    path = context.cache / f"tests-windows-store-{encoder}"
    if not (path / "store.json").is_file():
        embed_variants(bed.with_suffix(".bim"), path, build="GRCh37", encoder=encoder)
    return path


def _two_sided(halves: Halves, context: Context, seed: int) -> np.ndarray:
    return np.log(2) + log_ndtr(-np.abs(halves.first))


def _family(prior: str, halves: Halves, context: Context, seed: int) -> np.ndarray:
    level = _SETTINGS["level"] / halves.first.size
    mean, var, value = family_prior(*halves.priors[prior], level, halves.utility)
    return family_log_pvalues(halves.first, mean, var, halves.fold, utility=value)


def _judge(halves: Halves, log_p: np.ndarray, seed: int) -> dict[str, float]:
    """Lead variants of the loci found, and how many are found again, of the same sign."""
    hits = np.flatnonzero(log_p <= np.log(_SETTINGS["level"] / log_p.size))
    leads: dict[int, int] = {}
    for row in hits[np.argsort(log_p[hits], kind="stable")].tolist():
        leads.setdefault(int(halves.locus[row]), row)
    lead = np.array(sorted(leads.values()), int)
    again = halves.second[lead] * np.sign(halves.first[lead])
    level = _SETTINGS["level"] / max(lead.size, 1)
    return {
        "loci": float(lead.size),
        "replicated": float(np.sum(log_ndtr(-again) <= np.log(level))),
        "same sign": float(np.sum(again > 0)),
        "held-out gain of the prior": halves.gain,
    }


TASKS = [
    FunctionTask(
        name="replication, height",
        problem=_make,
        judge=_judge,
        settings=_SETTINGS,
        all_seeds=range(5),
    )
]
METHODS = [
    FunctionMethod(
        name=f"half of the study, {name}",
        answer=answer,
        settings=settings,
        meant_for=lambda task: task.name.startswith("replication"),
    )
    # since version 3 priors are learned through LD, since version 4 such fits may end early
    for name, answer, settings in (
        ("two-sided", _two_sided, {}),
        ("family, covariates", partial(_family, "covariates"), {"version": 2}),
        ("family, auto", partial(_family, "auto"), {"version": 4}),
    )
]
