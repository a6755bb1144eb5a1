import re
from base64 import b64decode, b64encode
from dataclasses import replace
from hashlib import sha256
from pathlib import Path
from xml.etree import ElementTree

import numpy as np
import pytest
from report_example import LN10, a_locus, a_report

from fabgwas.report import (
    Embedding,
    Estimate,
    Locus,
    PriorFacts,
    methods_paragraph,
    render_report,
    write_report,
)
from fabgwas.report import _format as form
from fabgwas.report._compare import compare, explain_merges
from fabgwas.report._figures import effects_picture


@pytest.fixture(scope="module")
def html() -> str:
    return render_report(a_report())


@pytest.fixture
def no_figures(monkeypatch: pytest.MonkeyPatch) -> None:
    """Leave the figures empty, where the test is about something else."""
    empty = "data:image/svg+xml;base64,"
    monkeypatch.setattr("fabgwas.report._figures._render", lambda *_: empty)


def plain(html: str) -> str:
    """The text that a reader sees, on one line."""
    body = html[html.index("<body>") :]
    body = re.sub(r"<(script|style).*?</\1>", " ", body, flags=re.DOTALL)
    return " ".join(re.sub(r"<[^>]+>", "", body).split())


class TestHeadline:
    def test_says_what_was_found_by_which_test(self, html: str) -> None:
        text = plain(html)
        assert "The family test, declared primary before the run, finds 2 loci." in text
        assert "it gains 1 locus (GAINED) and loses 1 locus (LOST)" in text
        assert "The embedding improved the prior in 4 of 5 folds." in text

    def test_marks_one_test_as_primary(self, html: str) -> None:
        (card,) = re.findall(r'<div class="card primary">.*?</div>', html, flags=re.DOTALL)
        assert plain("<body>" + card).startswith("Family test primary")

    @pytest.mark.usefixtures("no_figures")
    def test_a_two_sided_primary_test_is_still_compared(self) -> None:
        text = plain(render_report(a_report(primary="two-sided")))
        assert "The two-sided test, declared primary before the run, finds 2 loci." in text
        assert "For comparison, the family test finds 2 loci" in text

    @pytest.mark.usefixtures("no_figures")
    def test_a_useless_embedding_is_called_so(self) -> None:
        data = a_report()
        folds = [fold._replace(model="covariates") for fold in data.prior.folds]
        text = plain(render_report(replace(data, prior=replace(data.prior, folds=folds))))
        assert "The embedding did not beat the covariates in any fold" in text

    @pytest.mark.usefixtures("no_figures")
    def test_nothing_found_is_a_report_too(self) -> None:
        nothing: dict[str, list[Locus]] = {"two-sided": [], "fab": [], "family": []}
        text = plain(render_report(a_report(loci=nothing)))
        assert "finds no loci" in text
        assert "No variant reaches p ≤ 1.7e−5." in text


class TestGain:
    """Which descriptions, and which variants, carry the held-out gain."""

    def test_is_split_by_region(self, html: str) -> None:
        text = plain(html)
        assert "inside a gene1,40046.7&nbsp;%0.02000.00400 to 0.0300 " in text
        # one block tells no interval
        assert "farther1,60053.3&nbsp;%0.00300– " in text

    def test_of_other_stores_stands_beside_that_of_the_main_one(self, html: str) -> None:
        text = plain(html)
        assert (
            "demo.store maintoy-encoderdefaultnothing4 of 5 folds0.01100.00200 to "
            "0.0200––– "
        ) in text
        assert (
            "without.storetoy-encoder–sources: clinvar0 of 5 folds0.000.00 to 0.002,900"
            "0.0112−0.00100 to 0.0210 "
        ) in text
        assert "All tests use the main store, whatever this table shows" in text

    @pytest.mark.usefixtures("no_figures")
    def test_that_is_not_there_has_no_tables(self) -> None:
        data = a_report()
        bare = replace(data.prior, regions=(), stores=())
        text = plain(render_report(replace(data, prior=bare)))
        assert "No fold uses the embedding: there is no gain to split by region." in text
        assert "whatever this table shows" not in text

    @pytest.mark.usefixtures("no_figures")
    def test_counts_in_other_studies_and_says_so(self) -> None:
        data = a_report()
        aided = replace(data.prior, overlap=["a.gz: null z-scores correlate 0.1"])
        text = plain(render_report(replace(data, prior=aided)))
        assert "of the embedding and the other studies together" in text
        assert "with a gain of 0" not in text


