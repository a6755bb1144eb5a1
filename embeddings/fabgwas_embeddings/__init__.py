"""Variant embeddings: annotations, descriptions, encoders and the store they fill."""

from fabgwas_embeddings._describe import Annotator, Describer
from fabgwas_embeddings._embed import embed_variants
from fabgwas_embeddings._genes import GeneModels, load_genes
from fabgwas_embeddings._job import EmbedResult, Job, run_job
from fabgwas_embeddings._template import Template, load_template
from fabgwas_embeddings._variants import VariantList, read_variants, variant_list
from fabgwas_embeddings.encoders import ENCODERS, Encoder, make_encoder
from fabgwas_embeddings.sources import SOURCES, SourceFiles

__all__ = [
    "ENCODERS",
    "SOURCES",
    "Annotator",
    "Describer",
    "EmbedResult",
    "Encoder",
    "GeneModels",
    "Job",
    "SourceFiles",
    "Template",
    "VariantList",
    "embed_variants",
    "load_genes",
    "load_template",
    "make_encoder",
    "read_variants",
    "run_job",
    "variant_list",
]
