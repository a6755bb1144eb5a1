"""Genome builds: their names, and which one the positions of a table belong to."""

from functools import cache
from importlib.resources import as_file, files
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet
from jaxtyping import Int

from fabgwas.errors import InputError
from fabgwas.variants import chromosome_codes

BUILDS = ("GRCh37", "GRCh38")

_NAMES = {"37": "GRCh37", "19": "GRCh37", "38": "GRCh38"}
_PREFIXES = ("grch", "hg", "build", "b")
# SNPs that must agree before a build is believed, and their share among those compared;
# a wrong position hardly ever equals that of the same SNP, but may be that of another
_FEWEST_BY_RSID, _FEWEST_BY_PLACE = 2, 10
_SHARE = 0.9


def normalize_build(name: str, path: str | Path | None = None) -> str:
    """GRCh37 or GRCh38, for any usual spelling such as hg19, b37 or 38.

    Parameters
    ----------
    name
        The spelling.
    path
        File that it comes from, for the error.

    Raises
    ------
    InputError
        For any other name.
    """
    plain = name.strip().lower().split(".")[0]
    for prefix in _PREFIXES:
        plain = plain.removeprefix(prefix)
    if plain not in _NAMES:
        where = "" if path is None else f"{path}: "
        raise InputError(
            f"{where}unknown genome build {name!r}; known are GRCh37 and GRCh38."
        )
    return _NAMES[plain]


def detect_build(table: pa.Table) -> str | None:
    """Build of the positions of a table, told by some 9,000 SNPs of HapMap3.

    SNPs are looked up by rsID, and if few have one, by chromosome and position alone.

    Returns
    -------
    GRCh37, GRCh38, or None where the SNPs are too few or do not agree.
    """
    by_rsid = _matches_by_rsid(table)
    return _verdict(by_rsid, _FEWEST_BY_RSID) or _verdict(
        _matches_by_place(table), _FEWEST_BY_PLACE
    )


def _verdict(matches: list[int], fewest: int) -> str | None:
    best = int(np.argmax(matches))
    enough = matches[best] >= max(fewest, _SHARE * sum(matches))
    return BUILDS[best] if enough else None


def _matches_by_rsid(table: pa.Table) -> list[int]:
    """How many SNPs, found by rsID, are where each build has them."""
    snps = _snps()
    # the short list is hashed, not the long table
    snp = pc.index_in(table["rsid"].cast(pa.string()), snps["name"].combine_chunks())
    row = np.flatnonzero(snp.is_valid().to_numpy())
    snps = snps.take(snp.drop_null())
    taken = table.select(["chrom", "pos"]).take(pa.array(row))
    pos = pc.fill_null(taken["pos"], 0).to_numpy()
    same = chromosome_codes(taken["chrom"]) == snps["chrom"].to_numpy()
    return [
        int(np.count_nonzero(same & (pos == snps[build].to_numpy()))) for build in BUILDS
    ]


def _matches_by_place(table: pa.Table) -> list[int]:
    """How many SNPs of the list have a variant at their place in each build."""
    snps = _snps()
    code, pos = chromosome_codes(table["chrom"]), pc.fill_null(table["pos"], 0).to_numpy()
    places = _places(code, pos)
    matches = []
    for build in BUILDS:
        listed = np.sort(_places(snps["chrom"].to_numpy(), snps[build].to_numpy()))
        at = np.minimum(np.searchsorted(listed, places), listed.size - 1)
        matches.append(np.unique(at[listed[at] == places]).size)
    return matches


def _places(
    code: Int[np.ndarray, " variant"], pos: Int[np.ndarray, " variant"]
) -> Int[np.ndarray, " variant"]:
    return code.astype(np.int64) << 32 | pos.astype(np.int64)


@cache
def _snps() -> pa.Table:
    with as_file(files("fabgwas") / "data" / "build_snps.parquet") as path:
        table = pyarrow.parquet.read_table(path)
    number = table["rsid"].cast(pa.string())
    return table.append_column("name", pc.binary_join_element_wise("rs", number, ""))
