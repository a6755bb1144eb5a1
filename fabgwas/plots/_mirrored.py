"""Manhattan plots of two tests facing each other."""

from collections.abc import Sequence

import numpy as np
from jaxtyping import Float, Int
from matplotlib.axes import Axes

from fabgwas.plots._columns import chromosomes, columns, numbers, whole_numbers
from fabgwas.plots._genome import genome_axis, label_genome
from fabgwas.plots._labels import MOST_LABELS, Label, draw_labels
from fabgwas.plots._manhattan import (
    Half,
    Region,
    draw_points,
    draw_threshold,
    half_of,
    top_of,
)
from fabgwas.plots._scale import KEEP_ABOVE, check_same_size, neg_log10, scale_log_pvalues
from fabgwas.plots._style import LIGHT, Style, add_legend, finish, halo, new_axes


@columns(
    chrom=chromosomes, pos=whole_numbers, log_pvalue_up=numbers, log_pvalue_down=numbers
)
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
    shared: Sequence[Region] = (),
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
    shared
        Loci of both tests to name in the upper half.
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
    halves = [half_of(axis, chrom, pos, up), half_of(axis, chrom, pos, down, sign=-1.0)]
    for half, colors in zip(halves, (style.primary, style.reference), strict=True):
        draw_points(ax, half, colors)
    for sign, threshold in zip((1, -1), thresholds, strict=True):
        draw_threshold(ax, threshold, style, sign=sign)
    ax.axhline(0, color=style.muted, linewidth=0.8, zorder=3)
    label_genome(ax, axis, style)
    top = max(top_of(up, thresholds[0]), top_of(down, thresholds[1]))
    scale_log_pvalues(ax, top, style, mirrored=True)
    _name_halves(ax, names, style)
    _mark_regions(ax, halves, (gained, lost, shared), names, style)
    return finish(ax)


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
    halves: list[Half],
    regions: tuple[Sequence[Region], Sequence[Region], Sequence[Region]],
    names: tuple[str, str],
    style: Style,
) -> None:
    gained, lost, shared = regions
    peaks: list[list[Label]] = []
    for number, (found, color, name) in enumerate(
        zip((gained, lost), (style.gained, style.lost), names, strict=True)
    ):
        peaks.append([_highlight(ax, halves, number, region, color) for region in found])
        if found:
            ax.scatter([], [], s=18, color=color, label=f"only by {name}")
    above = [
        *_strongest(peaks[0]),
        *_strongest([_peak(halves[0], at, style.muted) for at in shared]),
    ]
    draw_labels(ax, above[:MOST_LABELS], style)
    room = draw_labels(ax, _strongest(peaks[1])[:MOST_LABELS], style, below=True)
    if room:
        ax.tick_params(axis="x", length=0, pad=room)
    if gained or lost:
        # beside the name of the x axis, where no variant can be
        height = ax.bbox.height / ax.figure.dpi * 72
        add_legend(
            ax,
            style,
            loc="upper right",
            bbox_to_anchor=(1.0, -0.1 - room / height),
            ncols=2,
            handletextpad=0.2,
        )


def _strongest(peaks: list[Label]) -> list[Label]:
    """Peaks that have a name, the highest first."""
    return sorted((peak for peak in peaks if peak.text), key=lambda peak: -abs(peak.y))


def _highlight(
    ax: Axes, halves: list[Half], number: int, region: Region, color: str
) -> Label:
    """Colour a region in both halves; its label belongs to the peak of half `number`."""
    for half in halves:
        # the mass of weak variants around a peak is not what was found
        strong = half.inside(region) & (np.abs(half.y) >= KEEP_ABOVE)
        ax.scatter(
            half.x[strong], half.y[strong], s=9, color=color, linewidths=0, rasterized=True,
            zorder=4,
        )  # fmt: skip
    return _peak(halves[number], region, color)


def _peak(half: Half, region: Region, color: str) -> Label:
    """The most significant variant of a region, with the region's name."""
    mine = np.flatnonzero(half.inside(region))
    if mine.size == 0:
        raise ValueError(
            f"region {region.label or region.chrom} must hold a variant, but none of "
            f"chromosome code {region.chrom} lies in {region.start}-{region.end}."
        )
    peak = mine[np.argmax(np.abs(half.y[mine]))]
    return Label(float(half.x[peak]), float(half.y[peak]), region.label, color)
