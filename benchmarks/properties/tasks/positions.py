"""Chromosome and place of positions drawn from the genome; needs the package alone.

The text says the chromosome only where it has coordinates; otherwise an encoder must know
where a gene lies. The place (within, up- or downstream of, or far from a gene) is said by
the plain text and by no text without it: both are read-back checks and their controls.
"""

import numpy as np
import pyarrow as pa

from benchmarks.harness import Context
from benchmarks.properties._rows import Rows, annotate
from benchmarks.properties._task import with_variants
from fabgwas_embeddings import load_genes

_DRAWN = 20_000
_REACH = 30_000  # bp around a gene that a position is drawn from
_SEED = 20


def _positions() -> pa.Table:
    """Positions near genes that are drawn with equal chances, with their annotations."""
    models = load_genes("GRCh38")
    genes = models.genes.filter(
        pa.array([c.isdigit() for c in models.genes["chrom"].to_pylist()])
    )
    rng = np.random.default_rng(_SEED)
    gene = rng.integers(genes.num_rows, size=_DRAWN)
    low = genes["start"].to_numpy()[gene] - _REACH
    high = genes["end"].to_numpy()[gene] + _REACH
    pos = np.maximum(rng.integers(low, high), 1)
    alleles = np.array([rng.permutation(list("ACGT"))[:2] for _ in range(_DRAWN)])
    table = pa.table(
        {
            "chrom": genes["chrom"].take(pa.array(gene)),
            "pos": pa.array(pos, pa.int32()),
            "ref": alleles[:, 0],
            "alt": alleles[:, 1],
        }
    )
    return annotate(table, [models])


def _chromosome(context: Context) -> Rows:
    fields = _positions()
    label = np.array([int(name) - 1 for name in fields["chrom"].to_pylist()], float)
    return Rows(fields=fields, label=label, kind="classes")


def _place(context: Context) -> Rows:
    fields = _positions()
    _, label = np.unique(fields["region"].to_pylist(), return_inverse=True)
    return Rows(fields=fields, label=label.astype(float), kind="classes")


TASKS = [
    *with_variants(
        "chromosome",
        _chromosome,
        texts=("full", "anonymous"),
        note="22 classes; 20,000 positions drawn near the genes that ship with fabgwas",
    ),
    *with_variants(
        "place",
        _place,
        texts=("gene only",),
        note="genic, upstream, downstream, intergenic; the same positions",
    ),
]
