"""A store in the place of another, which stays until the new one is whole."""

import os
import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from fabgwas.files import writing
from fabgwas.store import open_embeddings
from fabgwas.store._schema import STORE_FILE
from fabgwas_embeddings._job import Job
from fabgwas_embeddings._run import EmbedResult


def make_store(
    job_in: Callable[[Path], Job],
    out: Path,
    run: Callable[[Job], EmbedResult],
    *,
    overwrite: bool,
) -> EmbedResult:
    """Run a job in a folder, or beside it if a finished store there may be replaced.

    A store of the very job is not made again: its bytes would be the same.

    Parameters
    ----------
    job_in
        The job, given the folder of its store.
    out
        Folder of the store.
    run
        `run_job` with all but the job.
    overwrite
        Whether a finished store of another job may be replaced.
    """
    if not overwrite or not (out / STORE_FILE).exists():
        return run(job_in(out))
    job = job_in(out.with_name(f".{out.name}.new"))
    if open_embeddings(out).metadata.to_dict() == job.metadata.to_dict():
        shutil.rmtree(job.path, ignore_errors=True)
        return run(replace(job, path=out))
    result = run(job)
    older = out.with_name(f".{out.name}.{os.getpid()}.older")
    with writing(out):
        out.rename(older)
        job.path.rename(out)
    shutil.rmtree(older, ignore_errors=True)
    return replace(result, store=open_embeddings(out))
