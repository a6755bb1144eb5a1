"""Which descriptions carry the gain: other stores beside the main one, and regions."""

import logging
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from math import isfinite
from typing import TYPE_CHECKING, Any

from fabgwas.attribution import compare_priors, gain_by_region
from fabgwas.link import Gain
from fabgwas.pipeline._inputs import Aligned
from fabgwas.prior import FittedPrior
from fabgwas.store import EmbeddingStore

if TYPE_CHECKING:
    from fabgwas.pipeline._run import RunResult

log = logging.getLogger("fabgwas")

NOT_USED = "no fold uses the embedding: there is no gain to split by region"


@dataclass(frozen=True)
class StoreComparison:
    """What another store says of the same study, and how the main one compares."""

    store: EmbeddingStore
    gain: Gain
    """Of the prior learned from it, over the covariates."""
    used_folds: int
    n_folds: int
    difference: Gain
    """The gain of the main store minus this one, on the variants of both."""


def compare_stores(
    main: FittedPrior,
    compared: Sequence[Aligned],
    learn: Callable[[Aligned], FittedPrior],
    seed: int,
) -> Iterator[StoreComparison]:
    """Learn a prior from each store as from the main one, and compare the gains."""
    for other in compared:
        prior = learn(other)
        found = StoreComparison(
            store=other.store,
            gain=prior.gain,
            used_folds=prior.used_folds,
            n_folds=len(prior.reports),
            difference=compare_priors(main, prior, seed=seed),
        )
        log.info(
            "gain of %s: %s, embedding used in %d of %d folds; main store minus it, on %s "
            "variants: %s",
            other.store.path,
            found.gain,
            found.used_folds,
            found.n_folds,
            f"{found.difference.n_variants:,}",
            found.difference,
        )
        yield found
    if compared:
        log.info("the tests use the main store, whatever this comparison shows")


def split_gain(prior: FittedPrior, build: str, seed: int) -> dict[str, Gain]:
    """The gain by region, if there can be any."""
    if not prior.used_folds:
        log.info(NOT_USED)
        return {}
    regions = gain_by_region(prior, build, seed=seed)
    for name, gain in regions.items():
        share = gain.n_variants / prior.study.num_rows
        log.info("gain, %s (%.1f %% of variants): %s", name, 100 * share, gain)
    return regions


def attribution_facts(result: "RunResult") -> dict[str, Any]:
    """Gains as plain values, for the manifest."""
    prior = result.prior
    return {
        "gain": _plain(prior.gain),
        "folds": len(prior.reports),
        "folds_with_embedding": prior.used_folds,
        "gain_by_region": {name: _plain(gain) for name, gain in result.regions.items()},
        "compared": [
            {
                "path": str(each.store.path),
                "model": each.store.metadata.model,
                "template": each.store.metadata.template,
                "exclusions": each.store.metadata.exclusions,
                "gain": _plain(each.gain),
                "folds": each.n_folds,
                "folds_with_embedding": each.used_folds,
                "main_minus_this": _plain(each.difference),
            }
            for each in result.compared
        ],
    }


def _plain(gain: Gain) -> Mapping[str, float | int | None]:
    """A gain for JSON, which has no nan."""
    return {
        name: value if isfinite(value) else None for name, value in asdict(gain).items()
    }
