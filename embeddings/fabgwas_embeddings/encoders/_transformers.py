"""Models of sentence-transformers, Qwen3-Embedding above all, on CPU or GPU."""

import hashlib
import json
from collections.abc import Sequence
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
from jaxtyping import Float32

from fabgwas.errors import InputError, UsageError
from fabgwas_embeddings.encoders._base import LocalEncoder, unit_rows

QWEN = "Qwen/Qwen3-Embedding-0.6B"
_POOLINGS = ("mean", "cls", "lasttoken")
# how models pool whose folder does not tell, by the architecture in config.json
_KNOWN_POOLING = {"qwen3": "lasttoken"}
_PRECISIONS = ("float32", "float16", "bfloat16")
_WEIGHTS = ("*.safetensors", "*.bin", "config.json", "modules.json", "tokenizer.json")


class TransformerEncoder(LocalEncoder):
    """Any Sentence-Transformers model, by name or from a local folder.

    Texts are documents: no prompt is put before them. Vectors are cut to `dim` numbers
    (Matryoshka models are made for that) and scaled to length 1 again.

    Parameters
    ----------
    model
        Name on the Hub, or a folder.
    dim
        Fewer numbers than the model has.
    pooling
        mean, cls or lasttoken, for folders without `modules.json`; those of Qwen3 are
        known to need lasttoken.
    precision
        float32, float16 or bfloat16; None for bfloat16 on a GPU and float32 elsewhere.
    device
        As torch names it; None for a GPU if there is one. It is not touched before the
        first text is encoded, so a machine without one can plan for others.
    group_size
        Texts in a call.
    revision
        Commit of a model on the Hub.
    """

    def __init__(
        self,
        model: str = QWEN,
        dim: int | None = None,
        *,
        name: str = "sentence-transformers",
        pooling: str | None = None,
        precision: str | None = None,
        device: str | None = None,
        group_size: int = 128,
        revision: str | None = None,
    ) -> None:
        if pooling is not None and pooling not in _POOLINGS:
            raise UsageError(f"pooling {pooling}: choose one of {', '.join(_POOLINGS)}.")
        if precision is not None and precision not in _PRECISIONS:
            raise UsageError(f"precision {precision}: one of {', '.join(_PRECISIONS)}.")
        torch = _import_torch()
        self.name = name
        self.model = Path(model).name if Path(model).is_dir() else model
        self.group_size = group_size
        self._device = device or ("cuda" if torch.cuda.is_available() else "cpu")
        on_gpu = self._device.startswith("cuda")
        self._precision = precision or ("bfloat16" if on_gpu else "float32")
        self._path, self._pooling, self._commit = model, pooling, revision
        width = self._model.get_embedding_dimension()
        if dim is not None and dim > width:
            raise UsageError(f"model {model}: has {width} numbers, not {dim}.")
        self.dim = dim or width
        self.max_tokens = self._model.max_seq_length
        self.revision = f"{self._revision}, {self._precision} on {self._device}"

    def count_tokens(self, text: str) -> int:
        """Tokens of the model's tokenizer."""
        return len(self._model.tokenizer(text)["input_ids"])

    def encode(self, texts: Sequence[str]) -> Float32[np.ndarray, "text dim"]:
        """Vectors of length 1."""
        if not texts:
            return np.empty((0, self.dim), np.float32)
        found = self._loaded.encode(
            list(texts),
            batch_size=len(texts),  # the call is the group, whatever the lengths
            show_progress_bar=False,
            convert_to_tensor=True,
        )
        vectors = found.float().cpu().numpy()
        wrong = ~np.isfinite(vectors).all(axis=1)
        if wrong.any():
            raise InputError(
                f"model {self.model}: gives no finite vector for "
                f"{texts[int(wrong.argmax())][:80]!r} in {self._precision}; try float32."
            )
        return unit_rows(vectors, self.dim)

    @cached_property
    def _loaded(self) -> Any:
        """The model on its device, in its precision."""
        import torch

        return self._model.to(getattr(torch, self._precision)).to(self._device).eval()

    @cached_property
    def _model(self) -> Any:
        """The model as it lies on disk, in the memory of this machine."""
        from sentence_transformers import SentenceTransformer

        folder = Path(self._path)
        if folder.is_dir() and not (folder / "modules.json").exists():
            model = SentenceTransformer(modules=self._modules(folder), device="cpu")
        else:
            model = SentenceTransformer(self._path, device="cpu", revision=self._commit)
        if _pools_last(model):
            model.tokenizer.padding_side = "left"
        return model

    def _modules(self, folder: Path) -> list[Any]:
        """A folder that does not say how it pools must be told, or be known."""
        from sentence_transformers.sentence_transformer.modules import Pooling, Transformer

        try:
            config = json.loads((folder / "config.json").read_text(encoding="utf-8"))
        except (OSError, ValueError) as error:
            raise InputError(f"{folder}: holds no model: {error}.") from error
        pooling = self._pooling or _KNOWN_POOLING.get(config.get("model_type", ""))
        if pooling is None:
            raise UsageError(
                f"{folder}: has no modules.json, so nobody knows how it pools; give the "
                f"pooling of its model card: {', '.join(_POOLINGS)}."
            )
        transformer = Transformer(str(folder))
        return [transformer, Pooling(transformer.get_embedding_dimension(), pooling)]

    @cached_property
    def _revision(self) -> str:
        """Commit on the Hub, or a checksum of the files in a folder."""
        folder = Path(self._path)
        if not folder.is_dir():
            config = self._model[0].auto_model.config
            return str(self._commit or getattr(config, "_commit_hash", None) or "unknown")
        digest = hashlib.sha256()
        for path in sorted(path for kind in _WEIGHTS for path in folder.glob(kind)):
            with path.open("rb") as file:
                digest.update(hashlib.file_digest(file, "sha256").digest())
        return f"sha256 {digest.hexdigest()[:16]}"


def _pools_last(model: Any) -> bool:
    """Whether the last token stands for the text; then padding must not come last."""
    modes = [getattr(module, "pooling_mode", "") for module in model]
    return any(
        "lasttoken" in (mode if isinstance(mode, str) else [*mode]) for mode in modes
    )


def _import_torch() -> Any:
    try:
        import sentence_transformers  # noqa: F401
        import torch
    except ImportError as error:
        raise UsageError(
            "this encoder needs torch and sentence-transformers; "
            "pip install 'fabgwas[transformers]'."
        ) from error
    return torch
