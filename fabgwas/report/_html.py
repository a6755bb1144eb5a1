"""One self-contained HTML file from the results of a run."""

import hashlib
from base64 import b64encode
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from jinja2 import Environment, FileSystemLoader, StrictUndefined

from fabgwas import __version__
from fabgwas.files import write_atomically
from fabgwas.plots import lambda_gc
from fabgwas.report import _figures, _format
from fabgwas.report._compare import Comparison, compare, explain_merges
from fabgwas.report._data import TESTS, Locus, ReportData
from fabgwas.report._methods import CAVEATS, REFERENCES, methods_paragraph
from fabgwas.report._prior import FoldSummary
from fabgwas.variants import CHROMOSOMES

_FOLDER = Path(__file__).parent
_MOST_ROWS = 200


class LociTable(NamedTuple):
    """A table of loci, the strongest first, cut where it would be too long to read."""

    title: str
    test: str
    rows: Sequence[Locus]
    n_loci: int
    new: frozenset[int]
    """Identities (`id`) of the rows that the two-sided test does not find."""


def write_report(path: str | Path, data: ReportData) -> None:
    """Write a report as one HTML file that needs nothing else, whole or not at all.

    The file asks for nothing over the network; a content security policy inside forbids
    it, and all that comes from the inputs is escaped.
    """
    write_page(path, render_report(data))


def write_page(path: str | Path, html: str) -> None:
    """Write a page, whole or not at all."""
    with write_atomically(Path(path)) as temporary:
        temporary.write_text(html, encoding="utf-8")


def render_report(data: ReportData) -> str:
    """The HTML of a report."""
    return render_page("run.html.j2", data, **_context(data))


def render_page(template: str, data: Any, **context: Any) -> str:
    """The HTML of a page that needs nothing else, in the look of all reports."""
    script = (_FOLDER / "sort.js").read_text(encoding="utf-8")
    digest = b64encode(hashlib.sha256(script.encode()).digest()).decode()
    return (
        _environment()
        .get_template(template)
        .render(
            data=data,
            script=script,
            script_sha256=digest,
            style=(_FOLDER / "style.css").read_text(encoding="utf-8"),
            version=__version__,
            **context,
        )
    )


def _environment() -> Environment:
    environment = Environment(
        loader=FileSystemLoader(_FOLDER),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    for name in (
        "pvalue", "level", "number", "fixed", "count", "estimate", "interval", "counted",
        "seconds", "setting", "in_words", "covariate", "dbsnp", "open_targets",
        "genome_browser",
    ):  # fmt: skip
        environment.filters[name] = getattr(_format, name)
    environment.filters["is_new"] = lambda locus, table: id(locus) in table.new
    return environment


def _context(data: ReportData) -> dict[str, Any]:
    comparison = compare(data)
    return {
        "tests": TESTS,
        "comparison": comparison,
        "tables": _tables(data, comparison),
        "shown_loci": _MOST_ROWS,
        "inflation": {
            test: lambda_gc(data.log_pvalue[test]) for test in ("two-sided", "fab")
        },
        "folds": _folds(data),
        "used_folds": sum(
            fold.model not in ("covariates", "auxiliary") for fold in data.prior.folds
        ),
        "shared_named": bool(_figures.strongest_shared(data, comparison)),
        "merges": explain_merges(comparison),
        "methods": methods_paragraph(data),
        "references": REFERENCES,
        "caveats": CAVEATS,
        "manhattan": _figures.manhattan_picture(data, comparison),
        "qq": _figures.qq_picture(data),
        "calibration": _figures.calibration_picture(data),
        "direction": _figures.direction_picture(data),
        "effects": _figures.effects_picture(data.loci[data.primary], data.primary),
    }


def _tables(data: ReportData, comparison: Comparison) -> list[LociTable]:
    """Loci of the primary test, then those it lost, then those of the other tests."""
    gained = frozenset(id(locus) for locus in comparison.gained)
    order = [data.primary, *(test for test in TESTS if test != data.primary)]
    tables = [
        _table(f"Loci of the {_format.in_words(test)} test", test, data.loci[test], gained)
        for test in order
    ]
    lost = _table(
        f"Two-sided loci that the {_format.in_words(comparison.test)} test does not find",
        "two-sided",
        comparison.lost,
        frozenset(),
    )
    return [tables[0], *([lost] if comparison.lost else []), *tables[1:]]


def _table(title: str, test: str, loci: Sequence[Locus], new: frozenset[int]) -> LociTable:
    rows = sorted(loci, key=lambda locus: locus.log_pvalue[test])
    return LociTable(title, test, rows[:_MOST_ROWS], len(loci), new)


def _folds(data: ReportData) -> list[tuple[FoldSummary, str]]:
    """What was learned for each fold, with the stretch of the genome it holds."""
    described = []
    for report in data.prior.folds:
        mine = data.fold == report.fold
        codes = np.unique(data.chrom[mine])
        if codes.size == 1:
            low, high = data.pos[mine].min() / 1e6, data.pos[mine].max() / 1e6
            place = f"chr{CHROMOSOMES[codes[0] - 1]}: {low:.1f}–{high:.1f} Mb"
        else:
            place = ", ".join(f"chr{CHROMOSOMES[code - 1]}" for code in codes.tolist())
        described.append((report, place))
    return described
