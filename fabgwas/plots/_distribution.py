"""Distributions of scores, of cases and of controls."""

import numpy as np
from jaxtyping import Bool, Float
from matplotlib.axes import Axes

from fabgwas.plots._columns import columns, numbers, truths
from fabgwas.plots._scale import check_same_size
from fabgwas.plots._style import LIGHT, Style, add_legend, finish, label_axes, new_axes

_GRID = 200


@columns(score=numbers, case=truths)
def score_distribution(
    score: Float[np.ndarray, " sample"],
    case: Bool[np.ndarray, " sample"] | None = None,
    ax: Axes | None = None,
    *,
    style: Style = LIGHT,
) -> Axes:
    """Smoothed densities of a score, in standard deviations from its mean.

    Parameters
    ----------
    score
        Values of people.
    case
        Who is a case; None for one curve of all.
    ax
        Axes to draw on; None makes a figure.
    style
        `LIGHT` or `DARK`.
    """
    if case is not None:
        check_same_size(score=score, case=case)
    spread = float(score.std())
    if not spread > 0:
        raise ValueError("score must vary, but all its values are equal.")
    standard = (score - score.mean()) / spread
    groups = (
        {"everyone": np.ones(score.size, bool)}
        if case is None
        else {"controls": ~case, "cases": case}
    )
    ax = new_axes(ax, (5.4, 3.8), style)
    grid = np.linspace(standard.min() - 0.5, standard.max() + 0.5, _GRID)
    colours = (style.reference[0], style.gained)
    for (name, members), colour in zip(groups.items(), colours, strict=False):
        if not members.any():
            raise ValueError("case must hold both cases and controls.")
        density = _density(standard[members], grid)
        ax.fill_between(grid, density, color=colour, alpha=0.25, linewidth=0)
        ax.plot(grid, density, color=colour, linewidth=1.6,
                label=f"{name}, {members.sum():,}")  # fmt: skip
        ax.axvline(standard[members].mean(), color=colour, linewidth=0.9, linestyle="--")
    ax.set_ylim(bottom=0)
    ax.set_yticks([])
    ax.spines["left"].set_visible(False)
    label_axes(ax, "Score, in standard deviations from the mean", "", style)
    add_legend(
        ax, style, loc="lower left", bbox_to_anchor=(0.0, 1.0), ncols=2, borderaxespad=0.2
    )
    return finish(ax)


def _density(
    values: Float[np.ndarray, " sample"], grid: Float[np.ndarray, " place"]
) -> Float[np.ndarray, " place"]:
    """Gaussian kernel density with Silverman's width, from counts in fine bins."""
    width = 0.9 * max(float(values.std()), 1e-3) * values.size**-0.2
    edges = np.linspace(grid[0], grid[-1], 4 * grid.size + 1)
    counts, _ = np.histogram(values, edges)
    centres = (edges[1:] + edges[:-1]) / 2
    kernel = np.exp(-0.5 * ((grid[:, None] - centres) / width) ** 2)
    return kernel @ counts / (values.size * width * np.sqrt(2 * np.pi))
