"""Vectors of few bytes to float32: what a store does on every read, and other ways."""

from collections.abc import Callable
from functools import partial

import numpy as np

from benchmarks.harness import Context
from benchmarks.speed._stopwatch import Call, Job, SpeedMethod, copy_bytes, sizes
from benchmarks.speed.storing import make_vectors

_KIND = "to float32"
_DIM = 1024


def _make(context: Context, amount: int) -> Job:
    half = make_vectors(amount, _DIM)
    scale = np.full((amount, 1), 1 / 512, np.float32)
    inputs = {
        "half": half,
        "int8": np.clip(np.rint(half * np.float32(512)), -127, 127).astype(np.int8),
        "scale": scale,
        "out": np.empty(half.shape, np.float32),
    }
    # two bytes of a number are read and four written; a copy reads and writes as many
    floor = copy_bytes(3 * half.size)
    return Job(inputs=inputs, amount=amount, unit="variants", floor=floor)


def _bits(job: Job) -> object:
    from fabgwas.store._codec import halves_to_floats

    return halves_to_floats(job.inputs["half"].view(np.int16), job.inputs["out"])


def _numpy(job: Job) -> object:
    return np.copyto(job.inputs["out"], job.inputs["half"])


def _arrow(job: Job) -> object:
    import pyarrow as pa
    import pyarrow.compute as pc

    return pc.cast(pa.array(job.inputs["half"].reshape(-1)), pa.float32())


def _jax(job: Job) -> object:
    import jax.numpy as jnp

    return jnp.asarray(job.inputs["half"]).astype(jnp.float32).block_until_ready()


def _bfloat16(job: Job) -> object:
    import jax.numpy as jnp

    # the same bytes taken for another format: other numbers, the same work
    vectors = jnp.asarray(job.inputs["half"].view(jnp.bfloat16))
    return vectors.astype(jnp.float32).block_until_ready()


def _int8(job: Job) -> object:
    return np.multiply(job.inputs["int8"], job.inputs["scale"], out=job.inputs["out"])


def _prepare(convert: Callable[[Job], object], job: Job) -> Call:
    return partial(convert, job)


TASKS = sizes(
    _KIND,
    "variants",
    _make,
    (10_000, 100_000),
    floor="two bytes of a number read and four written",
)
METHODS = [
    SpeedMethod(name=name, kind=_KIND, prepare=partial(_prepare, convert))
    for name, convert in {
        "float16, by the bits (stores)": _bits,
        "float16, NumPy": _numpy,
        "float16, Arrow": _arrow,
        "float16, JAX": _jax,
        "bfloat16, JAX": _bfloat16,
        "int8 with scales, NumPy (stores)": _int8,
    }.items()
]
