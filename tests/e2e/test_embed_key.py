"""The key of a service is in nothing that is printed or written, whatever goes wrong."""

import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
import terminal
from embedding_server import KEY, Server, error, running_server

pytest.importorskip("openai", reason="needs fabgwas[openai]")

SECRET = KEY.removeprefix("sk-")


@pytest.fixture
def server() -> Iterator[Server]:
    with running_server() as running:
        yield running


def fabgwas(*arguments: object) -> "subprocess.CompletedProcess[str]":
    environment = os.environ | {"OPENAI_API_KEY": KEY, "OPENAI_LOG": "debug"}
    return terminal.fabgwas(*arguments, env=environment)


def test_no_output_of_any_command_holds_the_key(
    server: Server, height_data: Path, tmp_path: Path
) -> None:
    def embed() -> "subprocess.CompletedProcess[str]":
        bim = height_data / "1000G_eur_chr22.bim"
        service = ["--encoder", "openai", "--model", "m", "--dim", 24]
        service += ["--base-url", server.url, "--most-inputs", 50]
        out = ["--build", "hg19", "--out", tmp_path / "store"]
        return fabgwas("embed", "run", bim, *out, *service)

    server.tricks = [lambda *_: False, error(500), error(401)]
    told = [embed()]
    assert told[0].returncode == 5
    assert (tmp_path / "store" / ".work" / "ledger.sqlite").exists()
    assert not files_with_secret(tmp_path)
    told.append(embed())
    assert told[1].returncode == 0, told[1].stderr
    gwas = height_data / "ukb_height_chr22.fastGWA.gz"
    told.append(
        fabgwas("run", gwas, "--embeddings", tmp_path / "store", "--out", tmp_path / "out")
    )
    assert told[-1].returncode == 0, told[-1].stderr
    assert (tmp_path / "out.manifest.json").exists()
    assert not files_with_secret(tmp_path)
    assert not [each.args for each in told if SECRET in each.stdout + each.stderr]


def files_with_secret(folder: Path) -> list[Path]:
    return [
        path
        for path in folder.rglob("*")
        if path.is_file() and SECRET.encode() in path.read_bytes()
    ]
