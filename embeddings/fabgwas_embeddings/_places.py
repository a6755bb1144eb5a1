"""Where sorted positions lie among the genes of their chromosome."""

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from jaxtyping import Bool, Int

FLANK = 5_000  # bp beside a gene that count as upstream or downstream
NEARBY = 50_000  # bp within which other genes are named
MOST_NEARBY = 3  # genes

_CLASSES_KB = (5, 20, 50, 100, 200, 500)  # upper ends of the distance classes
_REGIONS = pa.array(["genic", "intergenic", "downstream", "upstream"])


def _place_phrases() -> list[str]:
    """Phrases of no distance, then down- and upstream for each distance class."""
    low = (0, *_CLASSES_KB)
    sizes = [f"{a} to {b} kb" for a, b in zip(low, _CLASSES_KB, strict=False)]
    sizes = [f"less than {low[1]} kb", *sizes[1:], f"more than {low[-1]} kb"]
    return ["within", *(f"{s} {d} of" for s in sizes for d in ("downstream", "upstream"))]


_PHRASES = pa.array(_place_phrases())


class Place:
    """Nearest, overlapping and nearby genes of sorted positions on one chromosome.

    Parameters
    ----------
    pos
        Sorted.
    genes
        Columns start, end (1-based, inclusive), strand, symbol; sorted by start.
    """

    def __init__(self, pos: Int[np.ndarray, " variant"], genes: pa.Table) -> None:
        self.pos = pos
        self.symbols = genes["symbol"].combine_chunks()
        self.start = genes["start"].to_numpy()
        self.end = genes["end"].to_numpy()
        self.forward = pc.fill_null(pc.equal(genes["strand"], "+"), False).to_numpy()
        self.tss = np.where(self.forward, self.start, self.end)
        self._find_pairs()
        self.nearest = self._nearest()
        self.distance = self._distance(np.arange(pos.size), self.nearest)

    def _find_pairs(self) -> None:
        """Every pair of a variant and a close gene, those of a variant by distance.

        Of genes that overlap a variant, that of the nearest start comes first.
        """
        first = np.searchsorted(self.pos, self.start - NEARBY, "left")
        last = np.searchsorted(self.pos, self.end + NEARBY, "right")
        count = last - first
        gene = np.repeat(np.arange(count.size), count)
        variant = np.arange(gene.size) + np.repeat(
            first - (np.cumsum(count) - count), count
        )
        distance = self._distance(variant, gene)
        to_tss = np.abs(self.pos[variant] - self.tss[gene])
        # one key of two, which sorts in half the time; equal pairs stay in order of genes
        order = np.lexsort((to_tss, variant * (NEARBY + 1) + distance))
        self._variant, self._gene = variant[order], gene[order]
        self._inside = distance[order] == 0

    def _distance(self, variant: np.ndarray, gene: np.ndarray) -> np.ndarray:
        """Base pairs between a variant and a gene, 0 inside it."""
        pos = self.pos[variant]
        return np.maximum(np.maximum(self.start[gene] - pos, pos - self.end[gene]), 0)

    def _nearest(self) -> np.ndarray:
        """The nearest gene; of several that overlap, that of the nearest start."""
        by_end = np.argsort(self.end, kind="stable")
        by_start = np.argsort(self.start, kind="stable")
        left = by_end[
            np.maximum(np.searchsorted(self.end[by_end], self.pos, "left") - 1, 0)
        ]
        after = np.searchsorted(self.start[by_start], self.pos, "right")
        right = by_start[np.minimum(after, by_start.size - 1)]
        each = np.arange(self.pos.size)
        nearest = np.where(
            self._distance(each, left) <= self._distance(each, right), left, right
        )
        first = np.flatnonzero(np.diff(self._variant, prepend=-1))
        nearest[self._variant[first]] = self._gene[first]
        return nearest

    @property
    def tss_distance(self) -> Int[np.ndarray, " variant"]:
        """Base pairs to the start of transcription of the nearest gene."""
        return np.abs(self.pos - self.tss[self.nearest])

    @property
    def _upstream(self) -> Bool[np.ndarray, " variant"]:
        """Whether a variant beside its nearest gene lies before its start."""
        before = self.pos < self.start[self.nearest]
        return before == self.forward[self.nearest]

    def regions(self) -> pa.StringArray:
        """Genic, upstream, downstream or intergenic."""
        region = np.where(self.distance > FLANK, 1, 2 + self._upstream)
        return _REGIONS.take(pa.array(np.where(self.distance == 0, 0, region)))

    def phrases(self) -> pa.StringArray:
        """Distance class and side of the nearest gene in words."""
        kind = 1 + 2 * np.searchsorted(np.multiply(_CLASSES_KB, 1000), self.distance)
        phrase = np.where(self.distance == 0, 0, kind + self._upstream)
        return _PHRASES.take(pa.array(phrase))

    def overlapping(self) -> pa.StringArray:
        """Symbols of all genes that a variant lies in; null where there are none."""
        return self._names(self._inside)

    def nearby(self) -> pa.StringArray:
        """Symbols of the next genes within `NEARBY` beside the nearest one."""
        other = np.flatnonzero(self._gene != self.nearest[self._variant])
        owner = self._variant[other]
        rank = np.arange(owner.size) - np.searchsorted(owner, owner, "left")
        return self._names(other[rank < MOST_NEARBY])

    def _names(self, pair: np.ndarray) -> pa.StringArray:
        """Symbols of the chosen pairs, joined by variant; null where there are none."""
        count = np.bincount(self._variant[pair], minlength=self.pos.size)
        lists = pa.ListArray.from_arrays(
            pa.array(np.r_[0, np.cumsum(count)], pa.int32()),
            self.symbols.take(pa.array(self._gene[pair])),
            mask=pa.array(count == 0),
        )
        return pc.binary_join(lists, ", ")
