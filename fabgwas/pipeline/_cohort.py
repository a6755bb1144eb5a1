"""`cohort`: embeddings of people, L = G E, and their principal components."""

import logging
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pyarrow as pa
from jaxtyping import Float

from fabgwas.alignment import Alignment, align
from fabgwas.errors import UsageError
from fabgwas.evaluate import blocks_of
from fabgwas.evaluate._cohort import (
    CONTROLS,
    CohortSums,
    Components,
    alternate_dosage,
    components_of_products,
    principal_components,
    random_vectors,
)
from fabgwas.io import (
    Genotypes,
    detect_build,
    normalize_build,
    open_genotypes,
    write_table,
)
from fabgwas.manifest import Manifest, Stages, describe_input, write_manifest
from fabgwas.memory import require_memory
from fabgwas.pipeline._outputs import log_file, outputs_of
from fabgwas.pipeline._read import on_chromosomes
from fabgwas.pipeline._write import describe_store
from fabgwas.progress import Progress
from fabgwas.store import EmbeddingStore, open_embeddings

log = logging.getLogger("fabgwas")

DOSAGES = ("raw", "standardised")
VECTORS = ("raw", "centred", "whitened")
# people whose products with each other fit into 3 GB
_MOST_PEOPLE = 20_000


@dataclass(frozen=True, kw_only=True)
class CohortConfig:
    """All settings of `cohort`; paths are text."""

    genotypes: tuple[str, ...]
    embeddings: str
    out: str
    chrom: tuple[str, ...] = ()
    """Chromosomes to sum over; none stand for all."""
    dosage: str = "raw"
    """``raw`` counts the alternate allele; ``standardised`` has mean 0 and variance 1."""
    vectors: str = "raw"
    """``centred`` on their mean, which otherwise outweighs what tells variants apart, or
    also ``whitened``, so that every direction of them counts alike."""
    control: str | None = None
    """``random`` vectors of the same length, or the same vectors ``permuted``."""
    project: int | None = None
    """Project the vectors to so many random directions first."""
    components: int = 20
    genotype_pcs: int = 0
    """Principal components of the same variants' genotypes, for comparison."""
    build: str | None = None
    seed: int = 0

    def __post_init__(self) -> None:
        if self.dosage not in DOSAGES:
            raise UsageError(
                f"dosage must be one of {', '.join(DOSAGES)}, but is {self.dosage!r}."
            )
        if self.vectors not in VECTORS:
            raise UsageError(
                f"vectors must be one of {', '.join(VECTORS)}, but is {self.vectors!r}."
            )
        if self.control not in (None, *CONTROLS):
            raise UsageError(
                f"control must be one of {', '.join(CONTROLS)}, but is {self.control!r}."
            )
        for name, low in (("project", 1), ("components", 1), ("genotype_pcs", 0)):
            value = getattr(self, name)
            if value is not None and value < low:
                raise UsageError(f"{name} must be at least {low}, but is {value}.")
        if not Path(self.out).name:
            raise UsageError(f"out must be a prefix of file names, but is {self.out!r}.")


@dataclass(frozen=True)
class CohortResult:
    """Embeddings of people and what they consist of."""

    embedding: Float[np.ndarray, "sample dim"]
    components: Components
    genotype_pcs: Components | None
    table: pa.Table
    """FID, IID, L_PC1, ... and, if asked for, G_PC1, ..."""
    alignment: Alignment
    n_used: int
    """Variants that count: those that vary, if dosages are standardised."""
    outputs: dict[str, Path]

    def summary(self) -> list[str]:
        """The numbers that a user looks for first."""
        shares = ", ".join(f"{share:.1%}" for share in self.components.share[:5])
        report = self.alignment.report
        return [
            f"variants: {report.matched:,} of {report.variants:,} have a vector, "
            f"{self.n_used:,} count",
            f"people: {len(self.embedding):,}, each {self.embedding.shape[1]:,} numbers",
            f"components of L: {shares} of the variance",
            f"embeddings of people: {self.outputs['cohort']}",
        ]


@dataclass(frozen=True)
class _Variants:
    """Variants of genotypes, as `fabgwas.align` asks for them."""

    table: pa.Table
    build: str | None
    path: str


class CohortInputs(NamedTuple):
    """People and vectors, and which vector belongs to which variant."""

    store: EmbeddingStore
    genotypes: Genotypes
    alignment: Alignment


def cohort_paths(out: str) -> dict[str, Path]:
    """The files of embeddings of people, the manifest last."""
    return {
        "cohort": Path(f"{out}.cohort.parquet"),
        "pcs": Path(f"{out}.pcs.tsv"),
        "log": Path(f"{out}.log"),
        "manifest": Path(f"{out}.manifest.json"),
    }


def cohort(
    config: CohortConfig, *, overwrite: bool = False, command: Sequence[str] | None = None
) -> CohortResult:
    """Sum the vectors of each person's alternate alleles, and write L and its components.

    L = G E with the dosages G of the alternate allele of the store, so that the coding of
    the genotypes does not matter. PREFIX.cohort.parquet holds L as the column L and the
    components, PREFIX.pcs.tsv the components as text.

    Parameters
    ----------
    config
        What to do.
    overwrite
        Whether files of an earlier run may be replaced.
    command
        The command line, for the log and the manifest.

    Raises
    ------
    FabgwasError
        If an input cannot be used, or an output exists.
    """
    paths = cohort_paths(config.out)
    command = ["fabgwas.cohort", *config.genotypes] if command is None else list(command)
    stages = Stages()
    with outputs_of(config.out, paths, overwrite=overwrite) as files:
        with log_file(files["log"], command):
            result, genotypes = _cohort(config, paths, stages)
            with stages("write"):
                write_table(_with_vectors(result), files["cohort"])
                write_table(result.table, files["pcs"])
            for line in result.summary():
                log.debug("%s", line)  # for the file; callers have the result
        manifest = Manifest(
            command="cohort",
            args=command,
            config=asdict(config),
            inputs=[
                describe_store(config.embeddings),
                *(describe_input(path, "genotypes") for path in genotypes.files),
            ],
            outputs=files.records(),
            counts=result.alignment.report._asdict() | {"used": result.n_used},
            seeds={"seed": config.seed},
            timings=stages.seconds,
            resources=stages.resources(),
        )
        write_manifest(files["manifest"], manifest)
    return result


