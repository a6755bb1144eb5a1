"""`make_ld`: an LD reference store from genotypes, with its manifest."""

import logging
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path

import numpy as np

from fabgwas.errors import UsageError
from fabgwas.io import Genotypes, detect_build, normalize_build, open_genotypes
from fabgwas.ld._blocks import POPULATIONS
from fabgwas.ldstore import LdStore, build_ld, open_ld
from fabgwas.ldstore._format import ENCODINGS, FILES
from fabgwas.manifest import Manifest, Stages, describe_input, write_manifest
from fabgwas.pipeline._read import on_chromosomes
from fabgwas.progress import Progress

log = logging.getLogger("fabgwas")

_MANIFEST = "manifest.json"


@dataclass(frozen=True, kw_only=True)
class LdConfig:
    """All settings of `make_ld`; paths are text."""

    genotypes: tuple[str, ...]
    """PLINK 1 filesets, or patterns of them."""
    out: str
    chrom: tuple[str, ...] = ()
    """Chromosomes to take; none stand for all."""
    blocks: str = "EUR"
    """EUR, AFR, ASN, ``auto``, or the path of a BED file."""
    build: str | None = None
    keep: str | None = None
    encoding: str = "float16"
    shrinkage: float | None = None
    window_kb: float = 1000.0
    min_maf: float = 0.0

    def __post_init__(self) -> None:
        if self.encoding not in ENCODINGS:
            raise UsageError(
                f"encoding must be one of {', '.join(ENCODINGS)}, not {self.encoding!r}."
            )
        for name, value in (("shrinkage", self.shrinkage), ("min_maf", self.min_maf)):
            if value is not None and not 0 <= value <= 1:
                raise UsageError(f"{name} must be between 0 and 1, but is {value:g}.")
        if not self.window_kb > 0:
            raise UsageError(f"window_kb must be positive, but is {self.window_kb:g}.")


def make_ld(
    config: LdConfig, *, overwrite: bool = False, command: Sequence[str] | None = None
) -> LdStore:
    """Compute an LD store, log what went into it, and put a manifest beside its data.

    Parameters
    ----------
    config
        What to do.
    overwrite
        Whether a store that exists may be replaced.
    command
        The command line, for the manifest.

    Raises
    ------
    FabgwasError
        If the genotypes cannot be used, or the store exists.
    """
    stages = Stages()
    genotypes, build = open_for_ld(config)

    def describe(folder: Path) -> None:
        settled = replace(config, build=build)
        _write_manifest(folder, settled, genotypes, command, stages)

    build_ld(
        config.genotypes,
        config.out,
        config.blocks,
        chrom=config.chrom,
        build=build,
        keep=config.keep,
        encoding=config.encoding,
        shrinkage=config.shrinkage,
        window=round(config.window_kb * 1000),
        min_maf=config.min_maf,
        overwrite=overwrite,
        progress=Progress("blocks"),
        complete=describe,
    )
    store = open_ld(config.out)
    for step, count in store.metadata.counts.items():
        log.info("  variants, %s: %s", step.replace("_", " "), f"{count:,}")
    return store


def _write_manifest(
    folder: Path,
    config: LdConfig,
    genotypes: Genotypes,
    command: Sequence[str] | None,
    stages: Stages,
) -> None:
    """Put a manifest into the folder of a store that is whole, but has not its name yet."""
    store, resources = open_ld(folder), stages.resources()
    beds = [describe_input(path, "plink") for path in genotypes.files]
    others = [describe_input(p) for p in (config.keep, _file_of(config.blocks)) if p]
    manifest = Manifest(
        command="ld",
        args=["fabgwas.make_ld", *config.genotypes] if command is None else command,
        config=asdict(config),
        inputs=[*beds, *others],
        outputs=[
            replace(describe_input(folder / name), path=str(Path(config.out) / name))
            for name in FILES
        ],
        counts=store.metadata.counts | {"blocks": len(store), "people": store.n_samples},
        timings={"build": resources["elapsed_s"]},
        resources=resources,
    )
    write_manifest(folder / _MANIFEST, manifest)


def open_for_ld(config: LdConfig) -> tuple[Genotypes, str | None]:
    """Open the genotypes, and tell their build."""
    genotypes = open_genotypes(config.genotypes)
    log.info(
        "genotypes: %s variants, %s people",
        f"{genotypes.n_variants:,}",
        genotypes.n_samples,
    )
    genotypes = on_chromosomes(genotypes, config.chrom)
    return genotypes, _build_of(config, genotypes)


def describe_ld(store: LdStore) -> list[str]:
    """The numbers of a store that a user looks for first."""
    sizes = np.diff([0, *store.blocks["stop"].to_pylist()])
    shrinkage = float(np.median(store.blocks["shrinkage"].to_numpy()))
    scores = store.ld_scores()
    size = sum(path.stat().st_size for path in store.path.iterdir())
    return [
        f"variants: {store.n_variants:,} of {store.metadata.counts['read']:,}, "
        f"of {store.n_samples:,} people, {store.build or 'unknown build'}",
        f"blocks: {len(store):,} of {sizes.min():,} to {sizes.max():,} variants, "
        f"median shrinkage {shrinkage:.3f}",
        f"LD scores: mean {scores.mean():.2f}, median {np.median(scores):.2f}",
        f"store: {store.path}, {size / 1e6:,.1f} MB in {store.metadata.encoding}",
    ]


def _build_of(config: LdConfig, genotypes: Genotypes) -> str | None:
    """The build as given or as the positions tell; published blocks need one."""
    if config.build is not None:
        return normalize_build(config.build)
    build = detect_build(genotypes.variants)
    log.info("build of the positions: %s", build or "unknown")
    if build is None and config.blocks in POPULATIONS:
        raise UsageError(
            f"the build of {genotypes.files[0]} cannot be detected, and the blocks of "
            f"{config.blocks} need it; give it (option build)."
        )
    return build


def _file_of(blocks: str) -> Path | None:
    return None if blocks in (*POPULATIONS, "auto") else Path(blocks)
