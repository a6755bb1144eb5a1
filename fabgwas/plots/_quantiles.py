"""Quantiles of a score: what they do to the risk, and whether predictions come true."""

import numpy as np
from jaxtyping import Float
from matplotlib.axes import Axes
from matplotlib.ticker import FuncFormatter, LogLocator, NullFormatter

from fabgwas.plots._columns import columns, numbers
from fabgwas.plots._scale import check_same_size
from fabgwas.plots._style import LIGHT, Style, finish, label_axes, new_axes

_ALL_DIGITS, _SOME_DIGITS = tuple(range(1, 10)), (1, 2, 5)


@columns(estimate=numbers, lower=numbers, upper=numbers)
def quantile_plot(
    estimate: Float[np.ndarray, " quantile"],
    lower: Float[np.ndarray, " quantile"],
    upper: Float[np.ndarray, " quantile"],
    ax: Axes | None = None,
    *,
    binary: bool,
    style: Style = LIGHT,
) -> Axes:
    """Odds ratios, or differences of means, of the quantiles of a score.

    Parameters
    ----------
    estimate, lower, upper
        From the lowest quantile up; nan is left out. The quantiles they are compared with
        have equal bounds, and are drawn hollow.
    ax
        Axes to draw on; None makes a figure.
    binary
        Odds ratios, on a logarithmic scale.
    style
        `LIGHT` or `DARK`.
    """
    check_same_size(estimate=estimate, lower=lower, upper=upper)
    ax = new_axes(ax, (5.4, 3.8), style)
    place = np.arange(1, estimate.size + 1)
    ax.axhline(1.0 if binary else 0.0, color=style.muted, linewidth=0.8)
    reference = lower == upper
    for chosen, face in ((~reference, style.primary[0]), (reference, style.surface)):
        low, high = estimate - lower, upper - estimate
        ax.errorbar(
            place[chosen],
            estimate[chosen],
            yerr=np.array([low[chosen], high[chosen]]),
            fmt="o",
            markersize=6,
            color=style.primary[0],
            markerfacecolor=face,
            elinewidth=1.2,
            capsize=0,
        )
    if binary:
        ax.set_yscale("log")
        # labels at 0.5, 1, 2, 5, ...; less than a decade would have too few of them
        subs = _ALL_DIGITS if _is_narrow(lower, upper) else _SOME_DIGITS
        ax.yaxis.set_major_locator(LogLocator(subs=subs))
        ax.yaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
        ax.yaxis.set_minor_formatter(NullFormatter())
    ax.set_xticks(place)
    effect = "Odds ratio" if binary else "Difference of means"
    label_axes(ax, "Quantile of the score", f"{effect} to the middle", style)
    return finish(ax)


@columns(predicted=numbers, observed=numbers, se=numbers)
def reliability(
    predicted: Float[np.ndarray, " bin"],
    observed: Float[np.ndarray, " bin"],
    se: Float[np.ndarray, " bin"],
    ax: Axes | None = None,
    *,
    binary: bool,
    style: Style = LIGHT,
) -> Axes:
    """Mean prediction against what happened, in bins of equal size.

    Parameters
    ----------
    predicted, observed
        Means of each bin.
    se
        Standard errors of `observed`; the bars are 95 % intervals.
    ax
        Axes to draw on; None makes a figure.
    binary
        Predictions are risks.
    style
        `LIGHT` or `DARK`.
    """
    check_same_size(predicted=predicted, observed=observed, se=se)
    ax = new_axes(ax, (4.6, 4.4), style)
    ends = [float(np.min(predicted)), float(np.max(predicted))]
    ax.plot(ends, ends, color=style.muted, linewidth=0.8, linestyle=(0, (4, 3)))
    ax.errorbar(
        predicted,
        observed,
        yerr=1.96 * se,
        fmt="o",
        markersize=5,
        color=style.primary[0],
        elinewidth=1.2,
        capsize=0,
    )
    what = "risk" if binary else "phenotype"
    happened = "Share of cases" if binary else "Mean phenotype"
    label_axes(ax, f"Predicted {what}", happened, style)
    return finish(ax)


def _is_narrow(lower: np.ndarray, upper: np.ndarray) -> bool:
    """Whether less than a decade is shown."""
    return bool(np.nanmax(upper) < 10 * np.nanmin(lower))
