"""Texts of variants with and without the sentences that give an answer away."""

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from fabgwas_embeddings._template import Template, load_template

# parts that a text may have beside gene, place, function and consequence
_PARTS = {
    "coordinates": ("{chrom}",),
    "ClinVar": ("{clinvar_",),
    "catalog": ("{catalog_",),
    "scores": ("{metasvm", "{cadd_"),
    "consequence": ("{consequence",),
    "place": ("{gene_place}", "{region}"),
}
_AMINO_ACIDS = "It changes the amino acid {aa_from} to {aa_to}."
_GENE = "The variant belongs to the gene {gene}[[, {gene_name}]]."
_USUAL = {"consequence", "place"}

TEXTS = {
    "plain": _USUAL,
    "full": _USUAL | {"coordinates", "ClinVar", "catalog", "scores"},
    "full without ClinVar": _USUAL | {"coordinates", "catalog", "scores"},
    "full without catalog": _USUAL | {"coordinates", "ClinVar", "scores"},
    "full without coordinates": _USUAL | {"ClinVar", "catalog", "scores"},
    "plain with scores": _USUAL | {"scores"},
    "plain with amino acids": _USUAL | {"amino acids"},
    "plain without consequence": {"place"},
    "gene only": set(),
    "anonymous": _USUAL | {"anonymous"},
    "paper": set(),
}
"""Parts of each text; `paper` is the paper's template as it is."""


def make_template(name: str) -> Template:
    """The sentences of the default template that a text of `TEXTS` may have.

    `full` begins with the sentence of coordinates of the paper's template. `anonymous`
    names no gene. `gene only` says which gene, what it does, and nothing of the variant.
    """
    if name == "paper":
        return load_template("paper")
    parts = TEXTS[name]
    body = _lines("anonymous" if "anonymous" in parts else "default")
    lines = [*_lines("paper")[:1], *body]
    for part, marks in _PARTS.items():
        if part not in parts:
            lines = [line for line in lines if not any(mark in line for mark in marks)]
    if "place" not in parts:
        lines = [_GENE, *lines]
    if "amino acids" in parts:
        lines.append(_AMINO_ACIDS)
    return Template(name, "\n".join(lines))


def render(name: str, fields: pa.Table) -> tuple[list[str], tuple[str, ...]]:
    """Texts of the rows, and the fields they were made from."""
    template = make_template(name)
    there = tuple(each for each in template.fields if each in fields.column_names)
    return template.render(fields).to_pylist(), there


def cadd_words(score: np.ndarray) -> pa.Array:
    """Classes of CADD as the default template tells them."""
    names = pa.array(["below 10", "10 to 20", "20 to 30", "30 or more"])
    level = np.searchsorted((10.0, 20.0, 30.0), score, side="right")
    return names.take(pa.array(level, mask=np.isnan(score)))


def tidy_consequence(text: pa.ChunkedArray) -> pa.ChunkedArray:
    """``missense_variant`` as ``missense``."""
    return pc.replace_substring(pc.replace_substring(text, "_variant", ""), "_", " ")


def _lines(template: str) -> list[str]:
    lines = load_template(template).text.splitlines()
    return [line for line in lines if line and not line.startswith("#")]
