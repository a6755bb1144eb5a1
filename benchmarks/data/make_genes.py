"""Make the gene tables of both packages from GENCODE and Entrez Gene.

Run as `python benchmarks/data/make_genes.py GENES_FOLDER`, where the folder holds the gene
tables of the package cimr 0.1.7 (`gene_grch37_gencode_v26.tsv.gz`,
`gene_grch38_gencode_v29.tsv.gz`) and `gene_text.tsv.gz` (symbol, entrez, ensembl,
gene_name, gene_type, go_bp and go_mf, joined by ";", from org.Hs.eg.db 3.16.0 and GO.db
3.16.0).
"""

import sys
from collections import Counter
from pathlib import Path

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from fabgwas.variants import CHROMOSOMES, chromosome_code

ROOT = Path(__file__).parents[2]
OUTPUT = ROOT / "embeddings" / "fabgwas_embeddings" / "data"
# the package of tests labels loci, and does not know the other package
LABELS = ROOT / "fabgwas" / "data"
GENCODE = {
    "GRCh37": "gene_grch37_gencode_v26.tsv.gz",
    "GRCh38": "gene_grch38_gencode_v29.tsv.gz",
}
TERMS = 4  # of each kind and gene
FEWEST_GENES = 5  # a term of fewer genes is a name of the gene rather than a topic


def coordinates(folder: Path, build: str, symbols: pd.Series) -> pd.DataFrame:
    """Protein-coding genes; of pieces of one gene on one chromosome the longest.

    Names that the source lost (all of chrM) are looked up in `symbols` by Ensembl number,
    which else stands for the name.
    """
    table = pd.read_csv(folder / GENCODE[build], sep="\t", low_memory=False)
    table = table[table["feature_type"] == "protein_coding"]
    genes = pd.DataFrame(
        {
            "build": build,
            "code": table["gene_chrom"].map(chromosome_code),
            "start": table["gene_start"],
            "end": table["gene_stop"],
            "strand": table["strand"],
            "symbol": table["feature_name"],
            "ensembl": table["feature_id"].str.extract(r"^(ENSG\d+)")[0],
        }
    )
    lost = genes["symbol"].str.contains('"')
    number = genes.loc[lost, "ensembl"]
    genes.loc[lost, "symbol"] = number.map(symbols).fillna(number)
    genes["length"] = genes["end"] - genes["start"]
    genes = genes.sort_values("length", ascending=False)
    genes = genes.drop_duplicates(["code", "symbol"]).drop(columns="length")
    return genes.sort_values(["code", "start", "end", "symbol"])


def specific_terms(lists: pd.Series) -> pd.Series:
    """The rarest terms of each gene that still are shared by several genes."""
    split = lists.fillna("").str.split(";")
    genes = Counter(term for terms in split for term in terms if term)

    def choose(terms: list[str]) -> str | None:
        known = [term for term in terms if term and genes[term] >= FEWEST_GENES]
        rarest = sorted(known, key=lambda term: (genes[term], term))[:TERMS]
        return "; ".join(rarest) or None

    return split.map(choose)


def texts(folder: Path) -> pd.DataFrame:
    """Full name and GO terms of protein-coding genes."""
    table = pd.read_csv(folder / "gene_text.tsv.gz", sep="\t", low_memory=False)
    table = table[table["gene_type"] == "protein-coding"]
    return pd.DataFrame(
        {
            "symbol": table["symbol"],
            "ensembl": table["ensembl"],
            "gene_name": table["gene_name"],
            "process": specific_terms(table["go_bp"]),
            "function": specific_terms(table["go_mf"]),
        }
    ).drop_duplicates("symbol")


def main(folder: Path) -> None:
    described = texts(folder)
    by_id = described.dropna(subset=["ensembl"]).drop_duplicates("ensembl")
    by_id = by_id.set_index("ensembl")
    by_symbol = described.set_index("symbol")
    newer = coordinates(folder, "GRCh38", by_id["symbol"])
    symbols = newer.drop_duplicates("ensembl").set_index("ensembl")["symbol"]
    genes = pd.concat([coordinates(folder, "GRCh37", symbols), newer])
    genes["chrom"] = genes["code"].map(lambda code: CHROMOSOMES[code - 1])
    for build, table in genes.groupby("build"):
        place = ["chrom", "start", "end", "strand", "symbol", "ensembl"]
        table = table[place].astype({"start": "int32", "end": "int32"})
        write(OUTPUT / f"genes_{build}.parquet", table)
        write(LABELS / f"genes_{build}.parquet", table.drop(columns="ensembl"))
    known = genes.drop_duplicates("symbol", keep="last").sort_values("symbol")
    text = known[["symbol"]].copy()
    for name in ("gene_name", "process", "function"):
        text[name] = known["ensembl"].map(by_id[name])
        unknown = ~known["ensembl"].isin(by_id.index)
        text.loc[unknown, name] = known.loc[unknown, "symbol"].map(by_symbol[name])
    write(OUTPUT / "gene_text.parquet", text.dropna(subset=["gene_name"]))


def write(path: Path, content: pd.DataFrame) -> None:
    table = pa.Table.from_pandas(content, preserve_index=False).replace_schema_metadata(
        None
    )
    pq.write_table(table, path, compression="zstd", compression_level=19)
    print(f"{path.name}: {table.num_rows} rows, {path.stat().st_size} bytes")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
