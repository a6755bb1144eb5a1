"""Annotation files: real rows, how they join, and what is left out."""

import gzip
from datetime import date
from pathlib import Path

import pyarrow as pa
import pyarrow.csv as pa_csv
import pyarrow.parquet as pq
import pytest

from fabgwas.errors import InputError, UsageError
from fabgwas_embeddings import Describer, load_genes, load_template
from fabgwas_embeddings.sources import (
    CatalogFilter,
    PositionLookup,
    RsidLookup,
    SourceFiles,
    catalog_annotator,
    read_catalog,
    read_clinvar,
    read_favor,
    read_genes,
    with_children,
)

SUMMARY_HEADER = (
    "#AlleleID\tType\tName\tGeneID\tGeneSymbol\tHGNC_ID\tClinicalSignificance\t"
    "ClinSigSimple\tLastEvaluated\tRS# (dbSNP)\tnsv/esv (dbVar)\tRCVaccession\t"
    "PhenotypeIDS\tPhenotypeList\tOrigin\tOriginSimple\tAssembly\t"
    "ChromosomeAccession\tChromosome\tStart\tStop\tReferenceAllele\tAlternateAllele"
    "\tCytogenetic\tReviewStatus\tNumberSubmitters\tGuidelines\tTestedInGTR\t"
    "OtherIDs\tSubmitterCategories\tVariationID\tPositionVCF\tReferenceAlleleVCF\t"
    "AlternateAlleleVCF"
)


def table(batches) -> pa.Table:  # type: ignore[no-untyped-def]
    return pa.Table.from_batches(list(batches))


def variants(*rows: tuple[int, str, str, str | None]) -> pa.Table:
    pos, ref, alt, rsid = zip(*rows, strict=True)
    return pa.table(
        {
            "pos": pa.array(pos, pa.int32()),
            "ref": ref,
            "alt": alt,
            "rsid": pa.array(rsid, pa.string()),
        }
    )


# --- FAVOR ---------------------------------------------------------------------------


def test_the_real_favor_sample_is_read_whole(shared_data: Path) -> None:
    path = shared_data / "favor_format_sample" / "favor_chr16_sample.csv"
    found = table(read_favor(path))
    assert found.num_rows == 49
    first = found.slice(0, 1).to_pylist()[0]
    assert (first["chrom"], first["pos"], first["ref"], first["alt"]) == (
        "16",
        10001,
        "T",
        "A",
    )
    assert first["gencode_category"] == "intergenic"
    assert first["gencode_gene"] == "MIR6859-4"
    assert set(found["cadd_class"].to_pylist()) <= {"below 10", "10 to 20", None}


def test_favor_csv_and_parquet_are_the_same(shared_data: Path, tmp_path: Path) -> None:
    path = shared_data / "favor_format_sample" / "favor_chr16_sample.csv"
    pq.write_table(pa_csv.read_csv(path), tmp_path / "favor.parquet")
    assert table(read_favor(tmp_path / "favor.parquet")).equals(table(read_favor(path)))


def test_the_essential_columns_of_favor_are_enough(tmp_path: Path) -> None:
    path = tmp_path / "essential.csv"
    path.write_text(
        "variant_vcf,chromosome,genecode_comprehensive_category,"
        "genecode_comprehensive_info,genecode_comprehensive_exonic_category,metasvm_pred,"
        'cadd_phred,rsid\n13-20189481-A-G,13,exonic,"GJB2(ENST1:exon2),CRYL1",'
        "nonsynonymous SNV,D,21.6,rs35887622\n"
    )
    row = table(read_favor(path)).to_pylist()[0]
    assert row["gencode_gene"] == "GJB2, CRYL1"
    assert (row["metasvm"], row["metasvm_word"]) == ("D", "damaging")
    assert (row["cadd_phred"], row["cadd_class"]) == (21.6, "20 to 30")
    assert row["clinvar_significance"] is None


def test_a_file_that_is_not_favor_is_named(tmp_path: Path) -> None:
    path = tmp_path / "other.csv"
    path.write_text("a,b\n1,2\n")
    with pytest.raises(InputError, match=r"other\.csv: not a FAVOR table"):
        list(read_favor(path))


# --- ClinVar -------------------------------------------------------------------------


