"""The horizontal axis: chromosomes side by side, or megabases of a single one."""

from typing import NamedTuple

import numpy as np
from jaxtyping import Float, Int
from matplotlib.axes import Axes
from matplotlib.ticker import FixedFormatter, FixedLocator

from fabgwas.plots._style import Style
from fabgwas.variants import CHROMOSOMES

_GAP = 0.006  # between chromosomes, as a share of the whole axis
_LABEL = 0.20  # inches from name to name, or the later one is left out


class GenomeAxis(NamedTuple):
    """Where each chromosome lies on the axis, in megabases."""

    codes: Int[np.ndarray, " chromosome"]
    start: Float[np.ndarray, " chromosome"]
    """First position of the chromosome."""
    offset: Float[np.ndarray, " chromosome"]
    """What to add to a position of the chromosome."""
    width: Float[np.ndarray, " chromosome"]

    def place(
        self, chrom: Int[np.ndarray, " variant"], pos: Int[np.ndarray, " variant"]
    ) -> Float[np.ndarray, " variant"]:
        """Horizontal positions of variants."""
        lookup = np.full(len(CHROMOSOMES) + 1, np.nan)
        lookup[self.codes] = self.offset
        return lookup[chrom] + pos / 1e6

    def parity(self, chrom: Int[np.ndarray, " variant"]) -> Int[np.ndarray, " variant"]:
        """0 and 1 in turn for the chromosomes that are present."""
        lookup = np.zeros(len(CHROMOSOMES) + 1, np.int8)
        lookup[self.codes] = np.arange(self.codes.size) % 2
        return lookup[chrom]


def genome_axis(
    chrom: Int[np.ndarray, " variant"], pos: Int[np.ndarray, " variant"]
) -> GenomeAxis:
    """Lay out the chromosomes that occur, in the order of `CHROMOSOMES`."""
    if chrom.size == 0:
        raise ValueError("there must be at least one variant to draw, but chrom is empty.")
    if chrom.min() < 1 or chrom.max() > len(CHROMOSOMES):
        wrong = int(np.flatnonzero((chrom < 1) | (chrom > len(CHROMOSOMES)))[0])
        raise ValueError(
            f"chrom must hold codes from 1 to {len(CHROMOSOMES)}, "
            f"but chrom[{wrong}] is {chrom[wrong]}."
        )
    first = np.full(len(CHROMOSOMES) + 1, np.iinfo(np.int64).max)
    last = np.zeros(len(CHROMOSOMES) + 1, np.int64)
    np.minimum.at(first, chrom, pos)
    np.maximum.at(last, chrom, pos)
    codes = np.flatnonzero(np.bincount(chrom, minlength=first.size))
    start, width = first[codes] / 1e6, (last[codes] - first[codes]) / 1e6
    if codes.size == 1:
        return GenomeAxis(codes, start, np.zeros(1), width)
    gap = _GAP * width.sum()
    left = np.concatenate([[0.0], np.cumsum(width + gap)[:-1]])
    return GenomeAxis(codes, start, left - start, width)


def label_genome(ax: Axes, axis: GenomeAxis, style: Style) -> None:
    """Write the chromosomes, or for a single one its megabases, under the axis."""
    left = axis.start + axis.offset
    span = left[-1] + axis.width[-1] - left[0] or 1.0
    ax.set_xlim(left[0] - 0.01 * span, left[-1] + axis.width[-1] + 0.01 * span)
    ax.spines["bottom"].set_visible(False)
    if axis.codes.size == 1:
        name = CHROMOSOMES[axis.codes[0] - 1]
        ax.set_xlabel(f"Position on chromosome {name} (Mb)", color=style.ink, fontsize=9.5)
        return
    ax.set_xlabel("Chromosome", color=style.ink, fontsize=9.5)
    centre = left + axis.width / 2
    least = _LABEL * span / (ax.get_window_extent().width / ax.figure.dpi)
    names, previous = [], -np.inf
    for code, middle in zip(axis.codes.tolist(), centre.tolist(), strict=True):
        crowded = middle - previous < least
        names.append("" if crowded else CHROMOSOMES[code - 1])
        previous = previous if crowded else middle
    ax.xaxis.set_major_locator(FixedLocator(centre.tolist()))
    ax.xaxis.set_major_formatter(FixedFormatter(names))
    ax.tick_params(axis="x", length=0)
