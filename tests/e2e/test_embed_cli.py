"""`fabgwas embed` as its users call it."""

import json
from pathlib import Path

import numpy as np
import pytest
from typer.testing import CliRunner

from fabgwas.errors import NothingToAnalyseError, OutputError, UsageError
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


def test_some_chromosomes(bim: Path, tmp_path: Path) -> None:
    bim.write_text(BIM + "X\trsX\t0\t70000000\tA\tG\n3\trs3\t0\t7000000\tA\tG\n")
    arguments = [bim, "--build", "hg19", "--encoder", "hashing", "--chrom"]
    told = "2 in 2 shards; dropped 4,000 on other chromosomes"
    assert told in call("plan", *arguments, "1-5,chrX")
    out = ["--out", tmp_path / "s"]
    assert "2 variants (dropped 4,000" in call("run", *arguments, "X,3", *out)
    assert "nothing to do (2 variants)" in call(
        "run", *arguments, "3", "--chrom", "X", *out
    )
    store = open_embeddings(tmp_path / "s")
    (chroms,) = {tuple(each["chromosomes"]) for each in store.metadata.sources
                 if each["name"] == "variants"}  # fmt: skip
    assert chroms == ("3", "X")
    with pytest.raises(NothingToAnalyseError, match="no variant lies on chromosome 5"):
        call("run", *arguments, "5", "--out", tmp_path / "none")
    with pytest.raises(UsageError, match="unknown chromosome 'W'"):
        call("run", *arguments, "W", "--out", tmp_path / "none")


def test_some_chromosomes_of_a_fasta(tmp_path: Path) -> None:
    path = tmp_path / "two.fa"
    path.write_text(">chr1\nACGTN\n>chr2\nACG\n")
    arguments = [path, "--build", "GRCh38", "--encoder", "hashing", "--template", "paper"]
    assert "9 in 1 shards" in call("plan", *arguments, "--chrom", 2)


def test_another_store_is_replaced_only_if_asked(bim: Path, tmp_path: Path) -> None:
    out = tmp_path / "s"
    arguments = ["run", bim, "--build", "hg19", "--out", out, "--encoder", "hashing"]
    call(*arguments, "--dim", 64)
    with pytest.raises(UsageError, match=r"replace it \(option overwrite\)"):
        call(*arguments, "--dim", 32)
    assert "nothing to do" in call(*arguments, "--dim", 64, "--overwrite")
    assert "4,000 variants" in call(*arguments, "--dim", 32, "--overwrite")
    assert open_embeddings(out).dim == 32
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a.bim", "s"]


def test_a_store_stays_until_the_new_one_is_whole(
    bim: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    out = tmp_path / "s"
    arguments = ["run", bim, "--build", "hg19", "--out", out, "--encoder", "hashing"]
    call(*arguments, "--dim", 64)

    def fail(*_: object) -> None:
        raise OutputError("the disk is full.")

    with monkeypatch.context() as patch:
        patch.setattr("fabgwas_embeddings._run._write", fail)
        with pytest.raises(OutputError):
            call(*arguments, "--dim", 32, "--overwrite")
    assert open_embeddings(out).dim == 64
    assert ".s.new" in [path.name for path in tmp_path.iterdir()]
    assert " 0 encoded" in call(*arguments, "--dim", 32, "--overwrite")  # it goes on
    assert open_embeddings(out).dim == 32
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a.bim", "s"]


def test_a_dry_run_tells_the_plan_and_writes_nothing(bim: Path, tmp_path: Path) -> None:
    out = tmp_path / "s"
    arguments = ["run", bim, "--build", "hg19", "--out", out, "--encoder", "hashing"]
    told = call(*arguments, "--dry-run")
    assert "4,000 in 1 shards" in told
    assert f"a run would write {out}" in told
    assert [path.name for path in tmp_path.iterdir()] == ["a.bim"]
    call(*arguments)
    assert "nothing to do" in call(*arguments, "--dry-run")
    with pytest.raises(UsageError, match="replace it"):
        call(*arguments, "--dim", 32, "--dry-run")
    assert "a run would write" in call(*arguments, "--dim", 32, "--dry-run", "--overwrite")
    assert open_embeddings(out).dim == 256


def test_mistakes_are_one_line(bim: Path, tmp_path: Path) -> None:
    base = ["run", bim, "--out", tmp_path / "s", "--build"]
    with pytest.raises(UsageError, match="build hg17"):
        call(*base, "hg17")
    with pytest.raises(UsageError, match="encoder hashing: has no setting price"):
        call(*base, "hg19", "--encoder", "hashing", "--price", 1)
    with pytest.raises(UsageError, match="'dbsnp' is unknown"):
        call(*base, "hg19", "--encoder", "hashing", "--exclude-source", "dbsnp")
