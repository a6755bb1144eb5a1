"""Texts of variants and their vectors."""

import tempfile
from pathlib import Path

from benchmarks.harness import Context, Skip
from benchmarks.speed._stopwatch import (
    Call,
    Job,
    SpeedMethod,
    copy_bytes,
    multiply,
    sizes,
)
from benchmarks.speed.storing import make_variants
from fabgwas.errors import UsageError

_DESCRIBE, _ENCODE = "describe", "encode"
_DIM = 256
# weights of the Transformer layers of MiniLM-L6: 6 x (4 x 384^2 + 2 x 384 x 1,536)
_MINILM_WEIGHTS = 6 * (4 * 384**2 + 2 * 384 * 1536)
_TOKENS = 60


def _make_describe(context: Context, amount: int) -> Job:
    variants = make_variants(amount)
    characters = sum(map(len, _texts(amount)))
    return Job(
        inputs={"variants": variants},
        amount=amount,
        unit="variants",
        floor=copy_bytes(characters),
    )


def _describe(job: Job) -> Call:
    return lambda: _texts(job.amount, job.inputs["variants"])


def _texts(amount: int, variants: object = None) -> list[str]:
    """Distinct texts, by chromosome, as a store would ask for them."""
    from fabgwas_embeddings import make_job, variant_list

    table = make_variants(amount) if variants is None else variants
    with tempfile.TemporaryDirectory() as folder:
        job = make_job(variant_list(table), Path(folder), build="GRCh38", encoder="hashing")
        shards = [(shard.chrom, job.variants.read(shard)) for shard in job.shards]
        return [
            text
            for chrom, rows in shards
            for text in job.describer.describe(chrom, rows).texts
        ]


def _make_encode(context: Context, amount: int) -> Job:
    texts = _texts(100_000)[:amount]
    tokenizer = context.data and context.data / "minilm_tokenizer" / "tokenizer.json"
    return Job(
        inputs={"texts": texts, "tokenizer": tokenizer, "quick": context.quick},
        amount=len(texts),
        unit="texts",
        floor=multiply(2.0 * _MINILM_WEIGHTS * _TOKENS * len(texts)),
    )


def _encode(name: str):
    def prepare(job: Job) -> Call:
        from fabgwas_embeddings import make_encoder

        if name == "minilm" and job.inputs["quick"]:
            raise Skip("left out of quick runs")
        given = name == "minilm" and job.inputs["tokenizer"]
        options = {"tokenizer": str(job.inputs["tokenizer"])} if given else {}
        try:
            encoder = make_encoder(name, **options)
        except UsageError as error:
            raise Skip(str(error)) from error
        texts = job.inputs["texts"]
        ends = encoder.cut(texts)
        groups = [texts[a:b] for a, b in zip([0, *ends[:-1]], ends, strict=True)]
        return lambda: [encoder.encode(group) for group in groups]

    return prepare


TASKS = [
    *sizes(
        _DESCRIBE,
        "variants",
        _make_describe,
        (10_000, 100_000, 1_000_000),
        floor="characters of the texts copied",
    ),
    *sizes(
        _ENCODE,
        "texts",
        _make_encode,
        (64, 512),
        floor="operations of MiniLM's layers on 60 tokens a text, as float32 products",
    ),
]
METHODS = [
    SpeedMethod(name="default template", kind=_DESCRIBE, prepare=_describe),
    *(
        SpeedMethod(name=f"encoder {name}", kind=_ENCODE, prepare=_encode(name))
        for name in ("local", "minilm", "hashing")
    ),
]
