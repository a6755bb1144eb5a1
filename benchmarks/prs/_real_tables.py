"""Tables of real height and of real people."""

from collections.abc import Sequence

from benchmarks.harness import Result, Table, compare, scoreboard

_PLAIN, _LEARNED = "mixture, by statistics", "embedding, by statistics"
_HEIGHT = """
UK Biobank height split into 3/4 to fit with and 1/4 to judge by; the signed correlation
of score and height there, with 95 % interval over {blocks} LD blocks, fewer than the 100
that it would want. One half of the people of 1000 Genomes gives the LD of the fit, the
other half the noise of the split and the variance of scores, unshrunk. The embedding is
of genes and of the GWAS Catalog of 2016 without height. Needs `../shared/data`.

{verdict}
"""
_NOTHING = """
The same with a study of no effects, whose LD is that of people in neither part: every
method must give 0. Mean over studies, 95 % t interval. Needs `../shared/data`.
"""
_PEOPLE = """
Area and R2 of the risk, ten folds, people resampled. *ct* clumps and thresholds, *ridge*
takes all variants; effects, thresholds and penalties come from the training people. An
embedding is not tried: a few genes are too few to learn from what is known of genes. Needs
`../shared/data`.

{verdict}
"""


def real_tables(results: Sequence[Result]) -> list[Table]:
    """Height, studies of no effects, and people, where there are results."""
    tasks = list(dict.fromkeys(each.task for each in results))
    made = []
    for task in (each for each in tasks if each.startswith(("height", "no effects"))):
        text = _NOTHING
        if task.startswith("height"):
            text = _HEIGHT.format(
                blocks=_blocks(results, task), verdict=_gain(results, task)
            )
        metrics = ["r", "r2 with the sign of r", "variants with a weight"]
        baseline = _PLAIN if task.startswith("height") else None
        made.append(scoreboard(results, task, metrics, baseline=baseline, text=text))
    for task in (each for each in tasks if each.startswith("people")):
        text = _PEOPLE.format(verdict=_over_covariates(results, task))
        baseline = "people: covariates"
        made.append(scoreboard(results, task, ["AUC", "R2"], baseline=baseline, text=text))
    return made


def _of(results: Sequence[Result], task: str, method: str) -> list[Result]:
    return [each for each in results if (each.task, each.method) == (task, method)]


def _blocks(results: Sequence[Result], task: str) -> str:
    counts = {e.metrics["LD blocks"].value for e in results if e.task == task and e.metrics}
    return f"{max(counts):.0f}" if counts else "few"


def _gain(results: Sequence[Result], task: str) -> str:
    """Whether the embedding helps, by the paired difference."""
    mine, plain = (_of(results, task, name) for name in (_LEARNED, _PLAIN))
    apart = compare(mine, plain, "r")
    if apart is None or apart.lower is None or apart.upper is None:
        return ""
    if apart.lower > 0:
        return f"The embedding adds {apart} to the correlation of the plain mixture."
    if apart.upper < 0:
        return f"The embedding costs the plain mixture {apart} of its correlation."
    return f"The embedding cannot be told from the plain mixture: {apart}."


def _over_covariates(results: Sequence[Result], task: str) -> str:
    """What variants add to age, sex and origin."""
    base = _of(results, task, "people: covariates")
    told = []
    for name in ("ct", "ridge"):
        apart = compare(_of(results, task, f"people: {name} and covariates"), base, "AUC")
        if apart is not None:
            told.append(f"{'+' if apart.value > 0 else ''}{apart} with {name}")
    return f"Over the covariates alone: {', '.join(told)}." if told else ""
