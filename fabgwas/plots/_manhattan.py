"""Manhattan plots, and the parts that mirrored ones share."""

from collections.abc import Mapping
from typing import NamedTuple

import numpy as np
from jaxtyping import Bool, Float, Int
from matplotlib.axes import Axes

from fabgwas.plots._columns import chromosomes, columns, numbers, whole_numbers
from fabgwas.plots._genome import GenomeAxis, genome_axis, label_genome
from fabgwas.plots._labels import MOST_LABELS, Label, draw_labels
from fabgwas.plots._scale import (
    check_same_size,
    neg_log10,
    scale_log_pvalues,
    thin,
)
from fabgwas.plots._style import LIGHT, Style, finish, new_axes

_HEADROOM = 1.06


class Region(NamedTuple):
    """A stretch of a chromosome, ends included, with the text to write on it."""

    chrom: int
    start: int
    end: int
    label: str = ""


class Half(NamedTuple):
    """Variants of one half of a plot after thinning; `y` is negative below."""

    x: Float[np.ndarray, " kept"]
    y: Float[np.ndarray, " kept"]
    parity: Int[np.ndarray, " kept"]
    chrom: Int[np.ndarray, " kept"]
    pos: Int[np.ndarray, " kept"]

    def inside(self, region: Region) -> Bool[np.ndarray, " kept"]:
        """Which variants lie in a region."""
        return (
            (self.chrom == region.chrom)
            & (self.pos >= region.start)
            & (self.pos <= region.end)
        )


@columns(chrom=chromosomes, pos=whole_numbers, log_pvalue=numbers)
def manhattan(
    chrom: Int[np.ndarray, " variant"],
    pos: Int[np.ndarray, " variant"],
    log_pvalue: Float[np.ndarray, " variant"],
    ax: Axes | None = None,
    *,
    threshold: float | None = 5e-8,
    labels: Mapping[int, str] | None = None,
    style: Style = LIGHT,
) -> Axes:
    """-log10 p along the genome.

    All variants with p at most 0.01 are drawn, and one per pixel of the others. Where
    -log10 p passes 60 the axis is logarithmic above 30. A single chromosome is drawn in
    megabases.

    Parameters
    ----------
    chrom
        Codes 1 to 25, in the order of `fabgwas.variants.CHROMOSOMES`, or names.
    pos
        Positions in base pairs, in any order.
    log_pvalue
        Natural logarithms of p-values; nan is not drawn.
    ax
        Axes to draw on; None makes a figure.
    threshold
        P-value of the dashed line; None for none.
    labels
        Texts of variants by their index; the most significant 30 are written.
    style
        `LIGHT` or `DARK`.
    """
    check_same_size(chrom=chrom, pos=pos, log_pvalue=log_pvalue)
    axis = genome_axis(chrom, pos)
    y = neg_log10(log_pvalue)
    ax = new_axes(ax, (10.0, 3.6), style)
    half = half_of(axis, chrom, pos, y)
    draw_points(ax, half, style.primary)
    draw_threshold(ax, threshold, style)
    label_genome(ax, axis, style)
    scale_log_pvalues(ax, top_of(y, threshold), style)
    index = sorted(labels or (), key=lambda at: -y[at])[:MOST_LABELS]
    x = axis.place(chrom[index], pos[index]) if index else ()
    draw_labels(
        ax,
        [
            Label(float(left), float(y[at]), (labels or {})[at], style.ink)
            for left, at in zip(x, index, strict=True)
        ],
        style,
    )
    return finish(ax)


def half_of(
    axis: GenomeAxis,
    chrom: Int[np.ndarray, " variant"],
    pos: Int[np.ndarray, " variant"],
    y: Float[np.ndarray, " variant"],
    *,
    sign: float = 1.0,
) -> Half:
    """Thin the variants of a half; `sign` -1 turns it upside down."""
    kept = thin(axis.place(chrom, pos), y)
    chrom, pos = chrom[kept], pos[kept]
    return Half(axis.place(chrom, pos), sign * y[kept], axis.parity(chrom), chrom, pos)


def draw_points(ax: Axes, half: Half, colors: tuple[str, str]) -> None:
    """Draw the variants of a half, neighbouring chromosomes in two colours."""
    for parity, color in enumerate(colors):
        mine = half.parity == parity
        ax.scatter(
            half.x[mine], half.y[mine], s=5, color=color, linewidths=0, rasterized=True
        )


def draw_threshold(
    ax: Axes, threshold: float | None, style: Style, *, sign: int = 1
) -> None:
    """Draw the dashed line of a p-value, above or below."""
    if threshold is None:
        return
    y = -sign * np.log10(threshold)
    ax.axhline(y, color=style.ink, linewidth=0.8, linestyle=(0, (5, 3)), alpha=0.75)
    ax.annotate(
        f"p = {threshold:.2g}".replace("e-0", "e-"),
        (1, y),
        xycoords=ax.get_yaxis_transform(),
        xytext=(3, 0),
        textcoords="offset points",
        va="center",
        fontsize=7.5,
        color=style.ink,
    )


def top_of(y: Float[np.ndarray, " variant"], threshold: float | None) -> float:
    """Height of the axis that shows all variants and the threshold."""
    highest = np.max(y, initial=2.0, where=np.isfinite(y))
    return float(max(highest, 0 if threshold is None else -np.log10(threshold))) * _HEADROOM
