"""Projected stores."""

import hashlib

import numpy as np
import pyarrow as pa
import pytest

from fabgwas.errors import UsageError
from fabgwas.store import StoreMetadata, write_embeddings
from fabgwas.store import _project as project

DIM = 40
METADATA = StoreMetadata(model="toy", dim=DIM, build="GRCh38", normalized=True)


@pytest.fixture
def vectors(rng):
    """Unit vectors with a large common part and a few strong directions."""
    x = rng.standard_normal((30000, 6)) @ rng.standard_normal((6, DIM))
    x += 0.3 * rng.standard_normal(x.shape) + 20
    return (x / np.linalg.norm(x, axis=1, keepdims=True)).astype(np.float16)


@pytest.fixture
def store(tmp_path, vectors):
    n = len(vectors)
    table = pa.table(
        {
            "chrom": ["1"] * (n // 2) + ["22"] * (n // 2),
            "pos": np.tile(np.arange(1, n // 2 + 1), 2),
            "ref": ["A"] * n,
            "alt": ["C"] * n,
            "text_hash": pa.array([b"%016d" % row for row in range(n)], pa.binary(16)),
        }
    )
    return write_embeddings(tmp_path / "full", METADATA, table, vectors)


def test_pca_is_the_exact_one(tmp_path, store, vectors):
    small = store.project(6, tmp_path / "pca")
    x = vectors.astype(float)
    centred = x - x.mean(axis=0)
    _, singular, directions = np.linalg.svd(centred, full_matrices=False)
    expected = centred @ directions[:6].T
    read = small.take(np.arange(len(x)))
    signs = np.sign((read * expected).sum(axis=0))
    np.testing.assert_allclose(read, expected * signs, rtol=6e-4, atol=1e-5)
    with np.load(tmp_path / "pca" / "projection.npz") as saved:
        np.testing.assert_allclose(
            saved["variance"], singular[:6] ** 2 / (len(x) - 1), rtol=1e-4
        )
        np.testing.assert_allclose(
            (vectors - saved["mean"]) @ saved["rotation"], read, rtol=6e-4, atol=1e-5
        )
    facts = small.metadata.extra["projection"]
    whole = (store.path / "store.json").read_bytes()
    assert facts["from_sha256"] == hashlib.sha256(whole).hexdigest()
    assert (facts["from"], facts["from_dim"], facts["from_dtype"]) == (
        "full",
        40,
        "float16",
    )
    assert facts["seed"] == 0
    share = (singular[:6] ** 2).sum() / (singular**2).sum()
    assert facts["explained_variance"] == pytest.approx(share, rel=1e-4)
    assert (small.dim, small.metadata.dtype, small.metadata.normalized) == (
        6,
        "float16",
        False,
    )


def test_prefix_has_length_one(tmp_path, store, vectors):
    small = store.project(8, tmp_path / "prefix", "prefix")
    expected = vectors[:, :8].astype(float)
    expected /= np.linalg.norm(expected, axis=1, keepdims=True)
    np.testing.assert_allclose(small.take(np.arange(len(vectors))), expected, atol=4e-4)
    assert small.metadata.normalized
    assert not (tmp_path / "prefix" / "projection.npz").exists()


def test_variants_and_hashes_stay(tmp_path, store):
    small = store.project(3, tmp_path / "small")
    for before, after in zip(
        store.iter_keys(text_hash=True), small.iter_keys(text_hash=True), strict=True
    ):
        assert before.table.equals(after.table)


def test_a_projection_is_reproducible(tmp_path, store):
    for name in ("a", "b"):
        store.project(5, tmp_path / name, seed=1)
    for file in (tmp_path / "a").rglob("*.*"):
        other = tmp_path / "b" / file.relative_to(tmp_path / "a")
        assert file.read_bytes() == other.read_bytes()


def test_many_variants_are_sampled(tmp_path, store, vectors, monkeypatch):
    monkeypatch.setattr(project, "_FIT_ROWS", 2 * 8192)
    rows = project._drawn_rows(len(vectors), seed=3)
    assert rows.size == 2 * 8192
    assert np.all(np.diff(rows) > 0)
    fit = project.fit_pca(store, 6, seed=3)
    x = vectors[rows].astype(float)
    np.testing.assert_allclose(fit.mean, x.mean(axis=0), atol=1e-6)
    assert fit.total == pytest.approx(x.var(axis=0, ddof=1).sum(), rel=1e-4)


def test_wrong_arguments_are_refused(tmp_path, store):
    with pytest.raises(ValueError, match="between 1 and 39, not 40"):
        store.project(40, tmp_path / "x")
    with pytest.raises(ValueError, match="not 'umap'"):
        project.project_store(store, 3, tmp_path / "x", "umap")
    with pytest.raises(UsageError, match="holds a store already"):
        store.project(3, store.path)
