import subprocess
from pathlib import Path

import numpy as np
import pytest
from filesets import linked_dosage, write_fileset
from hypothesis import given
from hypothesis import strategies as st

from fabgwas.ld import clump, haplotype_correlations


def test_the_strongest_variant_takes_its_company() -> None:
    log_p = np.log([1e-9, 1e-12, 1e-3, 0.5, 1e-9])
    chrom = np.array([1, 1, 1, 1, 2])
    pos = np.array([100, 200, 300, 400, 200])
    clumps = clump(log_p, chrom, pos)
    np.testing.assert_array_equal(clumps.lead, [1, 4])
    np.testing.assert_array_equal(clumps.clump, [0, 0, 0, -1, 1])


def test_variants_of_low_correlation_stay_apart() -> None:
    log_p = np.log([1e-9, 1e-8, 1e-10])
    chrom, pos = np.ones(3, int), np.array([1, 2, 3])
    r = np.array([[1, 0.9, -0.5], [0.9, 1, 0.2], [-0.5, 0.2, 1]])
    clumps = clump(log_p, chrom, pos, lambda one, others: r[one, others], r2=0.1)
    # 0 joins 2; 1 is tied to 0, but 0 is taken
    np.testing.assert_array_equal(clumps.lead, [2, 1])
    np.testing.assert_array_equal(clumps.clump, [0, 1, 0])


def test_pvalues_beyond_double_precision_keep_their_order() -> None:
    log_p = np.array([-5000.0, -6000.0, -5500.0])
    clumps = clump(log_p, np.array([1, 2, 3]), np.ones(3, int))
    np.testing.assert_array_equal(clumps.lead, [1, 2, 0])


def test_unknown_correlations_and_pvalues_join_nothing() -> None:
    log_p = np.log([1e-9, 1e-10, np.nan])
    chrom, pos = np.ones(3, int), np.array([1, 2, 3])
    clumps = clump(log_p, chrom, pos, lambda one, others: np.full(others.size, np.nan))
    np.testing.assert_array_equal(clumps.lead, [1, 0])
    assert clumps.clump[2] == -1


def test_nothing_significant_gives_no_clumps() -> None:
    clumps = clump(np.log([0.1, 0.001]), np.ones(2, int), np.array([1, 2]))
    assert clumps.lead.size == 0
    np.testing.assert_array_equal(clumps.clump, [-1, -1])


@given(st.lists(st.tuples(st.integers(1, 3), st.integers(1, 40)), min_size=1, max_size=60))
def test_by_distance_every_significant_variant_has_one_lead_near(
    places: list[tuple[int, int]],
) -> None:
    chrom, pos = np.array(places).T
    log_p = -20.0 - np.random.default_rng(len(places)).random(pos.size)
    clumps = clump(log_p, chrom, pos * 1000, kb=5.0)
    assert np.all(clumps.clump >= 0)
    lead = clumps.lead[clumps.clump]
    np.testing.assert_array_equal(chrom[lead], chrom)
    assert np.all(np.abs(pos[lead] - pos) < 5)
    assert np.all(log_p[lead] <= log_p)
    same = chrom[clumps.lead][:, None] == chrom[clumps.lead]
    apart = np.abs(pos[clumps.lead][:, None] - pos[clumps.lead]) >= 5
    assert np.all(apart | ~same | np.eye(clumps.lead.size, dtype=bool))


@pytest.mark.parametrize("r2", [0.25, 0.2499])
@pytest.mark.parametrize("kb", [250.0, 249.999, 250.001])
@pytest.mark.parametrize("p", [0.01, 0.009, 1e-9])
def test_the_bounds_are_those_of_plink(
    tmp_path: Path, plink1: str, r2: float, kb: float, p: float
) -> None:
    # haplotypes 3:1:1:3 have r2 = 1/4, and without heterozygotes their phase is certain
    a, b = np.repeat([0, 2], 16), np.tile(np.repeat([0, 2, 0, 2], [3, 1, 1, 3]), 4)
    a = np.tile(np.repeat([0, 2], 4), 4)
    pos = np.array([100, 250_100])
    prefix = write_fileset(tmp_path / "two", np.column_stack([a, b]).astype(float), pos)
    statistics = tmp_path / "two.assoc"
    statistics.write_text(f"SNP P\nrs1_100 1e-12\nrs1_250100 {p}\n")
    options = f"--clump-p1 5e-8 --clump-p2 0.01 --clump-r2 {r2} --clump-kb {kb}".split()
    command = [plink1, "--bfile", prefix, "--clump", statistics, *options]
    subprocess.run([*command, "--out", prefix], check=True, capture_output=True)
    rows = [row.split() for row in Path(f"{prefix}.clumped").read_text().split("\n")[1:]]
    company = [row[-1] for row in rows if row]
    r = np.corrcoef(a, b)[0, 1]
    clumps = clump(
        np.log([1e-12, p]),
        np.ones(2, int),
        pos,
        lambda one, others: np.full(others.size, r),
        r2=r2,
        kb=kb,
    )
    assert company[0] == ("rs1_250100(1)" if clumps.clump[1] == 0 else "NONE")
    assert len(company) == clumps.lead.size


def test_refuses_bounds_out_of_order() -> None:
    with pytest.raises(ValueError, match=r"p1 is 0.1 and p2 0.01"):
        clump(np.zeros(1), np.ones(1, int), np.ones(1, int), p1=0.1)


def test_phase_is_found_where_genotypes_leave_it_open(rng: np.random.Generator) -> None:
    first = rng.random((2, 4000)) < 0.3
    second = np.where(rng.random((2, 4000)) < 0.7, first, rng.random((2, 4000)) < 0.3)
    one, other = first.sum(axis=0).astype(float), second.sum(axis=0).astype(float)
    truth = np.corrcoef(first.ravel(), second.ravel())[0, 1]
    both = np.column_stack([other, 2 - other, np.zeros(4000)])
    r = haplotype_correlations(one, both)
    # phase is missing for double heterozygotes only, so little is lost
    assert r[0] == pytest.approx(truth, abs=0.02)
    assert r[1] == pytest.approx(-r[0])
    assert np.isnan(r[2])


def test_without_double_heterozygotes_haplotypes_are_counted() -> None:
    one = np.array([0.0, 2, 1, 2, 0, np.nan])
    other = np.array([0.0, 2, 2, 1, np.nan, 2])
    haplotypes = np.array([[0, 0], [0, 0], [1, 1], [1, 1], [0, 1], [1, 1], [1, 0], [1, 1]])
    r = haplotype_correlations(one, other[:, None])
    assert r[0] == pytest.approx(np.corrcoef(haplotypes.T)[0, 1])


def test_agrees_with_plinks_r2(tmp_path: Path, plink1: str) -> None:
    dosage = linked_dosage(np.random.default_rng(5), 60, 12, copy=0.6)
    dosage[3, 4] = dosage[7, 0] = np.nan
    prefix = write_fileset(tmp_path / "p", dosage)
    command = [plink1, "--bfile", prefix, "--ld", "rs1_1000", "rs1_5000"]
    run = subprocess.run(
        [*command, "--out", prefix], check=True, capture_output=True, text=True
    )
    r2 = float(run.stdout.split("R-sq = ")[1].split()[0])
    r = haplotype_correlations(dosage[:, 0], dosage[:, 4:5])
    assert r[0] ** 2 == pytest.approx(r2, abs=1e-5)
