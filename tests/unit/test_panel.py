import subprocess
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.csv
import pytest
from filesets import linked_dosage, write_fileset

import fabgwas.panel
from fabgwas.ld import clump, haplotype_correlations, ld_scores
from fabgwas.panel import open_panel
from fabgwas.variants import chromosome_codes


@pytest.fixture
def dosage(rng: np.random.Generator) -> np.ndarray:
    dosage = linked_dosage(rng, 40, 30)
    dosage[:, 4] = 1
    return dosage


@pytest.fixture
def prefix(tmp_path: Path, dosage: np.ndarray) -> Path:
    return write_fileset(tmp_path / "panel", dosage)


def _table(
    chrom: list[str], pos: list[int | None], alleles: list[str], rsid: list[str]
) -> pa.Table:
    return pa.table(
        {
            "chrom": pa.array(chrom).dictionary_encode(),
            "pos": pa.array(pos, pa.int32()),
            "rsid": rsid,
            "effect_allele": pa.array([pair[0] for pair in alleles]).dictionary_encode(),
            "other_allele": pa.array([pair[1] for pair in alleles]).dictionary_encode(),
        }
    )


def test_scores_and_frequencies_are_those_of_the_genotypes(
    prefix: Path, dosage: np.ndarray
) -> None:
    panel = open_panel(prefix)
    expected = ld_scores(
        lambda start, stop: dosage[:, start:stop], np.ones(30, int), panel.pos
    )
    np.testing.assert_array_equal(panel.ld_scores(), expected.score)
    np.testing.assert_allclose(panel.freq, dosage.mean(axis=0) / 2, rtol=1e-6)
    assert panel.n_monomorphic == 1


def test_scores_are_computed_once(prefix: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    first = open_panel(prefix).ld_scores()
    monkeypatch.setattr(fabgwas.panel, "ld_scores", None)
    np.testing.assert_array_equal(open_panel(prefix).ld_scores(), first)
    with pytest.raises(TypeError):
        open_panel(prefix).ld_scores(window=5000)


def test_changed_genotypes_are_computed_anew(prefix: Path, dosage: np.ndarray) -> None:
    before = open_panel(prefix).ld_scores()
    write_fileset(prefix, dosage[:, ::-1])
    after = open_panel(prefix).ld_scores()
    np.testing.assert_allclose(after, before[::-1], rtol=1e-5)
    assert not np.array_equal(after, before)


@pytest.mark.parametrize("damage", [b"", b"PK\x03\x04 not a zip", b"text"])
def test_a_damaged_cache_is_computed_anew(prefix: Path, damage: bytes) -> None:
    panel = open_panel(prefix)
    before = panel.ld_scores()
    (cached,) = panel.cache_dir.iterdir()
    cached.write_bytes(damage)
    np.testing.assert_array_equal(open_panel(prefix).ld_scores(), before)
    (cached,) = panel.cache_dir.iterdir()
    assert cached.read_bytes() != damage


def test_the_cache_goes_to_the_user_where_the_folder_is_closed(
    prefix: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "xdg"))
    assert open_panel(prefix).cache_dir == tmp_path / "fabgwas_cache"
    monkeypatch.setattr(fabgwas.panel.os, "access", lambda *_: False)
    panel = open_panel(prefix)
    panel.ld_scores()
    assert [path.suffix for path in (tmp_path / "xdg/fabgwas").iterdir()] == [".npz"]


def test_the_order_of_the_files_does_not_matter(tmp_path: Path, dosage: np.ndarray) -> None:
    order = np.random.default_rng(1).permutation(30)
    chrom = np.array(["1"] * 15 + ["2"] * 14 + ["chrUn_7"])
    pos = np.arange(30) * 1000 + 1
    sorted_ = write_fileset(tmp_path / "a", dosage, pos, list(chrom))
    shuffled = write_fileset(
        tmp_path / "b", dosage[:, order], pos[order], list(chrom[order])
    )
    first, second = open_panel(sorted_), open_panel(shuffled)
    np.testing.assert_allclose(second.ld_scores(), first.ld_scores()[order], rtol=1e-5)
    assert np.isnan(first.ld_scores()[29])
    features = np.random.default_rng(2).random((30, 2))
    sums = first.ld_sums(features)
    np.testing.assert_allclose(second.ld_sums(features[order]), sums[order], atol=1e-5)


