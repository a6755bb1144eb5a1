"""Tables of this suite: encoders against baselines, leaks, learners, published scores."""

from collections.abc import Sequence
from pathlib import Path

from benchmarks.harness import Metric, Result, Table, compare, over_seeds, scoreboard
from benchmarks.harness.tables import trouble

_FIRST = ("AUC", "accuracy", "R2")  # the metric of each kind of label
_ENCODERS = ("USE", "MiniLM", "hashed n-grams", "Qwen3", "OpenAI")
_LINEAR = tuple(f"{name}, linear" for name in _ENCODERS)
_BASELINES = ("TF-IDF, linear", "one-hot, linear", "random, linear")
_SCORED = (
    "CADD",
    "REVEL",
    "phyloP",
    "scores, linear",
    "USE with scores, linear",
    "USE, linear",
    "MiniLM, linear",
    "TF-IDF, linear",
)
_LEARNED = tuple(
    f"{name}, {learner}"
    for name in _ENCODERS[:3]
    for learner in ("linear", "neighbours", "net")
)

_MAIN = """
AUC of a binary label, accuracy of classes (by chance: chromosome 0.045, place 0.25,
consequence 0.17, allele frequency 0.25), R2 of a number; 95 % intervals from resampling
genes, differences paired. Five folds that share no gene (BRCA1: no exon), at most 2,000
rows a task, drawn evenly from the classes. *Plain* texts tell gene, what it does, place and
consequence, never the label, but `place` and `consequence` themselves, which are read back.
† needs `../shared/data`.
"""
_WHY = """
Where one word of the text decides (consequence, place), counting words reads it back nearly
without error, and the small sentence encoders lose a part of it: they were made for what a
sentence is about, and all of these are about genes. Where no word decides (pathogenic among
missense variants, traits of the catalog, allele frequency), all that a text holds is which
gene it is and what that does; a held-out gene must be judged by its likes, which works a
little, with a model or without. For one variant against another of the same gene (BRCA1,
reclassified variants) these texts are silent, and CADD and REVEL, which see alignments and
the protein, are far ahead. `uncertain in 2016` shares genes with its training rows, and
random vectors, which know nothing but which gene it is, do as well there as any text. The
better encoder is chosen by its result, which favours encoders.
"""
_LEAKS = """
The full text quotes ClinVar's verdict and the traits of the catalog. Where leaving out one
source brings the number down to that of the plain text, the rest was that leak and nothing
else. † needs `../shared/data`.
"""
_LEARNERS = """
Linear: penalty chosen on inner genes. Neighbours: 30, by cosine. Net: 64 hidden units,
early stopping. † needs `../shared/data`.
"""
_SCORES = """
CADD, REVEL and phyloP are used as they are; `scores, linear` joins them, `USE with scores`
adds the text. Among missense variants the text takes away more than it gives; among all
changes of BRCA1 it gives, because it names the consequence, and the scores do not. REVEL
learned from disease variants known by 2016, some of which may be among
these rows. Needs `../shared/data`.
"""
_WITHOUT_DATA = ("chromosome", "place")


def tables(results: Sequence[Result]) -> list[Table]:
    """The main comparisons, then every task in full."""
    tasks = dict.fromkeys(each.task for each in results)
    main = [task for task in tasks if _is_main(results, task)]
    return [
        _wide(
            "Encoders and baselines on the same variants",
            results,
            main,
            (*_LINEAR, *_BASELINES),
            text=f"{_MAIN}\n{_verdict(results, main)}\n{_WHY}",
            against=("TF-IDF, linear", "one-hot, linear"),
        ),
        _wide(
            "What leaks, and what the parts of a text are worth",
            results,
            sorted(set(tasks) - set(main) | _with_variants(tasks, main)),
            (*_LINEAR[:2], *_BASELINES[:2]),
            text=_LEAKS,
        ),
        _wide(
            "Against published scores",
            results,
            [task for task in main if _of(results, task, "CADD")],
            _SCORED,
            text=_SCORES,
        ),
        _wide("Learners", results, main, _LEARNED, text=_LEARNERS, main=False),
        *(
            scoreboard(
                results,
                task,
                ["AUC", "average precision"],
                title=f"Against published scores: {task}",
                baseline="CADD",
                main=False,
            )
            for task in main
            if any(each.task == task and each.method == "CADD" for each in results)
        ),
        *(
            scoreboard(results, task, _metrics(results, task), title=task, main=False)
            for task in tasks
        ),
    ]


