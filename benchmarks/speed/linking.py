"""Cross products of embeddings, which every linking model is fitted from."""

import numpy as np

from benchmarks.harness import Context
from benchmarks.speed._stopwatch import Call, Job, SpeedMethod, multiply, sizes

_KIND = "Gram, 1,024 numbers"
_DIM = 1024


def _make(context: Context, amount: int) -> Job:
    rng = np.random.default_rng(0)
    x = np.resize(rng.standard_normal((8192, _DIM), np.float32), (amount, _DIM))
    inputs = {
        "x": x,
        "y": rng.standard_normal((amount, 2)),
        "weight": np.ones(amount),
        "unit": np.repeat(np.arange(22), -(-amount // 22))[:amount],
        "n_units": 22,
    }
    # one multiplication and one addition; symmetry could save half
    flops = 2.0 * amount * _DIM**2
    return Job(inputs=inputs, amount=amount, unit="variants", floor=multiply(flops))


def _gram(job: Job) -> Call:
    from fabgwas.link._gram import gram_of

    return lambda: gram_of(**job.inputs)


TASKS = sizes(
    _KIND,
    "variants",
    _make,
    (10_000, 100_000, 500_000),
    floor="as many operations in products of 1,024 x 1,024 float32 matrices",
)
METHODS = [SpeedMethod(name="link.gram_of", kind=_KIND, prepare=_gram)]
