"""Where the fields of descriptions come from, and what must not be known."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date
from functools import cached_property, partial
from pathlib import Path
from typing import Any

from fabgwas.errors import UsageError
from fabgwas_embeddings._describe import Annotator
from fabgwas_embeddings._files import source_of
from fabgwas_embeddings._genes import load_genes
from fabgwas_embeddings.sources._catalog import (
    CatalogFilter,
    catalog_annotator,
    read_catalog,
)
from fabgwas_embeddings.sources._clinvar import CLINVAR_FIELDS, read_clinvar
from fabgwas_embeddings.sources._favor import (
    FAVOR_CLINVAR_FIELDS,
    FAVOR_FIELDS,
    read_favor,
)
from fabgwas_embeddings.sources._gene_files import read_genes
from fabgwas_embeddings.sources._lookup import PositionLookup, RsidLookup
from fabgwas_embeddings.sources._ontology import with_children

SOURCES = ("favor", "clinvar", "gwas_catalog", "genes")


@dataclass(frozen=True, kw_only=True)
class SourceFiles:
    """Files to annotate with, and what to leave out of them.

    What is left out is written into the store: a description that quotes the very study
    under test makes its test invalid.
    """

    favor: Sequence[Path] = ()
    clinvar: Path | None = None
    clinvar_build: str | None = None
    """Build of the ClinVar file, if it is not that of the variants; then rsIDs join."""
    gwas_catalog: Path | None = None
    genes: Path | None = None
    """None for the shipped gene models."""
    gene_summaries: Path | None = None
    exclude_sources: Sequence[str] = ()
    exclude_traits: Sequence[str] = ()
    catalog_before: date | None = None
    ontology: Path | None = None
    """OBO file (EFO); traits to leave out then bring their descendants."""

    def __post_init__(self) -> None:
        for name in self.exclude_sources:
            if name not in SOURCES:
                raise UsageError(
                    f"exclude_sources: {name!r} is unknown; the sources are "
                    f"{', '.join(SOURCES)}."
                )

    @property
    def exclusions(self) -> dict[str, Any]:
        """What was left out, for the metadata of the store."""
        before = self.catalog_before
        found = {
            "sources": sorted(self.exclude_sources),
            "traits": sorted(self._traits),
            "catalog_before": before.isoformat() if before else None,
        }
        return {name: value for name, value in found.items() if value}

    @cached_property
    def _traits(self) -> Sequence[str]:
        if self.ontology is None:
            return self.exclude_traits
        return with_children(self.exclude_traits, self.ontology)

    def open(self, build: str, folder: Path) -> "OpenSources":
        """Read the files; databases that do not fit in memory are sorted into `folder`."""
        annotators: list[Annotator] = []
        exclusions = self.exclusions
        if self.favor and "favor" not in self.exclude_sources:
            annotators += self._favor(build, folder)
        if self.clinvar and "clinvar" not in self.exclude_sources:
            annotators.append(self._clinvar(self.clinvar, build, folder))
        if self.gwas_catalog and "gwas_catalog" not in self.exclude_sources:
            source = source_of("gwas_catalog", self.gwas_catalog)
            known = read_catalog(self.gwas_catalog)
            table = CatalogFilter(self._traits, self.catalog_before).apply(known)
            if self._traits or self.catalog_before:
                exclusions["associations"] = known.num_rows - table.num_rows
            annotators.append(catalog_annotator(table, build, source))
        if "genes" not in self.exclude_sources:
            annotators.append(self._genes(build))
        return OpenSources(annotators, exclusions)

    def _favor(self, build: str, folder: Path) -> list[PositionLookup]:
        if build != "GRCh38":
            raise UsageError(
                f"FAVOR is GRCh38, but the variants are {build}; lift the variants first."
            )
        # FAVOR carries ClinVar's columns, so leaving out ClinVar must reach into it
        fields: tuple[str, ...] = FAVOR_FIELDS
        if "clinvar" not in self.exclude_sources:
            fields += FAVOR_CLINVAR_FIELDS
        found = []
        for path in self.favor:
            source = source_of("favor", path)
            place = folder / f"favor-{len(fields)}-{source['sha256'][:16]}"
            read = partial(read_favor, path)
            found.append(PositionLookup(read, place, fields, source))
        return found

    def _clinvar(self, path: Path, build: str, folder: Path) -> Annotator:
        source = source_of("clinvar", path)
        told = self.clinvar_build or build
        if told != build:
            batches = read_clinvar(path, told)
            return RsidLookup(batches, CLINVAR_FIELDS, source | {"joined": "by rsID"})
        place = folder / f"clinvar-{source['sha256'][:16]}"
        read = partial(read_clinvar, path, build)
        return PositionLookup(read, place, CLINVAR_FIELDS, source)

    def _genes(self, build: str) -> Annotator:
        if self.genes is None:
            if self.gene_summaries is not None:
                raise UsageError("gene_summaries: give the file of gene models too.")
            return load_genes(build)
        return read_genes(self.genes, build, summaries=self.gene_summaries)


@dataclass(frozen=True)
class OpenSources:
    """Annotators in the order in which they count, and what they leave out."""

    annotators: list[Annotator]
    exclusions: dict[str, Any] = field(default_factory=dict)


__all__ = [
    "SOURCES",
    "CatalogFilter",
    "OpenSources",
    "PositionLookup",
    "RsidLookup",
    "SourceFiles",
    "catalog_annotator",
    "read_catalog",
    "read_clinvar",
    "read_favor",
    "read_genes",
    "with_children",
]
