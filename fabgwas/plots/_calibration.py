"""Whether priors say the truth: observed against expected moments of z."""

from typing import NamedTuple

import numpy as np
from jaxtyping import Float, Int
from matplotlib.axes import Axes
from matplotlib.ticker import FuncFormatter, LogLocator, NullLocator

from fabgwas.plots._columns import columns, numbers, whole_numbers
from fabgwas.plots._scale import check_same_size
from fabgwas.plots._style import LIGHT, Style, add_legend, finish, label_axes, new_axes

_Z_95 = 1.959964


class _Bins(NamedTuple):
    expected: Float[np.ndarray, " bin"]
    observed: Float[np.ndarray, " bin"]
    half_width: Float[np.ndarray, " bin"]


@columns(prior_mean=numbers, prior_var=numbers, z=numbers, block=whole_numbers)
def prior_calibration(
    prior_mean: Float[np.ndarray, " variant"],
    prior_var: Float[np.ndarray, " variant"],
    z: Float[np.ndarray, " variant"],
    ax: Axes | None = None,
    *,
    intercept: float = 1.0,
    block: Int[np.ndarray, " variant"] | None = None,
    n_bins: int = 10,
    style: Style = LIGHT,
) -> Axes:
    r"""Mean :math:`z^2` against the :math:`c + m^2 + v` that the prior expects, by decile.

    Points on the diagonal mean that the prior knows how large effects are. The size of
    effects varies over orders of magnitude, so both axes are logarithmic.

    Parameters
    ----------
    prior_mean, prior_var
        Mean m and variance v of E z, learned without z.
    z
        Z-scores.
    ax
        Axes to draw on; None makes a figure.
    intercept
        Variance c of z around its expectation: 1, or the LD score intercept.
    block
        Blocks of dependent variants; with them 95 % intervals are drawn.
    n_bins
        Number of equally large bins by expectation.
    style
        `LIGHT` or `DARK`.
    """
    check_same_size(z=z, prior_mean=prior_mean, prior_var=prior_var)
    expected = intercept + prior_mean**2 + prior_var
    bins = _bin(expected, z * z, block, n_bins)
    ax = new_axes(ax, (4.4, 4.2), style)
    ax.set(xscale="log", yscale="log")
    _draw(ax, bins, style)
    label_axes(ax, r"Expected $z^2$ (decile of the prior)", r"Mean $z^2$", style)
    _plain_ticks(ax)
    return finish(ax)


@columns(prior_mean=numbers, z=numbers, block=whole_numbers)
def prior_direction(
    prior_mean: Float[np.ndarray, " variant"],
    z: Float[np.ndarray, " variant"],
    ax: Axes | None = None,
    *,
    block: Int[np.ndarray, " variant"] | None = None,
    n_bins: int = 10,
    style: Style = LIGHT,
) -> Axes:
    """Mean z against the prior mean, by decile of the prior mean.

    A slope of 1 means that the prior knows the sign and size of effects; a flat line, that
    it knows nothing of their sign.

    Parameters
    ----------
    prior_mean
        Mean of E z, learned without z.
    z
        Z-scores towards the same alleles.
    ax
        Axes to draw on; None makes a figure.
    block
        Blocks of dependent variants; with them 95 % intervals are drawn.
    n_bins
        Number of equally large bins by prior mean.
    style
        `LIGHT` or `DARK`.
    """
    check_same_size(z=z, prior_mean=prior_mean)
    bins = _bin(prior_mean, z, block, n_bins)
    ax = new_axes(ax, (4.4, 4.2), style)
    ax.axhline(0, color=style.grid, linewidth=0.9, zorder=1)
    _draw(ax, bins, style)
    label_axes(ax, "Prior mean of z (decile)", "Mean z", style)
    return finish(ax)


def _bin(
    expected: Float[np.ndarray, " variant"],
    observed: Float[np.ndarray, " variant"],
    block: Int[np.ndarray, " variant"] | None,
    n_bins: int,
) -> _Bins:
    """Means in bins of equal size by rank of `expected`."""
    known = np.flatnonzero(np.isfinite(expected) & np.isfinite(observed))
    if known.size < n_bins:
        raise ValueError(
            f"there must be at least {n_bins} variants with a finite prior and z, "
            f"but there are {known.size}."
        )
    order = known[np.argsort(expected[known], kind="stable")]
    members = np.array_split(order, n_bins)
    half_width = np.full(n_bins, np.nan)
    if block is not None:
        half_width = np.array(
            [_Z_95 * _block_error(observed[rows], block[rows]) for rows in members]
        )
    return _Bins(
        expected=np.array([expected[rows].mean() for rows in members]),
        observed=np.array([observed[rows].mean() for rows in members]),
        half_width=half_width,
    )


def _block_error(
    values: Float[np.ndarray, " member"], block: Int[np.ndarray, " member"]
) -> float:
    """Standard error of the mean when only blocks are independent; nan for one block."""
    _, number = np.unique(block, return_inverse=True)
    sums = np.bincount(number, values - values.mean())
    if sums.size < 2:
        return np.nan
    correction = sums.size / (sums.size - 1)
    return float(np.sqrt(correction * np.sum(sums**2)) / values.size)


def _draw(ax: Axes, bins: _Bins, style: Style) -> None:
    ends = np.array([bins.expected.min(), bins.expected.max()])
    ax.plot(ends, ends, color=style.muted, linewidth=0.9, label="as expected", zorder=2)
    known = np.isfinite(bins.half_width)
    if known.any():
        low = bins.observed - bins.half_width
        if ax.get_yscale() == "log":
            # an interval that reaches 0 has no end on a logarithmic axis
            low = np.maximum(low, 0.05 * bins.observed)
        ax.vlines(
            bins.expected[known],
            low[known],
            (bins.observed + bins.half_width)[known],
            color=style.primary[1],
            linewidth=1.6,
            label="95 % interval, by LD block",
            zorder=3,
        )
    ax.scatter(
        bins.expected, bins.observed, s=30, color=style.primary[0], zorder=4,
        edgecolors=style.surface, linewidths=0.8,
    )  # fmt: skip
    # above the axes, where no interval can be
    add_legend(
        ax, style, loc="lower left", bbox_to_anchor=(0.0, 1.0), ncols=2, borderaxespad=0.2,
        handlelength=1.4, columnspacing=1.2,
    )  # fmt: skip


def _plain_ticks(ax: Axes) -> None:
    """1, 2, 5, 10, ... in place of powers of ten."""
    for axis in (ax.xaxis, ax.yaxis):
        axis.set_major_locator(LogLocator(subs=(1.0, 2.0, 5.0)))
        axis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
        axis.set_minor_locator(NullLocator())
