"""Labels of peaks that do not write over each other."""

from typing import NamedTuple

import numpy as np
from jaxtyping import Float
from matplotlib.axes import Axes

from fabgwas.plots._style import Style

_LETTER = 0.56  # mean width of a letter, in font sizes
_CAPITAL = 0.68  # of capitals, which names of genes are made of
_SIZE = 8.0
MOST_LABELS = 30


class Label(NamedTuple):
    """A text and the point it belongs to."""

    x: float
    y: float
    text: str
    color: str


def spread(
    wanted: Float[np.ndarray, " label"],
    width: Float[np.ndarray, " label"],
    low: float,
    high: float,
) -> Float[np.ndarray, " label"]:
    """Centres nearest to `wanted`, in its order, of intervals that do not overlap.

    Least squares under separation is isotonic regression of the centres less the room
    that the labels before them take; too many labels for the room overlap evenly.
    """
    room = np.concatenate([[0.0], np.cumsum((width[:-1] + width[1:]) / 2)])
    if wanted.size > 1:
        available = max(high - low - (width[0] + width[-1]) / 2, 0.0)
        room = room * min(1.0, available / room[-1])
    levels: list[tuple[float, int]] = []
    for value in (wanted - room).tolist():
        mean, count = value, 1
        while levels and levels[-1][0] > mean:
            before, size = levels.pop()
            mean, count = (before * size + mean * count) / (size + count), size + count
        levels.append((mean, count))
    flat = np.repeat([mean for mean, _ in levels], [count for _, count in levels])
    first, last = low + width[0] / 2, high - width[-1] / 2 - room[-1]
    return np.clip(flat, first, max(first, last)) + room


def draw_labels(
    ax: Axes, labels: list[Label], style: Style, *, below: bool = False
) -> float:
    """Write labels side by side above the axes, tied to their points by thin lines.

    They stand upright where they would not fit lying; `below` puts them under the axes,
    where no point can be. Returns the room they take there, in points.
    """
    if not labels:
        return 0.0
    labels = sorted(labels, key=lambda label: label.x)
    low, high = ax.get_xlim()
    points = ax.bbox.width / ax.figure.dpi * 72
    unit = (high - low) / points
    width = np.array([(len(label.text) * _LETTER + 1.2) * _SIZE for label in labels]) * unit
    upright = bool(width.sum() > 0.85 * (high - low))
    if upright:
        width = np.full(len(labels), 1.25 * _SIZE * unit)
    centres = spread(np.array([label.x for label in labels]), width, low, high)
    for label, centre in zip(labels, centres.tolist(), strict=True):
        ax.annotate(
            label.text,
            (label.x, label.y),
            xytext=(centre, -0.02 if below else 1.02),
            textcoords=("data", "axes fraction"),
            rotation=90 if upright else 0,
            ha="center",
            va="top" if below else "bottom",
            fontsize=_SIZE,
            fontstyle="italic",
            color=label.color,
            annotation_clip=False,
            arrowprops={
                "arrowstyle": "-",
                "color": style.muted,
                "linewidth": 0.6,
                "shrinkA": 1,
                "shrinkB": 3,
                "relpos": (0.5, 1.0 if below else 0.0),
            },
            zorder=8,
        )
    longest = max(len(label.text) for label in labels)
    return (longest * _CAPITAL if upright else 1.3) * _SIZE + 12.0
