"""Gene models, and where a variant lies among them."""

from dataclasses import dataclass
from functools import cache
from importlib.resources import as_file, files
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from jaxtyping import Bool, Int

from fabgwas.errors import InputError
from fabgwas_embeddings._files import fill, source_of

FLANK = 5_000  # bp beside a gene that count as upstream or downstream
NEARBY = 50_000  # bp within which other genes are named
MOST_NEARBY = 3  # genes

_TEXT_FIELDS = {
    "gene_name": "gene_name",
    "gene_process": "process",
    "gene_function": "function",
    "gene_summary": "summary",
}
_ORIGIN = {"GRCh37": "GENCODE v26 lifted to GRCh37", "GRCh38": "GENCODE v29"}

_CLASSES_KB = (5, 20, 50, 100, 200, 500)  # upper ends of the distance classes
GENE_FIELDS = (
    "gene",
    "region",
    "gene_distance",
    "tss_distance",
    "gene_place",
    "overlapping_genes",
    "nearby_genes",
    "gene_name",
    "gene_process",
    "gene_function",
    "gene_summary",
    "gencode_category",
    "gencode_gene",
)


@dataclass(frozen=True)
class GeneModels:
    """Genes of one build, and what is known of them by name."""

    genes: pa.Table
    """Columns chrom, start, end (1-based, inclusive), strand, symbol; sorted by start."""
    text: pa.Table
    """Columns symbol, gene_name, process, function and maybe summary; may be null."""
    build: str
    source: dict[str, Any]
    exons: pa.Table | None = None
    """Columns chrom, start, end, sorted by start; None if exons are not known."""

    fields = GENE_FIELDS

    def annotate(self, chrom: str, variants: pa.Table) -> pa.Table:
        """Add the columns `GENE_FIELDS` to variants of one chromosome, sorted by pos.

        Parameters
        ----------
        chrom
            A name of `fabgwas.variants.CHROMOSOMES`.
        variants
            Has the column pos.
        """
        genes = self.genes.filter(pc.equal(self.genes["chrom"], chrom))
        if not genes.num_rows:
            return variants
        columns = _columns(_Place(variants["pos"].to_numpy(), genes), genes)
        if self.exons is not None:
            exonic = _inside(self.exons, chrom, variants["pos"].to_numpy())
            columns |= _tell_exons(columns, pa.array(exonic))
        columns |= self._texts(columns["gene"])
        columns["gencode_category"] = columns["region"]
        columns["gencode_gene"] = pc.coalesce(columns["overlapping_genes"], columns["gene"])
        for name in self.fields:
            variants = fill(variants, name, columns[name])
        return variants

    def _texts(self, gene: pa.Array) -> dict[str, pa.Array]:
        row = pc.index_in(gene, self.text["symbol"].combine_chunks())
        nothing = pa.nulls(len(gene), pa.string())
        return {
            field: self.text[name].combine_chunks().take(row)
            if name in self.text.column_names
            else nothing
            for field, name in _TEXT_FIELDS.items()
        }


@cache
def load_genes(build: str) -> GeneModels:
    """Protein-coding genes of GRCh37 or GRCh38 that ship with the package."""
    data = files("fabgwas_embeddings") / "data"
    with as_file(data) as folder:
        path = folder / f"genes_{build}.parquet"
        if not path.exists():
            raise InputError(f"build {build}: there are genes for GRCh37 and GRCh38 only.")
        text = folder / "gene_text.parquet"
        source = source_of("genes", path, origin=_ORIGIN[build])
        source["text"] = source_of("gene_text", text, origin="Entrez Gene; Gene Ontology")
        return GeneModels(pq.read_table(path), pq.read_table(text), build, source)


