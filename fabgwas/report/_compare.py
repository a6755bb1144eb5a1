"""What the prior added: loci of one test that another does not find."""

from collections.abc import Sequence
from typing import NamedTuple

from fabgwas.report._data import Locus, ReportData
from fabgwas.report._format import counted, in_words


class Comparison(NamedTuple):
    """Loci of `test` beside those of the two-sided test at the same level."""

    test: str
    level: float
    usual: Sequence[Locus]
    found: Sequence[Locus]
    gained: Sequence[Locus]
    """Loci of `test` that share no position with a locus of the two-sided test."""
    lost: Sequence[Locus]
    """Two-sided loci that share no position with a locus of `test`."""
    gained_over_covariates: int | None
    lost_to_covariates: int | None
    """The same against the family test with the covariates alone, if that is known."""


def compare(data: ReportData) -> Comparison:
    """Compare the primary test, or the family test if that is the two-sided one.

    At one level for both, or a difference of levels would pass for one of priors.
    """
    test = "family" if data.primary == "two-sided" else data.primary
    found = data.loci[test]
    usual = data.loci["two-sided"] if data.same_level is None else data.same_level
    base = data.covariates_only if test == "family" else None
    return Comparison(
        test=test,
        level=data.thresholds[test],
        usual=usual,
        found=found,
        gained=_apart(found, usual, test),
        lost=_apart(usual, found, "two-sided"),
        gained_over_covariates=None if base is None else len(_apart(found, base, test)),
        lost_to_covariates=None if base is None else len(_apart(base, found, test)),
    )


def explain_merges(comparison: Comparison) -> str:
    """Why the counts of two tests differ by other than what is gained and lost."""
    usual = len(comparison.usual) - len(comparison.lost)
    found = len(comparison.found) - len(comparison.gained)
    if usual == found:
        return ""
    others = "locus lies" if usual == 1 else "loci lie"
    number = "" if usual == 1 else f"{usual:,} "
    which = "The other" if comparison.lost else "All" if number else "The"
    return (
        f"{which} {number}two-sided {others} in {counted(found, 'locus')} of the "
        f"{in_words(comparison.test)} test: clumps merge or part where another variant "
        "leads."
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
