"""The program as it runs in a terminal."""

import subprocess
import sys
from collections.abc import Mapping


def fabgwas(
    *arguments: object, env: Mapping[str, str] | None = None
) -> "subprocess.CompletedProcess[str]":
    """Run a command in a process of its own, whatever its exit code."""
    return subprocess.run(
        [sys.executable, "-m", "fabgwas", *map(str, arguments)],
        capture_output=True,
        text=True,
        check=False,
        env=env,
    )
