"""Tests of genes and regions: many variants at once, with a prior as kernel."""

from collections.abc import Iterator

import numpy as np
import pyarrow as pa
from jaxtyping import Bool, Float, Int

from fabgwas.errors import NothingToAnalyseError
from fabgwas.fab import bh_log_qvalues, kernel_test, variance_kernel
from fabgwas.ldstore import LdStore
from fabgwas.variants import chromosome_codes

# weights of variants must not differ by more than a test can notice
_LEAST_SHARE = 1e-6


def set_tests(
    study: pa.Table,
    panel: LdStore,
    regions: pa.Table,
    effect_var: Float[np.ndarray, " variant"] | None = None,
    *,
    effect_mean: Float[np.ndarray, " variant"] | None = None,
    features: Float[np.ndarray, "variant dim"] | None = None,
    fold: Int[np.ndarray, " variant"] | None = None,
    margin_kb: float = 0.0,
    max_variants: int = 5000,
) -> pa.Table:
    r"""Test each gene or region with the prior of its variants as kernel.

    See `fabgwas.fab.kernel_test`. The kernel is :math:`\mathrm{diag}(v) + m m'` from prior
    variances and means of the effects, or :math:`V^{1/2} X X' V^{1/2}` with features X, in
    which the alleles that the panel counts have similar effects where their features are
    similar. All must be learned on other folds. Variants that the panel lacks are left
    out, and so are the correlations between LD blocks.

    Parameters
    ----------
    study
        Columns chrom, pos, effect_allele, other_allele and z.
    panel
        Correlations, shrunk where people are few.
    regions
        Columns name, chrom, start and stop: 1-based, both ends included, in the build of
        the study.
    effect_var, effect_mean
        Prior variance and mean of each variant's effect, on the scale of one standard
        deviation of the genotype and without what the variant tags (`prior_var` divided by
        the LD score comes near); None for equal variances and no mean.
    features
        Coordinates of each variant, such as leading components of its embedding.
    fold
        Of each variant, whose priors were learned on the others. The priors of a region in
        several folds have seen some of its z-scores: it is tested with equal variances.
    margin_kb
        How far regions are extended on both sides.
    max_variants
        Largest region to test.

    Returns
    -------
    A row per region with a tested variant, in the order of `regions`: ``name chrom start
    stop n_variants n_effective log_pvalue_set log_qvalue_set log_pvalue_set_equal``. The
    last is the test with equal variances, the reference of every gain; ``n_effective`` the
    number of independent chi-squares that vary like the statistic.

    Raises
    ------
    NothingToAnalyseError
        If no region holds a variant of both study and panel.
    """
    match = panel.match(study)
    z = study["z"].to_numpy().astype(float)[match.left] * match.sign
    variance = np.ones(study.num_rows) if effect_var is None else effect_var
    variance = np.maximum(variance, _LEAST_SHARE * float(np.max(variance)))[match.left]
    mean = None if effect_mean is None else effect_mean[match.left] * match.sign
    columns = None if features is None else features[match.left]
    folds = np.zeros(z.size, int) if fold is None else fold[match.left]
    rows = []
    blocks = _Blocks(panel)
    for region in _members(panel, match.right, regions, margin_kb):
        description, inside = region
        if not 0 < inside.size <= max_variants:
            continue
        ld = blocks.correlations(match.right[inside])
        flat = kernel_test(z[inside], ld, variance_kernel(np.ones(inside.size)))
        if np.ptp(folds[inside]) > 0:
            factor = None
        elif columns is not None:
            factor = np.sqrt(variance[inside])[:, None] * columns[inside]
        elif mean is not None or effect_var is not None:
            factor = variance_kernel(
                variance[inside], None if mean is None else mean[inside]
            )
        else:
            factor = None
        shaped = flat if factor is None else kernel_test(z[inside], ld, factor)
        rows.append(
            {
                **description,
                "n_variants": inside.size,
                "n_effective": shaped.n_effective,
                "log_pvalue_set": shaped.log_pvalue,
                "log_pvalue_set_equal": flat.log_pvalue,
            }
        )
    if not rows:
        raise NothingToAnalyseError(
            f"none of {regions.num_rows} regions holds 1 to {max_variants} variants of "
            "both the study and the panel."
        )
    table = pa.Table.from_pylist(rows)
    log_q = bh_log_qvalues(table["log_pvalue_set"].to_numpy())
    return table.add_column(7, "log_qvalue_set", pa.array(log_q))


def _members(
    panel: LdStore,
    variant: Int[np.ndarray, " matched"],
    regions: pa.Table,
    margin_kb: float,
) -> Iterator[tuple[dict[str, object], Int[np.ndarray, " member"]]]:
    """Each region, and which of the matched variants lie in it, in genome order."""
    place = (panel.chrom.astype(np.int64)[variant] << 32) + panel.pos[variant]
    order = np.argsort(place, kind="stable")
    place = place[order]
    code = chromosome_codes(regions["chrom"]).astype(np.int64) << 32
    margin = round(margin_kb * 1000)
    first = np.searchsorted(
        place, code + np.maximum(regions["start"].to_numpy() - margin, 0), side="left"
    )
    last = np.searchsorted(place, code + regions["stop"].to_numpy() + margin, side="right")
    names = ["name", "chrom", "start", "stop"]
    for number, row in enumerate(regions.select(names).to_pylist()):
        yield row, order[first[number] : last[number]]


class _Blocks:
    """Correlations among variants of neighbouring blocks, the last blocks kept."""

    def __init__(self, panel: LdStore) -> None:
        self._panel = panel
        self._block_of = panel.variants["block"].to_numpy()
        self._kept: dict[int, Float[np.ndarray, "variant variant"]] = {}

    def correlations(
        self, variant: Int[np.ndarray, " member"]
    ) -> Float[np.ndarray, "member member"]:
        """Correlations of these variants of the panel, 0 between blocks."""
        block = self._block_of[variant]
        ld = np.zeros((variant.size, variant.size))
        needed = np.unique(block).tolist()
        self._kept = {number: ld for number, ld in self._kept.items() if number in needed}
        for number in needed:
            if number not in self._kept:
                self._kept[number] = self._panel.block(number).ld
            here: Bool[np.ndarray, " member"] = block == number
            first = int(np.searchsorted(self._block_of, number))
            within = variant[here] - first
            ld[np.ix_(here, here)] = self._kept[number][np.ix_(within, within)]
        return ld
