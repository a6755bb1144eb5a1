"""What a report tells of the prior: folds, gains, and the vectors behind it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple


class Estimate(NamedTuple):
    """A number with its 95 % interval, nan where there is none."""

    value: float
    lower: float = float("nan")
    upper: float = float("nan")


class FoldSummary(NamedTuple):
    """What was learned for one held-out fold; `fold` is its value in `ReportData.fold`."""

    fold: int
    n_variants: int
    n_training: int
    model: str
    """The linking model that did best on the inner folds, or ``covariates``."""
    inner_gain: float
    """Log-likelihood there over the covariates, nats per independent variant."""
    details: Mapping[str, float] = {}
    """Further numbers by the heading of their column, the same for all folds."""


@dataclass(frozen=True, kw_only=True)
class Embedding:
    """The vectors, and the texts behind them."""

    model: str
    dim: int
    template: str = ""
    sources: Sequence[str] = ()
    exclusions: Mapping[str, Any] = field(default_factory=dict)
    """What was left out of the descriptions, so that they do not quote the study."""
    training_cutoff: str | None = None
    """When the encoder stopped reading, if that is known."""


class RegionGain(NamedTuple):
    """The held-out gain of the variants of a region."""

    name: str
    n_variants: int
    gain: Estimate
    """Nats per independent variant of the region."""


@dataclass(frozen=True, kw_only=True)
class StoreGain:
    """The held-out gain of a prior by one store; the first is that of the tests."""

    path: str
    embedding: Embedding
    used_folds: int
    n_folds: int
    gain: Estimate
    n_shared: int | None = None
    """Variants in the main store too; None for that itself."""
    difference: Estimate | None = None
    """Gain of the main store minus this one, on the variants of both."""


@dataclass(frozen=True, kw_only=True)
class PriorFacts:
    """How the prior was learned, and how well it did on variants it had not seen."""

    scheme: str
    covariates: Sequence[str] = ()
    folds: Sequence[FoldSummary] = ()
    gain: Estimate | None = None
    """Held-out log-likelihood over the covariates, nats per independent variant."""
    regions: Sequence[RegionGain] = ()
    """The gain by where variants lie; empty where no fold uses the embedding."""
    stores: Sequence[StoreGain] = ()
    """The main store, and those that are compared with it; empty without any."""
    ld_intercept: Estimate | None = None
    overlap: Sequence[str] = ()
    """How people in several studies were accounted for, a sentence each."""
