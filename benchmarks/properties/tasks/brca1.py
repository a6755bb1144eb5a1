"""BRCA1 saturation genome editing: loss of function, measured for nearly every change.

One gene, so a text has nothing to tell rows apart by but the consequence; amino acids are
added in a variant. Exons are held out whole.
"""

import numpy as np

from benchmarks.harness import Context
from benchmarks.properties._data import as_table, brca1
from benchmarks.properties._rows import Rows, annotate
from benchmarks.properties._task import with_variants
from benchmarks.properties._text import cadd_words
from fabgwas_embeddings import load_genes


def _all(context: Context) -> Rows:
    frame = brca1(context).dropna(subset=["CADD", "phyloP"])
    table = as_table(frame)
    table = table.append_column("cadd_class", cadd_words(frame["CADD"].to_numpy()))
    fields = annotate(table, [load_genes("GRCh37")])
    label, cadd, phylop, exon = (
        fields[name].to_numpy().astype(float)
        for name in ("label", "CADD", "phyloP", "exon")
    )
    return Rows(
        fields=fields,
        label=label,
        kind="binary",
        scores={"CADD": cadd, "phyloP": phylop},
        region=exon.astype(np.int64),
    )


def _missense(context: Context) -> Rows:
    rows = _all(context)
    missense = np.array(rows.fields["consequence"].to_pylist()) == "missense"
    return rows.take(np.flatnonzero(missense))


_SETTINGS = {
    "texts": ("plain with scores", "plain with amino acids"),
    "split": "stretch",
    "scored": True,
    "most": 8000,
    "note": "Findlay 2018; loss of function against the rest, exons held out",
}
TASKS = [
    *with_variants("BRCA1 function, all", _all, **_SETTINGS),
    *with_variants("BRCA1 function, missense", _missense, **_SETTINGS),
]
