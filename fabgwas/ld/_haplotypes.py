"""Correlation of two variants on a haplotype, estimated from unphased genotypes."""

import numpy as np
from jaxtyping import Float

_TOLERANCE = 1e-11
_MOST_STEPS = 2000


def haplotype_correlations(
    one: Float[np.ndarray, " sample"], others: Float[np.ndarray, "sample other"]
) -> Float[np.ndarray, " other"]:
    r"""Correlation of the alleles that two variants have on one haplotype.

    Only double heterozygotes do not tell their haplotypes. The share f of them that has
    both counted alleles on one haplotype solves

    .. math:: f = \frac{p_{11} p_{00}}{p_{11} p_{00} + p_{10} p_{01}},

    where the haplotype frequencies p depend on f: the EM algorithm from f = 1/2. PLINK's r²
    of unphased genotypes is the square of this correlation.

    Parameters
    ----------
    one, others
        Counts 0, 1, 2 of an allele, nan where missing; pairs of genotypes with a missing
        one are left out.

    Returns
    -------
    Signed towards the counted alleles; nan where one of the two does not vary.

    References
    ----------
    Excoffier, L. & Slatkin, M. (1995). Maximum-likelihood estimation of molecular haplotype
    frequencies in a diploid population. Mol. Biol. Evol. 12, 921-927.
    """
    mine = np.stack([one == count for count in (0, 1, 2)]).astype(np.float32)
    table = np.stack([mine @ (others == count) for count in (0, 1, 2)], axis=1)
    n = table.astype(np.float64)  # people with counts a and b: n[a, b]
    double_heterozygotes = n[1, 1]
    certain = {
        "11": 2 * n[2, 2] + n[2, 1] + n[1, 2],
        "10": 2 * n[2, 0] + n[2, 1] + n[1, 0],
        "01": 2 * n[0, 2] + n[0, 1] + n[1, 2],
        "00": 2 * n[0, 0] + n[0, 1] + n[1, 0],
    }
    total = 2 * n.sum(axis=(0, 1))
    coupling = np.full(others.shape[1], 0.5)
    with np.errstate(invalid="ignore", divide="ignore"):
        for _ in range(_MOST_STEPS):
            p11 = (certain["11"] + double_heterozygotes * coupling) / total
            p00 = (certain["00"] + double_heterozygotes * coupling) / total
            p10 = (certain["10"] + double_heterozygotes * (1 - coupling)) / total
            p01 = (certain["01"] + double_heterozygotes * (1 - coupling)) / total
            before = coupling
            coupling = p11 * p00 / (p11 * p00 + p10 * p01)
            if not np.any(np.abs(coupling - before) > _TOLERANCE):
                break
        freq_1, freq_2 = p11 + p10, p11 + p01
        variance = freq_1 * (1 - freq_1) * freq_2 * (1 - freq_2)
        r = (p11 - freq_1 * freq_2) / np.sqrt(variance)
    return np.where(variance > 0, np.clip(r, -1, 1), np.nan)
