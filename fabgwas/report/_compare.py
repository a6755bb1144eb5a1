"""What the prior added: loci of one test that another does not find."""

from collections.abc import Sequence
from typing import NamedTuple

from fabgwas.report._data import Locus, ReportData


class Comparison(NamedTuple):
    """Loci of `test` beside those of the two-sided test."""

    test: str
    found: Sequence[Locus]
    gained: Sequence[Locus]
    """Loci of `test` that share no position with a locus of the two-sided test."""
    lost: Sequence[Locus]
    """Two-sided loci that share no position with a locus of `test`."""


def compare(data: ReportData) -> Comparison:
    """Compare the primary test, or the family test if that is the two-sided one."""
    test = "family" if data.primary == "two-sided" else data.primary
    found, usual = data.loci[test], data.loci["two-sided"]
    return Comparison(
        test=test,
        found=found,
        gained=_apart(found, usual, test),
        lost=_apart(usual, found, "two-sided"),
    )


def _apart(loci: Sequence[Locus], others: Sequence[Locus], test: str) -> list[Locus]:
    """Loci that overlap none of the others, the most significant first."""
    by_chrom: dict[int, list[Locus]] = {}
    for other in others:
        by_chrom.setdefault(other.chrom, []).append(other)
    return [
        locus
        for locus in sorted(loci, key=lambda locus: locus.log_pvalue[test])
        if not any(locus.overlaps(other) for other in by_chrom.get(locus.chrom, ()))
    ]
