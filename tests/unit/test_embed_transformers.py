"""The loading of transformer models, on tiny ones that the tests write to disk."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from fabgwas.errors import InputError, UsageError
from fabgwas_embeddings import make_encoder

torch = pytest.importorskip("torch", reason="needs fabgwas[transformers]")
transformers = pytest.importorskip("transformers", reason="needs fabgwas[transformers]")
pytest.importorskip("sentence_transformers", reason="needs fabgwas[transformers]")
pytestmark = pytest.mark.filterwarnings("ignore")  # of torch and its friends

TEXTS = [
    "The variant lies within the gene FTO.",
    "A short one.",
    "The variant lies 5 to 20 kb upstream of the gene LDLR, a receptor of lipids.",
]
WIDTH = 32


def write_tokenizer(folder: Path) -> Any:
    """Words and bytes, with an end-of-text token after each text, as in Qwen3."""
    from tokenizers import Tokenizer, models, pre_tokenizers, processors, trainers

    tokenizer = Tokenizer(models.BPE(unk_token=None))
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    trainer = trainers.BpeTrainer(
        vocab_size=400,
        special_tokens=["<|endoftext|>"],
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        show_progress=False,
    )
    tokenizer.train_from_iterator(TEXTS, trainer)
    tokenizer.post_processor = processors.TemplateProcessing(
        single="$A <|endoftext|>", special_tokens=[("<|endoftext|>", 0)]
    )
    fast = transformers.PreTrainedTokenizerFast(
        tokenizer_object=tokenizer, pad_token="<|endoftext|>", model_max_length=64
    )
    fast.save_pretrained(folder)
    return fast


@pytest.fixture(scope="module")
def qwen(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("qwen3")
    tokenizer = write_tokenizer(folder)
    torch.manual_seed(1)
    config = transformers.Qwen3Config(
        vocab_size=len(tokenizer),
        hidden_size=WIDTH,
        intermediate_size=48,
        num_hidden_layers=2,
        num_attention_heads=4,
        num_key_value_heads=2,
        head_dim=8,
        max_position_embeddings=64,
        pad_token_id=0,
        eos_token_id=0,
    )
    transformers.Qwen3Model(config).save_pretrained(folder)
    return folder


def by_hand(folder: Path, text: str) -> np.ndarray:
    """Last hidden state of the last token of a text that stands alone, unpadded."""
    tokenizer = transformers.AutoTokenizer.from_pretrained(folder)
    model = transformers.AutoModel.from_pretrained(folder, dtype=torch.float32).eval()
    with torch.no_grad():
        state = model(**tokenizer(text, return_tensors="pt")).last_hidden_state[0, -1]
    return (state / state.norm()).numpy()


def test_qwen_pools_the_last_token_of_left_padded_texts(qwen: Path) -> None:
    encoder = make_encoder("qwen", model=str(qwen))
    found = encoder.encode(TEXTS)
    np.testing.assert_allclose(found, [by_hand(qwen, t) for t in TEXTS], atol=2e-6)
    assert (encoder.dim, encoder.max_tokens) == (WIDTH, 64)


def test_matryoshka_vectors_are_cut_and_scaled(qwen: Path) -> None:
    whole = make_encoder("qwen", model=str(qwen)).encode(TEXTS)
    short = make_encoder("qwen", model=str(qwen), dim=8).encode(TEXTS)
    cut = whole[:, :8] / np.linalg.norm(whole[:, :8], axis=1, keepdims=True)
    np.testing.assert_allclose(short, cut, atol=1e-6)
    with pytest.raises(UsageError, match="has 32 numbers, not 33"):
        make_encoder("qwen", model=str(qwen), dim=33)


def test_half_precision_is_near(qwen: Path) -> None:
    exact = make_encoder("qwen", model=str(qwen)).encode(TEXTS)
    half = make_encoder("qwen", model=str(qwen), precision="bfloat16").encode(TEXTS)
    assert np.einsum("ij,ij->i", exact, half).min() > 0.999


def test_tokens_are_those_of_the_model(qwen: Path) -> None:
    tokenizer = transformers.AutoTokenizer.from_pretrained(qwen)
    encoder = make_encoder("qwen", model=str(qwen))
    assert encoder.count_tokens(TEXTS[0]) == len(tokenizer(TEXTS[0])["input_ids"])


def test_a_machine_without_gpu_can_plan_for_those_that_have_one(qwen: Path) -> None:
    encoder = make_encoder("qwen", model=str(qwen), device="cuda")
    assert encoder.revision.endswith(", bfloat16 on cuda")
    assert (encoder.dim, encoder.max_tokens) == (WIDTH, 64)
    assert encoder.count_tokens(TEXTS[1]) > 1


def test_the_revision_tells_models_apart(qwen: Path, tmp_path: Path) -> None:
    first = make_encoder("qwen", model=str(qwen)).revision
    assert first == make_encoder("qwen", model=str(qwen)).revision
    copy = tmp_path / "copy"
    model = transformers.AutoModel.from_pretrained(qwen)
    with torch.no_grad():
        next(model.parameters()).add_(1)
    model.save_pretrained(copy)
    transformers.AutoTokenizer.from_pretrained(qwen).save_pretrained(copy)
    assert make_encoder("qwen", model=str(copy)).revision != first


def test_a_folder_that_does_not_say_how_it_pools_is_refused(tmp_path: Path) -> None:
    tokenizer = write_tokenizer(tmp_path)
    config = transformers.BertConfig(
        vocab_size=len(tokenizer),
        hidden_size=WIDTH,
        num_hidden_layers=1,
        num_attention_heads=2,
        intermediate_size=40,
        max_position_embeddings=64,
    )
    transformers.BertModel(config).save_pretrained(tmp_path)
    with pytest.raises(UsageError, match="nobody knows how it pools"):
        make_encoder("sentence-transformers", model=str(tmp_path))
    mean = make_encoder("sentence-transformers", model=str(tmp_path), pooling="mean")
    assert mean.encode(TEXTS).shape == (3, WIDTH)


def test_a_folder_with_modules_says_itself(qwen: Path, tmp_path: Path) -> None:
    from sentence_transformers import SentenceTransformer
    from sentence_transformers.sentence_transformer.modules import Pooling, Transformer

    modules = [Transformer(str(qwen)), Pooling(WIDTH, "lasttoken")]
    SentenceTransformer(modules=modules).save(str(tmp_path / "st"))
    found = make_encoder("sentence-transformers", model=str(tmp_path / "st"))
    np.testing.assert_allclose(
        found.encode(TEXTS), [by_hand(qwen, t) for t in TEXTS], atol=2e-6
    )


def test_mistakes_are_named(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="holds no model"):
        make_encoder("qwen", model=str(tmp_path))
    with pytest.raises(UsageError, match="pooling max"):
        make_encoder("qwen", pooling="max")
    with pytest.raises(UsageError, match="precision int4"):
        make_encoder("qwen", precision="int4")
    with pytest.raises(UsageError, match="give a model"):
        make_encoder("sentence-transformers")