class _Place:
    """Nearest, overlapping and nearby genes of sorted positions on one chromosome."""

    def __init__(self, pos: Int[np.ndarray, " variant"], genes: pa.Table) -> None:
        self.pos = pos
        self.start = genes["start"].to_numpy()
        self.end = genes["end"].to_numpy()
        self.forward = pc.fill_null(pc.equal(genes["strand"], "+"), False).to_numpy()
        self.tss = np.where(self.forward, self.start, self.end)
        # every pair of a variant and a gene that are close
        first = np.searchsorted(pos, self.start - NEARBY, "left")
        last = np.searchsorted(pos, self.end + NEARBY, "right")
        count = last - first
        gene = np.repeat(np.arange(count.size), count)
        variant = np.arange(gene.size) + np.repeat(
            first - (np.cumsum(count) - count), count
        )
        distance = self._distance(variant, gene)
        to_tss = np.abs(pos[variant] - self.tss[gene])
        order = np.lexsort((gene, to_tss, distance, variant))
        self.variant, self.gene = variant[order], gene[order]
        self.distance = distance[order]
        self.nearest = self._nearest()

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
        close, first = np.unique(self.variant, return_index=True)
        nearest[close] = self.gene[first]
        return nearest

    def names(self, symbols: pa.Array, pair: np.ndarray, most: int | None) -> pa.Array:
        """Symbols of the chosen pairs, joined by variant; null where there are none."""
        variant, gene = self.variant[pair], self.gene[pair]
        rank = np.arange(variant.size) - np.searchsorted(variant, variant, "left")
        kept = np.ones(variant.size, bool) if most is None else rank < most
        variant, gene = variant[kept], gene[kept]
        bounds = np.searchsorted(variant, np.arange(self.pos.size + 1))
        lists = pa.ListArray.from_arrays(
            pa.array(bounds, pa.int32()), symbols.take(pa.array(gene))
        )
        joined = pc.binary_join(lists, ", ")
        return pc.if_else(
            pa.array(np.diff(bounds) > 0), joined, pa.scalar(None, pa.string())
        )


def _columns(place: _Place, genes: pa.Table) -> dict[str, pa.Array]:
    symbols = genes["symbol"].combine_chunks()
    each = np.arange(place.pos.size)
    distance = place._distance(each, place.nearest)
    tss_distance = np.abs(place.pos - place.tss[place.nearest])
    before = place.pos < place.start[place.nearest]
    upstream = before == place.forward[place.nearest]
    side = np.where(upstream, "upstream", "downstream")
    region = np.where(distance > FLANK, "intergenic", side)
    region = np.where(distance == 0, "genic", region)
    kind = np.where(
        distance == 0, 0, 1 + 2 * np.searchsorted(np.multiply(_CLASSES_KB, 1000), distance)
    )
    places = pa.array(_place_phrases())
    other = place.gene != place.nearest[place.variant]
    return {
        "gene": symbols.take(pa.array(place.nearest)),
        "region": pa.array(region.astype(object), pa.string()),
        "gene_distance": pa.array(distance, pa.int32()),
        "tss_distance": pa.array(tss_distance, pa.int32()),
        "gene_place": places.take(pa.array(kind + ((distance > 0) & upstream))),
        "overlapping_genes": place.names(symbols, place.distance == 0, None),
        "nearby_genes": place.names(symbols, other, MOST_NEARBY),
    }


def _place_phrases() -> list[str]:
    """Phrases of no distance, then down- and upstream for each distance class."""
    low = (0, *_CLASSES_KB)
    sizes = [f"{a} to {b} kb" for a, b in zip(low, _CLASSES_KB, strict=False)]
    sizes = [f"less than {low[1]} kb", *sizes[1:], f"more than {low[-1]} kb"]
    return ["within", *(f"{s} {d} of" for s in sizes for d in ("downstream", "upstream"))]


def _inside(
    intervals: pa.Table, chrom: str, pos: Int[np.ndarray, " variant"]
) -> Bool[np.ndarray, " variant"]:
    """Whether positions lie in one of the intervals, which are sorted by start."""
    there = intervals.filter(pc.equal(intervals["chrom"], chrom))
    reach = np.maximum.accumulate(np.r_[0, there["end"].to_numpy()])
    return reach[np.searchsorted(there["start"].to_numpy(), pos, "right")] >= pos


def _tell_exons(columns: dict[str, pa.Array], exonic: pa.Array) -> dict[str, pa.Array]:
    """Call genic variants exonic or intronic."""
    genic = pc.equal(columns["region"], "genic")
    kind = pc.if_else(exonic, "exonic", "intronic")
    where = pc.if_else(exonic, "in an exon of", "in an intron of")
    return {
        "region": pc.if_else(genic, kind, columns["region"]),
        "gene_place": pc.if_else(genic, where, columns["gene_place"]),
    }