def test_the_real_clinvar_vcf_is_read_whole(shared_data: Path) -> None:
    folder = shared_data / "clinvar_2020_08_hg38"
    found = table(read_clinvar(folder / "clinvar_2020-08.pathogenic.hg38.vcf.gz", "GRCh38"))
    assert found.num_rows == 25_080
    assert found.slice(0, 1).to_pylist()[0] == {
        "chrom": "1",
        "pos": 1529299,
        "ref": "C",
        "alt": "T",
        "rsid": "rs1057517686",
        "clinvar_significance": "Pathogenic/Likely pathogenic",
        "clinvar_review": "criteria provided, multiple submitters, no conflicts",
        "clinvar_conditions": "Harel-Yoon syndrome",
        "clinvar_gene": "ATAD3A",
        "consequence": "missense",
    }
    assert "not provided" not in set(found["clinvar_conditions"].to_pylist())


def test_a_clinvar_vcf_of_another_build_is_refused(shared_data: Path) -> None:
    path = shared_data / "clinvar_2020_08_hg38" / "clinvar_2020-08.exVUS_benign.hg38.vcf.gz"
    with pytest.raises(InputError, match="GRCh38, but the variants are GRCh37"):
        list(read_clinvar(path, "GRCh37"))


# rows of ClinVar's variant_summary.txt (public domain) as published in 2026, both builds
# of each variant; of the columns after PositionVCF those of later years are empty here
SUMMARY_ROWS = [
    ["15041", "Indel", "NM_014855.3(AP5Z1):c.80_83delinsTGCTGTAAACTGTAACTGTAAA "
     "(p.Arg27_Ile28delinsLeuLeuTer)", "9907", "AP5Z1", "HGNC:22197",
     "Pathogenic/Likely pathogenic", "1", "Dec 17, 2024", "397704705", "-",
     "RCV000000012|RCV005255549|RCV004998069",
     "MONDO:MONDO:0013342,MedGen:C3150901,OMIM:613647,Orphanet:306511||MedGen:C3661900",
     "Hereditary spastic paraplegia 48|Macular dystrophy with or without extraocular "
     "features|not provided", "germline;unknown", "germline", "GRCh37", "NC_000007.13", "7",
     "4820844", "4820847", "na", "na", "7p22.1",
     "criteria provided, multiple submitters, no conflicts", "4", "-", "N",
     "ClinGen:CA215070,OMIM:613653.0001", "3", "2", "4820844", "GGAT",
     "TGCTGTAAACTGTAACTGTAAA"],
    ["15041", "Indel", "NM_014855.3(AP5Z1):c.80_83delinsTGCTGTAAACTGTAACTGTAAA "
     "(p.Arg27_Ile28delinsLeuLeuTer)", "9907", "AP5Z1", "HGNC:22197",
     "Pathogenic/Likely pathogenic", "1", "Dec 17, 2024", "397704705", "-",
     "RCV000000012|RCV005255549|RCV004998069",
     "MONDO:MONDO:0013342,MedGen:C3150901,OMIM:613647,Orphanet:306511||MedGen:C3661900",
     "Hereditary spastic paraplegia 48|Macular dystrophy with or without extraocular "
     "features|not provided", "germline;unknown", "germline", "GRCh38", "NC_000007.14", "7",
     "4781213", "4781216", "na", "na", "7p22.1",
     "criteria provided, multiple submitters, no conflicts", "4", "-", "N",
     "ClinGen:CA215070,OMIM:613653.0001", "3", "2", "4781213", "GGAT",
     "TGCTGTAAACTGTAACTGTAAA"],
    ["15048", "single nucleotide variant", "NM_000410.4(HFE):c.845G>A (p.Cys282Tyr)",
     "3077", "HFE", "HGNC:4886", "Pathogenic/Pathogenic, low penetrance; risk factor", "1",
     "Feb 13, 2026", "1800562", "-", "RCV000000019|RCV000178096", "MONDO:MONDO:0021001",
     "Hemochromatosis type 1|not provided|Hereditary cancer-predisposing syndrome|"
     "Hereditary hemochromatosis|Porphyrinuria;Cutaneous photosensitivity|Bronze diabetes|"
     "7 conditions|HFE-related disorder|Cardiomyopathy|Inborn genetic diseases|"
     "6 conditions|Juvenile hemochromatosis|Neuroendocrine neoplasm",
     "biparental;germline;unknown", "germline", "GRCh38", "NC_000006.12", "6", "26092913",
     "26092913", "na", "na", "6p22.2",
     "criteria provided, multiple submitters, no conflicts", "58", "ACMG2021,ACMG2022", "Y",
     "UniProtKB:Q30201#VAR_004398,OMIM:613609.0001,ClinGen:CA113795", "3", "9", "26092913",
     "G", "A"],
]  # fmt: skip
LATER_COLUMNS = (
    "\tSomaticClinicalImpact\tSomaticClinicalImpactLastEvaluated\t"
    "ReviewStatusClinicalImpact\tOncogenicity\tOncogenicityLastEvaluated\t"
    "ReviewStatusOncogenicity\tSCVsForAggregateGermlineClassification\t"
    "SCVsForAggregateSomaticClinicalImpact\tSCVsForAggregateOncogenicityClassification"
)


