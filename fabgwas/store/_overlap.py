"""Why a table of variants and a store have nothing in common."""

from itertools import islice

import numpy as np
import pyarrow as pa

from fabgwas.store._reader import EmbeddingStore
from fabgwas.variants import CHROMOSOMES, chromosome_codes

_BLOCKS = 200  # about 1.6 million variants


def explain_no_overlap(store: EmbeddingStore, table: pa.Table) -> str:
    """The most likely reason, by a look at the first blocks of the store.

    Parameters
    ----------
    store
        Embeddings of other variants.
    table
        Columns chrom, pos and rsid.
    """
    theirs, ours = chromosomes_of(table), store.chroms
    if theirs and not set(theirs) & set(ours):
        return f"no chromosome in common, {' '.join(theirs)} against {' '.join(ours)}."
    places = set(_places(table))
    names = set(table["rsid"].to_pylist()) - {None, ""}
    shared_places = shared_names = 0
    for block in islice(store.iter_keys(theirs or None), _BLOCKS):
        shared_places += len(places.intersection(_places(block.table)))
        shared_names += len(names.intersection(block.table["rsid"].to_pylist()))
    if shared_places:
        return (
            f"positions agree ({shared_places:,}), but not their alleles. Check which "
            "columns are the alleles."
        )
    if shared_names:
        return (
            f"identifiers agree ({shared_names:,}), but not their positions or alleles. "
            f"Check whether the positions are {store.metadata.build}."
        )
    return "neither positions nor identifiers agree. Check the build of both."


def chromosomes_of(table: pa.Table) -> list[str]:
    """Known chromosomes of a table, in their order."""
    codes = np.unique(chromosome_codes(table["chrom"]))
    return [CHROMOSOMES[code - 1] for code in codes.tolist() if code]


def _places(table: pa.Table) -> list[tuple[int, int | None]]:
    codes = chromosome_codes(table["chrom"]).tolist()
    return list(zip(codes, table["pos"].to_pylist(), strict=True))
