"""What stands beside or above a table of summary statistics: its build and sample size."""

import re
from pathlib import Path
from typing import NamedTuple

from fabgwas.errors import InputError
from fabgwas.io._build import normalize_build

_BUILD_IN_TEXT = re.compile(r"GRCh3[78]|hg19|hg38")
_PHENOTYPE_OF_PLINK2 = re.compile(r"([^./]+)\.glm\.(?:linear|logistic|firth)")


class Metadata(NamedTuple):
    """Facts that are None where they are not stated."""

    build: str | None = None
    n: float | None = None
    n_cases: float | None = None
    n_controls: float | None = None


def read_metadata(path: Path) -> Metadata:
    """Facts of the -meta.yaml that belongs to a file of GWAS-SSF, if there is one.

    Raises
    ------
    InputError
        If positions are counted from 0.
    """
    beside = path.with_name(f"{path.name}-meta.yaml")
    if not beside.is_file():
        return Metadata()
    text = beside.read_text(encoding="utf-8", errors="replace")
    if re.search(r"(?m)^coordinate_system:\s*['\"]?0-based", text):
        raise InputError(f"{beside}: positions counted from 0 are not supported.")
    assembly = re.search(r"(?m)^genome_assembly:\s*['\"]?([\w.]+)", text)
    sums = {
        name: sum(float(size) for size in re.findall(rf"\b{name}:\s*['\"]?(\d+)", text))
        for name in ("sample_size", "case_count", "control_count")
    }
    known = {name: size or None for name, size in sums.items()}
    return Metadata(
        build_in(assembly[1]) if assembly else None,
        known["sample_size"],
        known["case_count"],
        known["control_count"],
    )


def build_in(text: str) -> str | None:
    """The only build that a text names; None if it names none or both."""
    builds = {normalize_build(name) for name in _BUILD_IN_TEXT.findall(text)}
    return builds.pop() if len(builds) == 1 else None


def phenotype_in_name(path: Path) -> str | None:
    """The phenotype in a name that PLINK 2 gave, such as ``out.height.glm.linear``."""
    found = _PHENOTYPE_OF_PLINK2.search(path.name)
    return found[1] if found and found.start() > 0 else None
