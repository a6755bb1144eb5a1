"""Effects, standard errors and z-scores from what a study reported."""

from typing import NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from jaxtyping import Float
from scipy.special import log_ndtr, ndtri_exp

from fabgwas.io._formats import Layout

Values = Float[np.ndarray, " row"]

_LOG10 = np.log(10.0)


class Statistics(NamedTuple):
    """One row per row of the file, nan where not known."""

    beta: Values
    se: Values
    z: Values
    log_pvalue: Values
    reported_log_pvalue: Values
    """The p-value of the file, for a check; nan where the file has none."""


def statistics(raw: pa.Table, layout: Layout) -> Statistics:
    """Signed z-scores such that 2 Phi(-|z|) is the reported test.

    They are beta / se, or a statistic, or, where the test is not that of beta / se
    (saddlepoint or likelihood-ratio p-values, the mixture test of BOLT-LMM), the chi-square
    or the p-value with the sign of beta. Standard errors that are missing are |beta / z|.
    """
    beta = column(raw, layout, "beta")
    if "beta" not in layout.columns and "odds_ratio" in layout.columns:
        with np.errstate(divide="ignore", invalid="ignore"):
            beta = np.log(column(raw, layout, "odds_ratio"))
    se = column(raw, layout, "se")
    reported = _reported_log_pvalue(raw, layout)
    with np.errstate(divide="ignore", invalid="ignore"):
        kind = layout.format.statistic
        if kind == "ratio":
            z = beta / se
        elif kind == "z":
            z = column(raw, layout, "z")
        elif kind == "chisq":
            z = np.sign(beta) * np.sqrt(column(raw, layout, "chisq"))
        else:
            z = np.sign(beta) * z_of_log_pvalue(reported)
        if "se" not in layout.columns:
            se = np.abs(beta / z)
    return Statistics(beta, se, z, log_pvalue_of(z), reported)


def column(raw: pa.Table, layout: Layout, role: str) -> Values:
    """Numbers of a role, all nan if the file has no such column."""
    if role not in layout.columns:
        return np.full(raw.num_rows, np.nan)
    values = raw[layout.columns[role]].cast(pa.float64())
    return np.array(pc.fill_null(values, np.nan).to_numpy())


def log_pvalue_of(z: Values) -> Values:
    """Natural log of 2 Phi(-|z|), finite for every finite z."""
    return np.minimum(log_ndtr(-np.abs(z)) + np.log(2.0), 0.0)


def z_of_log_pvalue(log_pvalue: Values) -> Values:
    """The positive z with this two-sided p-value."""
    return np.abs(ndtri_exp(np.minimum(log_pvalue, 0.0) - np.log(2.0)))


def _reported_log_pvalue(raw: pa.Table, layout: Layout) -> Values:
    if "neg_log10_p" in layout.columns:
        return -_LOG10 * column(raw, layout, "neg_log10_p")
    if "p" not in layout.columns:
        return np.full(raw.num_rows, np.nan)
    return log_of_text(raw[layout.columns["p"]])


def log_of_text(text: pa.ChunkedArray) -> Values:
    """Natural logs of decimal numbers, also of those that underflow, such as 7e-6785.

    Raises
    ------
    pyarrow.ArrowInvalid
        If a text is not a number.
    """
    if pa.types.is_floating(text.type):
        numbers = np.array(pc.fill_null(text, np.nan).to_numpy())
    else:
        numbers = np.array(pc.fill_null(text.cast(pa.float64()), np.nan).to_numpy())
    with np.errstate(divide="ignore", invalid="ignore"):
        logs = np.log(numbers)
    # a double keeps fewer digits below 2e-308, and none below 5e-324
    for row in np.flatnonzero((numbers >= 0) & (numbers < 1e-300)).tolist():
        mantissa, _, exponent = str(text[row].as_py()).lower().partition("e")
        if float(mantissa) > 0:
            logs[row] = np.log(float(mantissa)) + int(exponent or 0) * _LOG10
    return logs