@pytest.mark.parametrize("later", [False, True], ids=["34 columns", "43 columns"])
def test_variant_summary_gives_the_rows_of_one_build(tmp_path: Path, later: bool) -> None:
    header = SUMMARY_HEADER + (LATER_COLUMNS if later else "")
    lines = ["\t".join([*row, *["-"] * 9 * later]) for row in SUMMARY_ROWS]
    path = tmp_path / "variant_summary.txt.gz"
    path.write_bytes(gzip.compress("\n".join([header, *lines, ""]).encode()))
    assert table(read_clinvar(path, "GRCh37"))["pos"].to_pylist() == [4820844]
    indel, hfe = table(read_clinvar(path, "GRCh38")).to_pylist()
    assert indel == {
        "chrom": "7",
        "pos": 4781213,
        "ref": "GGAT",
        "alt": "TGCTGTAAACTGTAACTGTAAA",
        "rsid": "rs397704705",
        "clinvar_significance": "Pathogenic/Likely pathogenic",
        "clinvar_review": "criteria provided, multiple submitters, no conflicts",
        "clinvar_conditions": "Hereditary spastic paraplegia 48, Macular dystrophy with or "
        "without extraocular features",
        "clinvar_gene": "AP5Z1",
        "consequence": None,
    }
    assert (hfe["chrom"], hfe["pos"], hfe["rsid"]) == ("6", 26092913, "rs1800562")
    names = hfe["clinvar_conditions"].split(", ")
    assert names[:2] == [
        "Hemochromatosis type 1",
        "Hereditary cancer-predisposing syndrome",
    ]
    assert not any("conditions" in name for name in names)


def test_a_variant_without_place_or_rsid_is_read_as_such(tmp_path: Path) -> None:
    row = dict(zip(SUMMARY_HEADER.split("\t"), SUMMARY_ROWS[-1], strict=True))
    row |= {"PositionVCF": "-1", "RS# (dbSNP)": "-1", "ReferenceAlleleVCF": "na"}
    path = tmp_path / "variant_summary.txt"
    path.write_text("\n".join([SUMMARY_HEADER, "\t".join(row.values()), ""]))
    (found,) = table(read_clinvar(path, "GRCh38")).to_pylist()
    assert (found["pos"], found["ref"], found["rsid"]) == (None, None, None)


# --- GWAS Catalog --------------------------------------------------------------------


def catalog(path: Path, rows: list[dict[str, str]], *, ontology: bool = True) -> pa.Table:
    names = ["DATE", "PUBMEDID", "DISEASE/TRAIT", "CHR_ID", "CHR_POS", "SNPS"]
    names += ["STRONGEST SNP-RISK ALLELE", "PVALUE_MLOG"]
    names += ["MAPPED_TRAIT", "MAPPED_TRAIT_URI"] if ontology else []
    lines = ["\t".join(names)]
    lines += ["\t".join(row.get(name, "") for name in names) for row in rows]
    path.write_text("\n".join(lines) + "\n")
    return read_catalog(path)


