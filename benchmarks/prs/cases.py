"""Small sets of real people with real diseases: a few variants each, areas out of folds.

Asthma (51 SNPs of a few candidate genes, ten countries whose shares of cases differ), late
Alzheimer's disease (APOE and eight SNPs of MME), and warfarin: a weekly dose above 35 mg
(CYP2C9 alleles and SNPs of VKORC1). A few genes are too few to learn from what is known of
genes, so that no method here has an embedding.
"""

from collections.abc import Callable
from functools import partial
from typing import NamedTuple

import numpy as np
import pandas as pd

from benchmarks.harness import (
    Context,
    FunctionMethod,
    FunctionTask,
    Metric,
    bootstrap,
    need_file,
    need_module,
)
from benchmarks.harness.interface import Task
from benchmarks.properties._rows import weighted_auc, weighted_r2, within

N_FOLDS, N_INNER = 10, 5
_R2 = 0.1
_PENALTIES = tuple(np.geomspace(1e-4, 1.0, 9).tolist())
_THRESHOLDS = (1e-4, 1e-3, 0.01, 0.05, 0.2, 1.0)
_FOLDER = "pheno_cc_small"


Score = Callable[["People", np.ndarray], np.ndarray]
"""Columns of everybody, given who is in training."""


class People(NamedTuple):
    """Cases and controls."""

    case: np.ndarray
    dosage: np.ndarray
    """[person, variant], nan where missing."""
    covariates: np.ndarray


def _asthma(context: Context) -> People:
    table = pd.read_csv(need_file(context, f"{_FOLDER}/asthma.tsv.gz"), sep="\t")
    covariates = pd.get_dummies(table[["country", "gender"]], drop_first=True)
    covariates["age"] = table["age"]
    dosage = table.iloc[:, 7:].apply(dosage_of)
    return People(*_arrays(table["casecontrol"] == 1, dosage, covariates))


def _alzheimer(context: Context) -> People:
    path = need_file(context, f"{_FOLDER}/alzheimer_nep499.tsv.gz")
    table = pd.read_csv(path, sep="\t")
    both = table[["APOE.a1", "APOE.a2"]]
    dosage = {f"e{allele}": (both == allele).sum(axis=1) for allele in (2, 4)}
    for name in table.columns[table.columns.str.fullmatch(r"[RN]\d+\.a1")]:
        dosage[name[:-3]] = table[name] + table[f"{name[:-1]}2"]
    return People(
        *_arrays(table["status"] == 1, pd.DataFrame(dosage), table[["sex", "age"]])
    )


def _warfarin(context: Context) -> People:
    table = pd.read_csv(need_file(context, f"{_FOLDER}/warfarin_iwpc.csv.gz"))
    table = table[table["Therapeutic Dose of Warfarin"].notna()]
    alleles = table["CYP2C9 consensus"]
    known = alleles.notna()
    dosage = {
        f"CYP2C9 *{star}": alleles.str.count(rf"\*{star}\b").where(known) for star in (2, 3)
    }
    for name in table.columns[table.columns.str.fullmatch(r"VKORC1 \S+ consensus")]:
        dosage[name] = dosage_of(table[name].str.replace("/", ""))
    decade = table["Age"].str.extract(r"(\d+)")[0].astype(float)
    covariates = pd.get_dummies(table["Race"], drop_first=True)
    covariates["age"], covariates["male"] = decade, table["Gender"] == "male"
    covariates["weight"] = table["Weight (kg)"]
    case = table["Therapeutic Dose of Warfarin"] > 35
    return People(*_arrays(case, pd.DataFrame(dosage), covariates))


def dosage_of(genotypes: pd.Series) -> pd.Series:
    """Copies of the rarer allele in genotypes such as AG; nan where missing."""
    letters = genotypes.dropna().str.cat()
    rarer = min(sorted(set(letters)), key=letters.count) if letters else ""
    return genotypes.str.count(rarer)