def test_rows_match_by_place_and_alleles_or_by_name(prefix: Path) -> None:
    panel = open_panel(prefix)  # rs1_1000, rs1_2000, ... all A/C
    table = _table(
        ["1", "1", "1", "2", "1", "1", "1"],
        [3000, 1000, 2000, 1000, 5000, None, None],
        ["AC", "CA", "GT", "AC", "AG", "CA", "AC"],
        ["x", "x", "x", "x", "x", "rs1_9000", "rs404"],
    )
    match = panel.match(table)
    np.testing.assert_array_equal(match.left, [0, 1, 2, 5])
    np.testing.assert_array_equal(match.right, [2, 0, 1, 8])
    # GT is CA on the other strand
    np.testing.assert_array_equal(match.sign, [1, -1, -1, -1])
    np.testing.assert_array_equal(match.strand_flipped, [False, False, True, False])


def test_correlations_follow_the_effect_alleles(prefix: Path, dosage: np.ndarray) -> None:
    panel = open_panel(prefix)
    r = np.corrcoef(np.delete(dosage, 4, axis=1), rowvar=False)
    np.testing.assert_allclose(
        panel.correlations(0, np.array([0, 1, 4, 5])),
        [1, r[0, 1], np.nan, r[0, 4]],
        atol=1e-6,
    )
    table = _table(["1"] * 3, [1000, 2000, 77], ["CA", "AC", "AC"], ["x"] * 3)
    correlate = panel.correlate(table)
    on_haplotypes = haplotype_correlations(dosage[:, 0], dosage[:, [1]])[0]
    np.testing.assert_allclose(
        correlate(1, np.array([0, 1, 2])), [-on_haplotypes, 1, np.nan], rtol=1e-9
    )
    assert np.isnan(correlate(2, np.array([0, 1]))).all()


def test_clumps_of_real_height_are_those_of_plink(
    shared_data: Path, tmp_path: Path, plink1: str
) -> None:
    folder = shared_data / "height_ukb_fastgwa_chr22"
    prefix = folder / "1000G_eur_chr22"
    raw = pyarrow.csv.read_csv(
        folder / "ukb_height_chr22.fastGWA.gz",
        parse_options=pyarrow.csv.ParseOptions(delimiter="\t"),
    )
    statistics = tmp_path / "height.tsv"
    names, p = raw["SNP"].to_pylist(), raw["P"].to_pylist()
    lines = ["SNP\tP", *(f"{n}\t{value!r}" for n, value in zip(names, p, strict=True))]
    statistics.write_text("\n".join([*lines, ""]))
    bounds = {"p1": 5e-8, "p2": 0.01, "r2": 0.1, "kb": 1000}
    options = [text for name, at in bounds.items() for text in (f"--clump-{name}", str(at))]
    command = [plink1, "--bfile", prefix, "--clump", statistics, *options]
    subprocess.run([*command, "--out", tmp_path / "o"], check=True, capture_output=True)
    rows = [row.split() for row in (tmp_path / "o.clumped").read_text().split("\n")[1:]]
    expected = [(row[2], row[11]) for row in rows if row]

    panel = open_panel(prefix, cache_dir=tmp_path)
    table = _table(
        [str(value) for value in raw["CHR"].to_pylist()],
        raw["POS"].to_pylist(),
        list(zip(raw["A1"].to_pylist(), raw["A2"].to_pylist(), strict=True)),
        raw["SNP"].to_pylist(),
    )
    clumps = clump(
        np.log(raw["P"].to_numpy()),
        chromosome_codes(table["chrom"]).astype(int),
        table["pos"].to_numpy(),
        panel.correlate(table),
    )
    assert len(expected) > 20
    assert [names[lead] for lead in clumps.lead] == [lead for lead, _ in expected]
    for number, (lead, listed) in enumerate(expected):
        members = {names[at] for at in np.flatnonzero(clumps.clump == number)} - {lead}
        company = {name.split("(")[0] for name in listed.split(",")} - {"NONE"}
        assert members == company
