"""ROC curves of scores."""

from collections.abc import Mapping

import numpy as np
from jaxtyping import Bool, Float
from matplotlib.axes import Axes

from fabgwas.plots._columns import columns, lists_of_numbers, truths
from fabgwas.plots._scale import check_same_size
from fabgwas.plots._style import LIGHT, Style, add_legend, finish, label_axes, new_axes


@columns(scores=lists_of_numbers, case=truths)
def roc(
    scores: Mapping[str, Float[np.ndarray, " sample"]] | Float[np.ndarray, " sample"],
    case: Bool[np.ndarray, " sample"],
    ax: Axes | None = None,
    *,
    style: Style = LIGHT,
) -> Axes:
    """Share of cases against share of controls above each value of a score.

    Parameters
    ----------
    scores
        Values, by the name of the score if there are several, and what else the legend
        should say, such as the area under the curve.
    case
        Who is a case.
    ax
        Axes to draw on; None makes a figure.
    style
        `LIGHT` or `DARK`.
    """
    if isinstance(scores, np.ndarray):
        scores = {"score": scores}
    check_same_size(case=case, **scores)
    if not case.any() or case.all():
        raise ValueError("case must hold both cases and controls.")
    ax = new_axes(ax, (4.8, 4.6), style)
    ax.plot([0, 1], [0, 1], color=style.muted, linewidth=0.8, linestyle=(0, (4, 3)))
    # the first colour is the one of references elsewhere
    colours = (*style.series[1:], style.series[0])
    for number, (name, score) in enumerate(scores.items()):
        false, true = roc_points(score, case)
        colour = colours[number % len(colours)]
        ax.plot(false, true, color=colour, linewidth=1.6, label=name, zorder=3 + number)
    ax.set(xlim=(-0.01, 1.01), ylim=(-0.01, 1.01), aspect="equal")
    label_axes(ax, "Controls above the threshold", "Cases above the threshold", style)
    add_legend(ax, style, loc="lower right")
    return finish(ax)


def roc_points(
    score: Float[np.ndarray, " sample"], case: Bool[np.ndarray, " sample"]
) -> tuple[Float[np.ndarray, " point"], Float[np.ndarray, " point"]]:
    """Shares of controls and of cases at or above each distinct value, from 0 to 1."""
    order = np.argsort(-score, kind="stable")
    last = np.append(np.flatnonzero(np.diff(score[order])), score.size - 1)
    true = np.cumsum(case[order])[last] / case.sum()
    false = np.cumsum(~case[order])[last] / np.sum(~case)
    return np.append(0.0, false), np.append(0.0, true)
