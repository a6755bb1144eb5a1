"""ClinVar of August 2020: pathogenic or benign, consequence, and allele frequency.

The consequence alone tells pathogenic from benign with an AUC of 0.95, so missense variants
are a task of their own. The full text quotes ClinVar's verdict: its rows show what a leak
looks like, not what embeddings can do.
"""

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from benchmarks.harness import Context
from benchmarks.properties._data import clinvar_2020
from benchmarks.properties._rows import Rows
from benchmarks.properties._task import with_variants

_LEAKS = (
    "full",
    "full without ClinVar",
    "full without catalog",
    "full without coordinates",
)
_CLASSES = ("missense", "synonymous", "nonsense", "frameshift", "intron", "splice")
_FREQUENCIES = (1e-4, 1e-3, 1e-2)


def _pathogenic(context: Context) -> Rows:
    fields = clinvar_2020(context, "benign", "pathogenic")
    label = np.array(fields["label_class"].to_pylist()) == "pathogenic"
    return Rows(fields=fields, label=label.astype(float), kind="binary")


def _missense(context: Context) -> Rows:
    rows = _pathogenic(context)
    first = pc.list_element(pc.split_pattern(rows.fields["consequence"], ","), 0)
    kept = pc.fill_null(pc.equal(first, "missense"), False).to_numpy()
    return rows.take(np.flatnonzero(kept))


def _consequence(context: Context) -> Rows:
    fields = clinvar_2020(context, "benign", "pathogenic", "VUS")
    first = [(text or "").split(",")[0].split(" ")[0] for text in _texts(fields)]
    label = np.array([_CLASSES.index(c) if c in _CLASSES else -1 for c in first], float)
    rows = Rows(fields=fields, label=label, kind="classes")
    return rows.take(np.flatnonzero(label >= 0))


def _frequency(context: Context) -> Rows:
    fields = clinvar_2020(context, "benign", "pathogenic", "VUS")
    exac = fields["exac"].to_numpy(zero_copy_only=False)
    label = np.searchsorted(_FREQUENCIES, exac).astype(float)
    rows = Rows(fields=fields, label=label, kind="classes")
    return rows.take(np.flatnonzero(np.isfinite(exac)))


def _texts(fields: pa.Table) -> list[str | None]:
    return fields["consequence"].to_pylist()


TASKS = [
    *with_variants(
        "pathogenic, missense",
        _missense,
        texts=(*_LEAKS, "gene only", "anonymous"),
        splits=("chromosome",),
        note="ClinVar 2020, at least two submitters and no conflict; missense only",
    ),
    *with_variants(
        "pathogenic, all",
        _pathogenic,
        texts=("full", "full without ClinVar", "plain without consequence"),
        note="ClinVar 2020, every consequence",
    ),
    *with_variants(
        "consequence",
        _consequence,
        texts=("plain without consequence",),
        note=f"ClinVar 2020; {', '.join(_CLASSES)}",
    ),
    *with_variants(
        "allele frequency",
        _frequency,
        texts=("full",),
        splits=("chromosome",),
        note="ClinVar 2020; ExAC below 0.01 %, 0.1 %, 1 %, and above",
    ),
]
