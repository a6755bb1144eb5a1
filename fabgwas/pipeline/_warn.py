"""What a user should know about a run before trusting its loci."""

import logging

import numpy as np
import pyarrow as pa
from jaxtyping import Bool, Int

from fabgwas.io import SumStats
from fabgwas.report import Comparison
from fabgwas.report._format import counted, in_words

log = logging.getLogger("fabgwas")

NO_PANEL = (
    "no reference panel: LD scores are left out of the prior, and loci are told apart by "
    "distance alone"
)
_LEVEL = np.log(5e-8)
_MARGIN = 0.08  # that of `align`
_PAIRS = ({"A", "T"}, {"C", "G"})


def absent_hits(study: SumStats, rows: Int[np.ndarray, " aligned"]) -> list[str]:
    """Say if variants that are not tested would have been significant, and why."""
    absent = np.ones(len(study), bool)
    absent[rows] = False
    hit = absent & (study.table["log_pvalue"].to_numpy() < _LEVEL)
    lost = study.table.filter(pa.array(hit))
    ambiguous = _palindromic(lost)
    reasons = (
        (
            int(ambiguous.sum()),
            "A/T or C/G with a frequency near one half, which does not tell the strand",
        ),
        (int((~ambiguous).sum()), "not in the embeddings, with these alleles"),
    )
    return [
        f"{n:,} {'variant' if n == 1 else 'variants'} with p < 5e-8 "
        f"{'is' if n == 1 else 'are'} not tested: {why}"
        for n, why in reasons
        if n
    ]


def lost_loci(comparison: Comparison) -> list[str]:
    """Say if the compared test loses loci of the two-sided test at the same level."""
    lost, gained = len(comparison.lost), len(comparison.gained)
    if not lost:
        return []
    names = ", ".join(locus.label for locus in comparison.lost[:5])
    names += " and others" if lost > 5 else ""
    return [
        f"the {in_words(comparison.test)} test loses {counted(lost, 'locus')} that the "
        f"two-sided test finds at the same level ({names}), and gains "
        f"{counted(gained, 'locus')}"
    ]


def warn(warnings: list[str]) -> list[str]:
    """Log warnings, and hand them on."""
    for warning in warnings:
        log.warning("warning: %s", warning)
    return warnings


def _palindromic(table: pa.Table) -> Bool[np.ndarray, " variant"]:
    """Variants that `align` drops, as their strand cannot be told."""
    alleles = (table[name].to_pylist() for name in ("effect_allele", "other_allele"))
    pairs = zip(*alleles, strict=True)
    paired = np.array([{first, second} in _PAIRS for first, second in pairs], bool)
    frequency = table["effect_allele_freq"].to_numpy().astype(np.float64)
    return paired & (np.abs(frequency - 0.5) < _MARGIN)
