"""Manhattan plots of one test, and of two tests facing each other."""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np
from jaxtyping import Bool, Float, Int
from matplotlib.axes import Axes

from fabgwas.plots._genome import GenomeAxis, genome_axis, label_genome
from fabgwas.plots._labels import MOST_LABELS, Label, draw_labels
from fabgwas.plots._scale import (
    KEEP_ABOVE,
    check_same_size,
    neg_log10,
    scale_log_pvalues,
    thin,
)
from fabgwas.plots._style import LIGHT, Style, add_legend, finish, halo, new_axes

_HEADROOM = 1.06


class Region(NamedTuple):
    """A stretch of a chromosome, ends included, with the text to write on it."""

    chrom: int
    start: int
    end: int
    label: str = ""


class _Half(NamedTuple):
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
        Codes 1 to 25, in the order of `fabgwas.variants.CHROMOSOMES`.
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
    half = _half(axis, chrom, pos, y)
    _points(ax, half, style.primary)
    _threshold(ax, threshold, style)
    label_genome(ax, axis, style)
    scale_log_pvalues(ax, _top(y, threshold), style)
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


def mirrored_manhattan(
    chrom: Int[np.ndarray, " variant"],
    pos: Int[np.ndarray, " variant"],
    log_pvalue_up: Float[np.ndarray, " variant"],
    log_pvalue_down: Float[np.ndarray, " variant"],
    ax: Axes | None = None,
    *,
    names: tuple[str, str] = ("FAB", "Two-sided"),
    thresholds: tuple[float | None, float | None] = (5e-8, 5e-8),
    gained: Sequence[Region] = (),
    lost: Sequence[Region] = (),
    style: Style = LIGHT,
) -> Axes:
    """-log10 p of two tests of the same variants, the second one upside down.

    Parameters
    ----------
    chrom, pos
        As in `manhattan`.
    log_pvalue_up, log_pvalue_down
        Natural logarithms of the p-values drawn above and below.
    ax
        Axes to draw on; None makes a figure.
    names
        Names of the two tests.
    thresholds
        P-values of their dashed lines; None for none.
    gained, lost
        Loci that only the upper or only the lower test finds: coloured in both halves and
        labelled in the half that finds them.
    style
        `LIGHT` or `DARK`.
    """
    check_same_size(
        chrom=chrom,
        pos=pos,
        log_pvalue_up=log_pvalue_up,
        log_pvalue_down=log_pvalue_down,
    )
    axis = genome_axis(chrom, pos)
    up, down = neg_log10(log_pvalue_up), neg_log10(log_pvalue_down)
    ax = new_axes(ax, (10.0, 5.2), style)
    halves = [_half(axis, chrom, pos, up), _half(axis, chrom, pos, down, sign=-1.0)]
    for half, colors in zip(halves, (style.primary, style.reference), strict=True):
        _points(ax, half, colors)
    for sign, threshold in zip((1, -1), thresholds, strict=True):
        _threshold(ax, threshold, style, sign=sign)
    ax.axhline(0, color=style.muted, linewidth=0.8, zorder=3)
    label_genome(ax, axis, style)
    top = max(_top(up, thresholds[0]), _top(down, thresholds[1]))
    scale_log_pvalues(ax, top, style, mirrored=True)
    _name_halves(ax, names, style)
    _mark_regions(ax, halves, (gained, lost), names, style)
    return finish(ax)


def _half(
    axis: GenomeAxis,
    chrom: Int[np.ndarray, " variant"],
    pos: Int[np.ndarray, " variant"],
    y: Float[np.ndarray, " variant"],
    *,
    sign: float = 1.0,
) -> _Half:
    kept = thin(axis.place(chrom, pos), y)
    chrom, pos = chrom[kept], pos[kept]
    return _Half(axis.place(chrom, pos), sign * y[kept], axis.parity(chrom), chrom, pos)


def _points(ax: Axes, half: _Half, colors: tuple[str, str]) -> None:
    for parity, color in enumerate(colors):
        mine = half.parity == parity
        ax.scatter(
            half.x[mine], half.y[mine], s=5, color=color, linewidths=0, rasterized=True
        )


def _threshold(ax: Axes, threshold: float | None, style: Style, *, sign: int = 1) -> None:
    if threshold is None:
        return
    y = -sign * np.log10(threshold)
    ax.axhline(y, color=style.ink, linewidth=0.8, linestyle=(0, (5, 3)), alpha=0.75)
    ax.annotate(
        f"p = {threshold:.2g}".replace("e-0", "e-"),
        (0, y),
        xycoords=ax.get_yaxis_transform(),
        xytext=(3, 2 * sign),
        textcoords="offset points",
        va="bottom" if sign > 0 else "top",
        fontsize=7.5,
        color=style.ink,
        path_effects=halo(style),
        zorder=9,
    )


def _top(y: Float[np.ndarray, " variant"], threshold: float | None) -> float:
    highest = np.max(y, initial=2.0, where=np.isfinite(y))
    return float(max(highest, 0 if threshold is None else -np.log10(threshold))) * _HEADROOM


def _name_halves(ax: Axes, names: tuple[str, str], style: Style) -> None:
    colors = (style.primary[0], style.reference[0])
    for name, color, height in zip(names, colors, (0.985, 0.015), strict=True):
        ax.text(
            0.008,
            height,
            name,
            transform=ax.transAxes,
            va="top" if height > 0.5 else "bottom",
            fontsize=10,
            fontweight="bold",
            color=color,
            path_effects=halo(style),
            zorder=9,
        )


def _mark_regions(
    ax: Axes,
    halves: list[_Half],
    regions: tuple[Sequence[Region], Sequence[Region]],
    names: tuple[str, str],
    style: Style,
) -> None:
    for number, (found, color, name) in enumerate(
        zip(regions, (style.gained, style.lost), names, strict=True)
    ):
        peaks = [_highlight(ax, halves, number, region, color) for region in found]
        if peaks:
            ax.scatter([], [], s=18, color=color, label=f"only by {name}")
        peaks.sort(key=lambda label: -abs(label.y))
        draw_labels(
            ax,
            [label for label in peaks if label.text][:MOST_LABELS],
            style,
            below=number == 1,
        )
    if any(regions):
        # beside the name of the x axis, where no variant can be
        add_legend(
            ax,
            style,
            loc="upper right",
            bbox_to_anchor=(1.0, -0.1),
            ncols=2,
            handletextpad=0.2,
        )


def _highlight(
    ax: Axes, halves: list[_Half], number: int, region: Region, color: str
) -> Label:
    """Colour a region in both halves; its label belongs to the peak of half `number`."""
    for half in halves:
        # the mass of weak variants around a peak is not what was found
        mine = half.inside(region) & (np.abs(half.y) >= KEEP_ABOVE)
        ax.scatter(
            half.x[mine], half.y[mine], s=9, color=color, linewidths=0, rasterized=True,
            zorder=4,
        )  # fmt: skip
    half = halves[number]
    mine = np.flatnonzero(half.inside(region))
    if mine.size == 0:
        raise ValueError(
            f"region {region.label or number} must hold a variant, but none of "
            f"chromosome code {region.chrom} lies in {region.start}-{region.end}."
        )
    peak = mine[np.argmax(np.abs(half.y[mine]))]
    return Label(float(half.x[peak]), float(half.y[peak]), region.label, color)
