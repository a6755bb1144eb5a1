"""What a report is made of: the arrays of its figures, its tables and its facts."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import numpy as np
from jaxtyping import Float, Int

from fabgwas.assoc import COLUMN_OF_TEST
from fabgwas.report._prior import Embedding, PriorFacts
from fabgwas.variants import CHROMOSOMES, chromosome_code

TESTS = {"two-sided": "Two-sided", "fab": "FAB", "family": "Family"}
"""Names of the three tests in the settings, and as they are written in a report."""


class Tally(NamedTuple):
    """Counts of one step, such as reading or alignment, in the order they arose."""

    title: str
    counts: Mapping[str, int]
    note: str = ""


@dataclass(frozen=True, kw_only=True)
class Locus:
    """A locus of one test, with its lead variant.

    Priors and z are on the z scale, effects and intervals in the unit of ``beta``;
    `log_pvalue` holds the natural logarithms of the lead variant by test.
    """

    chrom: int
    start: int
    end: int
    variant: str
    pos: int
    effect_allele: str
    other_allele: str
    z: float
    prior_mean: float
    prior_var: float
    log_pvalue: Mapping[str, float]
    effect_allele_freq: float | None = None
    beta: float | None = None
    se: float | None = None
    fab_lower: float | None = None
    fab_upper: float | None = None
    n_variants: int = 1
    gene: str | None = None

    @classmethod
    def from_row(cls, row: Mapping[str, Any]) -> "Locus":
        """A locus from a row of PREFIX.loci.tsv or of the table behind it."""
        chrom, pos = str(row["chrom"]), int(row["pos"])
        return cls(
            chrom=chromosome_code(chrom),
            start=int(row["start"]),
            end=int(row["end"]),
            variant=row.get("rsid") or f"{chrom}:{pos}",
            pos=pos,
            effect_allele=row["effect_allele"],
            other_allele=row["other_allele"],
            z=float(row["z"]),
            prior_mean=float(row["prior_mean"]),
            prior_var=float(row["prior_var"]),
            log_pvalue={
                test: float(row[column]) for test, column in COLUMN_OF_TEST.items()
            },
            effect_allele_freq=row.get("effect_allele_freq"),
            beta=row.get("beta"),
            se=row.get("se"),
            fab_lower=row.get("fab_lower"),
            fab_upper=row.get("fab_upper"),
            n_variants=int(row.get("n_variants") or 1),
            gene=row.get("nearest_gene"),
        )

    @property
    def chromosome(self) -> str:
        """Name of the chromosome, without "chr"."""
        return CHROMOSOMES[self.chrom - 1]

    @property
    def label(self) -> str:
        """The nearest gene if it is known, else the lead variant."""
        return self.gene or self.variant

    def overlaps(self, other: "Locus") -> bool:
        """Whether two loci share a position."""
        return (
            self.chrom == other.chrom
            and self.start <= other.end
            and other.start <= self.end
        )


@dataclass(frozen=True, kw_only=True)
class Study:
    """The summary statistics that were tested."""

    path: str
    format: str
    effect_allele_column: str = ""
    trait: str | None = None
    build: str | None = None
    n: float | int | None = None
    """Sample size, the median over variants."""
    n_note: str = ""


@dataclass(frozen=True, kw_only=True)
class Clumping:
    """Rules of a locus; `panel` None means by distance alone."""

    p2: float
    r2: float
    kb: float | int
    panel: str | None = None
    panel_samples: int | None = None


@dataclass(frozen=True, kw_only=True)
class ReportData:
    """Everything a report shows. Arrays are of the tested variants, in any order.

    `log_pvalue`, `thresholds` and `loci` are by test, with the keys of `TESTS`: natural
    logarithms, p-values on the plain scale, loci in any order.
    """

    title: str
    primary: str
    study: Study
    embedding: Embedding
    prior: PriorFacts
    clumping: Clumping
    chrom: Int[np.ndarray, " variant"]
    pos: Int[np.ndarray, " variant"]
    z: Float[np.ndarray, " variant"]
    prior_mean: Float[np.ndarray, " variant"]
    prior_var: Float[np.ndarray, " variant"]
    fold: Int[np.ndarray, " variant"]
    log_pvalue: Mapping[str, Float[np.ndarray, " variant"]]
    thresholds: Mapping[str, float]
    loci: Mapping[str, Sequence[Locus]]
    same_level: Sequence[Locus] | None = None
    """Two-sided loci at the level of the test that is compared; None if that is its own."""
    covariates_only: Sequence[Locus] | None = None
    """Loci of the family test whose prior knows the covariates alone."""
    block: Int[np.ndarray, " variant"] | None = None
    tallies: Sequence[Tally] = ()
    warnings: Sequence[str] = ()
    settings: Mapping[str, Any] = field(default_factory=dict)
    versions: Mapping[str, str] = field(default_factory=dict)
    command: str = ""
    timings: Mapping[str, float] = field(default_factory=dict)
    created: str = ""
    loci_file: str = "the table of loci"

    def __post_init__(self) -> None:
        if self.primary not in TESTS:
            raise ValueError(
                f"primary must be one of {', '.join(TESTS)}, but is {self.primary!r}."
            )
        for name in ("log_pvalue", "thresholds", "loci"):
            missing = [test for test in TESTS if test not in getattr(self, name)]
            if missing:
                raise ValueError(f"{name} must have an entry for the {missing[0]} test.")