ROWS = [
    {
        "DATE": "2018-10-01",
        "DISEASE/TRAIT": "Height",
        "CHR_ID": "1",
        "CHR_POS": "100",
        "SNPS": "rs1",
        "STRONGEST SNP-RISK ALLELE": "rs1-A",
        "PVALUE_MLOG": "9",
        "MAPPED_TRAIT": "body height",
    },
    {
        "DATE": "12-Jun-2015",
        "DISEASE/TRAIT": "BMI",
        "CHR_ID": "1",
        "CHR_POS": "100",
        "SNPS": "rs1",
        "STRONGEST SNP-RISK ALLELE": "rs1-?",
        "PVALUE_MLOG": "20",
        "MAPPED_TRAIT": "body mass index",
    },
    {
        "DATE": "14934.0",
        "DISEASE/TRAIT": "Pair",
        "SNPS": "rs2 x rs3",
        "STRONGEST SNP-RISK ALLELE": "rs2-C x rs3-T",
        "PVALUE_MLOG": "8",
        "MAPPED_TRAIT": "infant body height",
    },
]


def traits(found: pa.Table, *rows: tuple[int, str, str, str | None]) -> list[str | None]:
    annotator = catalog_annotator(found, "GRCh38", {})
    return annotator.annotate("1", variants(*rows))["catalog_traits"].to_pylist()


def test_several_traits_of_a_variant_are_merged_by_p_value(tmp_path: Path) -> None:
    found = catalog(tmp_path / "a.tsv", ROWS)
    assert found["risk_allele"].to_pylist() == ["A", None, "C", "T"]
    assert traits(
        found, (5, "A", "C", "rs1"), (6, "A", "C", "rs3"), (7, "A", "C", None)
    ) == [
        "body mass index, body height",
        "infant body height",
        None,
    ]


def test_a_variant_without_rsid_is_found_by_position(tmp_path: Path) -> None:
    found = catalog(tmp_path / "a.tsv", ROWS)
    assert traits(found, (100, "A", "C", None)) == ["body mass index, body height"]


def test_without_ontology_columns_the_reported_trait_counts(tmp_path: Path) -> None:
    found = catalog(tmp_path / "a.tsv", ROWS, ontology=False)
    assert traits(found, (5, "A", "C", "rs1")) == ["BMI, Height"]


def test_real_rows_without_ontology_columns_are_the_same_but_for_the_trait(
    shared_data: Path, tmp_path: Path
) -> None:
    path = shared_data / "gwas_catalog" / "gwas_catalog_2016-01-18.hg38.tsv.gz"
    rows = [
        line.split("\t")
        for line in gzip.decompress(path.read_bytes()).decode().splitlines()
    ]
    assert rows[0][-2:] == ["MAPPED_TRAIT", "MAPPED_TRAIT_URI"]
    plain = tmp_path / "plain.tsv"
    plain.write_text("".join("\t".join(row[:-2]) + "\n" for row in rows))
    mapped, reported = read_catalog(path), read_catalog(plain)
    of_ontology = ["mapped_trait", "mapped_uri"]
    assert mapped.drop_columns(of_ontology).equals(reported.drop_columns(of_ontology))
    assert reported.num_rows > 22_000
    assert reported["mapped_trait"].null_count == reported.num_rows
    assert mapped["mapped_trait"].null_count < mapped.num_rows / 10


def test_a_trait_is_left_out_with_those_that_contain_it(tmp_path: Path) -> None:
    found = catalog(tmp_path / "a.tsv", ROWS)
    kept = CatalogFilter(exclude_traits=["Body Height"]).apply(found)
    assert kept["trait"].to_pylist() == ["BMI"]
    assert CatalogFilter(exclude_traits=["eight"]).apply(found).num_rows == len(found)


def test_studies_after_a_day_are_left_out(tmp_path: Path) -> None:
    found = catalog(tmp_path / "a.tsv", ROWS)
    kept = CatalogFilter(before=date(2016, 1, 1)).apply(found)
    assert set(kept["trait"].to_pylist()) == {"BMI", "Pair"}
    assert max(kept["date"].to_pylist()) < date(2016, 1, 1)


@pytest.mark.parametrize(
    ("name", "rows"),
    [
        ("gwas_catalog_2016-01-18.hg38.tsv.gz", 22_688),
        ("gwas_catalog_2020-04-30.sample50000.hg38.tsv.gz", 50_000),
    ],
)
def test_the_real_catalog_is_read_whole(shared_data: Path, name: str, rows: int) -> None:
    found = read_catalog(shared_data / "gwas_catalog" / name)
    assert found.num_rows >= rows
    assert found["date"].null_count == 0
    kept = CatalogFilter(exclude_traits=["body height"]).apply(found)
    left = {trait for trait in kept["mapped_trait"].to_pylist() if trait}
    assert not any("body height" in trait for trait in left)
    assert 0 < len(found) - len(kept) < 3_000


