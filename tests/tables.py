"""A small file of every kind of table that is read beside summary statistics."""

import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import pyarrow as pa

from fabgwas.io import (
    SumStats,
    blocks_from_bed,
    lift_over,
    list_traits,
    read_annotations,
    read_weights,
)
from fabgwas.io._bim import read_bim, read_fam
from fabgwas.io._people import read_people
from fabgwas.io._person_tables import numeric_matrix, read_person_table
from fabgwas.io._pgen import read_psam, read_pvar
from fabgwas_embeddings import FastaVariants, read_variants
from fabgwas_embeddings.sources import (
    PositionLookup,
    catalog_annotator,
    read_catalog,
    read_clinvar,
    read_favor,
    read_genes,
    with_children,
)

PLACED = pa.table(
    {
        "chrom": pa.array(["1", "1", "2"]).dictionary_encode(),
        "pos": pa.array([1000, 2000, 3000], pa.int32()),
        "rsid": ["rs1", "rs2", "rs3"],
        "effect_allele": pa.array(["A", "C", "G"]).dictionary_encode(),
        "other_allele": pa.array(["G", "T", "A"]).dictionary_encode(),
    }
)
SAMPLES = pa.table({"family": ["f1", "f2", "f3"], "sample": ["s1", "s2", "s3"]})


class Kind(NamedTuple):
    """A kind of file: its name, what one holds, and what is done with it."""

    file: str
    text: str
    read: Callable[[Path], Any]


def person_matrix(path: Path) -> Any:
    return numeric_matrix(read_person_table(path), str(path))


def lifted(path: Path) -> SumStats:
    count = PLACED.num_rows
    numbers = {name: [0.1] * count for name in ("beta", "se", "z", "log_pvalue", "n")}
    table = PLACED
    for name, values in numbers.items():
        table = table.append_column(name, pa.array(values))
    study = SumStats(table, str(path), "fabgwas", "effect_allele", "GRCh37", None, "")
    return lift_over(study, path, "GRCh38")


def looked_up(path: Path, batches: Any, fields: tuple[str, ...]) -> Any:
    """What the annotator of a database adds to some variants."""
    variants = pa.table(
        {
            "pos": pa.array([100, 101, 4781213, 20189481], pa.int32()),
            "ref": ["A", "C", "GGAT", "A"],
            "alt": ["C", "T", "TGCTG", "G"],
            "rsid": ["rs1", "rs2", None, None],
        }
    )
    with tempfile.TemporaryDirectory() as folder:
        source = {"path": path}
        lookup = PositionLookup(lambda: batches, Path(folder) / "all", fields, source)
        return lookup.annotate("1", variants)


def favor(path: Path) -> Any:
    batches = list(read_favor(path))
    return looked_up(path, batches, ("cadd_class", "gencode_gene")) if batches else batches


def clinvar(path: Path) -> Any:
    batches = list(read_clinvar(path, "GRCh38"))
    return looked_up(path, batches, ("clinvar_conditions",)) if batches else batches


def catalog(path: Path) -> Any:
    variants = pa.table({"pos": pa.array([100], pa.int32()), "rsid": ["rs1"]})
    annotator = catalog_annotator(read_catalog(path), "GRCh38", {})
    return annotator.annotate("1", variants)


def genes(path: Path) -> Any:
    variants = pa.table({"pos": pa.array([1, 11869, 12000, 200000], pa.int32())})
    return read_genes(path, "GRCh37").annotate("1", variants)


def fasta(path: Path) -> Any:
    Path(f"{path}.fai").unlink(missing_ok=True)
    found = FastaVariants.open(path)
    return [found.read(shard) for shard in found.shards(30)]


