"""The bodies of `fabgwas run` and `fabgwas munge`."""

import os
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from fabgwas.cli._config import chromosomes_of, columns_of
from fabgwas.cli._log import show_log
from fabgwas.config import RunConfig
from fabgwas.errors import UsageError


def run_from_options(
    settings: dict[str, Any],
    *,
    threads: int | None,
    memory: float | None,
    overwrite: bool,
    quiet: bool,
    dry_run: bool,
) -> None:
    """Run the pipeline with the options of the command line."""
    config = RunConfig(**config_values(settings))
    limit_resources(threads, memory)
    show_log(quiet=quiet)
    from fabgwas.pipeline import check, run

    if dry_run:
        print_lines(check(config, overwrite=overwrite))
        return
    print_lines(run(config, overwrite=overwrite, command=command_line()).summary())


def munge_from_options(
    settings: dict[str, Any],
    *,
    threads: int | None,
    overwrite: bool,
    quiet: bool,
    dry_run: bool,
) -> None:
    """Standardise summary statistics with the options of the command line."""
    limit_threads(threads)
    show_log(quiet=quiet)
    from fabgwas.io import write_munged
    from fabgwas.pipeline import (
        check_request,
        outputs_of,
        read_study,
        refuse_to_replace,
        would_write,
    )

    settings = config_values(settings)
    out = settings.pop("out")
    config = RunConfig(embeddings="", out=out, **settings)
    check_request(config)
    paths = {name: Path(f"{out}.{name}") for name in ("sumstats.parquet", "tally.tsv")}
    if dry_run:
        refuse_to_replace(paths.values(), overwrite=overwrite)
        read_study(config)
        print(would_write(paths.values()))
        return
    with outputs_of(out, paths, overwrite=overwrite) as files:
        write_munged(read_study(config), files.prefix)
    for path in paths.values():
        print(path)


def config_values(settings: dict[str, Any]) -> dict[str, Any]:
    """The options of the command line as `RunConfig` takes them."""
    values = plain(settings)
    values["columns"] = columns_of(settings.get("columns"))
    values["chrom"] = tuple(chromosomes_of(settings.get("chrom")))
    return values


def plain(settings: dict[str, Any]) -> dict[str, Any]:
    """Settings with paths as text, the way the manifest keeps them."""
    return {name: _plain(value) for name, value in settings.items() if value is not None}


def _plain(value: Any) -> Any:
    if isinstance(value, list):
        return tuple(_plain(item) for item in value)
    return str(value) if isinstance(value, Path) else value


def print_lines(lines: Iterable[str]) -> None:
    """What a command tells on stdout."""
    for line in lines:
        print(line)


def command_line() -> list[str]:
    """The command as it was typed."""
    name = Path(sys.argv[0]).name
    return ["fabgwas" if name == "__main__.py" else name, *sys.argv[1:]]  # python -m


def limit_resources(threads: int | None, memory: float | None) -> None:
    """Keep to some processors, and to some memory in GiB."""
    from fabgwas.memory import limit_memory

    limit_threads(threads)
    limit_memory(memory)


def limit_threads(threads: int | None) -> None:
    """Keep BLAS and XLA to some processors; works only before they are loaded."""
    if threads is None:
        return
    if "numpy" in sys.modules:
        raise UsageError("threads can only be set before NumPy is imported.")
    for library in ("OMP", "OPENBLAS", "MKL"):
        os.environ[f"{library}_NUM_THREADS"] = str(threads)
    os.environ["XLA_FLAGS"] = " ".join(
        [
            os.environ.get("XLA_FLAGS", ""),
            f"--xla_cpu_multi_thread_eigen={'true' if threads > 1 else 'false'}",
            f"intra_op_parallelism_threads={threads}",
        ]
    ).strip()
