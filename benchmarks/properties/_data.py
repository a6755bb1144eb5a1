"""The real data of this suite as tables with the columns of templates."""

from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa

from benchmarks.harness import Context, need_file
from benchmarks.properties._rows import annotate
from benchmarks.properties._text import cadd_words, tidy_consequence
from fabgwas_embeddings import load_genes
from fabgwas_embeddings._describe import Annotator
from fabgwas_embeddings.sources import catalog_annotator, read_catalog, read_clinvar

_CATALOG = "gwas_catalog/gwas_catalog_2020-04-30.sample50000.hg38.tsv.gz"
_AMINO_ACIDS = {
    "A": ("Ala", "alanine"),
    "R": ("Arg", "arginine"),
    "N": ("Asn", "asparagine"),
    "D": ("Asp", "aspartate"),
    "C": ("Cys", "cysteine"),
    "Q": ("Gln", "glutamine"),
    "E": ("Glu", "glutamate"),
    "G": ("Gly", "glycine"),
    "H": ("His", "histidine"),
    "I": ("Ile", "isoleucine"),
    "L": ("Leu", "leucine"),
    "K": ("Lys", "lysine"),
    "M": ("Met", "methionine"),
    "F": ("Phe", "phenylalanine"),
    "P": ("Pro", "proline"),
    "S": ("Ser", "serine"),
    "T": ("Thr", "threonine"),
    "W": ("Trp", "tryptophan"),
    "Y": ("Tyr", "tyrosine"),
    "V": ("Val", "valine"),
    "*": ("Ter", "a stop"),
}
ONE_LETTER = {short: word for short, (_, word) in _AMINO_ACIDS.items()}
THREE_LETTERS = dict(_AMINO_ACIDS.values())


def clinvar_2020(context: Context, *classes: str) -> pa.Table:
    """Rows of some classes of ClinVar of August 2020 (GRCh38), annotated.

    Beside the fields of templates: label_class, variation (ClinVar's ID) and exac, the
    allele frequency in ExAC (nan where it has none).
    """
    parts = []
    for name in classes:
        path = need_file(
            context, f"clinvar_2020_08_hg38/clinvar_2020-08.{name}.hg38.vcf.gz"
        )
        parts.append(_read_2020(path, name))
    annotators = [_catalog(context, "GRCh38"), load_genes("GRCh38")]
    return annotate(pa.concat_tables(parts), annotators)


def clinvar_2016(context: Context) -> pd.DataFrame:
    """ClinVar of May 2016 (GRCh37); consequences come from its own HGVS names."""
    path = need_file(context, "clinvar_2016_05_hg19/clinvar_2016-05-20.hg19.tsv.gz")
    kept = ["chrom", "pos", "ref", "alt", "measureset_id", "clinical_significance"]
    table = pd.read_csv(path, sep="\t", usecols=[*kept, "hgvs_c", "hgvs_p"], dtype=str)
    protein = (
        table["hgvs_p"].fillna("").str.extract(r"p\.(?P<from>[A-Z][a-z]{2})\d+(?P<to>\S*)")
    )
    coding = table["hgvs_c"].fillna("")
    to, site = (
        protein["to"].fillna(""),
        coding.str.extract(r"\d[+-](\d+)\D")[0].astype(float),
    )
    table["consequence"] = np.select(
        [
            to.eq("="),
            to.str.contains("fs"),
            to.str.startswith(("Ter", "*")),
            to.str.fullmatch("[A-Z][a-z]{2}"),
            site <= 2,
            site.notna(),
        ],
        ["synonymous", "frameshift", "nonsense", "missense", "splice site", "intron"],
        "other",
    )
    table["aa_from"] = protein["from"].map(THREE_LETTERS)
    table["aa_to"] = to.str[:3].map(THREE_LETTERS)
    return table.rename(columns={"measureset_id": "variation"})


def reclassified(context: Context) -> pd.DataFrame:
    """Variants once of uncertain significance and classified since, with their scores.

    Columns of templates, and variation (of ClinVar, where the file names it), label (1 for
    pathogenic), missense, CADD, REVEL and phyloP. The column CLIN_SIG, which holds the
    label, is not read.
    """
    parts = [
        _read_scored(
            need_file(context, f"clinvar_exvus_annotated_hg38/{name}.tsv.gz"), label
        )
        for name, label in (
            ("EXVUS_BEN_2020", 0),
            ("27dicBEN", 0),
            ("EXVUS_PAT_2020", 1),
            ("27dicPAT", 1),
        )
    ]
    table = pd.concat(parts, ignore_index=True)
    return table.drop_duplicates(["chrom", "pos", "ref", "alt"], ignore_index=True)


