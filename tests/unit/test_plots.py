"""Figures are checked by the data they hold, not by their pixels."""

import sys
import threading
from io import BytesIO
from itertools import pairwise

import numpy as np
import pytest
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.text import Text
from scipy.special import log_ndtr

from fabgwas.plots import (
    DARK,
    Gene,
    Region,
    effect_intervals,
    lambda_gc,
    locus_zoom,
    manhattan,
    mirrored_manhattan,
    prior_calibration,
    prior_direction,
    qq,
)
from fabgwas.plots._labels import spread
from fabgwas.plots._scale import check_same_size, neg_log10, thin

LN10 = np.log(10.0)


def drawn(ax: Axes) -> np.ndarray:
    """All points of the scatter plots of `ax`, as rows (x, y)."""
    points = [np.asarray(c.get_offsets()) for c in ax.collections if c.get_offsets().size]
    return np.concatenate(points)


def texts(ax: Axes) -> list[str]:
    return [text.get_text() for text in ax.texts if text.get_text()]


def draw(ax: Axes) -> None:
    """Draw once, so that whatever is wrong with ticks or fonts shows."""
    ax.figure.savefig(BytesIO(), format="png", dpi=50)


def two_sided(z: np.ndarray) -> np.ndarray:
    return np.log(2.0) + log_ndtr(-np.abs(z))


class TestThinning:
    def test_every_point_above_two_is_kept(self, rng: np.random.Generator) -> None:
        y = rng.exponential(1 / LN10, 200_000)
        kept = thin(rng.uniform(0, 1, y.size), y)
        np.testing.assert_array_equal(kept[y[kept] >= 2], np.flatnonzero(y >= 2))

    def test_at_most_one_point_per_pixel_is_kept_below(
        self, rng: np.random.Generator
    ) -> None:
        y = rng.uniform(0, 2, 500_000)
        assert thin(rng.uniform(0, 1, y.size), y, columns=100, rows=10).size == 1000

    def test_nothing_is_lost_where_there_is_room(self) -> None:
        x = np.arange(50.0)
        np.testing.assert_array_equal(thin(x, np.full(50, 0.3)), np.arange(50))

    def test_nan_is_not_drawn(self) -> None:
        kept = thin(np.arange(4.0), np.array([0.5, np.nan, 3.0, np.nan]))
        np.testing.assert_array_equal(kept, [0, 2])


class TestLogPvalues:
    @pytest.mark.parametrize("wrong", [7.3, 0.04, -np.inf])
    def test_other_scales_are_refused_with_the_index(self, wrong: float) -> None:
        with pytest.raises(ValueError, match=r"natural logarithms.*log_pvalue\[1\] is"):
            neg_log10(np.array([-1.0, wrong]))

    def test_hold_below_the_smallest_float(self) -> None:
        assert neg_log10(np.array([-6785 * LN10])) == pytest.approx(6785)


