"""Vectors as bytes: float16, or int8 with one scale a row, and back to float32."""

import numpy as np
import pyarrow as pa
from jaxtyping import Float, Float32, Num, Shaped

# float16 has 5 bits of exponent with bias 15, float32 has 8 with bias 127
_REBIAS = np.float32(2.0**112)
_SIGN_EXPONENT_FRACTION = np.uint32(0x8FFFE000)
# four steps over so many numbers stay in the cache
_NUMBERS_AT_ONCE = 2**17


def halves_to_floats(
    halves: Shaped[np.ndarray, "variant dim"], out: Float32[np.ndarray, "variant dim"]
) -> None:
    """Write float16 values, given as their int16 bits, to `out` as float32, exactly.

    The bits of the half are moved to their places in a float and the exponent is mended by
    one multiplication, subnormal halves included. Infinite values and NaN, which a store
    cannot hold, come out as numbers above 65,504. It takes about half the time of numpy's
    cast; the speed suite of the benchmarks has it beside other ways.
    """
    rows = max(1, _NUMBERS_AT_ONCE // max(1, out.shape[1]))
    for start in range(0, len(out), rows):
        part = out[start : start + rows]
        bits = part.view(np.uint32)
        np.copyto(part.view(np.int32), halves[start : start + rows])  # extends the sign
        np.left_shift(bits, 13, out=bits)
        np.bitwise_and(bits, _SIGN_EXPONENT_FRACTION, out=bits)
        np.multiply(part, _REBIAS, out=part)


def decode(
    batch: pa.RecordBatch,
    dtype: str,
    select: slice | np.ndarray,
    out: Float32[np.ndarray, "variant dim"],
) -> None:
    """Write the selected vectors of a batch of a shard to `out`."""
    column = batch.column("embedding")
    item = np.dtype(np.int8 if dtype == "int8" else np.int16)
    raw = np.frombuffer(column.buffers()[1], item).reshape(-1, out.shape[1])
    raw = raw[column.offset : column.offset + len(column)][select]
    if dtype == "int8":
        scale = batch.column("scale").to_numpy()[select]
        np.multiply(raw, scale[:, None], out=out)
    else:
        halves_to_floats(raw, out)


def encode(
    embedding: Num[np.ndarray, "variant dim"], dtype: str, first_row: int = 0
) -> tuple[pa.FixedSizeBinaryArray, pa.FloatArray | None]:
    """The vector column of a shard, and the column of scales if there is one.

    Raises
    ------
    ValueError
        If a value is not finite or too large for `dtype`; names the row, counted from
        `first_row`.
    """
    scale = None
    if dtype == "int8":
        embedding = np.asarray(embedding, np.float32)
        largest = np.abs(embedding).max(axis=1)
        _check_finite(largest[:, None], dtype, first_row)
        scale = (largest / np.float32(127)).astype(np.float32)
        stored = np.rint(embedding / np.where(scale > 0, scale, 1)[:, None]).astype(np.int8)
    else:
        with np.errstate(over="ignore"):  # told below, with the row
            stored = np.ascontiguousarray(embedding, np.float16)
        _check_finite(stored, dtype, first_row)
    width = pa.binary(stored.shape[1] * stored.itemsize)
    column = pa.FixedSizeBinaryArray.from_buffers(
        width, len(stored), [None, pa.py_buffer(stored)]
    )
    return column, None if scale is None else pa.array(scale)


def _check_finite(
    values: Float[np.ndarray, "variant dim"], dtype: str, first_row: int
) -> None:
    finite = np.isfinite(values)
    if not finite.all():
        row = first_row + int(np.argmin(finite.all(axis=1)))
        raise ValueError(
            f"embedding must be finite and fit {dtype}, but row {row} does not."
        )
