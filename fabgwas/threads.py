"""Work that is shared among the cores a process may use."""

import os
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

from threadpoolctl import threadpool_limits

Item = TypeVar("Item")
Result = TypeVar("Result")


def thread_count() -> int:
    """What ``OMP_NUM_THREADS`` says, which ``--threads`` sets, or every usable core."""
    told = os.environ.get("OMP_NUM_THREADS", "")
    return int(told) if told.isdigit() and int(told) > 0 else len(os.sched_getaffinity(0))


def map_threads(
    function: Callable[[Item], Result], items: Iterable[Item]
) -> Iterator[Result]:
    """Results in the order of the items, for work that leaves Python's lock alone."""
    if thread_count() == 1:
        yield from map(function, items)
        return
    # the threads of BLAS would fight with these for the same cores
    with threadpool_limits(1, "blas"), ThreadPoolExecutor(thread_count()) as pool:
        yield from pool.map(function, items)
