"""What embeddings tell of real effects: the held-out gain of a prior learned from them.

Height in UK Biobank on chromosome 22 (24 LD blocks: an illustration) and in 22 windows of
1 Mb, one on each autosome, with 1000 Genomes panels. The gain is that of `fg.fit_prior`:
the log-likelihood of z under priors learned on other folds, less that of the prior from LD
score and heterozygosity alone, in nats per independent variant. The paper's first version
outlines FAB tests with such priors and reports no numbers.
"""

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from benchmarks.harness import Context, Metric, Skip, Task, need_file
from benchmarks.properties.methods.encoders import ENCODERS, made
from fabgwas_embeddings import Encoder, SourceFiles

_STUDIES = {
    "height, chr22": (
        "height_ukb_fastgwa_chr22/ukb_height_chr22.fastGWA.gz",
        "height_ukb_fastgwa_chr22/1000G_eur_chr22",
    ),
    "height, 22 windows": (
        "height_ukb_boltlmm_1000G/ukb_height_boltlmm.22windows.hg19.sumstats.txt.gz",
        "height_ukb_boltlmm_1000G/1000G_EUR489.22windows.hg19",
    ),
}


_CATALOG = "gwas_catalog/gwas_catalog_2016-01-18.hg38.tsv.gz"
_BEFORE = date(2016, 1, 1)
_LEFT_OUT: dict[str, dict[str, Any]] = {
    "genes": {"exclude_sources": ("gwas_catalog",)},
    "genes and catalog": {},
    "genes and catalog without height": {"exclude_traits": ("height", "body height")},
}


@dataclass(frozen=True)
class Study:
    """Summary statistics and the panel that stands for their people."""

    sumstats: Path
    panel: Path


@dataclass(frozen=True)
class HeightTask:
    """One study; encoders are the methods."""

    name: str
    settings: Mapping[str, Any]

    def seeds(self, context: Context) -> Sequence[int]:
        """None in quick runs: a prior takes half a minute."""
        return () if context.quick else (0,)

    def load(self, context: Context, seed: int) -> Study:
        """Paths alone."""
        sumstats, prefix = _STUDIES[self.name]
        bed = need_file(context, f"{prefix}.bed")
        return Study(need_file(context, sumstats), bed.with_suffix(""))

    def score(
        self, problem: Study, answer: Mapping[str, Any], seed: int
    ) -> Mapping[str, Any]:
        """As the method measured it."""
        return answer


@dataclass(frozen=True)
class HeightMethod:
    """Embed the panel's variants with one encoder, and fit a prior."""

    encoder: str
    make: Callable[[Context], Encoder]
    text: str = "genes"

    @property
    def name(self) -> str:
        """Encoder and text."""
        return f"{self.encoder}, {self.text}"

    @property
    def settings(self) -> Mapping[str, Any]:
        """What the texts lack, too."""
        # since version 2 priors are learned through LD, since version 3 fits may end early
        return {"encoder": self.encoder, "left out": _LEFT_OUT[self.text], "version": 3}

    def suits(self, task: Task) -> bool:
        """Studies of height."""
        return isinstance(task, HeightTask)

    def solve(self, problem: Study, context: Context, seed: int) -> Mapping[str, Any]:
        """The gain, and what it took."""
        import fabgwas as fg
        from fabgwas_embeddings import embed_variants

        encoder = made(self.make, context)
        told = _LEFT_OUT[self.text]
        catalog = None
        if "gwas_catalog" not in told.get("exclude_sources", ()):
            catalog = need_file(context, _CATALOG)
        sources = SourceFiles(gwas_catalog=catalog, catalog_before=_BEFORE, **told)
        if not encoder.local:
            raise Skip("is for encoders that run here")
        with TemporaryDirectory() as folder:
            began = time.perf_counter()
            bim = Path(f"{problem.panel}.bim")
            embedded = embed_variants(
                bim,
                Path(folder) / "store",
                build="GRCh37",
                encoder=encoder,
                sources=sources,
            )
            rate = embedded.n_texts / (time.perf_counter() - began)
            study = fg.read_sumstats(problem.sumstats, build="GRCh37")
            panel = fg.open_panel(problem.panel, build="GRCh37", cache_dir=folder)
            aligned = fg.align(study, embedded.store)
            prior = fg.fit_prior(study, embedded.store, aligned, panel, seed=seed)
        gain = prior.gain
        return {
            "gain": Metric(gain.mean, gain.lower, gain.upper),
            "folds with embedding": prior.used_folds,
            "folds": len(prior.reports),
            "texts": embedded.n_texts,
            "texts a second": rate,
        }


TASKS = [HeightTask(name, {"study": name}) for name in _STUDIES]
METHODS = [
    *(HeightMethod(name, make) for name, make in ENCODERS.items() if name != "OpenAI"),
    *(HeightMethod("USE", ENCODERS["USE"], text) for text in _LEFT_OUT if text != "genes"),
]