class TestContents:
    @pytest.mark.parametrize(
        "expected",
        [
            "height.fastGWA.gz",
            "effect allele in A1",
            "GWAS Catalog traits: height",
            "Only one chromosome.",
            "dropped duplicates10",
            "0.0110 (95 % interval 0.00200 to 0.0200) nats",
            "intercept, log LD score",
            "fabgwas run height.fastGWA.gz --embeddings demo.store --out height",
            "1.2 s",
            "75 s",
            "chr22: 17.0–",
            "not for QQ plots",
            "not for a single variant chosen beforehand",
        ],
    )
    def test_has_what_a_reader_asks_for(self, html: str, expected: str) -> None:
        assert expected in plain(html)

    def test_every_figure_has_a_text_for_those_who_cannot_see_it(self, html: str) -> None:
        images = re.findall(r"<img[^>]*>", html)
        assert len(images) == 14
        assert all(re.search(r'alt="[^"]{30,}"', image) for image in images)

    def test_the_family_pvalue_has_no_qq_plot_and_no_lambda(self, html: str) -> None:
        text = plain(html)
        assert "λGC, two-sided" in text
        assert "λGC, FAB" in text
        assert "λGC, family" not in text
        (alt,) = set(re.findall(r'alt="(QQ plot[^"]*)"', html))
        assert "Family" not in alt

    def test_loci_lead_to_databases_by_build(self, html: str) -> None:
        assert 'href="https://www.ncbi.nlm.nih.gov/snp/rs20000000"' in html
        assert 'href="https://platform.opentargets.org/search?q=rs20000000"' in html
        assert "db=hg19&amp;position=chr22%3A19850000-20150000" in html

    def test_the_strongest_locus_comes_first(self, html: str) -> None:
        assert html.index("<i>SHARED</i>", html.index('id="loci"')) < html.index(
            "<i>GAINED</i>", html.index('id="loci"')
        )

    @pytest.mark.usefixtures("no_figures")
    def test_long_tables_are_cut_and_say_so(self) -> None:
        p = {"two-sided": 9.0, "fab": 9.0, "family": 9.0}
        many = [a_locus(20_000_000 + 1000 * k, p) for k in range(250)]
        loci = {"two-sided": many, "fab": many, "family": many}
        text = plain(render_report(a_report(loci=loci)))
        assert "The 200 most significant of 250 loci; all are in height.loci.tsv." in text


