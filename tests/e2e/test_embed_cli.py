"""`fabgwas embed` as its users call it."""

import json
from pathlib import Path

import numpy as np
import pytest
from typer.testing import CliRunner

from fabgwas.errors import UsageError
from fabgwas.store import open_embeddings
from fabgwas_embeddings._cli import app

BIM = "".join(f"22\trs{i}\t0\t{17_000_000 + 7_000 * i}\tA\tG\n" for i in range(4_000))


@pytest.fixture
def bim(tmp_path: Path) -> Path:
    path = tmp_path / "a.bim"
    path.write_text(BIM)
    return path


def call(*arguments: object) -> str:
    result = CliRunner().invoke(app, [str(each) for each in arguments])
    if result.exception is not None and not isinstance(result.exception, SystemExit):
        raise result.exception
    assert result.exit_code == 0, result.output
    return result.stdout


@pytest.mark.parametrize("command", ["plan", "run", "fetch", "export-hf"])
def test_every_command_explains_itself_with_an_example(command: str) -> None:
    told = call(command, "--help")
    assert "Usage" in told
    assert f"Example: fabgwas embed {command} " in told
    assert command in call("--help")


def test_a_store_is_made_and_made_once(bim: Path, tmp_path: Path) -> None:
    arguments = ["run", bim, "--build", "hg19", "--out", tmp_path / "s"]
    arguments += ["--encoder", "hashing", "--dim", 64]
    first = call(*arguments)
    assert "4,000 variants" in first
    assert "cosine to float32 at least 1.0000" in first or "0.9999" in first
    assert "nothing to do (4,000 variants)" in call(*arguments)
    store = open_embeddings(tmp_path / "s")
    assert (store.n_variants, store.dim, store.metadata.build) == (4_000, 64, "GRCh37")


def test_what_is_dropped_is_told(bim: Path, tmp_path: Path) -> None:
    bim.write_text(BIM + "22\trs1\t0\t17007000\tA\tG\n22\trsN\t0\t5\tA\tN\n")
    arguments = [bim, "--build", "hg19", "--encoder", "hashing"]
    dropped = "dropped 1 with other alleles than A, C, G, T, 1 repeated"
    assert f"4,000 in 1 shards; {dropped}" in call("plan", *arguments)
    assert f"4,000 variants ({dropped})" in call("run", *arguments, "--out", tmp_path / "s")


def test_exclusions_end_in_the_store(bim: Path, tmp_path: Path) -> None:
    call(
        *("run", bim, "--build", "GRCh38", "--out", tmp_path / "s", "--encoder", "hashing"),
        *("--exclude-source", "gwas_catalog,clinvar", "--exclude-trait", "body height"),
        *("--catalog-before", "2016-01-01"),
    )
    assert json.loads((tmp_path / "s" / "store.json").read_text())["metadata"][
        "exclusions"
    ] == {
        "sources": ["clinvar", "gwas_catalog"],
        "traits": ["body height"],
        "catalog_before": "2016-01-01",
    }


def test_a_plan_tells_the_price_and_writes_nothing(bim: Path, tmp_path: Path) -> None:
    before = sorted(tmp_path.rglob("*"))
    told = call(
        *("plan", bim, "--build", "GRCh37", "--encoder", "openai", "--price", 10),
        *("--tokens-per-minute", 1e6),
    )
    assert "4,000 in 1 shards" in told
    assert "at 10 USD for a million tokens" in told
    assert "at the rate limits given" in told
    assert sorted(tmp_path.rglob("*")) == before


def test_no_more_is_spent_than_allowed(
    bim: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "sk-never-used-000000")
    with pytest.raises(UsageError, match=r"at most 0\.01 USD may be spent"):
        call(
            *("run", bim, "--build", "GRCh37", "--out", tmp_path / "s"),
            *("--encoder", "openai", "--price", 1000, "--max-cost", 0.01),
        )
    assert not list(tmp_path.rglob("chrom=*"))


def test_all_single_base_changes_of_a_fasta(
    tmp_path: Path, rng: np.random.Generator
) -> None:
    path = tmp_path / "tiny.fa"
    path.write_text(">chrM\n" + "".join(rng.choice(list("ACGTN"), 5_000)) + "\n")
    call(
        *("run", path, "--build", "GRCh38", "--out", tmp_path / "s"),
        *("--encoder", "hashing", "--template", "paper", "--shard-rows", 4_000),
    )
    store = open_embeddings(tmp_path / "s")
    assert store.n_variants == 3 * sum(base != "N" for base in path.read_text()[6:-1])


def test_mistakes_are_one_line(bim: Path, tmp_path: Path) -> None:
    base = ["run", bim, "--out", tmp_path / "s", "--build"]
    with pytest.raises(UsageError, match="build hg17"):
        call(*base, "hg17")
    with pytest.raises(UsageError, match="encoder hashing: has no setting price"):
        call(*base, "hg19", "--encoder", "hashing", "--price", 1)
    with pytest.raises(UsageError, match="'dbsnp' is unknown"):
        call(*base, "hg19", "--encoder", "hashing", "--exclude-source", "dbsnp")
