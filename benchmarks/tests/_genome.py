"""Variants with the LD of real people, and what a study may know of them."""

import tomllib
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pyarrow as pa

from benchmarks.harness import Context, need_file
from fabgwas.ldstore import LdStore, build_ld, open_ld

SETTINGS: dict[str, Any] = tomllib.loads(
    Path(__file__).with_name("simulation.toml").read_text()
)


_QUICK_MAF = 0.4


class Genome(NamedTuple):
    """Windows of linked variants.

    LD of the truth is that of one half of the people, shrunk so that it has full rank; what
    a study knows of LD is that of the other half.
    """

    table: pa.Table
    pos: np.ndarray
    tile: np.ndarray
    """Number of the window of each variant, which is that of its autosome."""
    block: np.ndarray
    blocks: list[np.ndarray]
    """LD matrix of each block of the truth."""
    roots: list[np.ndarray]
    """Their Cholesky factors."""
    known: LdStore
    ld_score: np.ndarray
    """Of the half that a study knows, over the variants that it has."""
    heterozygosity: np.ndarray

    def slices(self) -> Iterator[tuple[slice, np.ndarray]]:
        """Where each block lies among the variants, and its LD matrix."""
        start = 0
        for ld in self.blocks:
            yield slice(start, start + len(ld)), ld
            start += len(ld)


@cache
def load_genome(data: Path, cache_folder: Path, quick: bool) -> Genome:
    """Make the two stores once, then read them."""
    settings = SETTINGS["genome"]
    context = Context(data=data, cache=cache_folder, quick=quick)
    truth, known = (open_half(context, half) for half in "ab")
    match = known.match(truth.variants)
    order = np.argsort(match.left)[:: settings["step"] * (4 if quick else 1)]
    mine, theirs = match.left[order], match.right[order]
    block = truth.variants["block"].to_numpy()[mine]
    blocks, roots = [], []
    for number in np.unique(block).tolist():
        found = truth.block(number)
        inside = mine[block == number] - found.start
        ld = found.ld[np.ix_(inside, inside)]
        blocks.append(ld)
        roots.append(np.linalg.cholesky(ld.astype(float) + 1e-6 * np.eye(len(ld))))
    freq = known.freq[theirs]
    return Genome(
        table=truth.variants.take(pa.array(mine)),
        pos=truth.pos[mine].astype(np.int64),
        tile=truth.chrom[mine].astype(np.int64),
        block=block.astype(np.int64),
        blocks=blocks,
        roots=[root.astype(np.float32) for root in roots],
        known=known,
        ld_score=_scores_among(known, theirs),
        heterozygosity=2 * freq * (1 - freq),
    )


def _scores_among(store: LdStore, chosen: np.ndarray) -> np.ndarray:
    """LD scores that sum over these variants only, at least 1."""
    block = store.variants["block"].to_numpy()[chosen]
    scores = np.ones(chosen.size)
    for number in np.unique(block).tolist():
        here = block == number
        found = store.block(number)
        inside = chosen[here] - found.start
        kept = 1 - store.blocks["shrinkage"][number].as_py()
        r2 = (found.ld[np.ix_(inside, inside)].astype(float) / kept) ** 2
        np.fill_diagonal(r2, 1.0)
        r2 -= (1 - r2) / (store.n_samples - 2)
        scores[here] = np.maximum(r2.sum(axis=1), 1.0)
    return scores


def open_half(context: Context, half: str) -> LdStore:
    """LD of every second person, from the first (a) or the second (b) on."""
    bed = need_file(context, SETTINGS["genome"]["genotypes"] + ".bed")
    least = _QUICK_MAF if context.quick else SETTINGS["genome"]["min_maf"]
    out = context.cache / f"tests-eur-half-{half}{'-quick' if context.quick else ''}"
    if not (out / "ld.json").is_file():
        context.cache.mkdir(parents=True, exist_ok=True)
        people = bed.with_suffix(".fam").read_text().splitlines()["ab".index(half) :: 2]
        keep = context.cache / f"tests-half-{half}.txt"
        keep.write_text("".join(" ".join(row.split()[:2]) + "\n" for row in people))
        build_ld(bed, out, build="GRCh37", keep=keep, min_maf=least)
    return open_ld(out)