_GXF = "chr1\tHAVANA\t{}\t{}\t{}\t.\t{}\t.\t{}\n"
KINDS = {
    "bim": Kind("a.bim", "1\trs1\t0\t1000\tA\tG\nX\trs2\t0.5\t2000\tC\tT\n", read_bim),
    "fam": Kind("a.fam", "f1 s1 0 0 1 2.5\nf2 s2 0 0 2 -9\n", read_fam),
    "pvar": Kind(
        "a.pvar",
        "##fileformat=VCFv4.2\n#CHROM\tPOS\tID\tREF\tALT\n1\t1000\trs1\tA\tG\n",
        read_pvar,
    ),
    "psam": Kind("a.psam", "#FID\tIID\tSEX\nf1\ts1\t1\nf2\ts2\t2\n", read_psam),
    "keep": Kind(
        "keep.txt", "#FID IID\nf1 s1\ns2\n", lambda path: read_people(path, SAMPLES)
    ),
    "phenotype": Kind(
        "pheno.tsv",
        "#FID\tIID\theight\tsite\nf1\ts1\t1.5\tnorth\nf2\ts2\tNA\tsouth\n",
        person_matrix,
    ),
    "covariates": Kind("covar.csv", "IID,age,sex\ns1,40,0\ns2,5e1,1\n", person_matrix),
    "scores": Kind(
        "a.sscore", "#IID ALLELE_CT SCORE1_AVG\ns1 20 0.25\ns2 20 -0.5\n", person_matrix
    ),
    "weights": Kind(
        "a.score.tsv",
        "ID\tA1\tweight\nrs1\tA\t0.5\n1:2000:T:C\tC\t-1e-3\n",
        read_weights,
    ),
    "plain weights": Kind("plain.txt", "rs1 A 0.5\nrs2 C -0.25\n", read_weights),
    "catalogue weights": Kind(
        "PGS1.txt",
        "###PGS CATALOG SCORING FILE\n#format_version=2.0\n#pgs_id=PGS1\n"
        "#genome_build=GRCh37\n"
        "rsID\tchr_name\tchr_position\teffect_allele\tother_allele\teffect_weight\t"
        "allelefrequency_effect\tis_dominant\n"
        "rs1\t1\t1000\tA\tG\t0.5\t0.1\tFalse\nrs2\t1\t2000\tC\tT\t-0.25\t0.2\tTrue\n",
        read_weights,
    ),
    "annotations": Kind(
        "annotations.tsv",
        "chrom\tpos\teffect_allele\tother_allele\tcoding\tscore\n"
        "1\t1000\tA\tG\ttrue\t0.5\n2\t3000\tA\tG\tfalse\tNA\n",
        lambda path: read_annotations(path, PLACED),
    ),
    "annotations by rsid": Kind(
        "annotations.tsv",
        "rsid\tcoding\tscore\nrs1\t1\t0.5\nrs3\t0\tnan\n",
        lambda path: read_annotations(path, PLACED),
    ),
    "blocks": Kind(
        "blocks.bed",
        "chr\tstart\tstop\nchr1\t0\t5000\nchr1\t5000\t9000\nchr2\t10\t20\n",
        blocks_from_bed,
    ),
    "chain": Kind(
        "a.over.chain",
        "chain 100 chr1 4000 + 100 2200 chr1 4000 + 1100 3200 1\n900\t10\t10\n1190\n\n"
        "chain 100 chr2 4000 + 2000 4000 chr2 4000 - 0 2000 2\n2000\n\n",
        lifted,
    ),
    "traits": Kind("a.regenie", "ID BETA.Y1 BETA.Y2\nrs1 1 2\n", list_traits),
    "FAVOR": Kind(
        "favor.csv",
        "variant_vcf,chromosome,genecode_comprehensive_category,"
        "genecode_comprehensive_info,genecode_comprehensive_exonic_category,metasvm_pred,"
        'cadd_phred,rsid\n1-100-A-C,1,exonic,"GJB2(ENST1:exon2),CRYL1",'
        "nonsynonymous SNV,D,21.6,rs35887622\n1-101-C-T,1,intronic,X,,T,,\n",
        favor,
    ),
    "ClinVar VCF": Kind(
        "clinvar.vcf",
        "##fileformat=VCFv4.1\n##reference=GRCh38\n"
        "#CHROM\tPOS\tID\tREF\tALT\tQUAL\tFILTER\tINFO\n"
        "1\t100\t1\tA\tC\t.\t.\tCLNDN=Harel-Yoon_syndrome|not_provided;"
        "CLNREVSTAT=criteria_provided;CLNSIG=Benign;GENEINFO=ATAD3A:55210;"
        "MC=SO:0001583|missense_variant;RS=1057517686\n"
        "1\t101\t2\tC\tT\t.\t.\tCLNSIG=Pathogenic\n",
        clinvar,
    ),
    "ClinVar summary": Kind(
        "variant_summary.txt",
        "#AlleleID\tGeneSymbol\tClinicalSignificance\tRS# (dbSNP)\tPhenotypeList\t"
        "Assembly\tChromosome\tReviewStatus\tPositionVCF\tReferenceAlleleVCF\t"
        "AlternateAlleleVCF\n"
        "15041\tAP5Z1\tPathogenic\t397704705\tSpastic paraplegia|not provided\tGRCh38\t1\t"
        "criteria provided\t100\tA\tC\n",
        clinvar,
    ),
    "GWAS Catalog": Kind(
        "catalog.tsv",
        "DATE\tPUBMEDID\tDISEASE/TRAIT\tCHR_ID\tCHR_POS\tSNPS\tSTRONGEST SNP-RISK ALLELE\t"
        "PVALUE_MLOG\tMAPPED_TRAIT\tMAPPED_TRAIT_URI\n"
        "2018-10-01\t1\tHeight\t1\t100\trs1\trs1-A\t9\tbody height\tEFO_1\n"
        "12-Jun-2015\t2\tPair\t1 x 2\t100 x 200\trs1 x rs3\trs1-C x rs3-?\t8\tgrowth\t\n"
        "14934.0\t3\tNowhere\t\t\trs9\trs9-?\t8.5\t\t\n",
        catalog,
    ),
    "GTF": Kind(
        "genes.gtf",
        "#!genome-build GRCh37\n"
        + _GXF.format("gene", 11869, 14409, "+", 'gene_biotype "protein_coding"; gene "A";')
        + _GXF.format("exon", 11869, 12227, "+", 'gene_biotype "protein_coding"; gene "A";')
        + _GXF.format("gene", 65419, 71585, "-", 'gene_type "lncRNA"; gene_name "B";'),
        genes,
    ),
    "GFF3": Kind(
        "genes.gff3",
        "##gff-version 3\n"
        + _GXF.format("gene", 11869, 14409, "+", "ID=gene:1;biotype=protein_coding;Name=A"),
        genes,
    ),
    "gene table": Kind(
        "genes.tsv",
        "chrom\tstart\tend\tstrand\tsymbol\n1\t11869\t14409\t+\tA\n1\t65419\t71585\t-\tB\n",
        genes,
    ),
    "ontology": Kind(
        "efo.obo",
        "format-version: 1.2\n\n[Term]\nid: EFO:1\nname: body height\n\n[Term]\nid: EFO:2\n"
        "name: growth spurt\nis_a: EFO:1 ! body height\n",
        lambda path: with_children(["body height"], path),
    ),
    "list of variants": Kind(
        "list.tsv", "rsid\tA1\tA2\t#CHROM\tPOS\nrs3\tG\tA\t1\t752566\n", read_variants
    ),
    "list in a bim": Kind(
        "list.bim", "23\trs2\t0\t5\tg\ta\n1\trs1\t0\t7\tC\tT\n", read_variants
    ),
    "list in a VCF": Kind(
        "list.vcf",
        "##fileformat=VCFv4.2\n#CHROM\tPOS\tID\tREF\tALT\tQUAL\tFILTER\tINFO\n"
        "chr2\t10\trs1\tA\tG,T,<DEL>\t.\t.\t.\n2\t9\t.\tAC\tA\t.\t.\t.\n",
        read_variants,
    ),
    "FASTA": Kind("a.fa", ">chr2 x\nNNNNACGTac\ngtRYNNAC\n>chrUn\nACGT\n>1\nTTT\n", fasta),
}  # fmt: skip
