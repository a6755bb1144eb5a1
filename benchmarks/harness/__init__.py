"""The harness: Task x Method x seed, one JSON each, and tables of them."""

from benchmarks.harness.context import Context, Skip, need_file, need_module, need_program
from benchmarks.harness.interface import FunctionMethod, FunctionTask, Method, Task
from benchmarks.harness.metrics import Metric, bootstrap, difference
from benchmarks.harness.record import Result, read_results
from benchmarks.harness.tables import Table, compare, over_seeds, scoreboard

__all__ = [
    "Context",
    "FunctionMethod",
    "FunctionTask",
    "Method",
    "Metric",
    "Result",
    "Skip",
    "Table",
    "Task",
    "bootstrap",
    "compare",
    "difference",
    "need_file",
    "need_module",
    "need_program",
    "over_seeds",
    "read_results",
    "scoreboard",
]