def figures(results: Sequence[Result], folder: Path) -> list[Path]:
    """Areas of the binary main tasks, with their intervals."""
    import matplotlib

    matplotlib.use("Agg")
    from matplotlib.figure import Figure

    methods = [*_LINEAR[:3], *_BASELINES[:2], "CADD", "REVEL"]
    tasks = [
        task
        for task in dict.fromkeys(each.task for each in results)
        if _is_main(results, task) and _metrics(results, task)[0] == "AUC"
    ]
    if not tasks:
        return []
    figure = Figure(figsize=(8, 1.2 + 0.75 * len(tasks)), layout="constrained")
    axes = figure.subplots()
    for number, method in enumerate(methods):
        for row, task in enumerate(tasks):
            found = over_seeds(_of(results, task, method), "AUC")
            if found is None or found.lower is None or found.upper is None:
                continue
            height = row + 0.35 - 0.7 * number / (len(methods) - 1)
            axes.plot([found.lower, found.upper], [height] * 2, color=f"C{number}", lw=1.5)
            label = method if row == 0 else None
            axes.plot(found.value, height, "o", ms=4, color=f"C{number}", label=label)
    axes.axvline(0.5, color="0.6", lw=0.8)
    axes.set_yticks(range(len(tasks)), [task.split(", plain")[0] for task in tasks])
    axes.set_xlabel("AUC, held-out genes or exons")
    handles = [
        axes.plot([], [], "o-", color=f"C{n}", label=m)[0] for n, m in enumerate(methods)
    ]
    figure.legend(handles=handles, fontsize=8, loc="outside upper center", ncols=4)
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / "properties.png"
    figure.savefig(path, dpi=150, metadata={"Software": None})
    return [path]


def _wide(
    title: str,
    results: Sequence[Result],
    tasks: Sequence[str],
    methods: Sequence[str],
    *,
    text: str = "",
    against: Sequence[str] = (),
    main: bool = True,
) -> Table:
    """Tasks by methods, and the best encoder less each baseline."""
    known = {each.method for each in results if each.status == "done"}
    shown = [method for method in methods if method in known]
    absent = sorted(
        {
            f"{method.split(',')[0]} {trouble(found)}"
            for method in methods
            if method not in known and (found := [e for e in results if e.method == method])
        }
    )
    header = ["task", "metric", *shown, *(f"best encoder less {name}" for name in against)]
    rows = []
    for task in tasks:
        metric = _metrics(results, task)[0]
        cells = [over_seeds(_of(results, task, method), metric) for method in shown]
        apart = [_apart(results, task, metric, name) for name in against]
        mark = "" if task.startswith(_WITHOUT_DATA) else " †"
        rows.append([f"{task}{mark}", metric, *map(_show, cells), *map(_signed, apart)])
    if absent:
        text += f"\nColumns that could not be made: {'; '.join(absent)}.\n"
    return Table(title=title, header=header, rows=rows, text=text, main=main)


def _verdict(results: Sequence[Result], tasks: Sequence[str]) -> str:
    """Counts of tasks where the best encoder is better or worse than a baseline."""
    lines = []
    for name in ("TF-IDF, linear", "one-hot, linear"):
        found = [_apart(results, task, _metrics(results, task)[0], name) for task in tasks]
        known = [each for each in found if each is not None and each.lower is not None]
        better = sum(each.lower > 0 for each in known)
        worse = sum(each.upper < 0 for each in known)
        lines.append(
            f"The better of USE and MiniLM beats {name} in {better} of {len(known)} tasks, "
            f"is beaten in {worse}, and cannot be told from it in the other "
            f"{len(known) - better - worse}."
        )
    return " ".join(lines)


def _apart(
    results: Sequence[Result], task: str, metric: str, baseline: str
) -> Metric | None:
    """Best offline encoder less a baseline."""
    scores = {m: over_seeds(_of(results, task, m), metric) for m in _LINEAR[:2]}
    known = {method: score.value for method, score in scores.items() if score is not None}
    if not known:
        return None
    best = max(known, key=known.__getitem__)
    return compare(_of(results, task, best), _of(results, task, baseline), metric)


def _of(results: Sequence[Result], task: str, method: str) -> list[Result]:
    return [each for each in results if each.task == task and each.method == method]


def _metrics(results: Sequence[Result], task: str) -> list[str]:
    found = dict.fromkeys(
        name for each in results if each.task == task for name in each.metrics
    )
    return sorted(found, key=lambda name: name not in _FIRST) or ["result"]


def _is_main(results: Sequence[Result], task: str) -> bool:
    """Main tasks alone have noise as a baseline."""
    return bool(_of(results, task, "random, linear"))


def _with_variants(tasks: Sequence[str], main: Sequence[str]) -> set[str]:
    """Main tasks that have variants of text or split."""
    labels = [task.rpartition(" text, by ")[0].rpartition(", ")[0] for task in tasks]
    return {
        task
        for task in main
        if labels.count(task.rpartition(" text, by ")[0].rpartition(", ")[0]) > 1
    }


def _show(metric: Metric | None) -> str:
    return "" if metric is None else str(metric)


def _signed(metric: Metric | None) -> str:
    return "" if metric is None else f"{'+' if metric.value > 0 else ''}{metric}"
