"""The engine that spreads encoding over a Ray cluster, by Ray Data."""

from collections.abc import Iterator
from io import BytesIO
from itertools import chain, islice
from typing import Any

import numpy as np
import pyarrow as pa

from fabgwas.errors import (
    FabgwasError,
    InputError,
    NothingToAnalyseError,
    RemoteError,
    UsageError,
)
from fabgwas_embeddings._run import Engine
from fabgwas_embeddings.encoders import ENCODERS, Encoded, Encoder, Group, make_encoder

_AHEAD = 4  # groups under way for each worker, so that none idles between two
_ERRORS: dict[str, type[FabgwasError]] = {
    each.__name__: each
    for each in (FabgwasError, UsageError, InputError, NothingToAnalyseError, RemoteError)
}
_HELD = 8  # groups that may be between two operators


class _Worker:
    """Holds one encoder; a row of a batch is a group.

    An error of ours travels as an answer, because Ray would make a long text of it.
    """

    def __init__(self, name: str, options: dict[str, Any], revision: str) -> None:
        self._failure: FabgwasError | None = None
        try:
            self._encoder = make_encoder(name, **options)
            _check_revision(self._encoder, revision)
        except FabgwasError as error:
            self._failure = error

    def __call__(self, groups: pa.Table) -> pa.Table:
        """For each group its vectors, or what went wrong: the class and the message."""
        answers = [self._answer(each) for each in groups["texts"].to_pylist()]
        columns = zip(*answers, strict=True)
        answered = groups.drop_columns("texts")
        for name, kind in (("vectors", pa.binary()), ("error", pa.string()),
                           ("message", pa.string())):  # fmt: skip
            answered = answered.append_column(name, pa.array(next(columns), kind))
        return answered

    def _answer(self, texts: list[str]) -> tuple[bytes | None, str | None, str | None]:
        try:
            if self._failure is not None:
                raise self._failure
            buffer = BytesIO()
            np.save(buffer, self._encoder.encode(texts), allow_pickle=False)
            return buffer.getvalue(), None, None
        except FabgwasError as error:
            return None, type(error).__name__, str(error)


def _check_revision(encoder: Encoder, revision: str) -> None:
    if encoder.revision != revision:
        raise InputError(
            f"encoder {encoder.name}: a worker of ray has the revision "
            f"{encoder.revision!r}, but the store would say {revision!r}; install the same "
            "on all machines, and give device and precision."
        )


def _fed(_: pa.Table, feed: Any) -> Iterator[pa.Table]:
    """Groups as the engine puts them into its feed, each a block, until it puts None."""
    while (group := feed.get()) is not None:
        yield pa.table({name: [value] for name, value in group._asdict().items()})


def ray_engine(
    name: str,
    *,
    actors: int = 2,
    num_gpus: float = 0.0,
    num_cpus: float = 1.0,
    **options: Any,
) -> Engine:
    """An engine for `run_job`: a Ray Data pipeline whose actors each hold an encoder.

    Groups, ledger and shards are those of the local engine, so the bytes are too. The
    groups are described here while the actors encode, a few ahead of them, and vectors
    come back through Ray's object store; so the folder of the store is needed here only.
    Ray is started on this machine unless a cluster is connected. For models only: services
    are asked by the local engine.

    Parameters
    ----------
    name, options
        As in `make_encoder`; the actors make their own.
    actors
        Size of the pool.
    num_gpus, num_cpus
        Of each actor.
    """
    if name not in ENCODERS:
        raise UsageError(f"encoder {name}: unknown; choose one of {', '.join(ENCODERS)}.")

    def run(encoder: Encoder, groups: Iterator[Group]) -> Iterator[Encoded]:
        if not encoder.local:
            raise UsageError(
                f"engine ray: spreads models over machines, but encoder {name} asks a "
                "service; use the local engine."
            )
        ray = _connect()
        from ray.util.queue import Queue

        feed = Queue(actor_options={"num_cpus": 0})
        pool = {"num_gpus": num_gpus, "num_cpus": num_cpus}
        made_of = (name, options, encoder.revision)
        dataset = _pipeline(ray, feed, made_of, actors, pool)
        try:
            yield from _spread(dataset, feed, groups, _AHEAD * actors + _HELD)
        except ray.exceptions.RayError as error:
            told = str(error).strip().splitlines()[-1]
            raise RemoteError(f"ray: {told}; run the same command again.") from error
        finally:
            feed.shutdown(force=True)

    return run


def _pipeline(
    ray: Any, feed: Any, made_of: tuple[Any, ...], actors: int, pool: dict[str, float]
) -> Any:
    """Groups as they are fed, encoded by a pool of actors."""
    # no retries: what was taken from the feed is gone, and the ledger knows what is open
    groups = ray.data.from_items([0]).map_batches(
        _fed,
        fn_args=(feed,),
        batch_size=None,
        batch_format="pyarrow",
        num_cpus=0,
        max_retries=0,
    )
    encoded = groups.map_batches(
        _Worker,
        fn_constructor_args=made_of,
        compute=ray.data.ActorPoolStrategy(size=actors),
        batch_size=None,
        batch_format="pyarrow",
        **pool,
    )
    for dataset in (groups, encoded):
        dataset.context.enable_progress_bars = False
        dataset.context.target_max_block_size = 1  # a block for each group, none is held
    return encoded


def _spread(
    dataset: Any, feed: Any, groups: Iterator[Group], ahead: int
) -> Iterator[Encoded]:
    """Keep `ahead` groups under way, and give out vectors as they come."""
    waiting = chain(groups, [None])  # None ends the feed
    under_way: set[tuple[int, int]] = set()

    def top_up() -> None:
        for group in islice(waiting, ahead - len(under_way)):
            feed.put(group)
            if group is not None:
                under_way.add((group.shard, group.number))

    top_up()
    for batch in dataset.iter_batches(batch_size=None, batch_format="pyarrow"):
        for row in batch.to_pylist():
            if row["error"] is not None:
                raise _ERRORS[row["error"]](row["message"])
            under_way.remove((row["shard"], row["number"]))
            vectors = np.load(BytesIO(row["vectors"]), allow_pickle=False)
            yield Encoded(row["shard"], row["number"], vectors, 0)
        top_up()
    if under_way:
        raise RemoteError(
            f"ray: {len(under_way)} groups of texts did not come back; run the same "
            "command again to go on."
        )


def _connect() -> Any:
    try:
        import ray
        import ray.data
    except ImportError as error:
        raise UsageError("engine ray: pip install 'fabgwas[ray]'.") from error
    if not ray.is_initialized():
        ray.init(include_dashboard=False, log_to_driver=False)
    return ray
