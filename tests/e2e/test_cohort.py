"""`fabgwas cohort`: embeddings of people against plain sums."""

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from filesets import write_fileset

from fabgwas.errors import InputError, UsageError
from fabgwas.evaluate import _sums
from fabgwas.pipeline._cohort import CohortConfig, cohort
from fabgwas.store import StoreMetadata, write_embeddings

N, M, DIM = 40, 120, 6
POS = np.arange(1, M + 1) * 1000
# the alternate allele of the store is the first of each pair
ALLELES = [("A", "C"), ("C", "T"), ("A", "T"), ("AT", "A")] * (M // 4)


@pytest.fixture
def dosage(rng: np.random.Generator) -> np.ndarray:
    counts = rng.binomial(2, rng.uniform(0.1, 0.9, M), (N, M)).astype(float)
    counts[rng.random(counts.shape) < 0.05] = np.nan
    return counts


@pytest.fixture
def vectors(rng: np.random.Generator) -> np.ndarray:
    return rng.normal(size=(M, DIM)).astype(np.float16).astype(np.float64)


@pytest.fixture
def store(tmp_path: Path, vectors: np.ndarray, rng: np.random.Generator) -> Path:
    table = pa.table(
        {
            "chrom": ["1"] * M,
            "pos": pa.array(POS, pa.int32()),
            "ref": [b for _, b in ALLELES],
            "alt": [a for a, _ in ALLELES],
        }
    )
    keep = np.sort(rng.permutation(M)[:100])
    metadata = StoreMetadata(model="toy", dim=DIM, build="GRCh37")
    write_embeddings(
        tmp_path / "store", metadata, table.take(pa.array(keep)), vectors[keep]
    )
    vectors[np.setdiff1d(np.arange(M), keep)] = 0
    return tmp_path / "store"


@pytest.fixture
def fileset(tmp_path: Path, dosage: np.ndarray) -> Path:
    return write_fileset(tmp_path / "geno", dosage, POS, alleles=ALLELES)


def run(store: Path, fileset: Path, out: str = "c", **settings):
    config = CohortConfig(
        genotypes=(str(fileset),), embeddings=str(store), out=str(store.parent / out),
        build="GRCh37", **settings,
    )  # fmt: skip
    return cohort(config)


def brute_force(dosage: np.ndarray, vectors: np.ndarray, *, standardise: bool):
    x = np.where(np.isnan(dosage), np.nanmean(dosage, axis=0), dosage)
    if standardise:
        x = (x - x.mean(axis=0)) / x.std(axis=0)
    result = np.zeros((N, DIM))
    for i in range(N):
        for j in range(M):
            result[i] += x[i, j] * vectors[j]
    return result


@pytest.mark.parametrize("kind", ["raw", "standardised"])
def test_embeddings_are_plain_sums(
    store: Path, fileset: Path, dosage, vectors, kind: str, monkeypatch
) -> None:
    monkeypatch.setattr(_sums, "_WIDEST", 17)  # several blocks of genotypes
    result = run(store, fileset, dosage=kind)
    expected = brute_force(dosage, vectors, standardise=kind == "standardised")
    np.testing.assert_allclose(result.embedding, expected, rtol=1e-5, atol=1e-4)
    assert result.n_used == result.alignment.report.matched == 100


def test_centred_and_whitened_vectors(store, fileset, dosage, vectors) -> None:
    used = vectors.any(axis=1)
    centred = np.where(used[:, None], vectors - vectors[used].mean(axis=0), 0)
    expected = brute_force(dosage, centred, standardise=False)
    found = run(store, fileset, vectors="centred").embedding
    np.testing.assert_allclose(found, expected, rtol=1e-4, atol=1e-3)
    white = run(store, fileset, "w", vectors="whitened", dosage="standardised").embedding
    values, directions = np.linalg.eigh(np.cov(centred[used].T, ddof=0))
    expected = brute_force(dosage, centred @ directions / np.sqrt(values), standardise=True)
    # whitening leaves a rotation open; products of people do not depend on it
    np.testing.assert_allclose(white @ white.T, expected @ expected.T, rtol=1e-3, atol=0.1)


@pytest.mark.parametrize("kind", ["raw", "standardised"])
def test_swapping_alleles_of_the_genotypes_changes_nothing(
    store: Path, fileset: Path, dosage, kind: str, rng: np.random.Generator
) -> None:
    swap = rng.random(M) < 0.5
    swapped = write_fileset(
        store.parent / "swapped",
        np.where(swap, 2 - dosage, dosage),
        POS,
        alleles=[(b, a) if s else (a, b) for (a, b), s in zip(ALLELES, swap, strict=True)],
    )
    one, two = run(store, fileset, dosage=kind), run(store, swapped, "d", dosage=kind)
    np.testing.assert_allclose(one.embedding, two.embedding, atol=1e-4)
    shared = one.components.scores * two.components.scores
    np.testing.assert_allclose(shared.mean(axis=0), 1, atol=1e-4)


def test_components_are_uncorrelated_and_make_up_the_whole(store, fileset) -> None:
    result = run(store, fileset, components=50)
    scores, share = result.components
    assert scores.shape == (N, DIM)
    np.testing.assert_allclose(scores.T @ scores / N, np.eye(DIM), atol=1e-9)
    assert share.sum() == pytest.approx(1)
    centred = result.embedding - result.embedding.mean(axis=0)
    values = np.linalg.svd(centred, compute_uv=False) ** 2
    np.testing.assert_allclose(share, values / values.sum(), rtol=1e-4)


def test_genotype_components_are_those_of_the_standardised_genotypes(
    store, fileset, dosage, vectors
) -> None:
    result = run(store, fileset, genotype_pcs=3)
    used = vectors.any(axis=1)
    x = np.where(np.isnan(dosage), np.nanmean(dosage, axis=0), dosage)[:, used]
    u = np.linalg.svd((x - x.mean(axis=0)) / x.std(axis=0))[0][:, :3] * np.sqrt(N)
    agreement = np.abs((u * result.genotype_pcs.scores).mean(axis=0))
    np.testing.assert_allclose(agreement, 1, atol=1e-5)
    assert result.table.column_names[-3:] == ["G_PC1", "G_PC2", "G_PC3"]


def test_controls_keep_the_dosages_but_not_the_vectors(store, fileset, dosage, vectors):
    plain = run(store, fileset, dosage="standardised").embedding
    permuted = run(store, fileset, "p", dosage="standardised", control="permuted").embedding
    used = np.flatnonzero(vectors.any(axis=1))
    shuffled = np.zeros_like(vectors)
    shuffled[used[np.random.default_rng(0).permutation(100)]] = vectors[used]
    expected = brute_force(dosage, shuffled, standardise=True)
    np.testing.assert_allclose(permuted, expected, rtol=1e-4, atol=1e-4)
    random = [run(store, fileset, f"r{k}", control="random", seed=s).embedding
              for k, s in enumerate([3, 3, 4])]  # fmt: skip
    assert random[0].shape == plain.shape
    np.testing.assert_array_equal(random[0], random[1])
    assert not np.allclose(random[0], random[2])


def test_projection_keeps_distances_on_average(store, fileset) -> None:
    plain = run(store, fileset, dosage="standardised").embedding
    far = run(store, fileset, "p", dosage="standardised", project=4000).embedding
    assert far.shape == (N, 4000)
    ratio = np.linalg.norm(far, axis=1) / np.linalg.norm(plain, axis=1)
    np.testing.assert_allclose(ratio, 1, atol=0.1)


def test_files_of_a_cohort(store, fileset) -> None:
    result = run(store, fileset)
    whole = pq.read_table(result.outputs["cohort"])
    flat = whole["L"].combine_chunks().flatten().to_numpy().reshape(N, DIM)
    np.testing.assert_array_equal(flat, result.embedding)
    text = pd.read_csv(result.outputs["pcs"], sep="\t")
    assert list(text.columns[:3]) == ["FID", "IID", "L_PC1"]
    manifest = json.loads(result.outputs["manifest"].read_text())
    assert manifest["counts"]["matched"] == 100
    with pytest.raises(UsageError, match="exists"):
        run(store, fileset)


def test_only_some_chromosomes_count(store, dosage, vectors, tmp_path) -> None:
    chroms = ["1"] * 70 + ["2"] * (M - 70)
    fileset = write_fileset(tmp_path / "two", dosage, POS, chroms, alleles=ALLELES)
    vectors = np.where(np.arange(M)[:, None] < 70, vectors, 0)
    expected = brute_force(dosage, vectors, standardise=False)
    result = run(store, fileset, chrom=("1",))
    np.testing.assert_allclose(result.embedding, expected, rtol=1e-5, atol=1e-4)


def test_wrong_requests(store, fileset) -> None:
    with pytest.raises(UsageError, match="dosage must be one of raw, standardised"):
        run(store, fileset, dosage="best")
    with pytest.raises(UsageError, match="control must be one of random, permuted"):
        run(store, fileset, control="none")
    config = CohortConfig(
        genotypes=(str(fileset),), embeddings=str(store), out=str(fileset) + "c"
    )
    with pytest.raises(InputError, match="build of its positions is unknown"):
        cohort(config)


def test_command_line(store, fileset, tmp_path) -> None:
    command = [sys.executable, "-m", "fabgwas", "cohort", str(fileset), "--embeddings",
               str(store), "--build", "GRCh37", "--out", str(tmp_path / "c"), "--quiet",
               "--genotype-pcs", "2"]  # fmt: skip
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert "variants: 100 of 120 have a vector" in done.stdout
