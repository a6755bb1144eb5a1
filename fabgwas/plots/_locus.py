"""One locus up close: p-values coloured by linkage with the lead variant, and genes."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from jaxtyping import Float, Int
from matplotlib.axes import Axes

from fabgwas.plots._columns import columns, numbers, whole_numbers
from fabgwas.plots._scale import check_same_size, neg_log10, scale_log_pvalues
from fabgwas.plots._style import LIGHT, Style, add_legend, finish, label_axes, new_axes

_LETTER = 0.011  # width of a letter of a gene name, as a share of the axis
_MOST_ROWS = 6


class Gene(NamedTuple):
    """A gene body; `strand` is + or -, or empty."""

    name: str
    start: int
    end: int
    strand: str = ""


@columns(pos=whole_numbers, log_pvalue=numbers, r2=numbers)
def locus_zoom(
    pos: Int[np.ndarray, " variant"],
    log_pvalue: Float[np.ndarray, " variant"],
    ax: Axes | None = None,
    *,
    r2: Float[np.ndarray, " variant"] | None = None,
    lead: int | None = None,
    genes: Sequence[Gene] = (),
    threshold: float | None = 5e-8,
    style: Style = LIGHT,
) -> Axes:
    """-log10 p of the variants of one locus.

    Parameters
    ----------
    pos
        Positions on one chromosome, in base pairs.
    log_pvalue
        Natural logarithms of p-values.
    ax
        Axes to draw on; None makes a figure.
    r2
        Squared correlation with the lead variant, nan where unknown; None for one colour.
    lead
        Index of the lead variant; None for the smallest p-value.
    genes
        Genes to draw beneath, clipped to the range of `pos`.
    threshold
        P-value of the dashed line; None for none.
    style
        `LIGHT` or `DARK`.
    """
    check_same_size(pos=pos, log_pvalue=log_pvalue, r2=pos if r2 is None else r2)
    y = neg_log10(log_pvalue)
    lead = int(np.nanargmax(y)) if lead is None else lead
    ax = new_axes(ax, (6.8, 4.2), style)
    x = pos / 1e6
    _points(ax, x, y, r2, lead, style)
    if threshold is not None:
        height = -np.log10(threshold)
        ax.axhline(height, color=style.muted, linewidth=0.8, linestyle=(0, (5, 3)))
    top = max(float(np.nanmax(y)), -np.log10(threshold) if threshold else 1.0)
    scale_log_pvalues(ax, 1.12 * top, style)
    margin = 0.01 * float(np.ptp(x))
    ax.set_xlim(float(x.min()) - margin, float(x.max()) + margin)
    label_axes(ax, "Position (Mb)", ax.get_ylabel(), style)
    if r2 is not None:
        legend = add_legend(
            ax, style, loc="upper right", title="r² with lead", reverse=True
        )
        legend.get_title().set(color=style.ink, fontsize=8.5)
    if genes:
        ax.set_xlabel("")
        ax.tick_params(axis="x", labelbottom=False)
        _gene_track(ax, genes, style)
    return finish(ax)


def _points(
    ax: Axes,
    x: Float[np.ndarray, " variant"],
    y: Float[np.ndarray, " variant"],
    r2: Float[np.ndarray, " variant"] | None,
    lead: int,
    style: Style,
) -> None:
    others = np.arange(x.size) != lead
    if r2 is None:
        ax.scatter(x[others], y[others], s=14, color=style.primary[0], linewidths=0)
    else:
        unknown = others & np.isnan(r2)
        ax.scatter(x[unknown], y[unknown], s=14, color=style.reference[1], linewidths=0)
        # the most correlated come last, on top, and first in the legend
        for number, color in enumerate(style.linkage):
            low, high = number / 5, (number + 1) / 5 if number < 4 else np.inf
            mine = others & (r2 >= low) & (r2 < high)
            ax.scatter(
                x[mine], y[mine], s=16, color=color, linewidths=0, zorder=3 + number,
                label=f"{low:.1f} to {low + 0.2:.1f}",
            )  # fmt: skip
    ax.scatter(
        [x[lead]], [y[lead]], s=52, marker="D", color=style.lost, zorder=9,
        edgecolors=style.surface, linewidths=0.9,
    )  # fmt: skip


def _gene_track(ax: Axes, genes: Sequence[Gene], style: Style) -> None:
    """Genes in as few rows as keep their names apart, on axes hung under `ax`."""
    low, high = ax.get_xlim()
    spans, rows = [], []
    ends: list[float] = []
    for gene in sorted(genes, key=lambda gene: gene.start):
        start, end = max(gene.start / 1e6, low), min(gene.end / 1e6, high)
        if start >= end:
            continue
        half = len(gene.name) * _LETTER * (high - low) / 2
        centre = min(max((start + end) / 2, low + half), high - half)
        left, right = min(start, centre - half), max(end, centre + half)
        row = next((k for k, taken in enumerate(ends) if taken < left), len(ends))
        ends[row : row + 1] = [right]
        spans.append((gene, start, end, centre))
        rows.append(row)
    height = 0.1 * max(1, min(len(ends), _MOST_ROWS))
    track = new_axes(ax.inset_axes((0, -height - 0.03, 1, height)), (1.0, 1.0), style)
    for (gene, start, end, centre), row in zip(spans, rows, strict=True):
        if row < _MOST_ROWS:
            track.hlines(row, start, end, color=style.primary[0], linewidth=3)
            arrow = {"+": " →", "-": " ←"}.get(gene.strand, "")
            track.text(
                centre, row + 0.22, gene.name + arrow, ha="center", va="top", fontsize=7,
                fontstyle="italic", color=style.ink,
            )  # fmt: skip
    track.set(xlim=(low, high), ylim=(min(len(ends), _MOST_ROWS) - 0.1, -0.6), yticks=[])
    track.spines["left"].set_visible(False)
    track.set_xlabel("Position (Mb)", color=style.ink, fontsize=9.5)
