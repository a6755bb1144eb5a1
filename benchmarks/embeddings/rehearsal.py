"""Rehearse a store of a long list of variants without a model, and plan larger ones.

Run as `python benchmarks/embeddings/rehearsal.py VARIANTS BUILD FOLDER`, with the options
--gwas-catalog FILE, --clinvar FILE and --clinvar-build BUILD. Prints one JSON object: the
time, peak memory and size of a real store made with the hashing encoder; texts a second of
one core (CPU time) for each template: filled from fields that are known, with the fields
looked up, and with the distinct texts found by their hashes; and the plans of 1.2 M, 90 M
and 8.9 G variants by the texts found here.
"""

import argparse
import json
import platform
import resource
import shutil
import time
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from fabgwas_embeddings import (
    SourceFiles,
    embed_variants,
    make_encoder,
    make_job,
)
from fabgwas_embeddings.encoders._api import estimate_tokens

SCALES = {"HapMap3": 1_213_752, "imputed": 90_000_000, "all": 8_892_915_237}
ENCODERS: dict[str, dict[str, Any]] = {
    "openai": {},
    "openai-batch": {},
    "openai, served by oneself": {"model": "Qwen/Qwen3-Embedding-0.6B", "dim": 1024},
}
TEMPLATES = ("default", "paper", "anonymous")
SHARDS = 16  # described to measure the speed of a template


def main() -> None:
    options = parse()
    sources = SourceFiles(
        gwas_catalog=options.gwas_catalog,
        clinvar=options.clinvar,
        clinvar_build=options.clinvar_build,
    )
    shutil.rmtree(options.folder, ignore_errors=True)
    before = time.process_time()
    result = embed_variants(
        options.variants,
        options.folder,
        build=options.build,
        encoder="hashing",
        sources=sources,
    )
    cpu_seconds = time.process_time() - before
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
    size = sum(path.stat().st_size for path in options.folder.rglob("*") if path.is_file())
    with TemporaryDirectory() as folder:
        speeds = {
            name: describe(options, sources, Path(folder), name) for name in TEMPLATES
        }
    found = {
        "machine": platform.processor() or platform.machine(),
        "python": platform.python_version(),
        "variants": result.n_variants,
        "distinct_texts": result.n_texts,
        "seconds": round(result.seconds, 2),
        "cpu_seconds": round(cpu_seconds, 2),
        "peak_bytes": peak,
        "store_bytes": size,
        "templates": speeds,
        "plans": plans(speeds),
    }
    print(json.dumps(found, indent=1))


def parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser()
    parser.add_argument("variants", type=Path)
    parser.add_argument("build")
    parser.add_argument("folder", type=Path)
    parser.add_argument("--gwas-catalog", type=Path)
    parser.add_argument("--clinvar", type=Path)
    parser.add_argument("--clinvar-build")
    return parser.parse_args()


def describe(
    options: argparse.Namespace, sources: SourceFiles, folder: Path, template: str
) -> dict[str, float]:
    """Texts a second of one core, and how many texts and characters a variant brings."""
    job = make_job(
        options.variants,
        folder,
        build=options.build,
        encoder="hashing",
        template=template,
        sources=sources,
    )
    tables = [(shard.chrom, job.variants.read(shard)) for shard in job.shards[:SHARDS]]
    rows = sum(len(table) for _, table in tables)
    job.describer.annotate(*tables[0])  # reads the sources
    looked_up = filled = described = 0.0
    found = []
    for chrom, table in tables:
        began = time.process_time()
        fields = job.describer.annotate(chrom, table)
        looked = time.process_time()
        job.describer.template.render(fields)
        ended = time.process_time()
        found.append(job.describer.describe(chrom, table))
        looked_up += looked - began
        filled += ended - looked
        described += time.process_time() - ended
    texts = [text for each in found for text in each.texts]
    return {
        "filled_per_second": round(rows / filled),
        "texts_per_second": round(rows / (looked_up + filled)),
        "with_hashes_per_second": round(rows / described),
        "texts_per_variant": len(texts) / rows,
        "characters_per_text": sum(map(len, texts)) / len(texts),
    }


def plans(speeds: dict[str, dict[str, float]]) -> list[dict[str, Any]]:
    """Price and disk of three scales, by the density of texts found here."""
    rows = []
    for scale, n in SCALES.items():
        for template, found in speeds.items():
            texts = n * found["texts_per_variant"]
            tokens = estimate_tokens(round(texts * found["characters_per_text"]))
            for name, settings in ENCODERS.items():
                served = {"base_url": "http://localhost:8000/v1"} if settings else {}
                encoder = make_encoder(name.split(",")[0], **settings, **served)
                rows.append(
                    {
                        "scale": scale,
                        "template": template,
                        "encoder": name,
                        "texts_at_most": round(texts),
                        "tokens_about": tokens,
                        "usd": round(tokens * (encoder.price or 0) / 1e6, 2),
                        "store_gb_float16": round(n * (2 * encoder.dim + 40) / 1e9, 1),
                    }
                )
    return rows


if __name__ == "__main__":
    main()
