"""The same people from PLINK 1, PLINK 2 and BGEN files give the same dosages and scores."""

import subprocess
from pathlib import Path

import numpy as np
import pytest
from filesets import write_fileset

from fabgwas.errors import InputError
from fabgwas.io import open_genotypes
from fabgwas.pipeline._score import ScoreConfig, score

pytest.importorskip("pgenlib", reason="pip install 'fabgwas[pgen]'")
pytest.importorskip("cbgen", reason="pip install 'fabgwas[bgen]'")


@pytest.fixture
def bed(tmp_path: Path, rng: np.random.Generator) -> Path:
    dosage = rng.binomial(2, rng.uniform(0.1, 0.6, 40), (60, 40)).astype(float)
    dosage[rng.random(dosage.shape) < 0.05] = np.nan
    alleles = [("A", "C"), ("G", "T"), ("AT", "A"), ("C", "G")] * 10
    return write_fileset(tmp_path / "bed", dosage, alleles=alleles)


@pytest.fixture(params=["pgen", "zst", "bgen"])
def other(request: pytest.FixtureRequest, plink2: str, bed: Path, monkeypatch) -> Path:
    monkeypatch.setenv("XDG_CACHE_HOME", str(bed.parent / "cache"))
    commands = {
        "pgen": ["--make-pgen"],
        "zst": ["--make-pgen", "vzs"],
        "bgen": ["--export", "bgen-1.2", "bits=8"],
    }
    out = bed.parent / request.param
    command = [plink2, "--bfile", str(bed), *commands[request.param], "--out", str(out)]
    subprocess.run(command, check=True, capture_output=True)
    return out


def counts_of_alleles(prefix: Path) -> dict:
    """Dosages by place and allele, whichever the file counts."""
    genotypes = open_genotypes(prefix)
    dosage = genotypes.dosage(0, genotypes.n_variants)
    rows = genotypes.variants.to_pylist()
    return {
        (row["pos"], row[name]): dosage[:, k]
        if name == "effect_allele"
        else 2 - dosage[:, k]
        for k, row in enumerate(rows)
        for name in ("effect_allele", "other_allele")
    }


def test_dosages_are_the_same(bed: Path, other: Path) -> None:
    expected, found = counts_of_alleles(bed), counts_of_alleles(other)
    assert expected.keys() == found.keys()
    for key, dosage in expected.items():
        np.testing.assert_allclose(found[key], dosage, atol=1e-6)
    one, two = open_genotypes(bed), open_genotypes(other)
    assert two.samples["sample"].to_pylist() == one.samples["sample"].to_pylist()
    assert two.variants["rsid"].to_pylist() == one.variants["rsid"].to_pylist()
    some = np.array([7, 3, 30])
    np.testing.assert_array_equal(two.take(some)[:, 1], two.dosage(3, 4)[:, 0])
    few = two.choose_samples(np.array([5, 2])).take(some)
    np.testing.assert_array_equal(few, two.take(some)[[5, 2]])


def test_scores_are_the_same(bed: Path, other: Path, tmp_path: Path) -> None:
    weights = tmp_path / "w.txt"
    weights.write_text(
        "ID A1 W\nrs1_1000 A 1\nrs1_2000 T -2\nrs1_3000 A .5\nrs1_4000 C 3\n"
    )
    one, two = (
        score(ScoreConfig(weights=(str(weights),), genotypes=(str(prefix),),
                          out=str(tmp_path / f"s{k}")))
        for k, prefix in enumerate([bed, other])
    )  # fmt: skip
    np.testing.assert_allclose(one.table["W"], two.table["W"], atol=1e-5)


def test_real_dosages_are_not_rounded(plink2: str, tmp_path: Path) -> None:
    vcf = tmp_path / "d.vcf"
    vcf.write_text(
        "##fileformat=VCFv4.2\n##contig=<ID=1>\n"
        '##FORMAT=<ID=DS,Number=A,Type=Float,Description="dosage">\n'
        '##FORMAT=<ID=GT,Number=1,Type=String,Description="genotype">\n'
        "#CHROM\tPOS\tID\tREF\tALT\tQUAL\tFILTER\tINFO\tFORMAT\ta\tb\tc\n"
        "1\t5\trs5\tA\tG\t.\t.\t.\tGT:DS\t0/1:0.75\t1/1:1.5\t./.:.\n"
    )
    subprocess.run([plink2, "--vcf", str(vcf), "dosage=DS", "--make-pgen", "--out",
                    str(tmp_path / "d")], check=True, capture_output=True)  # fmt: skip
    genotypes = open_genotypes(tmp_path / "d.pgen")
    np.testing.assert_allclose(genotypes.dosage(0, 1)[:, 0], [0.75, 1.5, np.nan], atol=1e-4)
    assert genotypes.variants["effect_allele"].to_pylist() == ["G"]


def test_unusable_files(tmp_path: Path, plink2: str, bed: Path) -> None:
    (tmp_path / "x.bgen").write_bytes(b"not a bgen file at all")
    with pytest.raises(InputError, match=r"x\.bgen: cannot be read as BGEN"):
        open_genotypes(tmp_path / "x.bgen")
    command = [plink2, "--bfile", str(bed), "--make-pgen", "--out", str(tmp_path / "y")]
    subprocess.run(command, check=True, capture_output=True)
    pvar = tmp_path / "y.pvar"
    text = pvar.read_text()
    pvar.write_text(
        text.replace("\tG\tT\n", "\tG\tT,A\n").replace("\tT\tG\n", "\tT\tG,A\n")
    )
    with pytest.raises(InputError, match="has several alternate alleles"):
        open_genotypes(tmp_path / "y")
    pvar.write_text("".join(text.splitlines(keepends=True)[:-1]))
    with pytest.raises(InputError, match="do not belong together"):
        open_genotypes(tmp_path / "y")
    (tmp_path / "y.psam").unlink()
    with pytest.raises(InputError, match=r"y\.psam: there is no such file"):
        open_genotypes(tmp_path / "y")
