"""The engine that spreads encoding over a Ray cluster."""

from collections.abc import Iterable, Iterator
from typing import Any

import numpy as np
from jaxtyping import Float32

from fabgwas.errors import UsageError
from fabgwas_embeddings._run import Engine
from fabgwas_embeddings.encoders import ENCODERS, Encoded, Encoder, Group, make_encoder

_QUEUE = 2  # groups waiting at each worker, so that none idles between two
_RESTARTS = 4  # of a worker whose machine is lost


class _Worker:
    """Holds one encoder."""

    def __init__(self, name: str, options: dict[str, Any]) -> None:
        self._encoder = make_encoder(name, **options)

    def encode(self, texts: list[str]) -> Float32[np.ndarray, "text dim"]:
        """Vectors of one group."""
        return self._encoder.encode(texts)


def ray_engine(
    name: str,
    *,
    actors: int = 2,
    num_gpus: float = 0.0,
    num_cpus: float = 1.0,
    **options: Any,
) -> Engine:
    """An engine for `run_job` whose workers each hold an encoder.

    Groups, ledger and shards are those of the local engine, so the bytes are too. The
    groups are described here while the workers encode, a few ahead of them, and vectors
    come back through Ray's object store; so the folder of the store is needed here only.
    Ray is started on this machine unless a cluster is connected.

    Parameters
    ----------
    name, options
        As in `make_encoder`; the workers make their own.
    actors
        Number of workers.
    num_gpus, num_cpus
        Of each worker.
    """
    if name not in ENCODERS:
        raise UsageError(f"encoder {name}: unknown; choose one of {', '.join(ENCODERS)}.")

    def run(encoder: Encoder, groups: Iterable[Group]) -> Iterator[Encoded]:
        ray = _connect()
        remote = ray.remote(
            num_gpus=num_gpus,
            num_cpus=num_cpus,
            max_restarts=_RESTARTS,
            max_task_retries=_RESTARTS,
        )(_Worker)
        workers = [remote.remote(name, options) for _ in range(actors)]
        try:
            yield from _spread(ray, workers, iter(groups))
        finally:
            for worker in workers:
                ray.kill(worker)

    return run


def _spread(ray: Any, workers: list[Any], groups: Iterator[Group]) -> Iterator[Encoded]:
    """Keep every worker busy, and give out vectors as they come."""
    idle = workers * _QUEUE
    running: dict[Any, tuple[Any, Group]] = {}
    while True:
        while idle and (group := next(groups, None)) is not None:
            worker = idle.pop(0)
            running[worker.encode.remote(group.texts)] = worker, group
        if not running:
            return
        (done,), _ = ray.wait(list(running), num_returns=1)
        worker, group = running.pop(done)
        idle.append(worker)
        # a copy, because Ray's memory cannot be written to
        yield Encoded(group.shard, group.number, np.array(ray.get(done)), 0)


def _connect() -> Any:
    try:
        import ray
    except ImportError as error:
        raise UsageError("engine ray: pip install 'fabgwas[ray]'.") from error
    if not ray.is_initialized():
        ray.init(include_dashboard=False, log_to_driver=False)
    return ray
