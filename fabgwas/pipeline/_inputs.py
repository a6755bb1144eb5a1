"""The inputs of a run: a study, the stores that describe its variants, and a panel."""

import logging
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np

from fabgwas.alignment import Alignment, align
from fabgwas.config import RunConfig
from fabgwas.errors import InputError, NothingToAnalyseError
from fabgwas.features import Reference
from fabgwas.io import SumStats
from fabgwas.ldstore import open_ld
from fabgwas.manifest import Stages
from fabgwas.memory import require_memory
from fabgwas.panel import open_panel
from fabgwas.pipeline._read import read_study
from fabgwas.pipeline._warn import NO_PANEL, absent_hits, warn
from fabgwas.store import EmbeddingStore, open_embeddings

log = logging.getLogger("fabgwas")


class Aligned(NamedTuple):
    """A store, and where the variants of the study are in it."""

    store: EmbeddingStore
    alignment: Alignment

    def n_shared(self, other: "Aligned") -> int:
        """Variants of the study that both stores hold."""
        return np.intersect1d(self.alignment.row, other.alignment.row).size


class Inputs(NamedTuple):
    """What a run reads before it learns."""

    main: Aligned
    """The store that informs the tests."""
    compared: tuple[Aligned, ...]
    """Those whose gains are told beside its own."""
    panel: Reference | None
    study: SumStats
    warnings: tuple[str, ...]


def open_inputs(config: RunConfig, stages: Stages) -> Inputs:
    """Read the study, and find its variants in the stores."""
    with stages("read"):
        store = _open_store(config.embeddings, "embeddings")
        others = [_open_store(path, "compared with") for path in config.compare]
        _check_builds(store, others)
        panel = _open_panel(config, store.metadata.build)
        study = read_study(config, store.find_named if panel is None else panel.variants)
        warnings = warn([NO_PANEL] if panel is None else [])
    with stages("align"):
        main = _aligned(study, store, config)
        for name, count in main.alignment.report._asdict().items():
            log.info("  align, %s: %s", name.replace("_", " "), f"{count:,}")
        warnings += warn(absent_hits(study, main.alignment.row))
        compared = tuple(_aligned(study, other, config) for other in others)
        for other in compared:
            _check_shared(main, other)
    return Inputs(main, compared, panel, study, tuple(warnings))


def told_of(inputs: Inputs) -> list[str]:
    """How many variants the compared stores hold, a line for each."""
    return [
        f"compared with {other.store.path}: {other.alignment.row.size:,} variants aligned, "
        f"{inputs.main.n_shared(other):,} of them in {inputs.main.store.path}"
        for other in inputs.compared
    ]


def _open_store(path: str, role: str) -> EmbeddingStore:
    store = open_embeddings(path)
    log.info("%s: %r", role, store)
    if store.metadata.exclusions:
        log.info("  left out of the descriptions: %s", store.metadata.exclusions)
    return store


def _check_builds(main: EmbeddingStore, others: Sequence[EmbeddingStore]) -> None:
    for other in others:
        if other.metadata.build != main.metadata.build:
            raise InputError(
                f"{other.path}: is {other.metadata.build}, but {main.path} is "
                f"{main.metadata.build}; only stores of one build can be compared."
            )


def _aligned(study: SumStats, store: EmbeddingStore, config: RunConfig) -> Aligned:
    alignment = align(study, store)
    require_memory(
        4 * alignment.row.size * min(config.components, store.dim),
        f"{config.components} components of {alignment.row.size:,} variants",
        "use fewer (option components)",
    )
    return Aligned(store, alignment)


def _check_shared(main: Aligned, other: Aligned) -> None:
    if not main.n_shared(other):
        raise NothingToAnalyseError(
            f"{other.store.path}: has no variant of the study in common with "
            f"{main.store.path}; compare stores of the same variants."
        )


def _open_panel(config: RunConfig, build: str) -> Reference | None:
    if config.ld is None:
        return None
    if (Path(config.ld) / "ld.json").is_file():
        panel: Reference = open_ld(config.ld)
        if panel.build != build:
            raise InputError(f"{config.ld}: is {panel.build}, the embeddings are {build}.")
    else:
        panel = open_panel(config.ld, build=build)
    log.info("panel: %s variants, %s people", f"{panel.n_variants:,}", panel.n_samples)
    return panel
