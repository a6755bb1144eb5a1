"""Tables of the suite tests: ratios of sums over seeds, which intervals resample."""

from collections.abc import Sequence

from benchmarks.harness import Result, Table, scoreboard
from benchmarks.tests._calibration_table import calibration_tables
from benchmarks.tests._figures import figures
from benchmarks.tests._ratios import ratio_of_sums, share_captured

__all__ = ["figures", "tables"]

_TWO_SIDED, _REFERENCE = "two-sided", "family, covariates, a = 1/LD score"
_LEARNED = "family, auto, a = 1/LD score"
_COUNTS = {
    "gained, lost to two-sided": ("gained on two-sided", "lost to two-sided"),
    "gained, lost to covariates": ("gained on covariates", "lost to covariates"),
    "empty": ("empty loci",),
}
# the oracle must gain this much before it is asked how much of it was learned
_LEAST_GAIN = 0.03

_POWER = """
Loci found in simulated studies on real LD (intervals of 200 kb with a rejected variant),
summed over seeds; ratios of sums, seeds resampled. At a family-wise error of 0.05, or for
names that end in FDR at a false discovery rate of 0.05. *Oracle* knows the true prior of
E z, *covariates* LD score and heterozygosity, *auto* the embedding too; *fitted slabs*
takes the likelihood ratios of the fitted prior as they are, which loses loci. Empty: no
rejected variant of the locus has |E z| of 1 or more. At a false discovery rate, which
counts variants and not loci, priors lose loci, the true one too; there AdaFDR, which sees
LD score, heterozygosity and four coordinates of the embedding, wins by a few per cent.
Needs `../shared/data`.
"""
_COVERAGE = """
1,000 effects, each estimated 1,000 times (simulated). Coverage is exact whatever the prior,
also one of the wrong sign; only the width pays for a bad one.
"""
_REPLICATION = """
UK Biobank height, 22 windows, split into independent halves by adding noise with the
covariance of the LD; found in one, and found again in the other at 0.05 over the number of
loci. Mean over splits and 95 % t interval. The embedding tells nothing here, so that *auto*
is *covariates*, and neither differs from the two-sided test by more than the splits do.
Needs `../shared/data`.
"""
_BMI = """
GIANT's body mass index, 23,054 variants in hardly any LD, at a false discovery rate of 5 %
by Benjamini and Hochberg. *Local* thresholds the running mean of local false discovery
rates, which is right only if the prior is. AdaFDR 0.1.7 (with numpy 2 and torch 2) finds
the same nine variants at 5 and at 10 %: its search for a threshold fails, and the row says
nothing of the method. Needs `../shared/data`.
"""

Loci = dict[str, dict[int, float]]
"""Loci found, by method and seed."""


def tables(results: Sequence[Result]) -> list[Table]:
    """A table for each scenario, then calibration, coverage, replication and BMI."""
    names = sorted({each.task for each in results if each.task.startswith("power")})
    found = [_power(results, name) for name in names] + calibration_tables(results)
    tasks = {each.task for each in results}
    for task, text, metrics in (
        ("coverage", _COVERAGE, ["mean width over the usual", "coverage",
                      "least coverage of an effect", "largest coverage of an effect"]),
        ("replication, height", _REPLICATION, ["replicated", "loci", "same sign"]),
        ("discoveries, BMI", _BMI,
         ["discoveries", "gained on two-sided", "lost to two-sided"]),
    ):  # fmt: skip
        if task in tasks:
            found.append(scoreboard(results, task, metrics, text=text))
    return found


def _power(results: Sequence[Result], task: str) -> Table:
    mine = [each for each in results if each.task == task and each.status == "done"]
    loci: Loci = {}
    for each in mine:
        loci.setdefault(each.method, {})[each.seed] = each.metrics["loci"].value
    rows = []
    for method, found in loci.items():
        base = f"{_TWO_SIDED}, FDR" if method.endswith("FDR") else _TWO_SIDED
        cells = [method, str(len(found)), f"{sum(found.values()):.0f}"]
        for reference in (base, _REFERENCE):
            apart = reference == _REFERENCE and method.endswith("FDR")
            known = loci.get(reference)
            cells.append("" if known is None or apart else str(ratio_of_sums(found, known)))
        for names in _COUNTS.values():
            sums = [
                sum(e.metrics[name].value for e in mine if e.method == method)
                for name in names
            ]
            apart = len(names) > 1 and method.endswith("FDR")
            cells.append("" if apart else ", ".join(f"{total:.0f}" for total in sums))
        rows.append((method.endswith("FDR"), -sum(found.values()) / len(found), cells))
    header = ["method", "seeds", "loci", "over two-sided", "over covariates", *_COUNTS]
    return Table(title=task, header=header, rows=[row[2] for row in sorted(rows)],
                 text=f"{_POWER}\n{_verdict(loci)}")  # fmt: skip


def _verdict(loci: Loci) -> str:
    """The bar: what the oracle gains, and how much of that is learned."""
    oracles = {name: found for name, found in loci.items() if name.startswith("oracle")}
    oracles = {name: found for name, found in oracles.items() if not name.endswith("FDR")}
    if not oracles or _REFERENCE not in loci or _LEARNED not in loci:
        return ""
    best = max(
        oracles, key=lambda name: ratio_of_sums(oracles[name], loci[_REFERENCE]).value
    )
    gain = ratio_of_sums(oracles[best], loci[_REFERENCE])
    told = f"The best true prior ({best}) finds {gain} times the loci of the covariates. "
    if gain.value < 1 + _LEAST_GAIN:
        return told + "That is too little to say how much of it is learned."
    captured = share_captured(loci[_LEARNED], oracles[best], loci[_REFERENCE])
    return told + f"The learned test has {captured} of that gain."
