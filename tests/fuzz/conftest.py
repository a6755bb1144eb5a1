"""How many inputs were tried, at the end of a run."""

import damage
import pytest


def pytest_sessionfinish(session):
    if hasattr(session.config, "workeroutput"):
        session.config.workeroutput["tried"] = damage.TRIED


@pytest.hookimpl(optionalhook=True)  # of xdist
def pytest_testnodedown(node, error):
    damage.TRIED += getattr(node, "workeroutput", {}).get("tried", 0)


def pytest_terminal_summary(terminalreporter):
    terminalreporter.write_line(f"fuzz: {damage.TRIED:,} damaged inputs tried")
