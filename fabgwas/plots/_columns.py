"""Lists, and columns of pandas, polars and Arrow, as the arrays that figures need."""

from collections.abc import Callable, Mapping
from functools import wraps
from inspect import signature
from typing import Any, ParamSpec, TypeVar

import numpy as np
import pyarrow as pa

from fabgwas.variants import chromosome_codes

Given = ParamSpec("Given")
Made = TypeVar("Made")
Kind = Callable[[str, Any], Any]


def columns(**kinds: Kind) -> Callable[[Callable[Given, Made]], Callable[Given, Made]]:
    """Let a function take any kind of column where it asks for an array.

    Parameters
    ----------
    kinds
        For each such parameter one of the functions below; None stays None.
    """

    def decorate(function: Callable[Given, Made]) -> Callable[Given, Made]:
        told = signature(function)

        @wraps(function)
        def given(*args: Given.args, **kwargs: Given.kwargs) -> Made:
            bound = told.bind(*args, **kwargs)
            for name, kind in kinds.items():
                if bound.arguments.get(name) is not None:
                    bound.arguments[name] = kind(name, bound.arguments[name])
            return function(*bound.args, **bound.kwargs)

        return given

    return decorate


def numbers(name: str, values: Any) -> np.ndarray:
    """Numbers in double precision, nan where one is missing."""
    array = _plain(name, values)
    if array.dtype.kind not in "biuf":
        raise ValueError(f"{name} must hold numbers, but {name}[0] is {array[0]!r}.")
    return array if array.dtype.kind == "f" else array.astype(np.float64)


def whole_numbers(name: str, values: Any) -> np.ndarray:
    """Whole numbers, none missing."""
    array = _plain(name, values)
    if array.dtype.kind in "iu":
        return array
    array = numbers(name, array)
    wrong = np.flatnonzero(~(array == np.floor(array)))
    if wrong.size:
        raise ValueError(
            f"{name} must hold whole numbers, but {name}[{wrong[0]}] is {array[wrong[0]]}."
        )
    return array.astype(np.int64)


def chromosomes(name: str, values: Any) -> np.ndarray:
    """Codes of chromosomes, from codes or from names such as chr1 and X."""
    array = _plain(name, values)
    if array.dtype.kind in "OUST":
        return chromosome_codes(pa.array(array.astype(object))).astype(np.int64)
    return whole_numbers(name, array)


def truths(name: str, values: Any) -> np.ndarray:
    """True or false, or 1 and 0."""
    array = _plain(name, values)
    if array.dtype.kind != "b" and not (
        array.dtype.kind in "iuf" and np.isin(array, (0, 1)).all()
    ):
        raise ValueError(
            f"{name} must be true or false for each person; of PLINK's codes 2 and 1 give "
            f"{name} == 2."
        )
    return array.astype(bool)


def lists_of_numbers(name: str, values: Any) -> Any:
    """Numbers, or a mapping of names to numbers."""
    if not isinstance(values, Mapping):
        return numbers(name, values)
    return {each: numbers(f"{name}[{each!r}]", column) for each, column in values.items()}


def _plain(name: str, values: Any) -> np.ndarray:
    """An array of NumPy; objects that Arrow knows as numbers or text become those."""
    try:
        array = np.asarray(values)
        if array.dtype.kind == "O" and array.ndim == 1:
            array = pa.array(array, from_pandas=True).to_numpy(zero_copy_only=False)
    except (ValueError, pa.ArrowTypeError) as error:  # of Arrow, too
        raise ValueError(f"{name} must hold values of one kind: {error}") from error
    if array.ndim == 0:
        raise ValueError(
            f"{name} must be a list, an array or a column, not {type(values).__name__}."
        )
    return array
