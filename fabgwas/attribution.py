"""What carries the held-out gain of a prior: which descriptions, and of which variants."""

import numpy as np

from fabgwas.genes import gene_distances
from fabgwas.interchange import expect
from fabgwas.link import Gain, block_gain
from fabgwas.prior import FittedPrior
from fabgwas.variants import chromosome_codes

NEAR = 10_000
"""Base pairs to a gene within which a variant is near it."""


def compare_priors(main: FittedPrior, other: FittedPrior, *, seed: int = 0) -> Gain:
    r"""The held-out gain of one prior minus that of another, on the variants of both.

    .. math:: \frac{\sum_j w_j (g_j - g'_j)}{\sum_j w_j}, \qquad
        g_j = \log \frac{p(z_j \mid \text{prior})}{p(z_j \mid \text{covariates})}

    With the weights w and LD blocks of `main`, as in its `gain`. Where the two differ in
    the descriptions of the variants alone, it is what those of `main` add: positive if
    they predict better.

    Parameters
    ----------
    main, other
        Priors of one study, by stores that share variants; see `fabgwas.fit_prior`.
    seed
        Of the resampling behind the interval.

    Raises
    ------
    ValueError
        If the priors are of different studies, or have no variant in common.
    """
    for prior in (main, other):
        expect(prior, FittedPrior, "fabgwas.fit_prior")
    rows, mine, theirs = np.intersect1d(main.row, other.row, return_indices=True)
    if not rows.size:
        raise ValueError("the priors have no variant in common.")
    z, z_other = (each.study["z"].to_numpy() for each in (main, other))
    if not np.array_equal(z[mine], z_other[theirs]):
        at = int(np.argmax(z[mine] != z_other[theirs]))
        raise ValueError(
            f"the priors are of different studies: z of row {rows[at]} is "
            f"{z[mine][at]:g} in one and {z_other[theirs][at]:g} in the other."
        )
    difference = main.log_ratio[mine] - other.log_ratio[theirs]
    return block_gain(difference, main.weight[mine], main.block[mine], seed)


def gain_by_region(prior: FittedPrior, build: str, *, seed: int = 0) -> dict[str, Gain]:
    """The held-out gain of a prior by where variants lie, seen from protein-coding genes.

    Parameters
    ----------
    prior
        From `fabgwas.fit_prior`.
    build
        GRCh37 or GRCh38, of its places.
    seed
        Of the resampling behind the intervals.

    Returns
    -------
    The gain of the variants ``inside a gene``, ``within 10 kb`` of one, and ``farther``;
    each mean is over the variants of its class, and classes without any are left out.
    """
    expect(prior, FittedPrior, "fabgwas.fit_prior")
    chrom = chromosome_codes(prior.study["chrom"]).astype(np.int64)
    pos = prior.study["pos"].to_numpy().astype(np.int64)
    distance = gene_distances(chrom, pos, build)
    inside, near = distance == 0, (distance > 0) & (distance <= NEAR)
    classes = {
        "inside a gene": inside,
        f"within {NEAR // 1000} kb": near,
        "farther": ~inside & ~near,
    }
    return {
        name: block_gain(prior.log_ratio[mine], prior.weight[mine], prior.block[mine], seed)
        for name, mine in classes.items()
        if mine.any()
    }