class TestManhattan:
    def test_points_lie_at_their_place_and_height(self) -> None:
        chrom, pos = np.array([22, 22]), np.array([20_000_000, 21_500_000])
        ax = manhattan(chrom, pos, np.array([-3 * LN10, -9 * LN10]))
        np.testing.assert_allclose(drawn(ax), [[20.0, 3.0], [21.5, 9.0]])

    def test_a_single_chromosome_is_drawn_in_megabases(self) -> None:
        ax = manhattan(np.full(3, 22), np.array([1, 2, 3]) * 10**6, np.full(3, -1.0))
        assert ax.get_xlabel() == "Position on chromosome 22 (Mb)"

    def test_chromosomes_follow_each_other_and_are_named(self) -> None:
        chrom = np.array([23, 1, 2, 1, 23, 2])
        pos = np.array([10, 5, 7, 200, 60, 90]) * 10**6
        ax = manhattan(chrom, pos, np.full(6, -5 * LN10))
        names = [label.get_text() for label in ax.get_xticklabels()]
        assert [name for name in names if name] == ["1", "2", "X"]
        x = np.sort(drawn(ax)[:, 0])
        assert x[0] == 0.0
        assert x[1] == 195.0
        assert np.all(np.diff(x) > 0)

    @pytest.mark.parametrize("width", [3.4, 10.0])
    def test_names_of_chromosomes_do_not_overlap(self, width: float) -> None:
        chrom = np.repeat(np.arange(1, 23), 2)
        length = np.linspace(250e6, 50e6, 22).astype(np.int64)
        pos = np.column_stack([np.ones(22, np.int64), length]).ravel()
        axes = Figure((width, 3), layout="constrained").add_subplot()
        manhattan(chrom, pos, np.full(44, -1.0), axes)
        axes.figure.draw_without_rendering()
        texts = [each for each in axes.get_xticklabels() if each.get_text()]
        boxes = [each.get_window_extent() for each in texts]
        gaps = [b.x0 - a.x1 for a, b in pairwise(boxes)]
        assert min(gaps) > 1
        assert len(texts) > (9 if width < 5 else 18)

    def test_the_threshold_is_a_line(self) -> None:
        ax = manhattan(np.array([1]), np.array([5]), np.array([-1.0]), threshold=1e-6)
        assert any(np.allclose(line.get_ydata(), 6.0) for line in ax.lines)
        assert "p = 1e-6" in texts(ax)

    def test_labels_point_at_their_variants(self) -> None:
        log_p = np.array([-2.0, -12.0, -3.0]) * LN10
        ax = manhattan(np.full(3, 3), np.arange(1, 4) * 10**6, log_p, labels={1: "ACAN"})
        (label,) = [text for text in ax.texts if text.get_text() == "ACAN"]
        np.testing.assert_allclose(label.xy, (2.0, 12.0))

    def test_giants_keep_their_values_and_the_axis_says_so(self) -> None:
        log_p = np.array([-2.0, -25.0, -300.0]) * LN10
        ax = manhattan(np.full(3, 3), np.arange(1, 4) * 10**6, log_p)
        np.testing.assert_allclose(np.sort(drawn(ax)[:, 1])[-3:], [2, 25, 300])
        assert "log scale beyond 30" in ax.get_ylabel()
        top = ax.transData.transform([(1.0, y) for y in (0.0, 30.0, 300.0)])[:, 1]
        # the part up to 30 keeps most of the height
        assert top[1] - top[0] > top[2] - top[1] > 0
        draw(ax)

    def test_unknown_chromosomes_are_refused(self) -> None:
        with pytest.raises(ValueError, match=r"chrom\[1\] is 26"):
            manhattan(np.array([1, 26]), np.array([1, 2]), np.array([-1.0, -1.0]))

    def test_arrays_must_be_equally_long(self) -> None:
        with pytest.raises(ValueError, match=r"pos must be as long as chrom \(2\)"):
            check_same_size(chrom=np.array([1, 1]), pos=np.array([1]))

    def test_nothing_to_draw_is_refused(self) -> None:
        empty = np.empty(0, np.int64)
        with pytest.raises(ValueError, match="chrom is empty"):
            manhattan(empty, empty, np.empty(0))

    def test_a_million_null_variants_are_drawn_by_fewer_points(
        self, rng: np.random.Generator
    ) -> None:
        n = 1_000_000
        chrom = np.sort(rng.integers(1, 23, n))
        pos = rng.integers(1, 200_000_000, n)
        ax = manhattan(chrom, pos, -rng.exponential(1, n))
        assert len(drawn(ax)) < 0.25 * n
        assert all(c.get_rasterized() for c in ax.collections)


class TestMirroredManhattan:
    chrom = np.array([1, 1, 2, 2])
    pos = np.array([10, 20, 10, 20]) * 10**6
    up = np.array([-3.0, -9.0, -1.0, -4.0]) * LN10
    down = np.array([-3.0, -6.0, -8.0, -4.0]) * LN10

    def test_the_second_test_is_upside_down(self) -> None:
        ax = mirrored_manhattan(self.chrom, self.pos, self.up, self.down)
        y = drawn(ax)[:, 1]
        np.testing.assert_allclose(np.sort(y[y > 0]), [1, 3, 4, 9])
        np.testing.assert_allclose(np.sort(-y[y < 0]), [3, 4, 6, 8])

    def test_gained_and_lost_loci_are_labelled_where_they_are_found(self) -> None:
        ax = mirrored_manhattan(
            self.chrom,
            self.pos,
            self.up,
            self.down,
            gained=[Region(1, 19_000_000, 21_000_000, "NEW")],
            lost=[Region(2, 9_000_000, 11_000_000, "GONE")],
        )
        at = {text.get_text(): text.xy for text in ax.texts if hasattr(text, "xy")}
        assert at["NEW"][1] == pytest.approx(9.0)
        assert at["GONE"][1] == pytest.approx(-8.0)
        legend = [text.get_text() for text in ax.get_legend().get_texts()]
        assert legend == ["only by FAB", "only by Two-sided"]
        draw(ax)

    def test_names_of_lost_loci_are_under_the_axes_and_above_the_ticks(self) -> None:
        ax = mirrored_manhattan(
            self.chrom, self.pos, self.up, self.down,
            lost=[Region(2, 9_000_000, 11_000_000, "ARATHERLONGNAME")] * 9,
        )  # fmt: skip
        ax.figure.draw_without_rendering()
        names = [text for text in ax.texts if text.get_text().startswith("ARATHER")]
        boxes = [Text.get_window_extent(text) for text in names]  # without their lines
        ticks = [text.get_window_extent() for text in ax.get_xticklabels()]
        assert max(box.y1 for box in boxes) < ax.bbox.y0
        assert max(box.y1 for box in ticks) < min(box.y0 for box in boxes)

    def test_shared_loci_are_named_and_not_coloured(self) -> None:
        ax = mirrored_manhattan(
            self.chrom, self.pos, self.up, self.down,
            shared=[Region(1, 19_000_000, 21_000_000, "KNOWN")],
        )  # fmt: skip
        assert "KNOWN" in [text.get_text() for text in ax.texts]
        assert ax.get_legend() is None

    def test_ticks_are_positive_on_both_sides(self) -> None:
        ax = mirrored_manhattan(self.chrom, self.pos, self.up, self.down)
        assert not any(
            "-" in t.get_text() or "−" in t.get_text() for t in ax.get_yticklabels()
        )

    def test_a_region_without_variants_is_refused(self) -> None:
        with pytest.raises(ValueError, match="region NOWHERE must hold a variant"):
            mirrored_manhattan(
                self.chrom,
                self.pos,
                self.up,
                self.down,
                gained=[Region(3, 1, 2, "NOWHERE")],
            )


