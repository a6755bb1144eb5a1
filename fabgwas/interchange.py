"""Tables of pandas, polars and others as those of Arrow, and what a function is given."""

from typing import Any, Protocol, runtime_checkable

import pyarrow as pa


@runtime_checkable
class Tabular(Protocol):
    """A table that hands itself over to Arrow: of Arrow, pandas, polars, DuckDB, ..."""

    def __arrow_c_stream__(self, requested_schema: object | None = None) -> object:
        """The table as a stream of Arrow."""


def as_arrow(table: Tabular, *needed: str) -> pa.Table:
    """Any table as one of Arrow, with the kinds of text that Arrow's functions know.

    Raises
    ------
    TypeError
        If it is no table.
    ValueError
        If a needed column is absent.
    """
    if not isinstance(table, Tabular):
        raise TypeError(
            f"a table of Arrow, pandas or polars is needed, not {type(table).__name__}."
        )
    arrow = table if isinstance(table, pa.Table) else pa.table(table)
    for name in needed:
        if name not in arrow.column_names:
            raise ValueError(
                f"the table has no column {name!r}; it has {', '.join(arrow.column_names)}."
            )
    views = (pa.string_view(), pa.large_string())
    fields = [
        each.with_type(pa.string()) if each.type in views else each for each in arrow.schema
    ]
    return arrow.cast(pa.schema(fields))


def expect(value: object, kind: Any, source: str) -> None:
    """Raise TypeError unless a value is of a kind; `source` is what makes such values."""
    if not isinstance(value, kind):
        raise TypeError(f"what {source} gives is needed here, not {type(value).__name__}.")
