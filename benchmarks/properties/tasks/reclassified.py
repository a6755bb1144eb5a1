"""Variants once of uncertain significance: their later class, and their CADD and REVEL.

Scores are given to the text in one variant only, as a class in words; the regressions on
CADD and REVEL leave them out.
"""

import numpy as np
import pandas as pd

from benchmarks.harness import Context
from benchmarks.properties._data import as_table, clinvar_2016, clinvar_2020, reclassified
from benchmarks.properties._rows import Rows, annotate
from benchmarks.properties._task import with_variants
from fabgwas_embeddings import load_genes

_SCORES = ("CADD", "REVEL", "phyloP")
_PATHOGENIC = ("Pathogenic", "Likely pathogenic", "Likely pathogenic;Pathogenic")
_BENIGN = ("Benign", "Likely benign", "Benign;Likely benign")
_TRAINING = 3000  # variants of 2016 to learn from


def _rows(frame: pd.DataFrame, label: str, kind: str, build: str) -> Rows:
    """Annotated rows; the scores that the frame has go along."""
    fields = annotate(as_table(frame), [load_genes(build)])
    values = {
        name: fields[name].to_numpy(zero_copy_only=False).astype(float)
        for name in (*_SCORES, label)
        if name in fields.column_names
    }
    scores = {n: v for n, v in values.items() if n in _SCORES and n != label}
    known = np.isfinite(np.column_stack([*scores.values(), values[label]])).all(axis=1)
    rows = Rows(fields=fields, label=values[label], kind=kind, scores=scores)
    return rows.take(np.flatnonzero(known))


def _class(context: Context) -> Rows:
    table = reclassified(context)
    return _rows(table[table["missense"]], "label", "binary", "GRCh38")


def _score(name: str):
    def source(context: Context) -> Rows:
        table = reclassified(context)
        return _rows(table[table["missense"]], name, "number", "GRCh38")

    return source


def _prospective(context: Context) -> Rows:
    """Learn from what was classified in 2016, predict what 2020 made of the uncertain."""
    table = clinvar_2016(context)
    table = table[table["consequence"] == "missense"].drop_duplicates("variation")
    then = table["clinical_significance"]
    later = clinvar_2020(
        context, "benign", "pathogenic", "exVUS_benign", "exVUS_pathogenic"
    ).to_pandas()
    later = later.drop_duplicates("variation").set_index("variation")["label_class"]
    now = table["variation"].map(later)
    old = table[then.isin(_PATHOGENIC + _BENIGN)].copy()
    old["label"] = old["clinical_significance"].isin(_PATHOGENIC).astype(float)
    old = old.sample(min(_TRAINING, len(old)), random_state=0)
    new = table[(then == "Uncertain significance") & now.notna()].copy()
    new["label"] = now.str.endswith("pathogenic").astype(float)
    scores = reclassified(context).drop_duplicates("variation").set_index("variation")
    for name in ("CADD", "REVEL"):
        new[name] = new["variation"].map(scores[name])
        old[name] = np.nan  # nothing is learned from scores here
    new = new[new[["CADD", "REVEL"]].notna().all(axis=1)]
    both = pd.concat([old.assign(new=False), new.assign(new=True)])
    fields = annotate(as_table(both), [load_genes("GRCh37")])
    numbers = {
        name: fields[name].to_numpy(zero_copy_only=False).astype(float)
        for name in ("CADD", "REVEL", "label", "new")
    }
    return Rows(
        fields=fields,
        label=numbers["label"],
        kind="binary",
        scores={name: numbers[name] for name in ("CADD", "REVEL")},
        test=numbers["new"] == 1,
    )


TASKS = [
    *with_variants(
        "reclassified, missense",
        _class,
        texts=("plain with scores", "plain with amino acids", "gene only", "anonymous"),
        splits=("chromosome",),
        scored=True,
        note="uncertain variants that became benign or pathogenic by 2020 or 2021",
    ),
    *with_variants(
        "CADD",
        _score("CADD"),
        texts=("plain with amino acids", "gene only"),
        note="Phred score of the reclassified missense variants",
    ),
    *with_variants(
        "REVEL",
        _score("REVEL"),
        texts=("plain with amino acids", "gene only"),
        note="score of the reclassified missense variants",
    ),
    *with_variants(
        "uncertain in 2016, missense",
        _prospective,
        texts=("plain with amino acids", "gene only", "anonymous"),
        scored=True,
        note="learned from ClinVar of 2016, judged by that of 2020; genes are shared",
    ),
]
