"""P-values of many variants, against one pass over the same memory."""

import numpy as np

from benchmarks.harness import Context
from benchmarks.speed._stopwatch import Call, Job, SpeedMethod, copy_bytes, sizes

_SINGLE, _FAMILY = "FAB p-values", "family p-values"


def _make(context: Context, amount: int) -> Job:
    from scipy.special import log_ndtr

    rng = np.random.default_rng(0)
    z = rng.standard_normal(amount)
    inputs = {
        "z": z,
        "prior_mean": 0.3 * rng.standard_normal(amount),
        "prior_var": 0.1 + rng.exponential(1.0, amount),
        "fold": np.repeat(np.arange(22), -(-amount // 22))[:amount],
    }
    return Job(
        inputs=inputs,
        amount=amount,
        unit="variants",
        floor=copy_bytes(4 * 8 * amount // 2),
        rival=lambda: log_ndtr(-np.abs(z)),
    )


def _single(job: Job) -> Call:
    from fabgwas.fab import fab_log_pvalues

    told = job.inputs
    return lambda: fab_log_pvalues(told["z"], told["prior_mean"], told["prior_var"])


def _family(job: Job) -> Call:
    from fabgwas.fab import family_log_pvalues

    return lambda: family_log_pvalues(**job.inputs)


_SIZES = (10_000, 100_000, 1_000_000, 10_000_000)
_TOLD = {
    "floor": "three arrays read and one written: half of them copied",
    "rival": "scipy's log_ndtr, once",
}
TASKS = [
    *sizes(_SINGLE, "variants", _make, _SIZES, **_TOLD),
    *sizes(_FAMILY, "variants", _make, _SIZES, **_TOLD),
]
METHODS = [
    SpeedMethod(name="fab_log_pvalues", kind=_SINGLE, prepare=_single),
    SpeedMethod(name="family_log_pvalues", kind=_FAMILY, prepare=_family),
]
