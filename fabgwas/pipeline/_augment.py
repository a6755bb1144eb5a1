"""Scores with and without principal components of further features of people."""

import logging
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from jaxtyping import Float, Int

from fabgwas.errors import InputError
from fabgwas.evaluate import (
    Augmented,
    auc_difference,
    augment,
    bootstrap,
    delong,
    make_folds,
    percentile_interval,
)
from fabgwas.io._person_tables import ID, numeric_matrix, read_person_table
from fabgwas.pipeline._people import People

log = logging.getLogger("fabgwas")

VECTORS = "L"


def measure_augmented(
    people: People,
    path: str,
    *,
    n_folds: int,
    n_replicates: int,
    level: float,
    seed: int,
) -> pa.Table:
    """Compare phenotype ~ score + covariates with the same and components of a table.

    Returns
    -------
    For each score the area (if the phenotype is binary) and R2 (1 less the mean squared
    error over the variance) of predictions in folds that the regressions have not seen:
    plain, augmented, and the paired difference augmented - plain.

    Raises
    ------
    InputError
        If the table lacks one of the people, or a number.
    """
    extra = _features(people, path)
    fold = make_folds(people.y, n_folds, seed, binary=people.binary)
    rows: list[dict[str, Any]] = []
    for name, score in zip(people.names, people.scores.T, strict=True):
        base = np.column_stack([people.covariates, score])
        found = augment(base, extra, people.y, fold, binary=people.binary, seed=seed)
        log.info(
            "augmented %s: components chosen in each fold: %s",
            name,
            " ".join(map(str, found.chosen)),
        )
        if people.binary:
            rows += _areas(name, people, found, level)
        rows += _errors(name, people, found, n_replicates, level, seed)
    return pa.Table.from_pylist(rows)


def _features(people: People, path: str) -> Float[np.ndarray, "sample dim"]:
    table = read_person_table(path)
    if VECTORS in table.column_names:
        table = table.select([ID, VECTORS])
    row = pc.index_in(people.iid, table[ID].combine_chunks())
    if row.null_count:
        absent = people.iid.filter(pc.is_null(row))[0]
        raise InputError(
            f"{path}: {absent}, who has a score and a phenotype, is not in it."
        )
    matrix = numeric_matrix(table, path)[0][row.to_numpy()]
    if not np.isfinite(matrix).all():
        raise InputError(f"{path}: a number is missing or not finite.")
    return matrix


def _areas(
    name: str, people: People, found: Augmented, level: float
) -> list[dict[str, Any]]:
    areas = delong(np.column_stack([found.augmented, found.plain]), people.y > 0.5)
    gain = auc_difference(areas, 0, 1, level)
    bounds = areas.interval(level)
    return [
        _row(name, "auc_plain", areas.auc[1], bounds[1], "delong"),
        _row(name, "auc_augmented", areas.auc[0], bounds[0], "delong"),
        _row(name, "auc_augmented_gain", gain.estimate, gain[1:3], "delong"),
    ]


def _errors(
    name: str,
    people: People,
    found: Augmented,
    n_replicates: int,
    level: float,
    seed: int,
) -> list[dict[str, Any]]:
    def explained(index: Int[np.ndarray, " drawn"]) -> Float[np.ndarray, " number"]:
        y = people.y[index]
        plain, augmented = (
            1 - np.mean((y - predicted[index]) ** 2) / y.var()
            for predicted in (found.plain, found.augmented)
        )
        return np.array([plain, augmented, augmented - plain])

    stratum = people.y.astype(int) if people.binary else np.zeros(len(people), int)
    bounds = percentile_interval(bootstrap(explained, stratum, n_replicates, seed), level)
    estimates = explained(np.arange(len(people)))
    metrics = ("r2_plain", "r2_augmented", "r2_augmented_gain")
    return [
        _row(name, metric, estimate, interval, "bootstrap")
        for metric, estimate, interval in zip(metrics, estimates, bounds, strict=True)
    ]


def _row(
    name: str, metric: str, estimate: float, interval: Any, kind: str
) -> dict[str, Any]:
    return {"score": name, "metric": metric, "estimate": float(estimate),
            "lower": float(interval[0]), "upper": float(interval[1]),
            "interval": kind}  # fmt: skip