OBO = """format-version: 1.2

[Term]
id: EFO:0004339
name: body height

[Term]
id: EFO:1
name: growth spurt
is_a: EFO:0004339 ! body height

[Term]
id: EFO:2
name: leg length
is_a: EFO:1 {source="x"} ! growth spurt
is_a: EFO:3

[Term]
id: EFO:3
name: limb trait

[Typedef]
id: part_of
name: part of
"""


def test_children_of_a_term_are_left_out_with_it(tmp_path: Path) -> None:
    path = tmp_path / "efo.obo"
    path.write_text(OBO)
    expected = [
        "EFO_0004339",
        "EFO_1",
        "EFO_2",
        "body height",
        "growth spurt",
        "leg length",
    ]
    assert sorted(with_children(["body height"], path)) == expected
    assert sorted({*with_children(["EFO_0004339"], path)}) == expected
    assert with_children(["my trait"], path) == ["my trait"]
    rows = [ROWS[1] | {"MAPPED_TRAIT": "leg length"}, ROWS[1]]
    found = catalog(tmp_path / "a.tsv", rows)
    files = SourceFiles(exclude_traits=["Body Height"], ontology=path)
    kept = CatalogFilter(files.exclusions["traits"]).apply(found)
    assert kept["mapped_trait"].to_pylist() == ["body mass index"]
    path.write_text("<rdf>")
    with pytest.raises(InputError, match="in OBO format"):
        with_children(["x"], path)


def test_a_date_that_is_none_is_named(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="'soon'"):
        catalog(tmp_path / "a.tsv", [ROWS[0] | {"DATE": "soon"}])


# --- lookups and all sources together ------------------------------------------------


def records(*rows: tuple[str, int, str, str, str]) -> list[pa.RecordBatch]:
    chrom, pos, ref, alt, value = zip(*rows, strict=True)
    columns = {"chrom": chrom, "pos": pa.array(pos, pa.int32()), "ref": ref, "alt": alt}
    return [pa.record_batch({**columns, "value": value})]


def test_a_lookup_matches_swapped_and_flipped_alleles_only(tmp_path: Path) -> None:
    database = records(
        ("1", 30, "A", "G", "late"),
        ("1", 10, "A", "G", "snv"),
        ("1", 10, "A", "AT", "indel"),
        ("2", 10, "A", "G", "elsewhere"),
    )
    found = PositionLookup(lambda: database, tmp_path / "lookup", ("value",), {})
    rows = [(10, "A", "G"), (10, "G", "A"), (10, "T", "C"), (10, "A", "C"), (10, "AT", "A")]
    rows += [(20, "A", "G"), (30, "A", "G")]
    annotated = found.annotate("1", variants(*((*row, None) for row in rows)))
    assert annotated["value"].to_pylist() == [
        "snv",
        "snv",
        "snv",
        None,
        "indel",
        None,
        "late",
    ]
    nowhere = found.annotate("7", variants((10, "A", "G", None)))
    assert nowhere["value"].to_pylist() == [None]


def test_another_build_joins_by_rsid_and_alleles() -> None:
    batch = pa.record_batch(
        {
            "rsid": ["rs5", "rs5", None, "rs2200000007"],
            "ref": ["A", "A", "A", "C"],
            "alt": ["C", "G", "T", "CA"],
            "value": ["first", "second", "nameless", "indel"],
        }
    )
    found = RsidLookup([batch], ("value",), {})
    rows = [(1, "G", "A", "rs5"), (2, "A", "C", "rs5"), (3, "A", "T", "rs5")]
    rows += [(4, "A", "T", None), (5, "CA", "C", "rs2200000007"), (6, "A", "C", "1:6")]
    annotated = found.annotate("9", variants(*rows))
    assert annotated["value"].to_pylist() == ["second", "first", None, None, "indel", None]


def test_a_lookup_that_is_there_is_not_read_again(tmp_path: Path) -> None:
    wanted = variants((10, "A", "G", None))
    for database in (records(("1", 10, "A", "G", "x")), []):
        found = PositionLookup(lambda d=database: d, tmp_path / "l", ("value",), {})
        assert found.annotate("1", wanted)["value"].to_pylist() == ["x"]


