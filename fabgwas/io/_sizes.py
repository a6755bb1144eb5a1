"""Sample sizes: as given, as the file says, or the effective one of cases and controls."""

from typing import NamedTuple

import numpy as np
import pyarrow as pa
from jaxtyping import Float

from fabgwas.io._formats import Layout
from fabgwas.io._statistics import column


class Size(NamedTuple):
    """Sample sizes as the user gave them."""

    n: float | int | None = None
    n_cases: float | int | None = None
    n_controls: float | int | None = None


def sample_size(
    raw: pa.Table, layout: Layout, size: Size
) -> tuple[Float[np.ndarray, " row"], str]:
    """Sample size of each row, and in words which one that is.

    What the user gave comes first, and cases with controls come before their sum: then it
    is the effective size 4 / (1 / cases + 1 / controls), at which a study of equal groups
    would have the same power.
    """
    columns = layout.columns
    if size.n is not None:
        return np.full(raw.num_rows, float(size.n)), f"{size.n:,.10g} as given"
    if size.n_cases is not None and size.n_controls is not None:
        effective = 4 / (1 / size.n_cases + 1 / size.n_controls)
        note = (
            f"effective {effective:,.0f} = 4 / (1 / cases + 1 / controls) of "
            f"{size.n_cases:,.10g} cases and {size.n_controls:,.10g} controls"
        )
        return np.full(raw.num_rows, effective), note
    if "n_cases" in columns and {"n_controls", "n"} & columns.keys():
        cases = column(raw, layout, "n_cases")
        if "n_controls" in columns:
            controls = column(raw, layout, "n_controls")
        else:
            controls = column(raw, layout, "n") - cases
        # programs that have the columns for every trait leave them empty, or 0
        if np.nanmax(cases, initial=0) > 0:
            with np.errstate(divide="ignore", invalid="ignore"):
                each = 4 / (1 / cases + 1 / controls)
            return each, "effective, 4 / (1 / cases + 1 / controls) of each variant"
    if "n" in columns:
        return column(raw, layout, "n"), f"column {columns['n']}"
    return np.full(raw.num_rows, np.nan), "unknown"
