import hashlib
import json
import subprocess
import time
from pathlib import Path

import numpy as np
import pytest

from fabgwas import __version__
from fabgwas.errors import InputError
from fabgwas.manifest import (
    FileRecord,
    Manifest,
    Stages,
    describe_input,
    hide_secrets,
    write_manifest,
)


def a_manifest(**changes: object) -> Manifest:
    values: dict[str, object] = {
        "command": "fabgwas run",
        "args": ["run", "height.fastGWA.gz", "--out", "height"],
        "config": {"primary": "family", "seed": 0},
        "inputs": [FileRecord("height.fastGWA.gz", 10, "ab", "fastGWA")],
    }
    return Manifest(**(values | changes))  # type: ignore[arg-type]


def test_has_all_that_a_reader_of_provenance_expects(tmp_path: Path) -> None:
    path = tmp_path / "height.manifest.json"
    manifest = a_manifest(
        counts={"read": 15_935, "kept": np.int64(15_900)},
        seeds={"resampling": 7},
        timings={"read": 0.12345},
        resources=Stages().resources(),
    )
    write_manifest(path, manifest)
    content = json.loads(path.read_text())
    assert list(content) == [
        "schema_version", "software", "parameters", "environment", "inputs", "outputs",
        "counts", "results", "seeds", "timings", "resources",
    ]  # fmt: skip
    assert content["software"] == {"name": "fabgwas", "version": __version__}
    assert content["counts"] == {"read": 15_935, "kept": 15_900}
    assert content["timings"] == {"read": 0.123}
    assert content["inputs"][0]["sha256"] == "ab"
    assert content["environment"]["libraries"]["numpy"] == np.__version__
    assert content["resources"]["max_rss"] > 1_000_000


def test_is_whole_or_absent(tmp_path: Path) -> None:
    path = tmp_path / "x.manifest.json"
    with pytest.raises(TypeError, match="cannot hold a set"):
        write_manifest(path, a_manifest(counts={"bad": {1}}))
    assert list(tmp_path.iterdir()) == []


def test_environment_variables_and_keys_never_get_in(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "a-key-without-a-look-1234")
    monkeypatch.setenv("HARMLESS", "nobody-needs-to-know-this")
    path = tmp_path / "x.manifest.json"
    manifest = a_manifest(
        args=["embed", "--api-key", "letmein", "--token=opensesame", "--max-tokens", "512"],
        config={
            "embed": {"api_key": "letmein", "base_url": "https://me:pw@host/v1"},
            "note": "used a-key-without-a-look-1234 and sk-abcdefghijklmnop1234",
            "max_tokens": 512,
        },
    )
    write_manifest(path, manifest)
    text = path.read_text()
    secrets = ("letmein", "opensesame", "me:pw", "a-key-without", "sk-abc", "nobody-needs")
    assert not [secret for secret in secrets if secret in text]
    parameters = json.loads(text)["parameters"]
    assert parameters["args"][-2:] == ["--max-tokens", "512"]
    assert parameters["config"]["max_tokens"] == 512
    assert parameters["config"]["embed"]["base_url"] == "https://(hidden)@host/v1"


def test_ordinary_settings_are_not_hidden() -> None:
    config = {"keys": 3, "utility": "ld-score", "author": "A. Uthor", "path": "tokens.txt"}
    assert hide_secrets(config) == config


def test_inputs_have_their_checksum(tmp_path: Path) -> None:
    file = tmp_path / "x.gz"
    file.write_bytes(b"0123456789" * 100_000)
    record = describe_input(file, "fastGWA")
    expected = hashlib.sha256(file.read_bytes()).hexdigest()
    assert record == FileRecord(str(file), 1_000_000, expected, "fastGWA")


def test_a_folder_has_the_checksum_of_its_list(tmp_path: Path) -> None:
    store = tmp_path / "store"
    (store / "chrom=22").mkdir(parents=True)
    (store / "store.json").write_text("{}")
    (store / "chrom=22" / "part-00000.parquet").write_bytes(b"PAR1")
    listing = subprocess.run(
        ["sha256sum", "chrom=22/part-00000.parquet", "store.json"],
        cwd=store,
        capture_output=True,
        check=True,
    ).stdout
    record = describe_input(store)
    assert record.bytes == 6
    assert record.sha256 == hashlib.sha256(listing).hexdigest()


def test_a_missing_input_is_named(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"nothing\.gz: no such file"):
        describe_input(tmp_path / "nothing.gz")


def test_stages_add_up_and_survive_errors() -> None:
    stages = Stages()
    for _ in range(2):
        with stages("read"):
            time.sleep(0.01)
    with pytest.raises(RuntimeError), stages("fit"):
        raise RuntimeError
    assert list(stages.seconds) == ["read", "fit"]
    assert stages.seconds["read"] >= 0.02
    assert stages.resources()["elapsed_s"] >= 0.02
