"""What the public functions accept as numbers."""

from collections.abc import Sequence
from typing import Any, Protocol, runtime_checkable


@runtime_checkable
class SupportsArray(Protocol):
    """NumPy, JAX and Arrow arrays, pandas and polars columns, NumPy scalars."""

    def __array__(self, *args: Any, **kwargs: Any) -> Any: ...


Numbers = SupportsArray | Sequence[Any] | float | int
