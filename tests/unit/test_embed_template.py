"""Templates: sentences, what is left out, and the paper's own example."""

from pathlib import Path

import pyarrow as pa
import pytest

from fabgwas.errors import InputError, UsageError
from fabgwas_embeddings import Template, load_template


def render(text: str, **columns: object) -> list[str | None]:
    return Template("test", text).render(pa.table(columns)).to_pylist()


def test_a_sentence_is_left_out_where_a_field_is_missing() -> None:
    texts = render("Gene {gene}.\nAlways {pos}.", gene=["A", None], pos=[1, 2])
    assert texts == ["Gene A. Always 1.", "Always 2."]


def test_a_column_that_is_absent_is_missing_everywhere() -> None:
    assert render("Gene {gene}.\nAlways {pos}.", pos=[1]) == ["Always 1."]


def test_an_optional_part_is_left_out_alone() -> None:
    text = "Variant {pos}[[ ({rsid})]] here."
    assert render(text, pos=[1, 2], rsid=["rs1", None]) == [
        "Variant 1 (rs1) here.",
        "Variant 2 here.",
    ]
    assert render(text, pos=[1]) == ["Variant 1 here."]


def test_numbers_are_rounded_as_told() -> None:
    texts = render("{x:.1f}\nEnd.", x=[21.0, 21.649, 0.049, None, 1e6])
    assert texts == ["21.0 End.", "21.6 End.", "0.0 End.", "End.", "1000000.0 End."]


def test_empty_text_counts_as_missing() -> None:
    assert render("Gene {gene}.\nEnd.", gene=[""]) == ["End."]


def test_comments_are_not_text_but_count_for_the_checksum() -> None:
    one, two = Template("a", "# one\nx {y}."), Template("a", "# two\nx {y}.")
    assert one.fields == ("y",)
    assert one.sha256 != two.sha256


def test_a_variant_of_which_nothing_is_known_is_named() -> None:
    with pytest.raises(UsageError, match="row 1"):
        render("Gene {gene}.", gene=["A", None])
    with pytest.raises(UsageError, match="no sentence can be filled"):
        render("Gene {gene}.", pos=[1])


@pytest.mark.parametrize("line", ["Broken {gene", "Broken {a b}", "Broken [[{a}"])
def test_a_line_that_cannot_be_read_is_shown(line: str) -> None:
    with pytest.raises(InputError, match="Broken"):
        render(line, gene=["A"])


def test_an_unknown_format_is_named() -> None:
    with pytest.raises(InputError, match="upper"):
        render("{gene:upper}", gene=["A"])


def test_the_paper_template_gives_the_paper_example() -> None:
    # Figure 1 of arXiv:2509.20702; its list of diseases is cut off after the second
    table = pa.table(
        {
            "chrom": ["13"],
            "pos": [20189481],
            "ref": ["A"],
            "alt": ["G"],
            "rsid": ["rs35887622"],
            "gencode_gene": ["GJB2"],
            "gencode_category": ["Exonic"],
            "metasvm": ["D"],
            "cadd_phred": [21.6],
            "clinvar_significance": ["Pathogenic"],
            "clinvar_review": ["reviewed by expert panel"],
            "clinvar_conditions": [
                "Nonsyndromic Deafness, Nonsyndromic genetic hearing loss"
            ],
        }
    )
    assert load_template("paper").render(table).to_pylist() == [
        "13-20189481-A-G (rs35887622) is located on Chromosome 13 at position 20189481, "
        "with a reference allele of A and an alternate allele of G. "
        "It is exonic in/near the GJB2 gene(s). "
        "It is predicted as D by MetaSVM. "
        "It has a CADD Phred score of 21.6. "
        "ClinVar classifies this variant as pathogenic and reviewed by expert panel for a "
        "haplotype or genotype that includes this variant. "
        "ClinVar reports this variant to be associated with disease(s): "
        "nonsyndromic deafness, nonsyndromic genetic hearing loss."
    ]


def test_the_default_template_leaves_out_coordinates_and_alleles() -> None:
    assert not {"chrom", "pos", "ref", "alt", "rsid"} & set(load_template("default").fields)


def test_the_anonymous_template_names_no_gene() -> None:
    assert not {"gene", "gene_name", "nearby_genes"} & set(
        load_template("anonymous").fields
    )


def test_a_template_may_be_a_file(tmp_path: Path) -> None:
    path = tmp_path / "mine.txt"
    path.write_text("# version: 7\nAt {pos}.")
    template = load_template(str(path))
    assert (template.name, template.version) == ("mine", "7")
    with pytest.raises(UsageError, match="nowhere"):
        load_template("nowhere")
