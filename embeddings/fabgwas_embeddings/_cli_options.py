"""Options that `fabgwas embed plan` and `fabgwas embed run` share."""

from datetime import datetime
from pathlib import Path
from typing import Annotated

import typer

_VECTORS = "Encoder"
_TEXTS = "Descriptions"


def _file(text: str, panel: str = _TEXTS) -> object:
    return typer.Option(exists=True, dir_okay=False, help=text, rich_help_panel=panel)


def _option(text: str, panel: str, **known: object) -> object:
    return typer.Option(help=text, rich_help_panel=panel, **known)  # type: ignore[arg-type]


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
Template = Annotated[str, _option("Template: default, paper, anonymous or a file.", _TEXTS)]
Favor = Annotated[list[Path], _file("FAVOR table, CSV or Parquet; may be repeated.")]
Clinvar = Annotated[Path | None, _file("ClinVar VCF or variant_summary.txt.gz.")]
ClinvarBuild = Annotated[
    str | None, _option("Build of the ClinVar file, if another: rsIDs join.", _TEXTS)
]
Catalog = Annotated[Path | None, _file("Associations of the GWAS Catalog, TSV.")]
Genes = Annotated[Path | None, _file("Gene models: GTF, GFF3, table.")]
Summaries = Annotated[Path | None, _file("Table of symbol and summary.")]
ExcludeSource = Annotated[
    list[str],
    _option("Sources to leave out: favor,clinvar,gwas_catalog,genes.", _TEXTS),
]
ExcludeTrait = Annotated[
    list[str],
    _option("Trait to leave out of the catalog, with all that contain it.", _TEXTS),
]
Ontology = Annotated[
    Path | None, _file("EFO as OBO; traits left out then bring their descendants.")
]
CatalogBefore = Annotated[
    datetime | None,
    _option("Leave out studies from this day on.", _TEXTS, formats=["%Y-%m-%d"]),
]
EncoderName = Annotated[
    str,
    _option(
        "local, minilm, openai, openai-batch, qwen, sentence-transformers, hashing.",
        _VECTORS,
    ),
]
Model = Annotated[str | None, _option("Model of the encoder, or its folder.", _VECTORS)]
Dim = Annotated[int | None, _option("Keep fewer numbers.", _VECTORS, min=1)]
BaseUrl = Annotated[
    str | None, _option("Another OpenAI-compatible server: http://host:8000/v1.", _VECTORS)
]
InFlight = Annotated[int | None, _option("Requests at a time.", _VECTORS, min=1)]
MostInputs = Annotated[int | None, _option("Texts in a request.", _VECTORS, min=1)]
Price = Annotated[
    float | None, _option("USD for a million tokens, for the table's.", _VECTORS, min=0)
]
Pooling = Annotated[
    str | None, _option("mean, cls or lasttoken, for folders that do not say.", _VECTORS)
]
Tokenizer = Annotated[str | None, _option("tokenizer.json of minilm.", _VECTORS)]
Dtype = Annotated[str, typer.Option(help="float16 or int8.")]
ShardRows = Annotated[int | None, typer.Option(help="Most variants in a file.", min=1)]
Limit = Annotated[float | None, typer.Option(help="Rate limit of a service.", min=1)]
ShareTexts = Annotated[
    bool, typer.Option(help="Encode a text that several files of the store need once.")
]
EngineName = Annotated[str, typer.Option(help="Where texts are encoded: local or ray.")]
Actors = Annotated[int, typer.Option(help="Workers of ray, each with the model.", min=1)]
Gpus = Annotated[float, typer.Option(help="GPUs of each worker of ray.", min=0)]
