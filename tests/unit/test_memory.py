"""The bound on memory: kept by the system, and told before it is reached."""

import subprocess
import sys

import pytest

from fabgwas.errors import UsageError
from fabgwas.memory import GIB, lacks_memory, limit_memory, require_memory

BOUNDED = """
import numpy as np
from fabgwas.memory import limit_memory
limit_memory(1)
np.ones(2**20)
try:
    np.ones(2**28)  # 2 GiB
except MemoryError:
    print("refused")
"""


def test_the_system_keeps_the_bound():
    done = subprocess.run([sys.executable, "-c", BOUNDED], capture_output=True, text=True)
    assert done.stdout == "refused\n", done.stderr


def test_what_cannot_fit_is_refused_before_it_begins(monkeypatch):
    monkeypatch.setattr("resource.getrlimit", lambda kind: (2 * GIB, 2 * GIB))
    require_memory(2 * GIB, "L of 5 people", "project")
    with pytest.raises(UsageError, match=r"L of 5 people takes 3\.0 GiB, but at most 2\.0"):
        require_memory(3 * GIB, "L of 5 people", "project")


def test_without_a_bound_anything_may_be_tried():
    limit_memory(None)
    require_memory(2**60, "everything", "take less")


@pytest.mark.parametrize(
    ("error", "answer"),
    [
        (MemoryError(), True),
        (RuntimeError("RESOURCE_EXHAUSTED: Out of memory allocating"), True),
        (OSError(12, "Cannot allocate memory"), True),
        (RuntimeError("something else"), False),
    ],
)
def test_lack_of_memory_is_recognised(error, answer):
    assert lacks_memory(error) is answer