class TestLabels:
    def test_stay_where_they_are_if_there_is_room(self) -> None:
        wanted = np.array([1.0, 5.0, 9.0])
        np.testing.assert_allclose(spread(wanted, np.ones(3), 0.0, 10.0), wanted)

    def test_never_overlap_and_stay_inside(self, rng: np.random.Generator) -> None:
        for _ in range(50):
            width = rng.uniform(0.2, 0.6, 12)
            wanted = np.sort(rng.choice([rng.uniform(0, 10), 2.0, 9.9], 12))
            centre = spread(wanted, width, 0.0, 10.0)
            assert np.all(np.diff(centre) >= (width[1:] + width[:-1]) / 2 - 1e-9)
            assert centre[0] >= width[0] / 2 - 1e-9
            assert centre[-1] <= 10 - width[-1] / 2 + 1e-9

    def test_share_the_room_if_there_is_too_little(self) -> None:
        centre = spread(np.array([1.0, 1.0, 1.0]), np.full(3, 10.0), 0.0, 15.0)
        np.testing.assert_allclose(np.diff(centre), 2.5)


class TestQuantiles:
    def test_lambda_of_uniform_pvalues_is_one(self) -> None:
        p = (np.arange(100_001) + 0.5) / 100_001
        assert lambda_gc(np.log(p)) == pytest.approx(1.0, abs=1e-6)

    def test_lambda_of_inflated_statistics_is_their_variance(
        self, rng: np.random.Generator
    ) -> None:
        z = np.sqrt(1.3) * rng.standard_normal(400_000)
        assert lambda_gc(two_sided(z)) == pytest.approx(1.3, abs=0.02)

    def test_sorted_pvalues_meet_their_expectation(self) -> None:
        log_p = np.log(np.array([0.75, 0.25, 0.5]))
        points = drawn(qq({"Two-sided": log_p}))
        np.testing.assert_allclose(points[:, 0], points[:, 1])

    def test_the_band_holds_the_null(self, rng: np.random.Generator) -> None:
        ax = qq({"null": np.log(rng.uniform(size=50_000))})
        (path,) = ax.collections[0].get_paths()
        line = np.linspace(0.1, 4.6, 50)
        assert all(path.contains_point((x, x)) for x in line)

    def test_all_of_the_smallest_pvalues_are_drawn(self, rng: np.random.Generator) -> None:
        log_p = np.log(rng.uniform(size=100_000))
        y = drawn(qq({"null": log_p}))[:, 1]
        smallest = np.sort(-log_p / LN10)[::-1][:2000]
        np.testing.assert_allclose(np.sort(y)[::-1][:2000], smallest)
        assert y.size < 4000

    def test_weighted_pvalues_have_no_lambda(self, rng: np.random.Generator) -> None:
        log_p = np.log(rng.uniform(size=100))
        ax = qq({"Two-sided": log_p, "Family": log_p}, weighted=["Family"])
        labels = [text.get_text() for text in ax.get_legend().get_texts()]
        assert [label for label in labels if label.startswith("Family")] == ["Family"]
        assert any(label.startswith("Two-sided, λ = ") for label in labels)

    def test_nothing_but_nan_is_refused(self) -> None:
        with pytest.raises(ValueError, match="at least one p-value"):
            qq({"FAB": np.array([np.nan])})


