"""A Ray cluster of two CPUs gives the bytes of one process."""

from collections.abc import Iterator
from pathlib import Path

import pyarrow as pa
import pytest

from fabgwas.errors import UsageError
from fabgwas_embeddings import embed_variants
from fabgwas_embeddings._ray import ray_engine

ray = pytest.importorskip("ray", reason="needs fabgwas[ray]")
pytestmark = [pytest.mark.slow, pytest.mark.filterwarnings("ignore")]  # of ray itself


@pytest.fixture(scope="module", autouse=True)
def cluster() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("RAY_USAGE_STATS_ENABLED", "0")
        ray.init(
            num_cpus=2,
            include_dashboard=False,
            log_to_driver=False,
            object_store_memory=100_000_000,
        )
        yield
        ray.shutdown()


def variants() -> pa.Table:
    return pa.table(
        {
            "chrom": ["2"] * 3_000 + ["19"] * 3_000,
            "pos": [1_000_000 + 19_000 * (i % 3_000) for i in range(6_000)],
            "ref": ["A"] * 6_000,
            "alt": ["G"] * 6_000,
        }
    )


def files(path: Path) -> dict[str, bytes]:
    return {
        each.relative_to(path).as_posix(): each.read_bytes()
        for each in sorted(path.rglob("*"))
        if each.is_file()
    }


def test_the_store_is_the_same_to_the_byte(tmp_path: Path) -> None:
    settings = {"build": "GRCh37", "encoder": "hashing", "shard_rows": 700}
    embed_variants(variants(), tmp_path / "local", **settings)
    engine = ray_engine("hashing", actors=2)
    embed_variants(variants(), tmp_path / "ray", engine=engine, **settings)
    assert files(tmp_path / "local") == files(tmp_path / "ray")


def test_an_error_of_a_worker_ends_the_job_and_the_next_run_goes_on(
    tmp_path: Path,
) -> None:
    settings = {"build": "GRCh37", "encoder": "hashing", "shard_rows": 700}
    with pytest.raises(Exception, match="has no setting colour"):
        embed_variants(
            variants(),
            tmp_path / "ray",
            engine=ray_engine("hashing", actors=1, colour="red"),
            **settings,
        )
    result = embed_variants(
        variants(), tmp_path / "ray", engine=ray_engine("hashing", actors=1), **settings
    )
    assert result.n_variants == 6_000


def test_mistakes_are_named() -> None:
    with pytest.raises(UsageError, match="word2vec"):
        ray_engine("word2vec")
