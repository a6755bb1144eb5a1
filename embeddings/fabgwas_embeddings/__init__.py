"""Variant embeddings: annotations, descriptions, encoders and the store they fill."""

from fabgwas_embeddings._describe import Annotator, Describer
from fabgwas_embeddings._embed import embed_variants, make_job
from fabgwas_embeddings._fasta import FastaVariants
from fabgwas_embeddings._genes import GeneModels, load_genes
from fabgwas_embeddings._job import Job
from fabgwas_embeddings._plan import Plan, plan_job
from fabgwas_embeddings._run import EmbedResult, run_job
from fabgwas_embeddings._template import Template, load_template
from fabgwas_embeddings._variant_files import read_variants
from fabgwas_embeddings._variants import VariantList, VariantSource, variant_list
from fabgwas_embeddings.encoders import ENCODERS, Encoder, make_encoder
from fabgwas_embeddings.sources import SOURCES, SourceFiles

__all__ = [
    "ENCODERS",
    "SOURCES",
    "Annotator",
    "Describer",
    "EmbedResult",
    "Encoder",
    "FastaVariants",
    "GeneModels",
    "Job",
    "Plan",
    "SourceFiles",
    "Template",
    "VariantList",
    "VariantSource",
    "embed_variants",
    "load_genes",
    "load_template",
    "make_encoder",
    "make_job",
    "plan_job",
    "read_variants",
    "run_job",
    "variant_list",
]
