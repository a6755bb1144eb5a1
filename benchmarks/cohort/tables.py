"""Tables of the suite cohort: ancestry and expression, beside vectors that mean nothing."""

from collections.abc import Sequence

from benchmarks.harness import Metric, Result, Table, compare, scoreboard
from benchmarks.harness.tables import over_seeds

_FIRST = "R2 of ancestry PC1, 10 components"
_CONTROLS = ("PCs of L, vectors whitened and permuted", "PCs of L, vectors random")
_MEANT = ("PCs of L", "PCs of L, vectors centred", "PCs of L, vectors whitened")
_ANCESTRY = """
R2 of the three ancestry components that GEUVADIS published from whole genomes, predicted
in ten folds of people by the first 2, 5, 10 and 20 components; mean over three seeds and
95 % t interval. All are Europeans. Needs `../shared/data`.

{verdict}

Any E makes L = G E sums of genotypes, which have ancestry in them. Vectors of descriptions
are alike within genes, so that their sums weigh few genes instead of all variants, and
tell less of ancestry than permuted ones do.
"""
_EXPRESSION = """
Area of being above the median, mean over genes and folds whose score was good in training,
with 95 % interval over genes. Needs `../shared/data`.

{verdict}

L is made of the genotypes that the score has seen already, and its leading components are
ancestry within Europe, which the covariates hold.
"""


def tables(results: Sequence[Result]) -> list[Table]:
    """A table for each task, with what the controls say."""
    made = []
    for task in dict.fromkeys(each.task for each in results):
        found = [each for each in results if each.task == task]
        if task.startswith("ancestry"):
            metrics = list(dict.fromkeys(name for each in found for name in each.metrics))
            text = _ANCESTRY.format(verdict=_ancestry(found))
            made.append(scoreboard(found, task, metrics or ["result"], text=text))
        else:
            made.append(expression_table(found, task))
    return made


def expression_table(results: Sequence[Result], task: str) -> Table:
    """Areas of the plain and the augmented scores."""
    return scoreboard(
        results,
        task,
        ["AUC over chosen genes", "genes and folds chosen", "genes and folds"],
        baseline="score and covariates",
        text=_EXPRESSION.format(verdict=_augmented(results)),
    )


def _named(results: Sequence[Result], method: str) -> list[Result]:
    return [each for each in results if each.method == method]


def _best(
    results: Sequence[Result], methods: Sequence[str], metric: str
) -> tuple[str, Metric] | None:
    found = {name: over_seeds(_named(results, name), metric) for name in methods}
    known = {name: value for name, value in found.items() if value is not None}
    if not known:
        return None
    best = max(known, key=lambda name: known[name].value)
    return best, known[best]


def _ancestry(results: Sequence[Result]) -> str:
    """The best of the vectors, of the controls, and genotype PCs, by ten components."""
    told = []
    for names in (("genotype PCs",), _CONTROLS, _MEANT):
        best = _best(results, names, _FIRST)
        if best is not None:
            told.append(f"{best[0]} {best[1]}")
    return f"Of the first component ten of each explain: {'; '.join(told)}." if told else ""


def _augmented(results: Sequence[Result]) -> str:
    """What augmenting by L adds, and by random vectors."""
    plain = _named(results, "score and covariates")
    told = []
    for name in ("PCs of L", "PCs of L, vectors random"):
        apart = compare(
            _named(results, f"augmented by {name}"), plain, "AUC over chosen genes"
        )
        if apart is not None:
            told.append(f"{name} {'+' if apart.value > 0 else ''}{apart}")
    return f"Over the plain score: {'; '.join(told)}." if told else ""
