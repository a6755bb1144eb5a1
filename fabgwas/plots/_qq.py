"""Quantile-quantile plots of p-values, and the genomic inflation factor."""

from collections.abc import Collection, Mapping

import numpy as np
from jaxtyping import Float, Int
from matplotlib.axes import Axes
from scipy.special import betaincinv, chdtri, ndtri_exp

from fabgwas.plots._columns import columns, lists_of_numbers, numbers
from fabgwas.plots._scale import neg_log10, scale_log_pvalues
from fabgwas.plots._style import LIGHT, Style, add_legend, finish, label_axes, new_axes

_ALL_RANKS = 2000  # the smallest p-values are all drawn
_THINNED_RANKS = 1500  # log-spaced ranks beyond
_BAND = 0.95


@columns(log_pvalue=numbers)
def lambda_gc(log_pvalue: Float[np.ndarray, " variant"]) -> float:
    r"""Genomic inflation factor: median :math:`\chi^2_1` over its null median 0.4549.

    Parameters
    ----------
    log_pvalue
        Natural logarithms of unweighted p-values; nan is left out.
    """
    median = float(np.nanmedian(log_pvalue))
    return float(ndtri_exp(median - np.log(2.0)) ** 2 / chdtri(1, 0.5))


@columns(log_pvalues=lists_of_numbers)
def qq(
    log_pvalues: Mapping[str, Float[np.ndarray, " _"]] | Float[np.ndarray, " _"],
    ax: Axes | None = None,
    *,
    weighted: Collection[str] = (),
    style: Style = LIGHT,
) -> Axes:
    r"""Sorted p-values against their expectation under the null, with a 95 % band.

    The i-th smallest of m independent null p-values is Beta(i, m + 1 - i): its mean
    i / (m + 1) is the horizontal position and its quantiles are the band, drawn for the
    longest list.

    Parameters
    ----------
    log_pvalues
        Natural logarithms of p-values, by the name of the test if there are several; nan
        is left out.
    ax
        Axes to draw on; None makes a figure.
    weighted
        Names of lists of *weighted* p-values, whose inflation factor has no meaning: it is
        not written.
    style
        `LIGHT` or `DARK`.
    """
    if isinstance(log_pvalues, np.ndarray):
        log_pvalues = {"p-values": log_pvalues}
    lists = {name: np.sort(-neg_log10(log_p)) for name, log_p in log_pvalues.items()}
    lists = {name: -values[~np.isnan(values)] for name, values in lists.items()}
    longest = max((values.size for values in lists.values()), default=0)
    if longest == 0:
        raise ValueError("log_pvalues must hold at least one p-value that is not nan.")
    ax = new_axes(ax, (4.8, 4.6), style)
    _band(ax, longest, style)
    for number, (name, values) in enumerate(lists.items()):
        rank = _ranks(values.size)
        log_p = log_pvalues[name]
        inflation = "" if name in weighted else f", λ = {lambda_gc(log_p):.3f}"
        ax.scatter(
            -np.log10(rank / (values.size + 1)),
            values[rank - 1],
            s=20 / (1 + 2 * number),  # lists that agree show as a rim
            color=style.series[number % len(style.series)],
            linewidths=0,
            rasterized=True,
            label=name + inflation,
            zorder=3 + number,
        )
    top = max(float(values.max(initial=0.0)) for values in lists.values())
    right = float(np.log10(longest + 1))
    scale_log_pvalues(ax, max(top, right) * 1.06, style)
    ax.set_xlim(0, right * 1.04)
    label_axes(ax, "Expected −log₁₀ p", f"Observed {ax.get_ylabel()}", style)
    add_legend(ax, style, loc="upper left", markerscale=1.8, handletextpad=0.3)
    return finish(ax)


def _ranks(size: int) -> Int[np.ndarray, " rank"]:
    """All the first ranks, and log-spaced ones up to `size`."""
    thinned = np.geomspace(1, max(size, 1), _THINNED_RANKS).astype(np.int64)
    first = np.arange(1, min(size, _ALL_RANKS) + 1)
    ranks = np.unique(np.concatenate([first, thinned]))
    return ranks[ranks <= size]


def _band(ax: Axes, size: int, style: Style) -> None:
    rank = np.unique(np.geomspace(1, size, 200).astype(np.int64)).astype(np.float64)
    tail = (1 - _BAND) / 2
    expected = -np.log10(rank / (size + 1))
    low, high = (
        -np.log10(betaincinv(rank, size + 1 - rank, quantile))
        for quantile in (1 - tail, tail)
    )
    ax.fill_between(
        expected, low, high, color=style.grid, linewidth=0, label="95 % of the null",
        zorder=1,
    )  # fmt: skip
    line = np.linspace(0, expected[0], 100)
    ax.plot(line, line, color=style.muted, linewidth=0.9, zorder=2)
