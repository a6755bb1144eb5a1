"""Jobs: stores from variants, interruptions, and encoders that need no model."""

from collections.abc import Sequence
from contextlib import closing
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest

from fabgwas.errors import InputError, UsageError
from fabgwas.store import open_embeddings
from fabgwas_embeddings import embed_variants, make_encoder, make_job
from fabgwas_embeddings._describe import hash_text
from fabgwas_embeddings.encoders._hashing import HashingEncoder


@pytest.fixture
def variants(rng: np.random.Generator) -> pa.Table:
    n = 3_000
    return pa.table(
        {
            "chrom": rng.choice(["1", "21", "X"], n),
            "pos": rng.integers(1_000_000, 40_000_000, n),
            "ref": rng.choice(["A", "G"], n),
            "alt": rng.choice(["C", "T"], n),
        }
    )


class Touchy(HashingEncoder):
    """Its last bits depend on the texts beside, as in real models; it may fail once."""

    def __init__(self, fail_at: int | None = None) -> None:
        super().__init__(32)
        self.group_size = 50
        self.calls: list[list[str]] = []
        self.fail_at = fail_at

    def encode(self, texts: Sequence[str]) -> np.ndarray:
        if len(self.calls) == self.fail_at:
            raise RuntimeError("power cut")
        self.calls.append(list(texts))
        vectors = super().encode(texts)
        return vectors + np.float32(1e-2) * len("".join(texts)) / 1e5


def files(path: Path) -> dict[str, bytes]:
    return {
        each.relative_to(path).as_posix(): each.read_bytes()
        for each in sorted(path.rglob("*"))
        if each.is_file()
    }


def test_vectors_are_those_of_the_texts(variants: pa.Table, tmp_path: Path) -> None:
    path = tmp_path / "mine.txt"
    path.write_text("Position {pos} with {ref} and {alt}.")
    result = embed_variants(
        variants, tmp_path / "store", build="GRCh37", encoder="hashing", template=str(path)
    )
    rows = result.store.n_variants
    keys = pa.concat_tables([block.table for block in result.store.iter_keys()])
    texts = [
        f"Position {row['pos']} with {row['ref']} and {row['alt']}."
        for row in keys.to_pylist()
    ]
    exact = make_encoder("hashing").encode(texts)
    assert np.abs(result.store.take(np.arange(rows)) - exact).max() < 1e-3
    assert result.cosine is not None
    assert result.cosine > 0.99999
    assert result.n_texts == len(set(texts))


def test_identical_texts_are_encoded_once(variants: pa.Table, tmp_path: Path) -> None:
    encoder = Touchy()
    result = embed_variants(
        variants, tmp_path / "store", build="GRCh37", encoder=encoder, shard_rows=200
    )
    texts = [text for call in encoder.calls for text in call]
    assert len(texts) == len(set(texts)) == result.n_texts == result.n_encoded
    assert len(texts) < result.n_variants


def test_texts_that_are_not_shared_give_the_same_vectors(
    variants: pa.Table, tmp_path: Path
) -> None:
    stores = [
        embed_variants(
            variants,
            tmp_path / str(share),
            build="GRCh37",
            encoder="hashing",
            shard_rows=200,
            share_texts=share,
        )
        for share in (True, False)
    ]
    shared, apart = (each.store.take(np.arange(each.n_variants)) for each in stores)
    np.testing.assert_array_equal(shared, apart)
    assert stores[0].n_encoded < stores[1].n_encoded


@pytest.mark.parametrize(
    ("fail_at", "share_texts"), [(0, True), (7, True), (19, True), (9, False)]
)
def test_an_interrupted_job_ends_in_the_same_bytes(
    variants: pa.Table, tmp_path: Path, fail_at: int, share_texts: bool
) -> None:
    settings = {"build": "GRCh37", "shard_rows": 200, "share_texts": share_texts}
    whole = Touchy()
    embed_variants(variants, tmp_path / "whole", encoder=whole, **settings)
    first, second = Touchy(fail_at), Touchy()
    broken = tmp_path / "broken"
    with pytest.raises(RuntimeError, match="power cut"):
        embed_variants(variants, broken, encoder=first, **settings)
    embed_variants(variants, broken, encoder=second, **settings)
    assert files(broken) == files(tmp_path / "whole")
    assert first.calls + second.calls == whole.calls


