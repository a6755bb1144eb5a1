"""The allele that predicted means point towards while a prior is learned.

The sign of an effect means something only towards an allele that the study did not choose.
Which one is best depends on what descriptions tell: the alternate allele is what they are
about, the minor one is oftener the harmful one, and the derived one is the mutation.
"""

import logging

import numpy as np
from jaxtyping import Float

from fabgwas.alignment import Alignment
from fabgwas.config import ORIENTATIONS
from fabgwas.errors import UsageError
from fabgwas.features import aligned_keys
from fabgwas.io import ancestral_bases
from fabgwas.store import EmbeddingStore

log = logging.getLogger(__name__)

Signs = Float[np.ndarray, " variant"]


def orientation(
    orient: str,
    store: EmbeddingStore,
    alignment: Alignment,
    frequency: Float[np.ndarray, " variant"],
    ancestral: str | None = None,
) -> Signs:
    """+1 where means are to point towards the alternate allele of the store, else -1.

    Parameters
    ----------
    orient
        ``alternate``, ``minor`` (by the frequency of the study or the panel) or ``derived``
        (by `ancestral`); the alternate allele where that is unknown.
    store, alignment
        The vectors, and which variant is which.
    frequency
        Of the effect allele of each variant, nan where unknown.
    ancestral
        FASTA of ancestral alleles; see `fabgwas.io.ancestral_bases`.

    Raises
    ------
    UsageError
        If `orient` is none of these, or ``derived`` without `ancestral`.
    """
    if orient not in ORIENTATIONS:
        raise UsageError(
            f"orient must be one of {', '.join(ORIENTATIONS)}, not {orient!r}."
        )
    if orient == "derived":
        if ancestral is None:
            raise UsageError(
                "orient derived needs a FASTA of ancestral alleles (ancestral)."
            )
        return _towards_derived(store, alignment, ancestral)
    if orient == "alternate":
        return np.ones(alignment.sign.size)
    alternate = np.where(alignment.sign > 0, frequency, 1 - frequency)
    return np.where(alternate > 0.5, -1.0, 1.0)


def _towards_derived(store: EmbeddingStore, alignment: Alignment, ancestral: str) -> Signs:
    keys = aligned_keys(store, alignment)
    letter = ancestral_bases(ancestral, keys, store.metadata.build)
    ref, alt = (_single_letters(keys[name].to_pylist()) for name in ("ref", "alt"))
    log.info(
        "ancestral alleles: %s reference, %s alternate, %s unknown",
        *(
            f"{int(n):,}"
            for n in (
                np.sum(letter == ref),
                np.sum(letter == alt),
                np.sum((letter != ref) & (letter != alt)),
            )
        ),
    )
    return np.where(letter == alt, -1.0, 1.0)


def _single_letters(alleles: list[str]) -> np.ndarray:
    """Codes of alleles of one letter; 0 for longer ones, which no letter equals."""
    return np.array([ord(a) if len(a) == 1 else 0 for a in alleles], np.uint8)
