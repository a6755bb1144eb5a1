"""Variant embeddings: annotations, descriptions, encoders and the store they fill."""

from importlib import import_module
from typing import Any

# imported on first use, so that `fabgwas embed --help` stays quick
_HOMES = {
    "Annotator": "_describe",
    "Describer": "_describe",
    "ENCODERS": "encoders",
    "EmbedResult": "_run",
    "Encoder": "encoders",
    "FastaVariants": "_fasta",
    "GeneModels": "_genes",
    "Job": "_job",
    "Plan": "_plan",
    "SOURCES": "sources",
    "SourceFiles": "sources",
    "Template": "_template",
    "VariantList": "_variants",
    "VariantSource": "_variants",
    "embed_variants": "_embed",
    "export_hf": "_export",
    "fetch": "_fetch",
    "load_genes": "_genes",
    "load_template": "_template",
    "make_encoder": "encoders",
    "make_job": "_embed",
    "plan_job": "_plan",
    "ray_engine": "_ray",
    "read_variants": "_variant_files",
    "run_job": "_run",
    "variant_list": "_variants",
}

__all__ = [*_HOMES]


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module 'fabgwas_embeddings' has no attribute {name!r}")
    return getattr(import_module(f"fabgwas_embeddings.{_HOMES[name]}"), name)


def __dir__() -> list[str]:
    return sorted(__all__)