@pytest.mark.parametrize("moment", ["writing store.json", "deleting the ledger"])
def test_a_job_killed_in_its_last_moments_leaves_nothing_else(
    variants: pa.Table, tmp_path: Path, moment: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def power_cut(*_: object) -> None:
        if moment == "writing store.json":
            (broken / ".store.json.1.tmp").touch()
        raise RuntimeError("power cut")

    broken = tmp_path / "broken"
    embed_variants(variants, tmp_path / "whole", build="GRCh37", encoder=Touchy())
    with monkeypatch.context() as patch:
        if moment == "writing store.json":
            patch.setattr("fabgwas.store._writer.write_store_file", power_cut)
        else:
            patch.setattr("shutil.rmtree", power_cut)
        with pytest.raises(RuntimeError, match="power cut"):
            embed_variants(variants, broken, build="GRCh37", encoder=Touchy())
    assert (broken / ".work" / "ledger.sqlite").exists()
    embed_variants(variants, broken, build="GRCh37", encoder=Touchy(fail_at=0))
    assert files(broken) == files(tmp_path / "whole")


def test_a_finished_store_is_left_alone(variants: pa.Table, tmp_path: Path) -> None:
    embed_variants(variants, tmp_path / "s", build="GRCh37", encoder=Touchy())
    before = files(tmp_path / "s")
    encoder = Touchy(fail_at=0)
    again = embed_variants(variants, tmp_path / "s", build="GRCh37", encoder=encoder)
    assert again.n_encoded == 0
    assert files(tmp_path / "s") == before
    assert ".work/ledger.sqlite" not in before


def test_another_job_may_not_write_to_the_store(variants: pa.Table, tmp_path: Path) -> None:
    with pytest.raises(RuntimeError):
        embed_variants(variants, tmp_path / "s", build="GRCh37", encoder=Touchy(3))
    with pytest.raises(UsageError, match="unfinished job"):
        embed_variants(variants[:50], tmp_path / "s", build="GRCh37", encoder=Touchy())
    embed_variants(variants, tmp_path / "s", build="GRCh37", encoder=Touchy())
    with pytest.raises(UsageError, match="finished store of other"):
        embed_variants(variants[:50], tmp_path / "s", build="GRCh37", encoder=Touchy())


def test_two_runs_do_not_share_a_folder(variants: pa.Table, tmp_path: Path) -> None:
    first = make_job(variants, tmp_path / "s", build="GRCh37", encoder=Touchy())
    with closing(first.open_ledger()), pytest.raises(UsageError, match="another run"):
        embed_variants(variants, tmp_path / "s", build="GRCh37", encoder=Touchy())
    embed_variants(variants, tmp_path / "s", build="GRCh37", encoder=Touchy())


def test_vectors_that_were_deleted_are_missed(variants: pa.Table, tmp_path: Path) -> None:
    settings = {"build": "GRCh37", "shard_rows": 200}
    with pytest.raises(RuntimeError):
        embed_variants(variants, tmp_path / "s", encoder=Touchy(14), **settings)
    begun = list((tmp_path / "s" / ".work").glob("vectors-*"))
    assert begun
    for path in begun:
        path.unlink()
    with pytest.raises(InputError, match="is gone, though its texts were encoded"):
        embed_variants(variants, tmp_path / "s", encoder=Touchy(), **settings)


def test_the_metadata_say_what_the_texts_are_made_of(
    variants: pa.Table, tmp_path: Path
) -> None:
    embed_variants(
        variants, tmp_path / "s", build="GRCh37", encoder="hashing", dtype="int8"
    )
    metadata = open_embeddings(tmp_path / "s").metadata
    assert metadata.dtype == "int8"
    assert metadata.text_fields[:2] == ("gene_place", "gene")
    assert "catalog_traits" not in metadata.text_fields
    assert [source["name"] for source in metadata.sources] == ["variants", "genes"]
    assert all(len(source["sha256"]) == 64 for source in metadata.sources)


def test_hashed_words_are_unit_vectors_that_depend_on_the_text_alone() -> None:
    encoder = make_encoder("hashing", dim=64)
    texts = ["one gene", "another gene", "a third one"]
    together = encoder.encode(texts)
    apart = np.concatenate([encoder.encode([text]) for text in texts])
    np.testing.assert_array_equal(together, apart)
    np.testing.assert_allclose(np.linalg.norm(together, axis=1), 1, rtol=1e-6)
    assert encoder.encode([]).shape == (0, 64)


def test_text_hashes_are_fixed() -> None:
    assert hash_text("a variant").hex() == "4ef7a21cc8fbdad57233e72adfc7a78f"


def test_an_unknown_encoder_is_named() -> None:
    with pytest.raises(UsageError, match="word2vec"):
        make_encoder("word2vec")
