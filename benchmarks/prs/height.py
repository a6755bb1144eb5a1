"""Scores of real height, without people: signed accuracy in the other part of a split.

Panels have 24 and some 40 LD blocks, fewer than the 100 that an interval would want. Beside
each stands a study of no effects, which must give 0.
"""

from collections.abc import Mapping
from datetime import date
from functools import partial
from typing import Any

import numpy as np

from benchmarks.harness import Context, FunctionMethod, FunctionTask, Metric, need_file
from benchmarks.harness.interface import Task
from benchmarks.harness.metrics import DRAWS, with_interval
from benchmarks.prs._height import PANELS, SETTINGS, Split, split_height

_CATALOG = "gwas_catalog/gwas_catalog_2016-01-18.hg38.tsv.gz"
_SOURCES: dict[str, Any] = {
    "catalog_before": date(2016, 1, 1),
    "exclude_traits": ("height", "body height"),
}
_METHODS: dict[str, Mapping[str, Any]] = {
    "ct, p < 0.0001": {"method": "ct"},
    "inf": {"method": "inf"},
    "mixture": {"method": "mixture"},
    "embedding": {"method": "embedding"},
}
# raised where a method gives other scores than before
_VERSIONS = {"ct": 1, "inf": 2, "mixture": 3, "embedding": 5}


def judge(split: Split, weight: np.ndarray, seed: int) -> dict[str, Metric | float]:
    """Signed correlation of the score with height; LD blocks are resampled."""
    from fabgwas.evaluate import block_bootstrap, block_terms, signed_correlation

    judges = split.judges
    terms = block_terms(judges.dosage, judges.block, weight[:, None], split.effect)
    draws = np.nan_to_num(block_bootstrap(terms, DRAWS, seed)[:, 0])
    # a score that does not vary tells nothing
    r = float(np.nan_to_num(signed_correlation(terms)[0]))
    return {
        "r": with_interval(r, draws),
        "r2 with the sign of r": with_interval(r * abs(r), draws * np.abs(draws)),
        "variants with a weight": float(np.count_nonzero(weight)),
        "LD blocks": float(len(terms.agreement)),
        "intercept": split.intercept,
    }


def _fit(told: Mapping[str, Any], split: Split, context: Context, seed: int) -> np.ndarray:
    """Weights of the judges' variants, per allele that they count."""
    from fabgwas.io import match_rows
    from fabgwas.pipeline import PrsConfig, make_prs

    if told["method"] == "embedding":
        told = {**told, "embeddings": _store(split, context)}
    out = f"{split.folder.name}/{told['method']}"
    config = PrsConfig(sumstats=str(split.train), ld=str(split.ld), out=out, **told)
    table = make_prs(config, overwrite=True).table
    match = match_rows(table, split.judges.genotypes.variants)
    weight = np.zeros(split.judges.genotypes.n_variants)
    weight[match.right] = match.sign * table["weight"].to_numpy()[match.left]
    return weight[split.judges.variant]


def _store(split: Split, context: Context) -> str:
    """Vectors of genes and of the catalog of 2016 without height, made once."""
    from fabgwas_embeddings import SourceFiles, embed_variants

    encoder = "hashing" if context.quick else "local"
    path = context.cache / f"prs-{split.bim.stem}-{encoder}"
    sources = SourceFiles(gwas_catalog=need_file(context, _CATALOG), **_SOURCES)
    embed_variants(split.bim, path, build="GRCh37", encoder=encoder, sources=sources)
    return str(path)


def _problem(panel: str, real: bool, context: Context, seed: int) -> Split:
    return split_height(panel, context, seed, real=real)


def _is_height(task: Task) -> bool:
    return "share" in task.settings


TASKS = [
    FunctionTask(
        name=f"{'height' if real else 'no effects'}, {panel}",
        problem=partial(_problem, panel, real),
        judge=judge,
        settings=SETTINGS,
        # one split of the real study, whose blocks are resampled; replicates of the other
        all_seeds=(0,) if real else range(10),
        quick_seeds=(0,) if real and panel == "chr22" else (),
    )
    for real in (True, False)
    for panel in PANELS
]
METHODS = [
    FunctionMethod(
        name=f"{name}, by statistics",
        answer=partial(_fit, told),
        settings={**told, "version": _VERSIONS[told["method"]]},
        meant_for=_is_height,
    )
    for name, told in _METHODS.items()
]
