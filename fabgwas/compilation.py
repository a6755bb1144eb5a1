"""What JAX compiled is kept for the next process."""

import os
from typing import Any

import jax

from fabgwas.files import cache_folder

# most programs take less; together those that take more are a third of a megabyte
_LEAST_SECONDS = 0.1
# older ones print errors that are none for each program that a CPU gets from the folder
_QUIET_SINCE = (0, 10, 2)


def keep_compiled() -> None:
    """Let JAX keep its programs in ``~/.cache/fabgwas/compiled``, as they take seconds.

    ``JAX_COMPILATION_CACHE_DIR`` names another folder, and
    ``JAX_ENABLE_COMPILATION_CACHE=false`` keeps nothing. Where the folder cannot be
    written, and with a JAX older than 0.10.2, nothing is lost but time.
    """
    settings: Any = jax.config
    if settings.jax_compilation_cache_dir is not None:
        return
    if jax.__version_info__ < _QUIET_SINCE:
        return
    folder = cache_folder() / "compiled"
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError:
        return
    if os.access(folder, os.W_OK):
        settings.update("jax_compilation_cache_dir", str(folder))
        settings.update("jax_persistent_cache_min_compile_time_secs", _LEAST_SECONDS)
