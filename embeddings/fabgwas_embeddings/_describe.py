"""From variants to texts: annotate, fill the template, find the distinct texts."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple, Protocol, runtime_checkable

import numpy as np
import pyarrow as pa
from jaxtyping import Int

from fabgwas_embeddings._template import Template

_VARIANT_FIELDS = ("chrom", "pos", "ref", "alt", "rsid")
_HASH_BYTES = 16


def hash_text(text: str) -> bytes:
    """The name of a text: 16 bytes of BLAKE2."""
    return hashlib.blake2b(text.encode(), digest_size=_HASH_BYTES).digest()


@runtime_checkable
class Annotator(Protocol):
    """Adds columns to the variants of one chromosome."""

    @property
    def source(self) -> dict[str, Any]:
        """The file behind it: name, path, sha256 and more."""
        ...

    @property
    def fields(self) -> tuple[str, ...]:
        """Names of the columns."""
        ...

    def annotate(self, chrom: str, variants: pa.Table) -> pa.Table:
        """Add the columns `fields`, or fill gaps in those that are there."""
        ...


class Description(NamedTuple):
    """Variants of a shard, their distinct texts, and which variant has which."""

    variants: pa.Table
    """Columns pos, ref, alt, rsid, text_hash."""
    hashes: list[bytes]
    """Distinct, sorted."""
    texts: list[str]
    """In the order of `hashes`."""
    text_of: Int[np.ndarray, " variant"]


@dataclass(frozen=True)
class Describer:
    """A template and where its fields come from."""

    build: str
    template: Template
    annotators: Sequence[Annotator]

    @property
    def sources(self) -> tuple[dict[str, Any], ...]:
        """The files that the texts are made from."""
        return tuple(annotator.source for annotator in self.annotators)

    @property
    def text_fields(self) -> tuple[str, ...]:
        """Fields of the template that a source provides."""
        known = set(_VARIANT_FIELDS).union(*(each.fields for each in self.annotators))
        return tuple(name for name in self.template.fields if name in known)

    def annotate(self, chrom: str, variants: pa.Table) -> pa.Table:
        """All columns that a template may use."""
        table = variants.append_column("chrom", pa.repeat(chrom, len(variants)))
        for annotator in self.annotators:
            table = annotator.annotate(chrom, table)
        return table

    def describe(self, chrom: str, variants: pa.Table) -> Description:
        """Texts of variants of one chromosome, sorted by pos."""
        encoded = self.template.render(self.annotate(chrom, variants)).dictionary_encode()
        texts = encoded.dictionary.to_pylist()
        digests = [hash_text(text) for text in texts]
        halves = np.frombuffer(b"".join(digests), ">u8").reshape(-1, 2)
        order = np.lexsort((halves[:, 1], halves[:, 0]))
        rank = np.empty(order.size, np.int64)
        rank[order] = np.arange(order.size)
        text_of = rank[encoded.indices.to_numpy()]
        names = pa.FixedSizeBinaryArray.from_buffers(
            pa.binary(_HASH_BYTES), order.size, [None, pa.py_buffer(halves[order])]
        )
        return Description(
            variants.append_column("text_hash", names.take(pa.array(text_of))),
            [digests[each] for each in order.tolist()],
            [texts[each] for each in order.tolist()],
            text_of,
        )