class TestSafety:
    @pytest.mark.usefixtures("no_figures")
    def test_whatever_the_inputs_are_called_is_only_text(self) -> None:
        evil = "<script>alert(1)</script>"
        data = a_report(title=evil, warnings=[evil], command=evil)
        locus = replace(data.loci["family"][0], variant=evil, gene=evil, effect_allele=evil)
        html = render_report(replace(data, loci={**data.loci, "family": [locus]}))
        assert evil not in html
        assert "&lt;script&gt;alert(1)&lt;/script&gt;" in html
        assert html.count("<script>") == 1

    def test_odd_identifiers_are_not_made_into_addresses(self) -> None:
        assert form.dbsnp('rs1" onclick="x') is None
        assert form.dbsnp("22:123:A:G") is None
        assert form.open_targets("javascript:alert(1)") is None

    def test_nothing_is_loaded_from_elsewhere(self, html: str) -> None:
        sources = re.findall(r'(?:src|srcset)="([^"]*)"', html)
        assert sources
        assert all(source.startswith("data:image/svg+xml;base64,") for source in sources)
        assert "default-src 'none'" in html
        assert "@import" not in html
        assert "url(" not in html

    def test_the_policy_allows_only_the_script_inside(self, html: str) -> None:
        (script,) = re.findall(r"<script>(.*?)</script>", html, flags=re.DOTALL)
        digest = b64encode(sha256(script.encode()).digest()).decode()
        assert f"script-src 'sha256-{digest}'" in html

    def test_figures_are_well_formed(self, html: str) -> None:
        for content in re.findall(r'src="data:image/svg\+xml;base64,([^"]*)"', html):
            assert ElementTree.fromstring(b64decode(content)).tag.endswith("svg")

    def test_equal_results_give_equal_files(self, html: str) -> None:
        assert render_report(a_report()) == html

    @pytest.mark.usefixtures("no_figures")
    def test_is_whole_or_absent(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        path = tmp_path / "height.report.html"
        html = render_report(a_report())
        write_report(path, a_report())
        assert path.read_text(encoding="utf-8") == html
        monkeypatch.setattr(Path, "write_text", lambda *_, **__: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            write_report(path, a_report())
        assert path.read_text(encoding="utf-8") == html
        assert list(tmp_path.iterdir()) == [path]


class TestComparison:
    def test_overlap_decides(self) -> None:
        comparison = compare(a_report())
        assert [locus.gene for locus in comparison.gained] == ["GAINED"]
        assert [locus.gene for locus in comparison.lost] == ["LOST"]

    def test_loci_of_other_chromosomes_do_not_overlap(self) -> None:
        p = {"two-sided": 9.0, "fab": 9.0, "family": 9.0}
        here = a_locus(20_000_000, p)
        assert here.overlaps(replace(here, start=here.end, end=here.end + 5))
        assert not here.overlaps(replace(here, start=here.end + 1, end=here.end + 5))
        assert not here.overlaps(replace(here, chrom=21))

    def test_counts_that_do_not_add_up_are_explained(self) -> None:
        data = a_report()
        assert explain_merges(compare(data)) == ""
        (shared,) = [one for one in data.loci["family"] if one.gene == "SHARED"]
        halves = [replace(shared, end=shared.pos), replace(shared, start=shared.pos + 1)]
        gained = [one for one in data.loci["family"] if one.gene == "GAINED"]
        parted = replace(data, loci={**data.loci, "family": [*gained, *halves]})
        assert explain_merges(compare(parted)) == (
            "The other two-sided locus lies in 2 loci of the family test: clumps merge "
            "or part where another variant leads."
        )


class TestLocus:
    row = {  # noqa: RUF012
        "chrom": "X", "pos": 5, "rsid": None, "effect_allele": "A", "other_allele": "C",
        "z": 6.0, "prior_mean": 0.1, "prior_var": 1.0, "log_pvalue": -20.0,
        "log_pvalue_fab": -21.0, "log_pvalue_family": -22.0, "start": 1, "end": 9,
        "n_variants": 3, "beta": None, "se": None,
    }  # fmt: skip

    def test_is_read_from_a_row_of_the_table(self) -> None:
        locus = Locus.from_row(self.row)
        assert (locus.chrom, locus.chromosome, locus.variant) == (23, "X", "X:5")
        assert locus.log_pvalue == {"two-sided": -20.0, "fab": -21.0, "family": -22.0}
        assert locus.beta is None

    def test_without_effects_there_is_no_figure_of_effects(self) -> None:
        assert effects_picture([Locus.from_row(self.row)], "family") is None


class TestData:
    def test_an_unknown_primary_test_is_refused(self) -> None:
        with pytest.raises(ValueError, match="primary must be one of two-sided, fab"):
            a_report(primary="best")

    def test_all_tests_must_be_there(self) -> None:
        with pytest.raises(ValueError, match="loci must have an entry for the fab test"):
            a_report(loci={"two-sided": [], "family": []})


class TestMethods:
    def test_states_what_was_done(self) -> None:
        text = methods_paragraph(a_report())
        for part in (
            "We tested 3,000 variants (GRCh37) for association with standing height",
            "in 450,331 individuals",
            "toy-encoder (64 dimensions)",
            "Left out of them were GWAS Catalog traits: height.",
            "beside log LD score as unpenalised covariates",
            "cross-fitted by 5 contiguous groups of LD blocks",
            "in 4 of 5 folds",
            "The family test was declared primary",
            "family p ≤ 1.7e−5",
            "r² > 0.1 within 1000 kb of their lead variant",
            "(reference panel 1000G, n = 378)",
        ):
            assert part in text

    def test_paths_and_internal_names_stay_out(self) -> None:
        data = a_report()
        data = replace(
            data,
            clumping=replace(data.clumping, panel="/home/me/1000G_eur"),
            embedding=replace(data.embedding, sources=["variants", "genes", "own table"]),
            settings={"utility": "ld-score", "blocks": "/home/me/mine.bed"},
        )
        text = methods_paragraph(data)
        assert "/home" not in text
        assert "(reference panel 1000G_eur, n = 378)" in text
        assert "whole linkage disequilibrium blocks (of mine.bed)" in text
        assert "that the prior expects, per unit of the LD score and control" in text
        assert (
            "Descriptions drew on the place and alleles of the variant, gene models of "
            "GENCODE and own table." in text
        )

    def test_leaves_out_what_is_not_known(self) -> None:
        data = a_report(
            embedding=Embedding(model="m", dim=2),
            prior=PriorFacts(scheme="leave-one-chromosome-out"),
        )
        data = replace(
            data,
            study=replace(data.study, trait=None, n=None, build=None),
            clumping=replace(data.clumping, panel=None),
        )
        text = methods_paragraph(data)
        assert "3,000 variants for association with the trait" in text
        assert "by distance alone" in text
        assert "None" not in text


class TestNumbers:
    @pytest.mark.parametrize(
        ("log10", "text"),
        [
            (0.0, "1"),
            (np.log10(0.05), "0.05"),
            (np.log10(2.345e-8), "2.3e−8"),
            (np.log10(9.99e-8), "1.0e−7"),
            (-6785.25, "5.6e−6786"),
        ],
    )
    def test_pvalues(self, log10: float, text: str) -> None:
        assert form.pvalue(log10 * LN10) == text

    def test_levels(self) -> None:
        assert form.level(5e-8) == "5e−8"
        assert form.level(0.05) == "0.05"

    def test_missing_numbers_are_dashes(self) -> None:
        assert form.number(None) == form.fixed(float("nan")) == "–"

    def test_negative_numbers_have_a_true_minus(self) -> None:
        assert form.number(-0.0123) == "−0.0123"
        assert form.number(1.5e-7) == "1.50e−7"

    def test_what_rounds_to_nothing_has_no_sign(self) -> None:
        assert form.fixed(-0.001) == "0.00"

    def test_intervals_are_left_out_where_unknown(self) -> None:
        assert form.estimate(Estimate(1.25)) == "1.25"

    def test_counts_have_their_noun(self) -> None:
        counted = [form.counted(n, "locus") for n in (0, 1, 2, 1200)]
        assert counted == ["no loci", "1 locus", "2 loci", "1,200 loci"]

    def test_durations(self) -> None:
        assert [form.seconds(t) for t in (1.24, 75, 200)] == ["1.2 s", "75 s", "3 min 20 s"]

    def test_settings(self) -> None:
        assert (
            form.setting({"a": [1, 2.5], "b": None, "c": True}) == "a: 1, 2.5; b: –; c: yes"
        )

    def test_browsers_follow_the_build(self) -> None:
        p = {"two-sided": 9.0, "fab": 9.0, "family": 9.0}
        locus = a_locus(120_000, p, chrom=25)
        assert form.genome_browser(locus, None) is None
        address = form.genome_browser(locus, "GRCh38")
        assert address is not None
        assert address.endswith("db=hg38&position=chrM%3A1-270000")
