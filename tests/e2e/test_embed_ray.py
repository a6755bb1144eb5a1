"""A Ray cluster of two CPUs gives the bytes of one process."""

from collections.abc import Iterator
from pathlib import Path

import pyarrow as pa
import pytest
from typer.testing import CliRunner

from fabgwas.errors import InputError, UsageError
from fabgwas_embeddings import embed_variants
from fabgwas_embeddings._cli import app
from fabgwas_embeddings._ray import ray_engine
from fabgwas_embeddings.encoders._hashing import HashingEncoder

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


# more groups than are ever under way, so that the feed must be topped up
SETTINGS = {"build": "GRCh37", "encoder": "hashing", "shard_rows": 100}


def test_the_store_is_the_same_to_the_byte(tmp_path: Path) -> None:
    embed_variants(variants(), tmp_path / "local", **SETTINGS)
    told: list[int] = []
    embed_variants(
        variants(),
        tmp_path / "ray",
        engine=ray_engine("hashing", actors=2),
        progress=lambda tally: told.append(tally.groups),
        **SETTINGS,
    )
    assert told[-1] > 30
    assert files(tmp_path / "local") == files(tmp_path / "ray")


def test_the_command_line_takes_the_engine(tmp_path: Path) -> None:
    bim = tmp_path / "a.bim"
    bim.write_text("".join(f"7\trs{i}\t0\t{9_000 * i}\tA\tG\n" for i in range(1, 900)))
    base = ["run", str(bim), "--build", "hg38", "--encoder", "hashing", "--dim", "20"]
    for engine in (["local"], ["ray", "--actors", "1"]):
        out = str(tmp_path / engine[0])
        result = CliRunner().invoke(app, [*base, "--out", out, "--engine", *engine])
        assert result.exit_code == 0, result.output
    assert files(tmp_path / "local") == files(tmp_path / "ray")


def test_an_error_of_a_worker_ends_the_job_and_the_next_run_goes_on(
    tmp_path: Path,
) -> None:
    engine = ray_engine("hashing", actors=1, colour="red")
    with pytest.raises(UsageError, match="has no setting colour"):
        embed_variants(variants(), tmp_path / "ray", engine=engine, **SETTINGS)
    result = embed_variants(
        variants(), tmp_path / "ray", engine=ray_engine("hashing", actors=1), **SETTINGS
    )
    assert result.n_variants == 6_000


def test_workers_must_have_the_model_that_the_store_names(tmp_path: Path) -> None:
    class Newer(HashingEncoder):
        revision = "2"

    settings = SETTINGS | {"encoder": Newer()}
    with pytest.raises(InputError, match="has the revision '1', but the store would say"):
        embed_variants(
            variants(), tmp_path, engine=ray_engine("hashing", actors=1), **settings
        )


def test_mistakes_are_named() -> None:
    with pytest.raises(UsageError, match="word2vec"):
        ray_engine("word2vec")


def test_services_are_not_asked_through_ray(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "sk-never-used-000000")
    settings = SETTINGS | {"encoder": "openai", "max_cost": 1000.0}
    with pytest.raises(UsageError, match="asks a service; use the local engine"):
        embed_variants(variants(), tmp_path, engine=ray_engine("openai"), **settings)