class TestPriorCalibration:
    def test_a_true_prior_lies_on_the_diagonal(self, rng: np.random.Generator) -> None:
        n = 200_000
        mean, var = rng.normal(0, 1, n), rng.gamma(2.0, 2.0, n)
        z = mean + np.sqrt(1 + var) * rng.standard_normal(n)
        points = drawn(prior_calibration(mean, var, z))
        np.testing.assert_allclose(points[:, 1], points[:, 0], rtol=0.05)
        points = drawn(prior_direction(mean, z))
        np.testing.assert_allclose(points[:, 1], points[:, 0], atol=0.08)

    def test_intervals_are_those_of_blocks(self, rng: np.random.Generator) -> None:
        block = np.repeat(np.arange(200), 100)
        # everything in a block says the same: the error is that of 200 values
        z = np.repeat(rng.standard_normal(200), 100)
        ax = prior_direction(rng.permutation(block) / 200.0, z, block=block, n_bins=1)
        (bars,) = [c for c in ax.collections if hasattr(c, "get_segments")]
        (low, high) = bars.get_segments()[0][:, 1]
        assert (high - low) / 2 == pytest.approx(1.96 * z.std() / np.sqrt(200), rel=0.02)

    def test_too_few_variants_are_refused(self) -> None:
        with pytest.raises(ValueError, match="at least 10 variants"):
            prior_direction(np.zeros(3), np.zeros(3))


class TestIntervals:
    def test_hold_both_intervals_of_each_locus(self) -> None:
        usual = np.array([[-1.0, 3.0], [0.5, 2.5]])
        fab = np.array([[-0.5, 2.5], [0.4, 2.2]])
        ax = effect_intervals(["GDF5", "HMGA2"], np.array([1.0, 1.5]), usual, fab)
        first, second = [c for c in ax.collections if hasattr(c, "get_segments")]
        np.testing.assert_allclose([s[:, 0] for s in first.get_segments()], usual)
        np.testing.assert_allclose([s[:, 0] for s in second.get_segments()], fab)
        assert [t.get_text() for t in ax.get_yticklabels()] == ["GDF5", "HMGA2"]


class TestLocusZoom:
    def test_variants_are_coloured_by_linkage(self) -> None:
        pos = np.array([100, 200, 300, 400]) * 1000
        r2 = np.array([0.1, 1.0, 0.9, np.nan])
        ax = locus_zoom(pos, np.array([-1.0, -9.0, -6.0, -2.0]), r2=r2)
        by_label = {c.get_label(): np.asarray(c.get_offsets()) for c in ax.collections}
        np.testing.assert_allclose(by_label["0.0 to 0.2"][:, 0], [0.1])
        np.testing.assert_allclose(by_label["0.8 to 1.0"][:, 0], [0.3])
        np.testing.assert_allclose(np.asarray(ax.collections[-1].get_offsets())[0, 0], 0.2)

    def test_genes_that_overlap_are_in_different_rows(self) -> None:
        pos = np.arange(1, 11) * 100_000
        genes = [
            Gene("A", 100_000, 500_000, "+"),
            Gene("B", 300_000, 600_000, "-"),
            Gene("ELSEWHERE", 5_000_000, 6_000_000),
        ]
        ax = locus_zoom(pos, np.full(10, -1.0), genes=genes)
        (track,) = ax.child_axes
        assert texts(track) == ["A →", "B ←"]
        assert len({text.get_position()[1] for text in track.texts}) == 2
        draw(ax)


class TestHouseRules:
    def test_figures_leave_pyplot_alone(self, rng: np.random.Generator) -> None:
        before = "matplotlib.pyplot" in sys.modules
        ax = qq({"FAB": np.log(rng.uniform(size=50))})
        assert isinstance(ax.figure, Figure)
        assert ("matplotlib.pyplot" in sys.modules) == before

    def test_given_axes_are_used(self, rng: np.random.Generator) -> None:
        ax = Figure().add_subplot()
        assert qq({"FAB": np.log(rng.uniform(size=50))}, ax) is ax

    def test_figures_can_be_made_in_threads(self, rng: np.random.Generator) -> None:
        log_p = np.log(rng.uniform(size=500))
        done: list[Axes] = []
        threads = [
            threading.Thread(target=lambda: done.append(qq({"FAB": log_p}, style=DARK)))
            for _ in range(4)
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert len(done) == 4
