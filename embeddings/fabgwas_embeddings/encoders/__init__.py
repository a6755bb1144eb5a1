"""Encoders: texts to vectors."""

import re
from collections.abc import Callable
from typing import Any

from fabgwas.errors import UsageError
from fabgwas_embeddings.encoders._base import Encoded, Encoder, Group, unit_rows


def _local(**options: Any) -> Encoder:
    from fabgwas_embeddings.encoders._usem3 import UniversalSentenceEncoder

    return UniversalSentenceEncoder(**options)


def _hashing(**options: Any) -> Encoder:
    from fabgwas_embeddings.encoders._hashing import HashingEncoder

    return HashingEncoder(**options)


def _minilm(**options: Any) -> Encoder:
    from fabgwas_embeddings.encoders._minilm import MiniLmEncoder

    return MiniLmEncoder(**options)


def _openai(**options: Any) -> Encoder:
    from fabgwas_embeddings.encoders._openai import OpenAiEncoder

    return OpenAiEncoder(**options)


def _openai_batch(**options: Any) -> Encoder:
    from fabgwas_embeddings.encoders._batch import OpenAiBatchEncoder

    return OpenAiBatchEncoder(**options)


def _qwen(**options: Any) -> Encoder:
    from fabgwas_embeddings.encoders._transformers import TransformerEncoder

    return TransformerEncoder(name="qwen", **options)


def _sentence_transformers(**options: Any) -> Encoder:
    from fabgwas_embeddings.encoders._transformers import TransformerEncoder

    if "model" not in options:
        raise UsageError("encoder sentence-transformers: give a model, by name or folder.")
    return TransformerEncoder(**options)


_ENCODERS: dict[str, Callable[..., Encoder]] = {
    "local": _local,
    "minilm": _minilm,
    "hashing": _hashing,
    "openai": _openai,
    "openai-batch": _openai_batch,
    "qwen": _qwen,
    "sentence-transformers": _sentence_transformers,
}
ENCODERS = tuple(_ENCODERS)


def make_encoder(name: str, **options: Any) -> Encoder:
    """An encoder by name; its libraries are imported here and not before.

    Parameters
    ----------
    name
        One of `ENCODERS`.
    options
        Settings of the encoder; all know `dim`.
    """
    if name not in _ENCODERS:
        raise UsageError(f"encoder {name}: unknown; choose one of {', '.join(ENCODERS)}.")
    try:
        return _ENCODERS[name](**options)
    except TypeError as error:
        found = re.search(r"unexpected keyword argument '(\w+)'", str(error))
        if found is None:
            raise
        raise UsageError(f"encoder {name}: has no setting {found[1]}.") from error


__all__ = ["ENCODERS", "Encoded", "Encoder", "Group", "make_encoder", "unit_rows"]
