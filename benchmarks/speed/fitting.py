"""Ten rounds of the mixture of scores, against ten reads of its LD from memory."""

import numpy as np

from benchmarks.harness import Context
from benchmarks.speed._stopwatch import Call, Job, SpeedMethod, sizes

_KIND = "PRS fit, ten rounds"
_BLOCK = 500
_ROUNDS = 10


def _make(context: Context, amount: int) -> Job:
    import jax.numpy as jnp

    from fabgwas.prs import Problem, pack_blocks

    blocks = amount // _BLOCK
    place = np.arange(_BLOCK)
    ld = 0.9 ** np.abs(place[:, None] - place)
    batches = pack_blocks([_BLOCK] * blocks, lambda number: ld)
    rng = np.random.default_rng(0)
    root = np.linalg.cholesky(ld)
    z = (rng.standard_normal((blocks, _BLOCK)) @ root.T).ravel() * 1.2
    problem = Problem(
        batches, jnp.asarray(z, jnp.float32), jnp.full(z.size, 1e5, jnp.float32)
    )
    read = [np.asarray(batch.ld) for batch in batches]

    def floor() -> None:
        for _ in range(_ROUNDS):
            for each in read:
                each.max()

    return Job(
        inputs={"problem": problem, "block": np.repeat(np.arange(blocks), _BLOCK)},
        amount=amount,
        unit="variants",
        floor=floor,
    )


def _fit(job: Job) -> Call:
    from fabgwas.prs import MixtureSettings, fit_mixture

    settings = MixtureSettings(max_iterations=_ROUNDS, tolerance=0.0)
    told = job.inputs
    return lambda: fit_mixture(told["problem"], told["block"], 0.3, None, settings)


TASKS = sizes(
    _KIND,
    "variants",
    _make,
    (5_000, 50_000, 500_000),
    floor="ten reads of the LD matrices, float32, from memory",
)
METHODS = [SpeedMethod(name="prs.fit_mixture", kind=_KIND, prepare=_fit)]
