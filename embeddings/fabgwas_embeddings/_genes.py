"""Gene models, and where a variant lies among them."""

from dataclasses import dataclass
from functools import cache, cached_property
from importlib.resources import as_file, files
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from jaxtyping import Bool, Int

from fabgwas.errors import InputError
from fabgwas_embeddings._files import fill, source_of
from fabgwas_embeddings._places import Place

_TEXT_FIELDS = {
    "gene_name": "gene_name",
    "gene_process": "process",
    "gene_function": "function",
    "gene_summary": "summary",
}
_ORIGIN = {"GRCh37": "GENCODE v26 lifted to GRCh37", "GRCh38": "GENCODE v29"}

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
        here = self._by_chromosome.get(chrom)
        if here is None:
            return variants
        pos = variants["pos"].to_numpy()
        place = Place(pos, here)
        columns = _columns(place)
        if self.exons is not None:
            exonic = _inside(self.exons, chrom, pos)
            columns |= _tell_exons(columns, pa.array(exonic))
        nearest = pa.array(place.nearest)
        for field in _TEXT_FIELDS:
            columns[field] = here[field].combine_chunks().take(nearest)
        columns["gencode_category"] = columns["region"]
        columns["gencode_gene"] = pc.coalesce(columns["overlapping_genes"], columns["gene"])
        for name in self.fields:
            variants = fill(variants, name, columns[name])
        return variants

    @cached_property
    def _by_chromosome(self) -> dict[str, pa.Table]:
        """The genes of each chromosome, with what is known of them by name."""
        row = pc.index_in(self.genes["symbol"], self.text["symbol"].combine_chunks())
        genes = self.genes
        for field, name in _TEXT_FIELDS.items():
            known = name in self.text.column_names
            text = self.text[name] if known else pa.nulls(len(self.text), pa.string())
            genes = genes.append_column(field, text.take(row))
        return {
            chrom: genes.filter(pc.equal(genes["chrom"], chrom)).combine_chunks()
            for chrom in genes["chrom"].unique().to_pylist()
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


def _columns(place: Place) -> dict[str, pa.Array]:
    return {
        "gene": place.symbols.take(pa.array(place.nearest)),
        "region": place.regions(),
        "gene_distance": pa.array(place.distance, pa.int32()),
        "tss_distance": pa.array(place.tss_distance, pa.int32()),
        "gene_place": place.phrases(),
        "overlapping_genes": place.overlapping(),
        "nearby_genes": place.nearby(),
    }


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
