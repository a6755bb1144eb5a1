"""Gene models of the user: GTF, GFF3 or a plain table, and free text about genes."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from fabgwas.errors import InputError
from fabgwas.variants import CHROMOSOMES, chromosome_codes
from fabgwas_embeddings._files import read_batches, read_header, source_of
from fabgwas_embeddings._genes import GeneModels, load_genes

_GXF = ["chrom", "source", "type", "start", "end", "score", "strand", "phase", "attributes"]
# names of a column of a table, in order of preference
_TABLE = {
    "chrom": ("chrom", "gene_chrom"),
    "start": ("start", "gene_start"),
    "end": ("end", "gene_stop"),
    "strand": ("strand",),
    "symbol": ("symbol", "feature_name"),
}
_TABLE_BIOTYPE = ("gene_type", "feature_type")
_TYPES = ("gene", "ncRNA_gene", "exon")
_SYMBOL = r'(?:^|;)\s*(?:gene_name|gene|Name)[ =]"?(?P<value>[^";]+)'
_BIOTYPE = r'(?:^|;)\s*(?:gene_type|gene_biotype|biotype)[ =]"?(?P<value>[^";]+)'


def read_genes(
    path: Path, build: str, *, summaries: Path | None = None, coding_only: bool = True
) -> GeneModels:
    """Gene models from a GTF, a GFF3 or a table with chrom, start, end, strand, symbol.

    The columns of a table may also have the names of GENCODE's gene lists: gene_chrom,
    gene_start, gene_stop, feature_name; gene_type or feature_type tells coding genes.
    Exons are kept where the file has them (all transcripts), so that exonic and intronic
    variants are told apart. What is known of genes by name (full name, GO terms) comes from
    the shipped table.

    Parameters
    ----------
    path
        The file, compressed or not; 1-based, ends included.
    build
        GRCh37 or GRCh38, the build of the file.
    summaries
        Table with the columns symbol and summary: a text for each gene.
    coding_only
        Leave out genes that the file calls other than protein_coding.
    """
    header, skipped = read_header(path, "#")
    if header.count("\t") == len(_GXF) - 1:
        genes, exons = _read_gxf(path, coding_only)
    else:
        names = header.split("\t")
        genes, exons = _read_table(path, names, skipped + 1, coding_only), None
    if not genes.num_rows:
        raise InputError(f"{path}: holds no gene on a chromosome that is known.")
    shipped = load_genes(build)
    text = shipped.text if summaries is None else _with_summaries(shipped.text, summaries)
    source = source_of("genes", path)
    if summaries is not None:
        source["text"] = source_of("gene_summaries", summaries)
    return GeneModels(genes, text, build, source, exons)


def _read_gxf(path: Path, coding_only: bool) -> tuple[pa.Table, pa.Table | None]:
    genes, exons = [], []
    types = {"start": pa.int32(), "end": pa.int32()}
    columns = ["chrom", "type", "start", "end", "strand", "attributes"]
    for batch in read_batches(
        path, _GXF, skip=0, columns=columns, types=types, comment=b"#"
    ):
        batch = batch.filter(pc.is_in(batch.column("type"), pa.array(_TYPES)))
        biotype = _attribute(batch.column("attributes"), _BIOTYPE)
        if coding_only:
            coding = pc.fill_null(pc.equal(biotype, "protein_coding"), True)
            batch = batch.filter(coding)
        exon = pc.equal(batch.column("type"), "exon")
        exons.append(batch.filter(exon).select(["chrom", "start", "end"]))
        bodies = batch.filter(pc.invert(exon))
        symbol = _attribute(bodies.column("attributes"), _SYMBOL)
        bodies = bodies.select(["chrom", "start", "end", "strand"])
        genes.append(bodies.append_column("symbol", symbol))
    table = _placed(pa.Table.from_batches(genes), path)
    exon_table = _placed(pa.Table.from_batches(exons), path)
    table = table.filter(pc.is_valid(table["symbol"]))
    return table, exon_table if exon_table.num_rows else None


def _read_table(path: Path, names: list[str], skip: int, coding_only: bool) -> pa.Table:
    chosen = {
        column: next((name for name in known if name in names), None)
        for column, known in (_TABLE | {"biotype": _TABLE_BIOTYPE}).items()
    }
    missing = [column for column in _TABLE if chosen[column] is None]
    if missing:
        raise InputError(
            f"{path}: neither GTF, GFF3 nor a table of genes: no column "
            f"{', '.join(missing)}."
        )
    there = {column: name for column, name in chosen.items() if name is not None}
    types = {there["start"]: pa.int32(), there["end"]: pa.int32()}
    batches = read_batches(path, names, skip=skip, columns=[*there.values()], types=types)
    table = pa.Table.from_batches(list(batches)).rename_columns(list(there))
    if coding_only and "biotype" in there:
        coding = pc.fill_null(pc.equal(table["biotype"], "protein_coding"), True)
        table = table.filter(coding)
    return _placed(table.select(list(_TABLE)), path)


def _attribute(attributes: pa.StringArray, pattern: str) -> pa.StringArray:
    return pc.struct_field(pc.extract_regex(attributes, pattern), "value")


def _placed(table: pa.Table, path: Path) -> pa.Table:
    """Rows on known chromosomes, with our names, sorted."""
    good = pc.and_(
        pc.greater(table["start"], 0), pc.greater_equal(table["end"], table["start"])
    )
    bad = np.flatnonzero(~pc.fill_null(good, False).to_numpy())
    if bad.size:
        row = table.slice(bad[0], 1).to_pylist()[0]
        raise InputError(
            f"{path}: {row} is no gene: it needs start and end, 0 < start <= end."
        )
    code = chromosome_codes(table["chrom"])
    rows = np.lexsort((table["start"].to_numpy(), code))
    rows = rows[code[rows] > 0]
    names = pa.array(["", *CHROMOSOMES]).take(pa.array(code[rows]))
    return table.take(rows).set_column(0, "chrom", names).combine_chunks()


def _with_summaries(text: pa.Table, path: Path) -> pa.Table:
    header, skipped = read_header(path)
    names = header.split("\t")
    if not {"symbol", "summary"} <= set(names):
        raise InputError(f"{path}: gene summaries need the columns symbol and summary.")
    batches: Iterator[pa.RecordBatch] = read_batches(
        path, names, skip=skipped + 1, columns=["symbol", "summary"]
    )
    summaries = pa.Table.from_batches(list(batches))
    joined = text.join(summaries, "symbol", join_type="full outer", use_threads=False)
    return joined.sort_by("symbol")
