"""Expression above the median from a score of cis variants, plain and augmented by L.

GEUVADIS expression of 364 genes of chromosome 22 in 353 Europeans. In each of five folds
all of this happens among the training people: covariates are regressed out, the 50 cis SNPs
(within 500 kb) that correlate most are chosen, a ridge is fitted; genes are chosen whose
score, cross-fitted once more, has an area above `CHOSEN`; the number of components of L is
chosen by the log loss of inner folds. The plain model is logistic in score and covariates.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

import numpy as np
from jaxtyping import Bool, Float, Int

from benchmarks.cohort._data import Expression, embedded, expression, people_of
from benchmarks.cohort.ancestry import NAMES
from benchmarks.harness import Context, FunctionMethod, FunctionTask, Metric, bootstrap
from fabgwas.evaluate import augment_fold, delong, fit_predict, make_folds
from fabgwas.io import open_genotypes

PANEL = "chr22"
N_FOLDS = N_INNER = 5
N_SNPS = 50
CIS = 500_000
CHOSEN = 0.6
NUMBERS = (0, 2, 5, 10)
_PENALTIES = np.geomspace(0.1, 1000, 9)


@dataclass(frozen=True)
class Cell:
    """One gene in one fold."""

    gene: int
    train: Bool[np.ndarray, " sample"]
    base: Float[np.ndarray, "sample column"]
    """Score (cross-fitted for training people) and covariates."""
    y: Float[np.ndarray, " sample"]
    chosen: bool


@dataclass(frozen=True)
class Genes:
    """All genes in all folds."""

    cells: list[Cell]
    row: Int[np.ndarray, " sample"]
    """Of each person in the panel."""


Predict = Callable[
    [
        Float[np.ndarray, "sample variant"],
        Float[np.ndarray, " sample"],
        Bool[np.ndarray, " sample"],
    ],
    Float[np.ndarray, " sample"],
]
"""A score of everybody from dosages and values of the training people."""


def problem(predict: Predict, context: Context, seed: int) -> Genes:
    """Cells of all genes, with this score."""
    known = expression(context)
    place = {name: row for row, name in enumerate(people_of(context, PANEL))}
    both = np.array([k for k, name in enumerate(known.people) if name in place])
    row = np.array([place[known.people[k]] for k in both])
    dosage, pos = _genotypes(context, row)
    genes = range(0, len(known.genes), 12 if context.quick else 1)
    fold = make_folds(np.zeros(both.size), N_FOLDS, seed, binary=False)
    cells = [
        cell
        for gene in genes
        for cell in _cells(known, gene, both, dosage, pos, fold, predict)
    ]
    return Genes(cells, row)


def _genotypes(
    context: Context, row: Int[np.ndarray, " sample"]
) -> tuple[Float[np.ndarray, "sample variant"], Int[np.ndarray, " variant"]]:
    """Standardised dosages, and places."""
    from benchmarks.cohort._data import PANELS

    genotypes = open_genotypes(context.data / PANELS[PANEL])
    x = genotypes.dosage(0, genotypes.n_variants)[row].astype(float)
    x = np.where(np.isnan(x), np.nanmean(x, axis=0), x)
    sd = x.std(axis=0)
    x = (x - x.mean(axis=0)) / np.where(sd > 0, sd, 1)
    return x, genotypes.variants["pos"].to_numpy()


def _cells(
    known: Expression,
    gene: int,
    both: Int[np.ndarray, " sample"],
    dosage: Float[np.ndarray, "sample variant"],
    pos: Int[np.ndarray, " variant"],
    fold: Int[np.ndarray, " sample"],
    predict: Predict,
) -> list[Cell]:
    start, end = known.genes.loc[gene, ["start", "end"]]
    x = dosage[:, (pos > start - CIS) & (pos < end + CIS)]
    if x.shape[1] < 2:
        return []
    value, covariates = known.values[both, gene], known.covariates[both]
    cells = []
    for number in range(N_FOLDS):
        train = fold != number
        y = (value > np.median(value[train])).astype(float)
        rest = value - fit_predict(covariates, value, train, binary=False)
        score = predict(x, rest, train)
        inner = make_folds(y[train], N_INNER, number, binary=True)
        for k in range(N_INNER):
            part = train.copy()
            part[np.flatnonzero(train)[inner == k]] = False
            out = train & ~part
            score[out] = predict(x, rest, part)[out]
        area = delong(score[train][:, None], y[train] > 0.5).auc[0]
        base = np.column_stack([score / max(score.std(), 1e-12), covariates])
        cells.append(Cell(gene, train, base, y, bool(area > CHOSEN)))
    return cells


def ridge(
    x: Float[np.ndarray, "sample variant"],
    value: Float[np.ndarray, " sample"],
    train: Bool[np.ndarray, " sample"],
) -> Float[np.ndarray, " sample"]:
    """Predict everybody by the SNPs that correlate most among the training people."""
    from sklearn.linear_model import RidgeCV

    strength = np.abs(x[train].T @ (value[train] - value[train].mean()))
    top = np.argsort(-strength)[:N_SNPS]
    fit = RidgeCV(_PENALTIES * train.sum() / 10).fit(x[train][:, top], value[train])
    return fit.predict(x[:, top])


def _predict(
    kind: str | None, problem: Genes, context: Context, seed: int
) -> list[Float[np.ndarray, " sample"]]:
    """Risk of everybody in each chosen cell."""
    extra = np.zeros((problem.row.size, 0))
    if kind is not None:
        found = embedded(context, PANEL, kind, seed)
        matrix = found.genotype_pcs.scores if kind == "genotypes" else found.embedding
        extra = matrix[problem.row].astype(float)
    return [_risk(cell, extra, kind, seed) for cell in problem.cells if cell.chosen]


def _risk(
    cell: Cell, extra: Float[np.ndarray, "sample dim"], kind: str | None, seed: int
) -> Float[np.ndarray, " sample"]:
    if kind is None:
        return fit_predict(cell.base, cell.y, cell.train, binary=True)
    found = augment_fold(
        cell.base, extra, cell.y, cell.train, NUMBERS, binary=True, seed=seed
    )
    return found.augmented


def judge(
    problem: Genes, answer: list[Float[np.ndarray, " sample"]], seed: int
) -> dict[str, Metric | float]:
    """Mean area in the test people over chosen genes; genes are what is resampled."""
    cells = [cell for cell in problem.cells if cell.chosen]
    areas = np.array(
        [
            delong(risk[~cell.train][:, None], cell.y[~cell.train] > 0.5).auc[0]
            for cell, risk in zip(cells, answer, strict=True)
        ]
    )
    gene = np.array([cell.gene for cell in cells])
    mean = bootstrap(lambda weight: float(weight @ areas / weight.sum()), gene, seed=seed)
    return {
        "AUC over chosen genes": mean,
        "genes and folds chosen": len(cells),
        "genes and folds": len(problem.cells),
    }


TASKS = [
    FunctionTask(
        name="expression above median",
        problem=partial(problem, ridge),
        judge=judge,
        settings={"snps": N_SNPS, "cis": CIS, "chosen": CHOSEN, "numbers": NUMBERS},
        all_seeds=(0,),
        quick_seeds=(0,),
    )
]
METHODS = [
    FunctionMethod(
        name=name,
        answer=lambda problem, context, seed, kind=kind: _predict(
            kind, problem, context, seed
        ),
        meant_for=lambda task: task.name.startswith("expression"),
    )
    for kind, name in {
        None: "score and covariates",
        **{k: f"augmented by {name}" for k, name in NAMES.items() if k != "centred"},
    }.items()
]
