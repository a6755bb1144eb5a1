"""The report of a run: one HTML file."""

from fabgwas.report._compare import Comparison, compare
from fabgwas.report._data import TESTS, Clumping, Locus, ReportData, Study, Tally
from fabgwas.report._html import render_report, write_report
from fabgwas.report._methods import methods_paragraph
from fabgwas.report._prior import (
    Embedding,
    Estimate,
    FoldSummary,
    PriorFacts,
    RegionGain,
    StoreGain,
)
from fabgwas.report._scores import (
    Measure,
    ScoreFigures,
    ScoreReport,
    render_score_report,
    write_score_report,
)

__all__ = [
    "TESTS",
    "Clumping",
    "Comparison",
    "Embedding",
    "Estimate",
    "FoldSummary",
    "Locus",
    "Measure",
    "PriorFacts",
    "RegionGain",
    "ReportData",
    "ScoreFigures",
    "ScoreReport",
    "StoreGain",
    "Study",
    "Tally",
    "compare",
    "methods_paragraph",
    "render_report",
    "render_score_report",
    "write_report",
    "write_score_report",
]
