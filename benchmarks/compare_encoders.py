"""Encoders on the same real variants: speed, and held-out gain over the covariates.

    python -m benchmarks.compare_encoders [--data ../shared/data] [--encoders local hashing]

Height in UK Biobank on chromosome 22 (24 LD blocks: an illustration) and in 22 windows of
1 Mb, one on each autosome, with 1000 Genomes panels. The gain is from `fg.fit_prior`: the
log-likelihood of z under priors learned on other folds, minus that of the prior from LD
score and heterozygosity alone, in nats per independent variant, with a 95 % interval over
LD blocks. Results go to benchmarks/results/encoders.json.
"""

import argparse
import json
import os
import platform
import tempfile
import time
from datetime import UTC, datetime
from pathlib import Path

import fabgwas as fg
from fabgwas_embeddings import embed_variants, make_encoder

STUDIES = {
    "height, chr22": (
        "height_ukb_fastgwa_chr22/ukb_height_chr22.fastGWA.gz",
        "height_ukb_fastgwa_chr22/1000G_eur_chr22",
    ),
    "height, 22 windows": (
        "height_ukb_boltlmm_1000G/ukb_height_boltlmm.22windows.hg19.sumstats.txt.gz",
        "height_ukb_boltlmm_1000G/1000G_EUR489.22windows.hg19",
    ),
}
RESULTS = Path(__file__).parent / "results" / "encoders.json"


def measure(data: Path, study: str, encoder: str, folder: Path) -> dict[str, object]:
    """Embed the variants of one study with one encoder, and fit its prior."""
    sumstats, prefix = (data / part for part in STUDIES[study])
    options = {"tokenizer": str(data / "minilm_tokenizer/tokenizer.json")}
    made = make_encoder(encoder, **(options if encoder == "minilm" else {}))
    start = time.perf_counter()
    embedded = embed_variants(
        Path(f"{prefix}.bim"), folder / f"{study}-{encoder}", build="GRCh37", encoder=made
    )
    seconds = time.perf_counter() - start
    statistics = fg.read_sumstats(sumstats, build="GRCh37")
    panel = fg.open_panel(prefix, build="GRCh37", cache_dir=folder)
    aligned = fg.align(statistics, embedded.store)
    prior = fg.fit_prior(statistics, embedded.store, aligned, panel)
    return {
        "study": study,
        "encoder": encoder,
        "dim": embedded.store.dim,
        "variants": aligned.report.matched,
        "texts": embedded.n_texts,
        "seconds": round(seconds, 1),
        "texts_per_second": round(embedded.n_texts / seconds, 1),
        "folds": len(prior.reports),
        "folds_with_embedding": sum(r.model == "embedding" for r in prior.reports),
        "gain": prior.gain.mean,
        "gain_lower": prior.gain.lower,
        "gain_upper": prior.gain.upper,
    }


def main() -> None:
    """Measure every study with every encoder, one after the other."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    default = os.environ.get("FABGWAS_TEST_DATA", "../shared/data")
    parser.add_argument("--data", type=Path, default=Path(default))
    parser.add_argument("--encoders", nargs="+", default=["local", "minilm", "hashing"])
    arguments = parser.parse_args()
    rows = []
    with tempfile.TemporaryDirectory() as folder:
        for study in STUDIES:
            for encoder in arguments.encoders:
                rows.append(measure(arguments.data, study, encoder, Path(folder)))
                print(json.dumps(rows[-1]), flush=True)
    about = {
        "date": datetime.now(UTC).strftime("%Y-%m-%d"),
        "machine": f"{platform.machine()}, {os.cpu_count()} cores",
        "fabgwas": fg.__version__,
        "seed": 0,
    }
    RESULTS.parent.mkdir(exist_ok=True)
    RESULTS.write_text(json.dumps({"about": about, "rows": rows}, indent=2) + "\n")


if __name__ == "__main__":
    main()
