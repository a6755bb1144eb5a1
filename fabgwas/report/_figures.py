"""Figures of a report: as SVG inside the file, for light and dark, for wide and narrow."""

from base64 import b64encode
from collections.abc import Callable, Sequence
from io import BytesIO
from typing import NamedTuple

import matplotlib as mpl
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from fabgwas.plots import (
    DARK,
    LIGHT,
    Region,
    Style,
    effect_intervals,
    lambda_gc,
    mirrored_manhattan,
    prior_calibration,
    prior_direction,
    qq,
)
from fabgwas.report._compare import Comparison
from fabgwas.report._data import TESTS, Locus, ReportData
from fabgwas.report._format import counted, in_words

_DPI = 192  # of the points inside the SVG: twice that of a plain screen
_MOST_EFFECTS = 16
_MOST_NAMES = 10  # of loci in the Manhattan plot that are not new
_Z_95 = 1.959964


class Picture(NamedTuple):
    """One figure as data addresses, with a text for those who cannot see it."""

    light: str
    dark: str
    narrow_light: str | None
    """For telephones; None where the figure is narrow anyway."""
    narrow_dark: str | None
    width: int
    height: int
    alt: str


def manhattan_picture(data: ReportData, comparison: Comparison) -> Picture:
    """The compared test above the two-sided one, new and lost loci coloured."""
    test = comparison.test

    def draw(ax: Axes, style: Style) -> None:
        mirrored_manhattan(
            data.chrom,
            data.pos,
            data.log_pvalue[test],
            data.log_pvalue["two-sided"],
            ax,
            names=(TESTS[test], TESTS["two-sided"]),
            thresholds=(comparison.level, comparison.level),
            gained=[_region(locus) for locus in comparison.gained],
            lost=[_region(locus) for locus in comparison.lost],
            shared=[_region(locus) for locus in strongest_shared(data, comparison)],
            style=style,
        )

    alt = (
        f"Mirrored Manhattan plot. Above, the {in_words(test)} test with "
        f"{counted(len(comparison.found), 'locus')}; below, the two-sided test with "
        f"{counted(len(comparison.usual), 'locus')} at the same level. "
        f"Only above: {_names(comparison.gained)}. Only below: {_names(comparison.lost)}."
    )
    return _picture(draw, (10.4, 5.4), (4.7, 5.0), alt)


def strongest_shared(data: ReportData, comparison: Comparison) -> list[Locus]:
    """The strongest loci of both tests, as many as leave room for the new ones."""
    gained = {id(locus) for locus in comparison.gained}
    shared = [locus for locus in comparison.found if id(locus) not in gained]
    shared.sort(key=lambda locus: locus.log_pvalue[comparison.test])
    return shared[: max(_MOST_NAMES - len(gained), 0)]


def qq_picture(data: ReportData) -> Picture:
    """The two p-values that a QQ plot may show."""
    shown = {TESTS[test]: data.log_pvalue[test] for test in ("two-sided", "fab")}

    def draw(ax: Axes, style: Style) -> None:
        qq(shown, ax, style=style)

    inflation = ", ".join(f"{name} {lambda_gc(log_p):.3f}" for name, log_p in shown.items())
    alt = f"QQ plot of p-values with a 95 % band. Genomic inflation factors: {inflation}."
    return _picture(draw, (4.8, 4.5), None, alt)


def calibration_picture(data: ReportData) -> Picture:
    """Observed against expected size of z."""

    def draw(ax: Axes, style: Style) -> None:
        prior_calibration(
            data.prior_mean,
            data.prior_var,
            data.z,
            ax,
            block=data.block,
            style=style,
        )

    alt = "Mean squared z against what the prior expects, by decile of the expectation."
    return _picture(draw, (4.6, 4.2), None, alt)


def direction_picture(data: ReportData) -> Picture:
    """Observed z against prior mean."""

    def draw(ax: Axes, style: Style) -> None:
        prior_direction(data.prior_mean, data.z, ax, block=data.block, style=style)

    alt = "Mean z against the prior mean, by decile of the prior mean."
    return _picture(draw, (4.6, 4.2), None, alt)


def effects_picture(loci: Sequence[Locus], test: str) -> Picture | None:
    """Intervals of the strongest loci; None if no effect sizes are known."""
    known = [
        locus
        for locus in loci
        if None not in (locus.beta, locus.se, locus.fab_lower, locus.fab_upper)
    ]
    known = sorted(known, key=lambda locus: locus.log_pvalue[test])[:_MOST_EFFECTS]
    if not known:
        return None
    table = np.array(
        [(locus.beta, locus.se, locus.fab_lower, locus.fab_upper) for locus in known], float
    )
    beta, half = table[:, 0], _Z_95 * table[:, 1]
    usual = np.column_stack([beta - half, beta + half])
    names = [
        locus.variant if locus.gene is None else f"{locus.gene}  {locus.variant}"
        for locus in known
    ]

    def draw(ax: Axes, style: Style) -> None:
        effect_intervals(
            names,
            beta,
            usual,
            table[:, 2:],
            ax,
            unit="Effect per effect allele",
            style=style,
        )

    shorter = int(np.sum(table[:, 3] - table[:, 2] < 2 * half))
    alt = (
        f"Estimates with usual and FAB intervals of {len(known)} lead variants; the FAB "
        f"interval is the shorter one for {shorter}."
    )
    height = 1.0 + 0.3 * len(known)
    return _picture(draw, (7.6, height), (4.6, height + 0.3), alt)


def draw_picture(
    draw: Callable[[Axes, Style], None], size: tuple[float, float], alt: str
) -> Picture:
    """One figure for light and dark, the same for wide and narrow."""
    return _picture(draw, size, None, alt)


def _picture(
    draw: Callable[[Axes, Style], None],
    size: tuple[float, float],
    narrow: tuple[float, float] | None,
    alt: str,
) -> Picture:
    light, dark = (_render(draw, size, style) for style in (LIGHT, DARK))
    narrow_light, narrow_dark = (
        None if narrow is None else _render(draw, narrow, style) for style in (LIGHT, DARK)
    )
    width, height = (round(96 * length) for length in size)
    return Picture(light, dark, narrow_light, narrow_dark, width, height, alt)


def _render(
    draw: Callable[[Axes, Style], None], size: tuple[float, float], style: Style
) -> str:
    figure = Figure(figsize=size, layout="constrained")
    figure.patch.set_alpha(0)
    draw(figure.add_subplot(), style)
    buffer = BytesIO()
    # a fixed salt gives equal reports for equal results
    with mpl.rc_context({"svg.hashsalt": "fabgwas", "svg.fonttype": "path"}):
        figure.savefig(buffer, format="svg", dpi=_DPI, metadata={"Date": None})
    content = buffer.getvalue()
    content = content[content.index(b"<svg") :]  # without the address of a DTD
    return "data:image/svg+xml;base64," + b64encode(content).decode()


def _region(locus: Locus) -> Region:
    return Region(locus.chrom, locus.start, locus.end, locus.label)


def _names(loci: Sequence[Locus]) -> str:
    return ", ".join(locus.label for locus in loci) or "none"
