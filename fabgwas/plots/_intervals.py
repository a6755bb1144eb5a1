"""Confidence intervals of effects: the usual ones beside those that use the prior."""

from collections.abc import Sequence

import numpy as np
from jaxtyping import Float
from matplotlib.axes import Axes
from matplotlib.ticker import MaxNLocator

from fabgwas.plots._columns import columns, numbers
from fabgwas.plots._scale import check_same_size
from fabgwas.plots._style import LIGHT, Style, add_legend, finish, label_axes, new_axes

_APART = 0.17  # rows between the two intervals of a locus


@columns(estimate=numbers, usual=numbers, fab=numbers)
def effect_intervals(
    names: Sequence[str],
    estimate: Float[np.ndarray, " locus"],
    usual: Float[np.ndarray, "locus 2"],
    fab: Float[np.ndarray, "locus 2"],
    ax: Axes | None = None,
    *,
    unit: str = "Effect per allele",
    style: Style = LIGHT,
) -> Axes:
    """Estimates with their usual and their FAB intervals, a row for each locus.

    Parameters
    ----------
    names
        What to call the loci, from the top row down.
    estimate
        Effects.
    usual, fab
        Lower and upper ends in the same unit.
    ax
        Axes to draw on; None makes a figure.
    unit
        Name of the horizontal axis.
    style
        `LIGHT` or `DARK`.
    """
    check_same_size(names=np.array(names, dtype=object), estimate=estimate)
    row = np.arange(estimate.size, dtype=np.float64)
    ax = new_axes(ax, (6.4, 0.9 + 0.3 * estimate.size), style)
    ax.axvline(0, color=style.muted, linewidth=0.9, zorder=1)
    for ends, color, shift, width, name in (
        (usual, style.reference[0], -_APART, 1.8, "usual 95 % interval"),
        (fab, style.primary[0], _APART, 2.6, "FAB 95 % interval"),
    ):
        ax.hlines(
            row + shift, ends[:, 0], ends[:, 1], color=color, linewidth=width, label=name,
            zorder=2,
        )  # fmt: skip
    ax.scatter(estimate, row - _APART, s=16, color=style.reference[0], zorder=3)
    ax.set_yticks(row, names)
    ax.tick_params(axis="y", length=0, labelcolor=style.ink)
    ax.spines["left"].set_visible(False)
    ax.xaxis.set_major_locator(MaxNLocator(5))
    ax.grid(axis="x", color=style.grid, linewidth=0.7)
    ax.set_ylim(estimate.size - 0.4, -0.6)
    label_axes(ax, unit, "", style)
    add_legend(
        ax, style, loc="lower right", bbox_to_anchor=(1.0, 1.0), ncols=2, borderaxespad=0.2,
        handlelength=1.4, columnspacing=1.2,
    )  # fmt: skip
    return finish(ax)