def open_cohort(config: CohortConfig, stages: Stages) -> CohortInputs:
    """Open genotypes and vectors, and find the variants of one in the other."""
    with stages("read"):
        store = open_embeddings(config.embeddings)
        genotypes = on_chromosomes(open_genotypes(config.genotypes), config.chrom)
        log.info("embeddings: %r", store)
        people = genotypes.n_samples
        log.info("genotypes: %s variants, %s people", f"{genotypes.n_variants:,}", people)
        numbers = people * (config.project or store.dim)
        numbers += people**2 if config.genotype_pcs else 0
        require_memory(
            8 * numbers, f"L of {people:,} people", "project it (option project)"
        )
        if config.genotype_pcs and people > _MOST_PEOPLE:
            raise UsageError(
                f"genotype_pcs needs the products of {people:,} people with each other; "
                f"{_MOST_PEOPLE:,} are the most there is room for."
            )
    with stages("align"):
        build = config.build or detect_build(genotypes.variants)
        known = None if build is None else normalize_build(build)
        variants = _Variants(genotypes.variants, known, str(genotypes.files[0]))
        alignment = align(variants, store)
        for name, count in alignment.report._asdict().items():
            log.info("  align, %s: %s", name.replace("_", " "), f"{count:,}")
    return CohortInputs(store, genotypes, alignment)


def _cohort(
    config: CohortConfig, paths: dict[str, Path], stages: Stages
) -> tuple[CohortResult, Genotypes]:
    store, genotypes, alignment = open_cohort(config, stages)
    with stages("multiply"):
        embedding, products, n_used = _multiply(config, genotypes, store, alignment)
    with stages("components"):
        components = principal_components(embedding, config.components)
        pcs = None
        if products is not None:
            pcs = components_of_products(products, config.genotype_pcs)
    table = _table(genotypes, components, pcs)
    embedding = embedding.astype(np.float32)
    result = CohortResult(embedding, components, pcs, table, alignment, n_used, paths)
    return result, genotypes


def _multiply(
    config: CohortConfig, genotypes: Genotypes, store: EmbeddingStore, pairs: Alignment
) -> tuple[Float[np.ndarray, "sample dim"], Float[np.ndarray, "sample sample"] | None, int]:
    """L, the products of people if components of genotypes are wanted, and what counts."""
    n_samples, n_pairs = genotypes.n_samples, pairs.row.size
    order = np.arange(n_pairs)
    if config.control == "permuted":
        order = np.random.default_rng(config.seed).permutation(n_pairs)
    total = CohortSums.empty(n_samples, config.project or store.dim)
    products = np.zeros((n_samples, n_samples)) if config.genotype_pcs else None
    progress, n_used = Progress("variants", n_pairs), 0
    standard = config.dosage == "standardised"
    for block in store.iter_blocks(pairs.store_row):
        vectors = _vectors(config, block.embedding, block.start)
        for part in blocks_of(block.rows.size, n_samples):
            pair = order[block.start + part.start : block.start + part.stop]
            dosage = genotypes.take(pairs.row[pair])
            x, known = alternate_dosage(dosage, pairs.sign[pair], standardise=standard)
            n_used += int(known.sum())
            total.add(x, vectors[part])
            if products is not None:
                if not standard:
                    x, _ = alternate_dosage(dosage, pairs.sign[pair], standardise=True)
                products += x @ x.T
        progress(block.start + block.rows.size)
    centred = config.vectors != "raw"
    people = total.embedding(centred=centred, whitened=config.vectors == "whitened")
    return people, products, n_used


def _vectors(
    config: CohortConfig, embedding: Float[np.ndarray, "variant dim"], start: int
) -> Float[np.ndarray, "variant _"]:
    """The vectors of a block, or what is to stand in their place."""
    size, dim = embedding.shape
    if config.control == "random":
        return random_vectors(size, config.project or dim, (config.seed, 1, start))
    if config.project is None:
        return embedding
    directions = random_vectors(dim, config.project, (config.seed, 0))
    return embedding @ directions / np.float32(np.sqrt(config.project))


def _table(
    genotypes: Genotypes, components: Components, pcs: Components | None
) -> pa.Table:
    people = genotypes.samples
    columns = {"FID": people["family"], "IID": people["sample"]}
    for prefix, found in (("L", components), ("G", pcs)):
        for number, column in enumerate([] if found is None else found.scores.T, 1):
            columns[f"{prefix}_PC{number}"] = pa.array(column.astype(np.float64))
    return pa.table(columns)


def _with_vectors(result: CohortResult) -> pa.Table:
    flat = pa.array(np.ascontiguousarray(result.embedding).reshape(-1))
    vectors = pa.FixedSizeListArray.from_arrays(flat, result.embedding.shape[1])
    return result.table.append_column("L", vectors)
