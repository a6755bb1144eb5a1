"""Fixtures shared by all tests."""

import os
import shutil
from pathlib import Path

import numpy as np
import pytest
from hypothesis import settings

# these machines are noisy, and the same examples should be tried everywhere
settings.register_profile("fabgwas", deadline=None, derandomize=True)
settings.load_profile("fabgwas")

REPOSITORY = Path(__file__).parent.parent


@pytest.fixture
def rng() -> np.random.Generator:
    return np.random.default_rng(20260923)


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """The folder of real data, described in its SOURCE.txt files."""
    path = Path(os.environ.get("FABGWAS_TEST_DATA", REPOSITORY / ".." / "shared" / "data"))
    if not path.is_dir():
        pytest.skip(f"no real data at {path}: set FABGWAS_TEST_DATA")
    return path.resolve()


def _program(name: str) -> str:
    found = shutil.which(name)
    if found is None:
        pytest.skip(f"{name} is not installed (apt-get install {name})")
    return found


@pytest.fixture(scope="session")
def plink1() -> str:
    return _program("plink1.9")


@pytest.fixture(scope="session")
def plink2() -> str:
    return _program("plink2")
