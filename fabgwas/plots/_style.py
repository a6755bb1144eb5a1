"""The look of all figures: colours that colour-blind readers can tell apart, one font."""

from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from matplotlib import font_manager
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.legend import Legend
from matplotlib.patheffects import AbstractPathEffect, withStroke
from matplotlib.text import Text

# plain sans-serif faces that systems carry; the last one comes with matplotlib
_FONTS = ("Inter", "Helvetica Neue", "Helvetica", "Arial", "Liberation Sans", "DejaVu Sans")


@dataclass(frozen=True, kw_only=True)
class Style:
    """Colours of a figure.

    `primary` and `reference` are pairs for neighbouring chromosomes. All hues are of the
    Okabe-Ito palette, lightened or darkened to stand out from `surface`.
    """

    ink: str
    muted: str
    grid: str
    surface: str
    """The page the figure is meant for: background, halos of labels, hollow markers."""
    primary: tuple[str, str]
    reference: tuple[str, str]
    gained: str
    lost: str
    series: tuple[str, ...]
    linkage: tuple[str, str, str, str, str]
    """r2 below 0.2, 0.4, 0.6, 0.8 and 1 with the lead variant."""


LIGHT = Style(
    ink="#1c2530",
    muted="#5c6875",
    grid="#e4e8ed",
    surface="#ffffff",
    primary=("#0f5f9c", "#6fa8d6"),
    reference=("#5b6673", "#a7b0ba"),
    gained="#d55e00",
    lost="#a3467f",
    series=("#5b6673", "#0f5f9c", "#009e73", "#d55e00"),
    linkage=("#3b528b", "#2a8fbd", "#35a37a", "#e69f00", "#d5420b"),
)
DARK = Style(
    ink="#e8ecf1",
    muted="#9aa6b4",
    grid="#2b343f",
    surface="#151a21",
    primary=("#62b5f0", "#2f6f9f"),
    reference=("#a2adb9", "#5c6773"),
    gained="#ff9a4a",
    lost="#e08fc0",
    series=("#a2adb9", "#62b5f0", "#35c79a", "#ff9a4a"),
    linkage=("#7486c9", "#4fb3df", "#4cc99b", "#f0b429", "#ff7043"),
)


@lru_cache
def font() -> str:
    """The first of the plain fonts that is installed."""
    installed = {entry.name for entry in font_manager.fontManager.ttflist}
    return next(name for name in _FONTS if name in installed)


def new_axes(ax: Axes | None, size: tuple[float, float], style: Style) -> Axes:
    """`ax` in the house style, or the axes of a new figure of `size` inches."""
    if ax is None:
        figure = Figure(figsize=size, layout="constrained", facecolor=style.surface)
        ax = figure.add_subplot()
    ax.set_facecolor("none")
    ax.spines[["top", "right"]].set_visible(False)
    for side in ("left", "bottom"):
        ax.spines[side].set(color=style.muted, linewidth=0.8)
    ax.tick_params(
        which="both",
        colors=style.muted,
        labelsize=8.5,
        length=3,
        width=0.8,
        labelfontfamily=font(),
    )
    ax.set_axisbelow(True)
    return ax


def label_axes(ax: Axes, x: str, y: str, style: Style) -> None:
    """Name both axes."""
    ax.set_xlabel(x, color=style.ink, fontsize=9.5)
    ax.set_ylabel(y, color=style.ink, fontsize=9.5)


def add_legend(ax: Axes, style: Style, **where: Any) -> Legend:
    """A plain legend without a frame."""
    legend = ax.legend(frameon=False, fontsize=8.5, labelcolor=style.ink, **where)
    legend.set_zorder(10)
    return legend


def halo(style: Style) -> list[AbstractPathEffect]:
    """Keeps a text readable among points."""
    return [withStroke(linewidth=2.5, foreground=style.surface)]


def finish(ax: Axes) -> Axes:
    """Set everything written so far in the house font."""
    for text in ax.findobj(Text):
        text.set_fontfamily([font(), "DejaVu Sans"])  # has the rarer signs
    return ax
