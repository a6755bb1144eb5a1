"""Other studies at the variants and alleles of the one under test."""

import numpy as np
import pyarrow as pa
import pytest

from fabgwas.auxiliary import Auxiliary, Overlap, read_auxiliary
from fabgwas.errors import InputError
from fabgwas.io import SumStats


def table(z, pos, swapped=()):
    alleles = np.array([["A", "G"]] * len(z))
    for row in swapped:
        alleles[row] = alleles[row][::-1]
    return pa.table(
        {
            "chrom": ["1"] * len(z),
            "pos": pa.array(pos, pa.int32()),
            "rsid": [f"rs{p}" for p in pos],
            "effect_allele": alleles[:, 0].tolist(),
            "other_allele": alleles[:, 1].tolist(),
            "z": np.asarray(z, float),
            "n": np.full(len(z), 1000.0),
        }
    )


def study(z, pos, swapped=()):
    return SumStats(
        table=table(z, pos, swapped),
        path="other.tsv",
        format="generic",
        effect_allele_column="A1",
        build="GRCh37",
        trait=None,
        n_effective_note="",
        counts={},
        warnings=(),
    )


def test_the_other_study_is_turned_to_the_same_alleles():
    mine = table([1.0, 2.0, 3.0], [10, 20, 30])
    other = study([5.0, 6.0, 7.0], [20, 30, 99], swapped=[1])
    found = read_auxiliary(mine, other, None, rho=0.5)
    assert found.z.tolist() == [0.0, 5.0, -6.0]
    assert found.known.tolist() == [1, 2]
    assert found.residual(np.array([1.0, 2.0, 3.0])).tolist() == [0.0, 4.0, -7.5]


def test_the_residual_of_a_null_variant_is_not_correlated_with_its_z(rng):
    n, rho = 200_000, 0.6
    noise = rng.standard_normal((3, n))
    z = np.sqrt(rho) * noise[0] + np.sqrt(1 - rho) * noise[1]
    aux = np.sqrt(rho) * noise[0] + np.sqrt(1 - rho) * noise[2]
    other = Auxiliary("other", Overlap(rho, 0.05), aux, np.arange(n))
    assert abs(np.corrcoef(other.residual(z), z)[0, 1]) < 5 / np.sqrt(n)
    shifted = np.corrcoef(other.residual(z, shift=-2.0), z)[0, 1]
    assert shifted == pytest.approx(0.1, abs=0.03)


def test_the_overlap_is_estimated_from_the_data(rng):
    n, rho = 60_000, 0.35
    ld_score = rng.gamma(2.0, 20.0, n) + 1
    shared, own, others, genetic = rng.standard_normal((4, n))
    signal = np.sqrt(ld_score / 200) * genetic
    z = np.sqrt(rho) * shared + np.sqrt(1 - rho) * own + signal
    aux = np.sqrt(rho) * shared + np.sqrt(1 - rho) * others + signal
    pos = np.arange(1, n + 1) * 100
    found = read_auxiliary(table(z, pos), study(aux, pos), ld_score)
    assert abs(found.overlap.rho - rho) < 5 * found.overlap.se
    assert found.overlap.se < 0.03


def test_what_cannot_be_used_is_refused():
    mine = table([1.0, 2.0], [10, 20])
    with pytest.raises(InputError, match=r"other\.tsv: shares no variant"):
        read_auxiliary(mine, study([1.0], [77]), None, rho=0.1)
    with pytest.raises(InputError, match="give a reference panel"):
        read_auxiliary(mine, study([1.0], [10]), None)
