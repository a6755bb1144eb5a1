"""What a task and a method are: a problem to solve, and a way to solve it."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol, runtime_checkable

from benchmarks.harness.context import Context
from benchmarks.harness.metrics import Metric

Scores = Mapping[str, Metric | float]
Settings = Mapping[str, Any]


@runtime_checkable
class Task(Protocol):
    """A problem, and how its solutions are judged."""

    @property
    def name(self) -> str:
        """Unique in its suite."""
        ...

    @property
    def settings(self) -> Settings:
        """Whatever changes the problem; a result is stale once they differ."""
        ...

    def seeds(self, context: Context) -> Sequence[int]:
        """Replicates to run."""
        ...

    def load(self, context: Context, seed: int) -> Any:
        """Make or read the problem; raise `Skip` if something is missing."""
        ...

    def score(self, problem: Any, answer: Any, seed: int) -> Scores:
        """Judge what a method answered."""
        ...


@runtime_checkable
class Method(Protocol):
    """A way to solve some of the problems of a suite."""

    @property
    def name(self) -> str:
        """Unique in its suite."""
        ...

    @property
    def settings(self) -> Settings:
        """Whatever changes the answers; a result is stale once they differ."""
        ...

    def suits(self, task: Task) -> bool:
        """Whether the method is meant for the task."""
        ...

    def solve(self, problem: Any, context: Context, seed: int) -> Any:
        """Answer the problem; raise `Skip` if a program or package is missing."""
        ...


def _always(task: Task) -> bool:
    return True


@dataclass(frozen=True, kw_only=True)
class FunctionTask:
    """A task of two plain functions."""

    name: str
    problem: Callable[[Context, int], Any]
    judge: Callable[[Any, Any, int], Scores]
    settings: Settings = field(default_factory=dict)
    all_seeds: Sequence[int] = (0,)
    quick_seeds: Sequence[int] = (0,)

    def seeds(self, context: Context) -> Sequence[int]:
        """Fewer of them in a quick run."""
        return self.quick_seeds if context.quick else self.all_seeds

    def load(self, context: Context, seed: int) -> Any:
        """Call `problem`."""
        return self.problem(context, seed)

    def score(self, problem: Any, answer: Any, seed: int) -> Scores:
        """Call `judge`."""
        return self.judge(problem, answer, seed)


@dataclass(frozen=True, kw_only=True)
class FunctionMethod:
    """A method of one plain function."""

    name: str
    answer: Callable[[Any, Context, int], Any]
    settings: Settings = field(default_factory=dict)
    meant_for: Callable[[Task], bool] = _always

    def suits(self, task: Task) -> bool:
        """Call `meant_for`."""
        return self.meant_for(task)

    def solve(self, problem: Any, context: Context, seed: int) -> Any:
        """Call `answer`."""
        return self.answer(problem, context, seed)
