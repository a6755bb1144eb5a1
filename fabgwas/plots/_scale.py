"""The -log10 p axis: checks, thinning, and a break that keeps giants on the page."""

import numpy as np
from jaxtyping import Float, Int
from matplotlib.axes import Axes
from matplotlib.ticker import FixedFormatter, FixedLocator

from fabgwas.plots._style import Style

KEEP_ABOVE = 2.0
"""-log10 p from which every variant is drawn."""
_BREAK_ABOVE = 60.0  # up to here a linear axis is readable
_CUT = 30.0
_SHARE = 0.6  # height of the part above the break, as a share of the part below
_STEPS = (1, 2, 5, 10, 20, 50)
_GIANTS = (50, 100, 200, 300, 500, 1000, 2000, 5000, 10_000, 20_000, 50_000, 100_000)


def neg_log10(log_pvalue: Float[np.ndarray, " variant"]) -> Float[np.ndarray, " variant"]:
    """-log10 p from natural logarithms; nan stays nan."""
    wrong = np.flatnonzero((log_pvalue > 1e-9) | np.isneginf(log_pvalue))
    if wrong.size:
        raise ValueError(
            "log_pvalue must hold natural logarithms of p-values, finite and at most 0, "
            f"but log_pvalue[{wrong[0]}] is {log_pvalue[wrong[0]]:g}."
        )
    return np.maximum(log_pvalue / -np.log(10.0), 0.0)


def check_same_size(**arrays: np.ndarray) -> None:
    """Raise ValueError unless all arrays are as long as the first."""
    (first, reference), *others = arrays.items()
    for name, array in others:
        if array.size != reference.size:
            raise ValueError(
                f"{name} must be as long as {first} ({reference.size}), "
                f"but it has {array.size} values."
            )


def thin(
    x: Float[np.ndarray, " variant"],
    y: Float[np.ndarray, " variant"],
    *,
    columns: int = 1600,
    rows: int = 120,
) -> Int[np.ndarray, " kept"]:
    """Variants worth drawing: all from `KEEP_ABOVE` on, one per pixel below; no nan.

    Parameters
    ----------
    x
        Horizontal positions in any unit.
    y
        -log10 p-values.
    columns, rows
        Pixels of the part below `KEEP_ABOVE`.
    """
    high = y >= KEEP_ABOVE
    low = np.flatnonzero(y < KEEP_ABOVE)
    if low.size:
        start, width = x[low].min(), np.ptp(x[low])
        column = ((x[low] - start) * (columns / (width or 1.0))).astype(np.int64)
        column = np.minimum(column, columns - 1)  # the last point is on the edge
        row = (y[low] * (rows / KEEP_ABOVE)).astype(np.int64)
        first = np.full(columns * rows, -1)
        # of several values assigned to one place, numpy keeps the last
        first[(column * rows + row)[::-1]] = low[::-1]
        low = first[first >= 0]
    return np.sort(np.concatenate([low, np.flatnonzero(high)]))


def scale_log_pvalues(
    ax: Axes, top: float, style: Style, *, mirrored: bool = False
) -> None:
    """Set and name the y axis, from 0, or from -`top` if mirrored, to `top`.

    Beyond -log10 p = 60 the axis is linear up to 30 and logarithmic above, with a mark
    where it changes; the data keep their values.
    """
    low = -top if mirrored else 0.0
    note = "" if top <= _BREAK_ABOVE else f"  (log scale beyond {_CUT:g})"
    ax.set_ylabel("−log₁₀ p" + note, color=style.ink, fontsize=9.5)
    if top <= _BREAK_ABOVE:
        step = next(step for step in (*_STEPS, 100) if top / step <= 7)
        ticks = np.arange(0.0, top + 1e-9, step)
    else:
        _break_axis(ax, top, style, mirrored=mirrored)
        giants = np.array([giant for giant in _GIANTS if giant <= top])
        ticks = np.concatenate([np.arange(0.0, _CUT + 1, 10), giants])
    if mirrored:
        ticks = np.concatenate([-ticks[:0:-1], ticks])
    ax.yaxis.set_major_locator(FixedLocator(ticks.tolist()))
    ax.yaxis.set_major_formatter(FixedFormatter([f"{abs(tick):g}" for tick in ticks]))
    ax.yaxis.set_minor_locator(FixedLocator([]))
    ax.set_ylim(low, top)


def _compress(y: Float[np.ndarray, "..."], top: float) -> Float[np.ndarray, "..."]:
    size = np.abs(y)
    above = _CUT * (1 + _SHARE * np.log(np.maximum(size, _CUT) / _CUT) / np.log(top / _CUT))
    return np.sign(y) * np.where(size <= _CUT, size, above)


def _expand(drawn: Float[np.ndarray, "..."], top: float) -> Float[np.ndarray, "..."]:
    size = np.abs(drawn)
    above = _CUT * (top / _CUT) ** (np.maximum(size / _CUT - 1, 0) / _SHARE)
    return np.sign(drawn) * np.where(size <= _CUT, size, above)


def _break_axis(ax: Axes, top: float, style: Style, *, mirrored: bool) -> None:
    ax.set_yscale(
        "function",
        functions=(
            lambda y: _compress(np.asarray(y, float), top),
            lambda drawn: _expand(np.asarray(drawn, float), top),
        ),
    )
    for cut in (_CUT, -_CUT) if mirrored else (_CUT,):
        ax.axhline(cut, color=style.grid, linewidth=0.8, zorder=0)
        ax.plot(
            [0],
            [cut],
            transform=ax.get_yaxis_transform(),
            marker=[(-1.0, -0.6), (1.0, 0.6)],
            markersize=9,
            color=style.muted,
            clip_on=False,
            zorder=9,
        )
