"""`fabgwas ld` on files."""

import json
import subprocess
from pathlib import Path

import numpy as np
import pytest
from filesets import linked_dosage, write_fileset
from terminal import fabgwas

from fabgwas.errors import FabgwasError
from fabgwas.ldstore import open_ld
from fabgwas.pipeline import LdConfig, make_ld


def fabgwas_ld(*arguments: object) -> subprocess.CompletedProcess[str]:
    return fabgwas("ld", *arguments)


@pytest.fixture
def panel(tmp_path: Path, rng: np.random.Generator) -> str:
    for chrom in ("1", "2"):
        write_fileset(tmp_path / f"c{chrom}", linked_dosage(rng, 40, 300), chrom=chrom)
    (tmp_path / "half").write_text("".join(f"f{i} s{i}\n" for i in range(20)))
    return str(tmp_path / "c{chrom}")


def test_a_store_with_its_manifest(panel: str, tmp_path: Path) -> None:
    out = tmp_path / "store"
    result = fabgwas_ld(
        panel, "--blocks", "auto", "--maf", 0.3, "--keep", tmp_path / "half", "--out", out
    )
    assert result.returncode == 0, result.stderr
    store = open_ld(out)
    assert f"variants: {store.n_variants} of 600, of 20 people" in result.stdout
    assert "variants, dropped rare" in result.stderr
    assert set(store.chrom.tolist()) == {1, 2}
    manifest = json.loads((out / "manifest.json").read_text())
    assert manifest["parameters"]["config"]["min_maf"] == 0.3
    assert [Path(record["path"]).name for record in manifest["inputs"]] == [
        "c1.bed", "c2.bed", "half",
    ]  # fmt: skip
    assert len(manifest["outputs"]) == 4
    again = fabgwas_ld(panel, "--blocks", "auto", "--out", out)
    assert again.returncode == 2
    assert "exists already" in again.stderr
    again = fabgwas_ld(panel, "--blocks", "auto", "--out", out, "--overwrite", "--quiet")
    assert again.returncode == 0
    assert again.stderr == ""
    assert open_ld(out).n_samples == 40


def test_some_chromosomes(panel: str, tmp_path: Path) -> None:
    arguments = [panel, "--blocks", "auto", "--out", tmp_path / "store", "--chrom", "2"]
    dry = fabgwas_ld(*arguments, "--dry-run")
    assert "variants: 300, of 40 people" in dry.stdout
    result = fabgwas_ld(*arguments)
    assert result.returncode == 0, result.stderr
    assert "other chromosomes: 300" in result.stderr
    store = open_ld(tmp_path / "store")
    assert set(store.chrom.tolist()) == {2}
    counts = store.metadata.counts
    assert counts["read"] == 600
    assert counts["read"] - counts["kept"] == sum(
        count for name, count in counts.items() if name.startswith("dropped")
    )
    alone = make_ld(
        LdConfig(
            genotypes=(str(tmp_path / "c2"),), blocks="auto", out=str(tmp_path / "alone")
        )
    )
    for mine, its in zip(store, alone, strict=True):
        np.testing.assert_array_equal(mine.ld, its.ld)
    manifest = json.loads((tmp_path / "store" / "manifest.json").read_text())
    assert [Path(each["path"]).name for each in manifest["inputs"]] == ["c2.bed"]
    other = fabgwas_ld(*arguments[:-1], "7", "--overwrite")
    assert other.returncode == 4
    assert "no variant lies on chromosome 7" in other.stderr


@pytest.mark.parametrize(
    ("settings", "code", "message"),
    [
        ({"blocks": "EUR"}, 2, r"need it; give it \(option build\)"),
        ({"blocks": "nowhere.bed"}, 3, r"nowhere\.bed: there is no such file; blocks are"),
        ({"encoding": "int4"}, 2, "one of float16, int8, float32"),
        ({"min_maf": 2.0}, 2, "min_maf must be between 0 and 1"),
        ({"keep": "nobody"}, 3, "nobody: there is no such file"),
        ({"window_kb": 0.0}, 2, "window_kb must be positive"),
        ({"build": "hg17"}, 3, "unknown genome build 'hg17'"),
    ],
)
def test_mistakes_name_what_to_do(
    panel: str, tmp_path: Path, settings: dict[str, object], code: int, message: str
) -> None:
    out = str(tmp_path / "store")
    with pytest.raises(FabgwasError, match=message) as caught:
        make_ld(
            LdConfig(**{"genotypes": (panel,), "out": out, "blocks": "auto", **settings})
        )
    assert caught.value.exit_code == code


def test_a_real_panel_by_published_blocks(shared_data: Path, tmp_path: Path) -> None:
    bfile = shared_data / "height_ukb_fastgwa_chr22" / "1000G_eur_chr22"
    result = fabgwas_ld(bfile, "--maf", 0.05, "--encoding", "int8", "--out", tmp_path / "s")
    assert result.returncode == 0, result.stderr
    assert "build of the positions: GRCh37" in result.stderr
    store = open_ld(tmp_path / "s")
    assert 10_000 < store.n_variants < 15_935
    assert 20 <= len(store) <= 24  # blocks of Berisa and Pickrell on chromosome 22
    assert store.freq.min() >= 0.05
    assert 5 < np.median(store.ld_scores()) < 50
