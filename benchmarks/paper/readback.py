"""The paper's quality control: properties that the text says, read back from its embedding.

Texts have the sentences of the paper's Figure 1, so the answer stands in each of them; what
is tested is whether the encoder kept it. The paper's splits are not known: here single
variants are held out, as its words "variant property prediction" suggest.
"""

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from benchmarks.harness import Context, FunctionMethod
from benchmarks.properties._data import clinvar_2020
from benchmarks.properties._rows import Rows
from benchmarks.properties._task import PropertyTask
from benchmarks.properties.methods.baselines import bag_of_words, mean
from benchmarks.properties.methods.encoders import ENCODERS, EncoderMethod


def _variants(context: Context) -> pa.Table:
    """ClinVar of 2020, autosomes."""
    table = clinvar_2020(context, "benign", "pathogenic")
    autosomes = pa.array([str(number) for number in range(1, 23)])
    return table.filter(pc.is_in(table["chrom"], autosomes))


def _classes(field: str):
    def source(context: Context) -> Rows:
        fields = _variants(context)
        names = [str(value) for value in fields[field].to_pylist()]
        label = np.unique(names, return_inverse=True)[1].astype(float)
        return Rows(fields=fields, label=label, kind="classes")

    return source


def _pathogenic(context: Context) -> Rows:
    fields = _variants(context)
    label = np.array(fields["label_class"].to_pylist()) == "pathogenic"
    return Rows(fields=fields, label=label.astype(float), kind="binary")


def _associated(context: Context) -> Rows:
    fields = _variants(context)
    label = ~np.array(fields["catalog_traits"].is_null())
    return Rows(fields=fields, label=label.astype(float), kind="binary")


TASKS = [
    PropertyTask(label=label, source=source, text="paper", split="variant")
    for label, source in (
        ("chromosome", _classes("chrom")),
        ("category", _classes("gencode_category")),
        ("ClinVar class", _pathogenic),
        ("catalog trait", _associated),
    )
]


def _meant_for(task: object) -> bool:
    return isinstance(task, PropertyTask)


METHODS = [
    FunctionMethod(name="TF-IDF, linear", answer=bag_of_words, meant_for=_meant_for),
    FunctionMethod(name="mean", answer=mean, meant_for=_meant_for),
    *(
        EncoderMethod(encoder=name, learner="linear", make=make)
        for name, make in ENCODERS.items()
    ),
]