def test_an_empty_database_is_named(tmp_path: Path) -> None:
    found = PositionLookup(list, tmp_path / "l", ("value",), {"path": "none.vcf"})
    with pytest.raises(InputError, match=r"none\.vcf"):
        found.annotate("1", variants((10, "A", "G", None)))


def test_a_large_database_is_never_held_whole(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("fabgwas_embeddings._by_chromosome.ROW_GROUP", 1_000)
    n = 300_000
    columns = {"chrom": ["1"] * n, "pos": pa.array(range(1, n + 1), pa.int32())}
    alleles = {"ref": ["A"] * n, "alt": ["C"] * n}
    value = pa.array([f"{'x' * 200} {i}" for i in range(1, n + 1)])
    batch = pa.record_batch({**columns, **alleles, "value": value})
    found = PositionLookup(lambda: [batch], tmp_path / "l", ("value",), {})
    found.annotate("1", variants((1, "A", "C", None)))  # sorts it
    far = variants(*((pos, "A", "C", None) for pos in range(500, n, 1_500)))
    held = pa.default_memory_pool()
    before, peak = held.bytes_allocated(), 0
    for records in found._near("1", far["pos"].to_numpy()):
        peak = max(peak, held.bytes_allocated() - before)
        assert len(records) <= 1
    assert peak < value.nbytes / 10
    values = found.annotate("1", far)["value"].to_pylist()
    assert [int(each.split()[1]) for each in values] == far["pos"].to_pylist()


def test_files_of_several_chromosomes_are_read_as_one(tmp_path: Path) -> None:
    rows = {"13": "13-20189481-A-G,GJB2(dist=0),D", "21": "21-9000000-C-T,BAGE2,T"}
    paths = []
    for chrom, row in rows.items():
        paths.append(tmp_path / f"favor_chr{chrom}.csv")
        header = "variant_vcf,genecode_comprehensive_info,metasvm_pred"
        paths[-1].write_text(f"{header}\n{row}\n")
    opened = SourceFiles(favor=paths, exclude_sources=["genes"]).open("GRCh38", tmp_path)
    describer = Describer("GRCh38", load_template("paper"), opened.annotators)
    gjb2 = describer.describe("13", variants((20189481, "A", "G", None))).texts[0]
    bage2 = describer.describe("21", variants((9000000, "C", "T", None))).texts[0]
    assert "predicted as D" in gjb2
    assert "predicted as T" in bage2


@pytest.fixture
def favor(tmp_path: Path) -> Path:
    path = tmp_path / "favor.csv"
    path.write_text(
        "variant_vcf,metasvm_pred,cadd_phred,clnsig,clnrevstat,clndn\n"
        "13-20189481-A-G,D,21.6,Pathogenic,reviewed_by_expert_panel,Deafness|Hearing_loss\n"
    )
    return path


def describe(files: SourceFiles, folder: Path, template: str = "paper") -> str:
    opened = files.open("GRCh38", folder)
    describer = Describer("GRCh38", load_template(template), opened.annotators)
    found = describer.describe("13", variants((20189481, "A", "G", "rs35887622")))
    return found.texts[0]


def test_all_sources_fill_the_template(favor: Path, tmp_path: Path) -> None:
    text = describe(SourceFiles(favor=[favor]), tmp_path / "work")
    assert "It is genic in/near the GJB2 gene(s)." in text
    assert "CADD Phred score of 21.6." in text
    assert "associated with disease(s): deafness, hearing loss." in text


def test_leaving_out_clinvar_reaches_into_favor(favor: Path, tmp_path: Path) -> None:
    files = SourceFiles(favor=[favor], exclude_sources=["clinvar"])
    for template in ("paper", "default"):
        text = describe(files, tmp_path / "work", template)
        assert "CADD" in text
        assert "ClinVar" not in text
        assert "eafness" not in text
    assert files.exclusions == {"sources": ["clinvar"]}


def test_what_was_left_out_is_told(tmp_path: Path) -> None:
    files = SourceFiles(exclude_traits=["body height"], catalog_before=date(2016, 1, 1))
    assert files.exclusions == {"traits": ["body height"], "catalog_before": "2016-01-01"}
    with pytest.raises(UsageError, match="'dbsnp' is unknown"):
        SourceFiles(exclude_sources=["dbsnp"])


@pytest.mark.parametrize(("trait", "count"), [("body height", 3), ("hieght", 0)])
def test_how_many_associations_were_left_out_is_told(
    tmp_path: Path, trait: str, count: int
) -> None:
    path = tmp_path / "catalog.tsv"
    catalog(path, ROWS)
    files = SourceFiles(gwas_catalog=path, exclude_traits=[trait])
    opened = files.open("GRCh38", tmp_path)
    assert opened.exclusions == {"traits": [trait], "associations": count}
    assert SourceFiles(gwas_catalog=path).open("GRCh38", tmp_path).exclusions == {}


def test_favor_needs_grch38(favor: Path, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="FAVOR is GRCh38"):
        SourceFiles(favor=[favor]).open("GRCh37", tmp_path)


# --- gene files ----------------------------------------------------------------------

GTF = """#!genome-build GRCh38
chr1\tH\tgene\t1000\t9000\t.\t+\t.\tgene_type "protein_coding"; gene_name "AA";
chr1\tH\texon\t1000\t1100\t.\t+\t.\tgene_type "protein_coding"; gene_name "AA";
chr1\tH\texon\t8000\t9000\t.\t+\t.\tgene_type "protein_coding"; gene_name "AA";
chr1\tH\tgene\t5000\t6000\t.\t+\t.\tgene_type "lncRNA"; gene_name "LNC";
"""
GFF = """##gff-version 3
1\tH\tgene\t1000\t9000\t.\t+\t.\tID=gene:E1;Name=AA;biotype=protein_coding
###
1\tH\texon\t1000\t1100\t.\t+\t.\tParent=transcript:T1;Name=X1
1\tH\texon\t8000\t9000\t.\t+\t.\tParent=transcript:T1;Name=X2
"""


@pytest.mark.parametrize("content", [GTF, GFF])
def test_exons_tell_exonic_from_intronic(tmp_path: Path, content: str) -> None:
    path = tmp_path / "genes.gz"
    path.write_bytes(gzip.compress(content.encode()))
    genes = read_genes(path, "GRCh38")
    assert genes.genes["symbol"].to_pylist() == ["AA"]
    rows = [(pos, "A", "C", None) for pos in (999, 1000, 1101, 8500, 20_000)]
    found = genes.annotate("1", variants(*rows))
    assert found["region"].to_pylist() == [
        "upstream",
        "exonic",
        "intronic",
        "exonic",
        "intergenic",
    ]
    assert found["gene_place"].to_pylist()[1:3] == ["in an exon of", "in an intron of"]


def test_a_table_of_genes_with_summaries(tmp_path: Path) -> None:
    path, summaries = tmp_path / "genes.tsv", tmp_path / "text.tsv"
    path.write_text("chrom\tstart\tend\tstrand\tsymbol\nchr1\t10\t20\t-\tAA\n")
    summaries.write_text("symbol\tsummary\nAA\tThis gene makes things.\n")
    genes = read_genes(path, "GRCh37", summaries=summaries)
    found = genes.annotate("1", variants((15, "A", "C", None)))
    assert found["gene_summary"].to_pylist() == ["This gene makes things."]
    assert found["region"].to_pylist() == ["genic"]
    with pytest.raises(InputError, match="no column chrom"):
        read_genes(summaries, "GRCh37")


@pytest.mark.parametrize(
    ("build", "name"),
    [
        ("GRCh37", "gene_grch37_gencode_v26.tsv.gz"),
        ("GRCh38", "gene_grch38_gencode_v29.tsv.gz"),
    ],
)
def test_the_real_gene_table_is_read_whole(
    shared_data: Path, build: str, name: str
) -> None:
    path = shared_data / "genes" / name
    found, all_kinds = (
        read_genes(path, build, coding_only=coding).genes for coding in (True, False)
    )
    assert len(found) > 19_000
    assert len(all_kinds) > 2 * len(found)
    assert "BRCA1" in found["symbol"].to_pylist()
    columns = ["chrom", "start", "end", "strand"]  # names that the file lost were mended
    there, shipped = (
        {tuple(row.values()) for row in genes.select(columns).to_pylist()}
        for genes in (found, load_genes(build).genes)
    )
    assert shipped <= there