def brca1(context: Context) -> pd.DataFrame:
    """Saturation genome editing of BRCA1 (GRCh37), with function scores and predictions."""
    path = need_file(context, "brca1_sge_findlay2018/brca1.tsv.gz")
    table = pd.read_csv(path, sep="\t")
    return pd.DataFrame(
        {
            "chrom": table["chromosome"].astype(str),
            "pos": table["position (hg19)"],
            "ref": table["reference"],
            "alt": table["alt"],
            "consequence": table["consequence"].str.lower(),
            "aa_from": table["aa_ref"].map(ONE_LETTER),
            "aa_to": table["aa_alt"].map(ONE_LETTER),
            "label": (table["func.class"] == "LOF").astype(float),
            "exon": pd.factorize(table["experiment"])[0],
            "CADD": table["CADD.score"],
            "phyloP": table["phyloP (mammalian)"],
        }
    )


def hapmap3(context: Context) -> pa.Table:
    """HapMap3 SNPs (GRCh37) that the GWAS Catalog of 2020 has, and as many others."""
    path = need_file(context, "hapmap3_snps/hapmap3_db150_hg19.snplist.gz")
    table = pd.read_csv(path, sep="\t", dtype=str)
    table.columns = ["rsid", "alt", "ref", "chrom", "pos"]
    known = set(read_catalog(need_file(context, _CATALOG))["rsid"].to_pylist())
    table["label"] = table["rsid"].isin(known).astype(float)
    hits = table[table["label"] == 1]
    others = table[table["label"] == 0].sample(len(hits), random_state=0)
    found = pd.concat([hits, others])
    return annotate(as_table(found), [_catalog(context, "GRCh37"), load_genes("GRCh37")])


def as_table(frame: pd.DataFrame) -> pa.Table:
    """Columns as annotators want them."""
    columns: dict[str, Any] = {name: pa.array(frame[name]) for name in frame.columns}
    columns["pos"] = pa.array(frame["pos"].astype(np.int32))
    if "rsid" not in columns:
        columns["rsid"] = pa.nulls(len(frame), pa.string())
    return pa.table(columns)


@cache
def _catalog(context: Context, build: str) -> Annotator:
    """Joined by rsID, and by position in GRCh38."""
    path = need_file(context, _CATALOG)
    return catalog_annotator(read_catalog(path), build, {"path": path.name})


def _read_2020(path: Path, name: str) -> pa.Table:
    """What `read_clinvar` tells, and beside it the columns that it does not keep."""
    table = pa.Table.from_batches(list(read_clinvar(path, "GRCh38")))
    raw = pd.read_csv(path, sep="\t", comment="#", header=None, usecols=[2, 7], dtype=str)
    exac = raw[7].str.extract(r"AF_EXAC=([\d.e-]+)")[0].astype(float)
    for column, values in (
        ("variation", pa.array(raw[2])),
        ("exac", pa.array(exac.to_numpy())),
        ("label_class", pa.array([name] * len(raw))),
    ):
        table = table.append_column(column, values)
    at = table.schema.get_field_index("consequence")
    return table.set_column(at, "consequence", tidy_consequence(table["consequence"]))


def _read_scored(path: Path, label: int) -> pd.DataFrame:
    table = pd.read_csv(path, sep="\t", na_values="-", low_memory=False)
    place = table["Location"].str.extract(r"^(?:chr)?(\w+):(\d+)")
    amino = table["Amino_acids"].str.extract(r"^(\w)/(\w)$")
    alleles = (table["GIVEN_REF"], table.get("Allele", table.get("#Allele")))
    cadd = pd.to_numeric(table["CADD_PHRED"], errors="coerce")
    found = pd.DataFrame(
        {
            "chrom": place[0],
            "pos": place[1].astype(int),
            "ref": alleles[0].fillna("-"),
            "alt": alleles[1].fillna("-"),
            "variation": table.get(
                "#Uploaded_variation", pd.Series(pd.NA, table.index)
            ).astype("string"),
            "consequence": table["Consequence"]
            .str.replace("_variant", "")
            .str.replace("_", " ")
            .str.replace(",", ", "),
            "aa_from": amino[0].map(ONE_LETTER),
            "aa_to": amino[1].map(ONE_LETTER),
            "cadd_class": cadd_words(cadd.to_numpy()).to_pylist(),
            "label": float(label),
            "missense": table["Consequence"].str.startswith("missense"),
            "CADD": cadd,
            "REVEL": pd.to_numeric(table["REVEL_score"], errors="coerce"),
            "phyloP": pd.to_numeric(table["phyloP100way_vertebrate"], errors="coerce"),
        }
    )
    return found
