"""The report of an evaluation of scores."""

import re
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from report_example import a_score_report

from fabgwas.plots import score_distribution
from fabgwas.report import (
    render_score_report,
    write_score_report,
)


def plain(html: str) -> str:
    body = html[html.index("<body>") :]
    body = re.sub(r"<(script|style).*?</\1>", " ", body, flags=re.DOTALL)
    return " ".join(re.sub(r"<[^>]+>", "", body).split())


def test_says_which_score_is_best_and_how_sure_that_is():
    text = plain(render_score_report(a_score_report()))
    assert "The best of 2 scores, good, has an area under the ROC curve of 0.780" in text
    assert "(interval 0.740 to 0.820)" in text
    assert "Of 1 paired difference between scores 1 can be told from zero." in text
    assert "Calibration slope" in text
    assert "fabgwas evaluate s.tsv p.tsv --out heart" in text


def test_a_disease_has_a_roc_curve_and_a_quantity_has_none():
    for binary, figures in ((True, 7), (False, 6)):
        html = render_score_report(a_score_report(binary=binary))
        images = re.findall(r"<img[^>]*>", html)
        assert len(images) == 2 * figures  # light and dark
        assert all(re.search(r'alt="[^"]{20,}"', image) for image in images)
        assert ('id="roc"' in html) == binary


def test_methods_can_be_pasted_and_cite_what_was_used():
    disease = replace(a_score_report(), settings={"prevalence": 0.01, "quantiles": 10})
    text = plain(render_score_report(disease))
    assert "2 scores were evaluated in 600 people" in text
    assert "on the liability scale (Lee et al., 2012), for a prevalence of 0.01" in text
    assert "in 10 bins of people" in text
    assert "DeLong ER, DeLong DM" in text
    quantity = plain(render_score_report(a_score_report(binary=False)))
    assert "Differences of means compare each of 10 quantiles" in quantity
    assert "DeLong" not in quantity.split("Methods")[-1]


def test_curves_are_named_with_their_areas_and_intervals():
    html = render_score_report(a_score_report())
    assert "good, AUC 0.780 (0.740 to 0.820)" in html


def test_what_the_inputs_are_called_is_only_text():
    data = replace(a_score_report(), title="<script>alert(1)</script>")
    html = render_score_report(data)
    assert html.count("<script>") == 1
    assert "&lt;script&gt;" in html


def test_equal_results_give_equal_files(tmp_path: Path):
    write_score_report(tmp_path / "a.html", a_score_report())
    assert (tmp_path / "a.html").read_text() == render_score_report(a_score_report())


class TestDistribution:
    def test_each_curve_holds_everyone(self, rng):
        score, case = rng.standard_normal(500), rng.random(500) < 0.3
        ax = score_distribution(score, case)
        for line in ax.get_lines()[::2]:
            x, y = line.get_data()
            assert np.trapezoid(y, x) == pytest.approx(1.0, abs=0.01)

    def test_a_constant_score_is_refused(self):
        with pytest.raises(ValueError, match="score must vary"):
            score_distribution(np.ones(5))
