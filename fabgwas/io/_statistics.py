"""Effects, standard errors and z-scores from what a study reported."""

from typing import NamedTuple

import numpy as np
import pyarrow as pa
from jaxtyping import Bool, Float
from scipy.special import log_ndtr, ndtri_exp

from fabgwas.fab._student import log_stdtr
from fabgwas.io._formats import Layout

Values = Float[np.ndarray, " row"]

_LOG2, _LOG10 = np.log(2.0), np.log(10.0)
# below, the digits of a double dwindle, and below 2.5e-324 it is 0
SMALLEST = 1e-300
_LOG_OF_ZERO = np.log(5e-324) - _LOG2


class Statistics(NamedTuple):
    """One row per row of the file, nan where not known."""

    beta: Values
    se: Values
    z: Values
    log_pvalue: Values
    reported: Values
    """Log of the p-value that the file has, nan where it has none."""
    statistic: Values
    """The statistic that the file has, or beta / se: for a check against z."""
    underflow: Bool[np.ndarray, " row"]
    """Whether z is a lower bound, since the p-value is printed as 0."""


def statistics(raw: pa.Table, layout: Layout) -> Statistics:
    """Signed z-scores such that 2 Phi(-|z|) is the reported test.

    They are beta / se, or a normal statistic, or, where the test is not that of beta / se
    (Student's t, saddlepoint or likelihood-ratio p-values, the mixture test of BOLT-LMM),
    what has the p-value or chi-square of the file and the sign of beta. Standard errors
    that a file has no column of are |beta / statistic|.
    """
    beta, se = _effect(raw, layout), column(raw, layout, "se")
    reported = _reported(raw, layout)
    underflow = np.zeros(raw.num_rows, bool)
    with np.errstate(all="ignore"):
        ratio = beta / se
        statistic = column(raw, layout, "z") if "z" in layout.columns else ratio
        sign = np.sign(np.where(np.isnan(beta), statistic, beta))
        if layout.statistic == "t":
            log_p = _of_student(statistic, reported, column(raw, layout, "n"))
            z = np.sign(statistic) * z_of_log_pvalue(log_p)
        elif layout.statistic == "p":
            underflow = np.isneginf(reported)
            log_p = np.where(underflow, _below_zero(ratio), reported)
            z = sign * z_of_log_pvalue(log_p)
        else:
            z = ratio if layout.statistic == "ratio" else statistic
            if layout.statistic == "chisq":
                z = sign * np.sqrt(column(raw, layout, "chisq"))
            # some rows may hold nothing but a p-value
            lone = np.flatnonzero(np.isnan(z) & np.isfinite(reported))
            if lone.size:
                z = z.copy()
                z[lone] = sign[lone] * z_of_log_pvalue(reported[lone])
            log_p = log_pvalue_of(z)
        if "se" not in layout.columns:
            se = np.abs(beta / (statistic if layout.statistic == "t" else z))
    return Statistics(beta, se, z, log_p, reported, statistic, underflow)


def origin_of_z(layout: Layout) -> str:
    """Which columns z is made of, for people who wonder about a p-value beside it."""
    name = layout.columns.get
    effect = name("beta") or name("odds_ratio") or ""
    p = name("p") or name("neg_log10_p") or ""
    logarithm = f"log {effect}" if "odds_ratio" in layout.columns and effect else effect
    if layout.statistic == "ratio":
        checked = f"; {p} is only compared with it" if p else ""
        return f"{logarithm} / {name('se')}{checked}"
    if layout.statistic == "p":
        return f"the p-value in {p}, with the sign of {effect or name('z')}"
    if layout.statistic == "chisq":
        return f"{name('chisq')}, with the sign of {effect}"
    if layout.statistic == "t":
        return f"Student's t in {name('z')}"
    return f"column {name('z')}"


def column(raw: pa.Table, layout: Layout, role: str) -> Values:
    """Numbers of a role, all nan if the file has no such column."""
    if role not in layout.columns:
        return np.full(raw.num_rows, np.nan)
    values: Values = raw[layout.columns[role]].cast(pa.float64()).to_numpy()
    return values


def log_pvalue_of(z: Values) -> Values:
    """Natural log of 2 Phi(-|z|), finite for every finite z."""
    return np.minimum(log_ndtr(-np.abs(z)) + _LOG2, 0.0)


def z_of_log_pvalue(log_pvalue: Values) -> Values:
    """The positive z with this two-sided p-value."""
    return np.abs(ndtri_exp(np.minimum(log_pvalue, 0.0) - _LOG2))


def log_of_text(numbers: Values, text: pa.ChunkedArray) -> Values:
    """Natural logs of decimal numbers, from their text where a double is too coarse.

    Parameters
    ----------
    numbers
        The numbers as doubles, nan where missing; 7e-6785 is 0 here.
    text
        The same numbers as they are written.
    """
    with np.errstate(divide="ignore", invalid="ignore"):
        logs = np.log(numbers)
    small = np.flatnonzero((numbers >= 0) & (numbers < SMALLEST))
    for row, written in zip(small, text.take(pa.array(small)).to_pylist(), strict=True):
        mantissa, _, exponent = written.strip().lower().partition("e")
        if float(mantissa) > 0:
            logs[row] = np.log(float(mantissa)) + int(exponent or 0) * _LOG10
    return logs


def _effect(raw: pa.Table, layout: Layout) -> Values:
    """The effect, as the log of an odds ratio where only that is given."""
    beta = column(raw, layout, "beta")
    if "odds_ratio" in layout.columns:
        with np.errstate(divide="ignore", invalid="ignore"):
            log_ratio = np.log(column(raw, layout, "odds_ratio"))
        beta = np.where(np.isnan(beta), log_ratio, beta)
    return beta


def _reported(raw: pa.Table, layout: Layout) -> Values:
    if "neg_log10_p" in layout.columns:
        return -_LOG10 * column(raw, layout, "neg_log10_p")
    if "p" not in layout.columns:
        return np.full(raw.num_rows, np.nan)
    name = layout.columns["p"]
    numbers = column(raw, layout, "p")
    if f"{name} as text" in raw.column_names:
        return log_of_text(numbers, raw[f"{name} as text"])
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.log(numbers)


def _of_student(t: Values, reported: Values, n: Values) -> Values:
    """The reported log p-values; where they are not known, those of t.

    Covariates, whose number is not known, hardly change the degrees of freedom of so many
    people that a p-value is printed as 0.
    """
    log_p = np.where(np.isnan(t), np.nan, reported)
    rows = np.flatnonzero(~np.isfinite(reported) & np.isfinite(t))
    if rows.size:
        log_p[rows] = log_pvalue_of(t[rows])
        rows = rows[n[rows] > 2]
        log_p[rows] = log_stdtr(n[rows] - 2, -np.abs(t[rows])) + _LOG2
    return log_p


def _below_zero(ratio: Values) -> Values:
    """A bound for log p-values that are printed as 0: that of beta / se, if smaller."""
    return np.fmin(log_pvalue_of(ratio), _LOG_OF_ZERO)
