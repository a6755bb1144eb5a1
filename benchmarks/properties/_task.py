"""A task of this suite: one label of one set of variants, with one text and one split."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

from benchmarks.harness import Context, Metric
from benchmarks.properties._rows import Problem, Rows, draw, judge
from benchmarks.properties._text import render

MOST_ROWS = 2000
QUICK_ROWS = 150


@dataclass(frozen=True, kw_only=True)
class PropertyTask:
    """Predict a label from texts; `main` ones are for all methods, others for a few."""

    label: str
    source: Callable[[Context], Rows]
    text: str = "plain"
    split: str = "gene"
    main: bool = True
    scored: bool = False
    """Whether the rows have published scores."""
    most: int = MOST_ROWS
    note: str = field(default="", compare=False)
    """What the label is and where the rows come from, for the tables."""

    @property
    def name(self) -> str:
        """Label, text and split."""
        return f"{self.label}, {self.text} text, by {self.split}"

    @property
    def settings(self) -> Mapping[str, Any]:
        """What rows, texts and folds depend on."""
        return {"text": self.text, "split": self.split, "most_rows": self.most}

    def seeds(self, context: Context) -> Sequence[int]:
        """One: intervals come from the groups; quick runs do the main tasks alone."""
        return (0,) if self.main or not context.quick else ()

    def load(self, context: Context, seed: int) -> Problem:
        """Read, draw, and write the texts."""
        rows = _read(self.source, context)
        most = QUICK_ROWS if context.quick else self.most
        if rows.test is None:
            rows = rows.take(draw(rows.label, rows.kind, most, seed))
        elif context.quick:
            chosen = draw(rows.label + 2 * rows.test, "binary", most, seed)
            rows = rows.take(chosen)
        texts, columns = render(self.text, rows.fields)
        return Problem(
            rows=rows, texts=texts, columns=columns, groups=rows.groups(self.split)
        )

    def score(self, problem: Problem, answer: Any, seed: int) -> Mapping[str, Metric]:
        """Metrics of the kind of label."""
        return judge(problem, answer, seed)


@lru_cache(maxsize=1)
def _read(source: Callable[[Context], Rows], context: Context) -> Rows:
    """Tasks of the same rows follow each other."""
    return source(context)


def with_variants(
    label: str,
    source: Callable[[Context], Rows],
    *,
    texts: Sequence[str] = (),
    splits: Sequence[str] = (),
    **settings: Any,
) -> list[PropertyTask]:
    """The main task, and the same rows with other texts and other splits."""
    main = PropertyTask(label=label, source=source, **settings)
    told = {"label": label, "source": source, **settings, "main": False}
    return [
        main,
        *(PropertyTask(**told | {"text": text}) for text in texts),
        *(PropertyTask(**told | {"split": split}) for split in splits),
    ]