def _arrays(
    case: pd.Series, dosage: pd.DataFrame, covariates: pd.DataFrame
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    return case.to_numpy(bool), dosage.to_numpy(float), covariates.to_numpy(float)


def threshold_score(people: People, train: np.ndarray) -> np.ndarray:
    """Clumping and thresholding: effects and threshold from the training people alone."""
    from fabgwas.evaluate import delong, make_folds

    members = np.flatnonzero(train)
    inner = make_folds(people.case[train].astype(float), N_INNER, 0, binary=True)
    areas = np.zeros(len(_THRESHOLDS))
    for number in range(N_INNER):
        held = members[inner == number]
        part = train.copy()
        part[held] = False
        areas += delong(_thresholded(people, part)[held], people.case[held]).auc
    return _thresholded(people, train)[:, [int(np.argmax(areas))]]


def _thresholded(people: People, train: np.ndarray) -> np.ndarray:
    """A score for each threshold: effects of the leading variants below it."""
    from scipy.special import ndtr

    x = all_variants(people, train)
    y = people.case[train] - people.case[train].mean()
    mine = x[train] - x[train].mean(axis=0)
    squares = np.maximum(np.sum(mine * mine, axis=0), 1e-9)
    beta = mine.T @ y / squares
    p = 2 * ndtr(-np.abs(beta) * np.sqrt(squares / y.var()))
    r2 = (mine.T @ mine) ** 2 / np.outer(squares, squares)
    leading = np.zeros(p.size, bool)
    for k in np.argsort(p, kind="stable"):
        leading[k] = not np.any(leading & (r2[k] > _R2))
    kept = leading & (p <= np.array(_THRESHOLDS)[:, None])
    return x @ (beta * kept).T


def all_variants(people: People, train: np.ndarray) -> np.ndarray:
    """Dosages; missing ones get the mean of the training people."""
    return _filled(people.dosage, train)


def _filled(values: np.ndarray, train: np.ndarray) -> np.ndarray:
    return np.where(np.isnan(values), np.nanmean(values[train], axis=0), values)


def out_of_fold(
    score: Score | None, covariates: bool, people: People, context: Context, seed: int
) -> np.ndarray:
    """Risk of everybody by logistic ridge, its penalty from folds of training people."""
    from sklearn.linear_model import LogisticRegression
    from sklearn.model_selection import GridSearchCV, StratifiedKFold
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    risk = np.empty(people.case.size)
    fold = folds_of(people, seed)
    # rows come country by country
    inner = StratifiedKFold(N_INNER, shuffle=True, random_state=seed)
    for number in range(N_FOLDS):
        train = fold != number
        parts = [score(people, train)] if score is not None else []
        if covariates:
            parts.append(_filled(people.covariates, train))
        x = np.hstack(parts)
        ridge, penalties = LogisticRegression(max_iter=1000), {"C": _PENALTIES}
        fit = GridSearchCV(ridge, penalties, cv=inner, scoring="neg_log_loss")
        model = make_pipeline(StandardScaler(), fit).fit(x[train], people.case[train])
        risk[~train] = model.predict_proba(x[~train])[:, 1]
    return risk


def folds_of(people: People, seed: int) -> np.ndarray:
    """The fold of each person; cases and controls are spread evenly."""
    from fabgwas.evaluate import make_folds

    return make_folds(people.case.astype(float), N_FOLDS, seed, binary=True)


def judge(people: People, risk: np.ndarray, seed: int) -> dict[str, Metric]:
    """Area within folds, and R2 of the risk; people are resampled."""
    area = within(weighted_auc, folds_of(people, seed))
    label, person = people.case.astype(float), np.arange(people.case.size)
    return {
        name: bootstrap(lambda w, m=measure: m(label, risk, w), person, seed=seed)
        for name, measure in (("AUC", area), ("R2", weighted_r2))
    }


def _problem(read: Callable[[Context], People], context: Context, seed: int) -> People:
    need_module("sklearn", "fabgwas[evaluate]")
    return read(context)


def _is_small(task: Task) -> bool:
    return task.settings.get("folder") == _FOLDER


TASKS = [
    FunctionTask(
        name=f"people, {name}",
        problem=partial(_problem, read),
        judge=judge,
        settings={"folder": _FOLDER, "folds": N_FOLDS},
        quick_seeds=(0,) if name == "Alzheimer's disease" else (),
    )
    for name, read in (
        ("asthma", _asthma),
        ("Alzheimer's disease", _alzheimer),
        ("warfarin dose", _warfarin),
    )
]
METHODS = [
    FunctionMethod(
        name=name,
        answer=partial(out_of_fold, score, covariates),
        settings={"penalties": _PENALTIES, "thresholds": _THRESHOLDS},
        meant_for=_is_small,
    )
    for name, score, covariates in (
        ("people: covariates", None, True),
        ("people: ct", threshold_score, False),
        ("people: ct and covariates", threshold_score, True),
        ("people: ridge", all_variants, False),
        ("people: ridge and covariates", all_variants, True),
    )
]
