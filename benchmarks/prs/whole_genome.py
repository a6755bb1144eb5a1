"""A fit of the size of a genome: 1.1 million variants in 1,700 blocks, synthetic LD."""

import time
from typing import NamedTuple

import numpy as np
from jaxtyping import Float

from benchmarks.harness import Context, FunctionMethod, FunctionTask
from benchmarks.harness.interface import Scores, Task
from benchmarks.speed._stopwatch import copy_bytes
from fabgwas.prs import Problem, fit_mixture, pack_blocks, settings_for, whiten

_N = 100_000
_H2 = 0.3
_CAUSAL = 0.01
_DIM = 256


class Genome(NamedTuple):
    """Block sizes, and what the fit takes; matrices are made when they are read."""

    sizes: list[int]
    correlation: Float[np.ndarray, " block"]
    """Of neighbours: r^|i - j| inside a block."""
    z: Float[np.ndarray, " variant"]
    effect: Float[np.ndarray, " variant"]
    seed: int
    """Of the embedding, which is drawn when it is read."""

    def embedding(self) -> Float[np.ndarray, "variant dim"]:
        """One vector for each variant."""
        rng = np.random.default_rng([self.seed, 1])
        return rng.standard_normal((sum(self.sizes), _DIM), np.float32)


class Timed(NamedTuple):
    """Effects, and seconds of the steps."""

    effect: Float[np.ndarray, " variant"]
    seconds: dict[str, float]
    gigabytes: float
    """Of LD, padding included."""
    rounds: int
    """In each of which the sampler reads all LD."""
    reading: float
    """Seconds that memory takes to move as many bytes once."""


def _genome(context: Context, seed: int) -> Genome:
    rng = np.random.default_rng(seed)
    n_blocks = 20 if context.quick else 1700
    # sizes as uneven as those of real blocks: 300 to 1,000
    sizes = rng.integers(300, 1000, n_blocks).tolist()
    correlation = rng.uniform(0.5, 0.95, n_blocks)
    total = sum(sizes)
    genome = Genome(sizes, correlation, np.empty(total), np.empty(total), seed)
    logit = np.log(_CAUSAL) + 1.5 * genome.embedding()[:, 0]
    causal = rng.random(total) < 1 / (1 + np.exp(-logit))
    effect = np.where(causal, rng.normal(0, np.sqrt(_H2 / causal.sum()), total), 0)
    start = 0
    for size, r in zip(sizes, correlation, strict=True):
        rows = slice(start, start + size)
        noise = rng.standard_normal(size)
        for k in range(1, size):
            noise[k] = r * noise[k - 1] + np.sqrt(1 - r * r) * noise[k]
        genome.z[rows] = np.sqrt(_N) * _block(size, r) @ effect[rows] + noise
        start += size
    return genome._replace(effect=effect)


def _block(size: int, r: float) -> Float[np.ndarray, "variant variant"]:
    powers = (r ** np.arange(size)).astype(np.float32)
    return powers[np.abs(np.subtract.outer(np.arange(size), np.arange(size)))]


def _fit(genome: Genome, context: Context, seed: int) -> Timed:
    import jax.numpy as jnp

    clock = [time.perf_counter()]
    z = jnp.asarray(genome.z, jnp.float32)
    batches = pack_blocks(
        genome.sizes, lambda k: _block(genome.sizes[k], genome.correlation[k])
    )
    problem = Problem(batches, z, jnp.full_like(z, _N))
    clock.append(time.perf_counter())
    features = whiten(genome.embedding())
    clock.append(time.perf_counter())
    block = np.repeat(np.arange(len(genome.sizes)), genome.sizes)
    settings = settings_for(problem.size, seed)
    rounds = [0]
    fit = fit_mixture(
        problem, block, _H2, features, settings,
        progress=lambda done, total: rounds.append(total),
    )  # fmt: skip
    clock.append(time.perf_counter())
    steps = dict(zip(("ld", "features", "fit"), np.diff(clock).tolist(), strict=True))
    size = sum(batch.ld.size * batch.ld.dtype.itemsize for batch in batches)
    return Timed(fit.mean, steps, size / 1e9, max(rounds), _seconds_to_read(size))


def _seconds_to_read(size: int) -> float:
    """By copying pieces, each of which moves twice its size."""
    piece = 2**27
    copy, pieces = copy_bytes(piece), max(1, size // (2 * piece))
    copy()  # its memory is there after the first time
    began = time.perf_counter()
    for _ in range(pieces):
        copy()
    return (time.perf_counter() - began) * size / (2 * piece * pieces)


def _judge(genome: Genome, answer: Timed, seed: int) -> Scores:
    r = float(np.corrcoef(answer.effect, genome.effect)[0, 1])
    told = {f"{name} seconds": value for name, value in answer.seconds.items()}
    floor = answer.rounds * answer.reading
    told["fit over reading LD once a round"] = answer.seconds["fit"] / floor
    told["rounds"] = answer.rounds
    return {"correlation with the truth": r, **told, "LD gigabytes": answer.gigabytes}


def _suits(task: Task) -> bool:
    return task.name == _NAME


_NAME = "whole genome"

TASKS = [
    FunctionTask(
        name=_NAME,
        problem=_genome,
        judge=_judge,
        settings={"n": _N, "h2": _H2, "causal": _CAUSAL, "dim": _DIM},
        all_seeds=(100,),
        quick_seeds=(100,),
    )
]
METHODS = [
    FunctionMethod(
        name="embedding, whole genome",
        answer=_fit,
        meant_for=_suits,
        settings={"version": 8},
    )
]
