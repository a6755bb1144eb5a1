"""fabgwas: embedding-assisted FAB tests of GWAS summary statistics, and scores."""

from importlib import import_module
from typing import Any

__version__ = "0.1.0"

# imported on first use, so that `import fabgwas` and `fabgwas --help` stay quick
_HOMES = {
    "RunConfig": "fabgwas.config",
    "align": "fabgwas.alignment",
    "compare_priors": "fabgwas.attribution",
    "demo_data": "fabgwas.cli._demo",
    "fab_intervals": "fabgwas.fab",
    "fab_log_pvalues": "fabgwas.fab",
    "fab_test": "fabgwas.assoc",
    "family_log_pvalues": "fabgwas.fab",
    "family_weights": "fabgwas.fab",
    "find_loci": "fabgwas.loci",
    "fit_prior": "fabgwas.prior",
    "gain_by_region": "fabgwas.attribution",
    "name_loci": "fabgwas.loci",
    "open_embeddings": "fabgwas.store",
    "open_panel": "fabgwas.panel",
    "read_plink": "fabgwas.io",
    "read_sumstats": "fabgwas.io",
    "run": "fabgwas.pipeline",
}

__all__ = ["__version__", *_HOMES]


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module 'fabgwas' has no attribute {name!r}")
    return getattr(import_module(_HOMES[name]), name)


def __dir__() -> list[str]:
    return sorted(__all__)
