"""Options that `fabgwas embed plan` and `fabgwas embed run` share."""

from datetime import datetime
from pathlib import Path
from typing import Annotated

import typer


def _file(text: str) -> object:
    return typer.Option(exists=True, dir_okay=False, help=text)


Variants = Annotated[
    Path,
    typer.Argument(
        exists=True,
        dir_okay=False,
        help="Variants: .bim, .pvar, VCF, summary statistics, Parquet, or a FASTA file for "
        "all its single-base changes.",
    ),
]
Build = Annotated[str, typer.Option(help="GRCh37 or GRCh38.")]
Template = Annotated[
    str, typer.Option(help="Template: default, paper, anonymous or a file.")
]
Favor = Annotated[list[Path], _file("FAVOR table, CSV or Parquet; may be repeated.")]
Clinvar = Annotated[Path | None, _file("ClinVar VCF or variant_summary.txt.gz.")]
ClinvarBuild = Annotated[
    str | None, typer.Option(help="Build of the ClinVar file, if another: rsIDs join.")
]
Catalog = Annotated[Path | None, _file("Associations of the GWAS Catalog, TSV.")]
Genes = Annotated[Path | None, _file("Gene models: GTF, GFF3, table.")]
Summaries = Annotated[Path | None, _file("Table of symbol and summary.")]
ExcludeSource = Annotated[
    list[str],
    typer.Option(help="Sources to leave out: favor,clinvar,gwas_catalog,genes."),
]
ExcludeTrait = Annotated[
    list[str],
    typer.Option(help="Trait to leave out of the catalog, with all that contain it."),
]
Ontology = Annotated[
    Path | None, _file("EFO as OBO; traits left out then bring their descendants.")
]
CatalogBefore = Annotated[
    datetime | None,
    typer.Option(help="Leave out studies from this day on.", formats=["%Y-%m-%d"]),
]
EncoderName = Annotated[
    str,
    typer.Option(
        help="local, minilm, openai, openai-batch, qwen, sentence-transformers, hashing."
    ),
]
Model = Annotated[str | None, typer.Option(help="Model of the encoder, or its folder.")]
Dim = Annotated[int | None, typer.Option(help="Keep fewer numbers.", min=1)]
BaseUrl = Annotated[
    str | None, typer.Option(help="Another OpenAI-compatible server: http://host:8000/v1.")
]
InFlight = Annotated[int | None, typer.Option(help="Requests at a time.", min=1)]
MostInputs = Annotated[int | None, typer.Option(help="Texts in a request.", min=1)]
Price = Annotated[
    float | None, typer.Option(help="USD for a million tokens, for the table's.", min=0)
]
Pooling = Annotated[
    str | None, typer.Option(help="mean, cls or lasttoken, for folders that do not say.")
]
Precision = Annotated[
    str | None, typer.Option(help="float32, float16 or bfloat16; bfloat16 on a GPU.")
]
Device = Annotated[
    str | None, typer.Option(help="cpu or cuda; a GPU if there is one, here or for ray.")
]
Tokenizer = Annotated[str | None, typer.Option(help="tokenizer.json of minilm.")]
Dtype = Annotated[str, typer.Option(help="float16 or int8.")]
ShardRows = Annotated[int | None, typer.Option(help="Most variants in a file.", min=1)]
Limit = Annotated[float | None, typer.Option(help="Rate limit of a service.", min=1)]
ShareTexts = Annotated[
    bool, typer.Option(help="Encode a text that several files of the store need once.")
]
EngineName = Annotated[str, typer.Option(help="Where texts are encoded: local or ray.")]
Actors = Annotated[int, typer.Option(help="Workers of ray, each with the model.", min=1)]
Gpus = Annotated[float, typer.Option(help="GPUs of each worker of ray.", min=0)]
