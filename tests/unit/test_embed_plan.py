"""What a plan tells, at any scale, before anything is spent."""

from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest

from fabgwas_embeddings import Encoder, Plan, make_encoder, make_job, plan_job
from fabgwas_embeddings._variants import Shard, cut_shards
from fabgwas_embeddings.encoders._api import price_table
from fabgwas_embeddings.encoders._hashing import HashingEncoder


@dataclass(frozen=True)
class Endless:
    """As many variants as one likes, made when they are read."""

    n_variants: int
    source: dict[str, str] = field(default_factory=dict)
    counts: dict[str, int] = field(default_factory=dict)

    def shards(self, rows: int) -> list[Shard]:
        return cut_shards({"1": (0, self.n_variants)}, rows)

    def read(self, shard: Shard) -> pa.Table:
        n = shard.rows
        pos = 60_000_000 + (shard.start + np.arange(n, dtype=np.int64)) % 100_000_000
        columns = {"pos": pa.array(np.sort(pos), pa.int32()), "ref": ["A"] * n}
        return pa.table({**columns, "alt": ["G"] * n, "rsid": pa.nulls(n, pa.string())})


def plan(n: int, encoder: str | Encoder, folder: Path, **more: float) -> Plan:
    job = make_job(
        Endless(n),
        folder,
        build="GRCh38",
        encoder=encoder,
        template="paper",
    )
    return plan_job(job, measure=False, **more)


@pytest.mark.parametrize("n", [1_200_000, 90_000_000, 8_892_915_237])
def test_the_three_scales(tmp_path: Path, n: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("fabgwas_embeddings._plan._MOST_SHARDS", 4)
    found = plan(n, "openai", tmp_path)
    assert (found.n_variants, found.sampled) == (n, True)
    assert found.n_texts == pytest.approx(n, rel=1e-6)
    assert 120 < found.characters / n < 300
    assert found.cost == pytest.approx(found.tokens * 0.13 / 1e6)
    assert found.requests > found.tokens / 300_000
    assert found.store_bytes == n * (2 * 3072 + 40)
    assert f"{n:,} in " in str(found)
    assert "at most" in str(found)


def test_prices_have_a_date_and_can_be_overridden(tmp_path: Path) -> None:
    date = price_table()["date"]
    whole, half = (plan(500, name, tmp_path) for name in ("openai", "openai-batch"))
    assert half.cost == pytest.approx(whole.cost / 2)
    assert whole.price_date == date
    assert f"0.13 USD for a million tokens (price of {date})" in str(whole)
    other = plan(500, make_encoder("openai", price=2.0), tmp_path)
    assert other.cost == pytest.approx(other.tokens * 2.0 / 1e6)
    assert "2 USD for a million tokens" in str(other)
    assert date not in str(other)
    assert "none: the model runs on your own machine" in str(plan(9, "hashing", tmp_path))


def test_tokens_are_those_of_the_encoders_own_tokenizer(tmp_path: Path) -> None:
    found = plan(2_000, "hashing", tmp_path)
    text = (
        "1-60000000-A-G is located on Chromosome 1 at position 60000000, with a reference"
    )
    assert found.tokens_estimated is False
    assert found.tokens / found.n_texts > len(text.split())
    guessed = plan(2_000, "openai", tmp_path)
    assert guessed.tokens_estimated is True
    assert guessed.tokens == round(guessed.characters / 4)
    assert "about" in str(guessed)
    assert "about" not in str(found)


def test_texts_that_the_model_would_cut_are_told(tmp_path: Path) -> None:
    class Short(HashingEncoder):
        max_tokens = 10

    assert "cut          about 100.0% of the texts" in str(plan(200, Short(), tmp_path))
    assert "cut " not in str(plan(200, "hashing", tmp_path))


def test_the_tighter_limit_of_a_service_gives_the_time(tmp_path: Path) -> None:
    by_tokens = plan(3_000, "openai", tmp_path, tokens_per_minute=1_000.0)
    assert by_tokens.seconds == pytest.approx(60 * by_tokens.tokens / 1_000)
    both = plan(3_000, "openai", tmp_path, tokens_per_minute=1e9, requests_per_minute=0.5)
    assert both.seconds == pytest.approx(60 * both.requests / 0.5)
    assert plan(3_000, "openai", tmp_path).seconds is None


def test_the_speed_of_a_model_is_measured(tmp_path: Path) -> None:
    job = make_job(Endless(500), tmp_path, build="GRCh38", encoder="hashing")
    found = plan_job(job)
    assert found.texts_per_second is not None
    assert found.seconds == pytest.approx(found.n_texts / found.texts_per_second)
    assert "measured here" in str(found)
