"""Ratios and verdicts of the power benchmark."""

import pytest

from benchmarks.harness import Metric, Result
from benchmarks.tests._ratios import ratio_of_sums, share_captured
from benchmarks.tests.tables import figures, tables


def test_ratio_of_sums_is_of_sums_and_of_shared_seeds() -> None:
    found = ratio_of_sums({0: 10.0, 1: 30.0, 2: 99.0}, {0: 20.0, 1: 20.0})
    assert found.value == 1
    assert found.lower == 0.5
    assert found.upper == 1.5


def test_share_captured_is_of_the_oracles_gain() -> None:
    reference = dict.fromkeys(range(4), 100.0)
    oracle = {0: 110.0, 1: 112.0, 2: 108.0, 3: 110.0}
    learned = {seed: (loci + 100) / 2 for seed, loci in oracle.items()}
    found = share_captured(learned, oracle, reference)
    assert found.value == pytest.approx(0.5)
    assert found.lower == pytest.approx(0.5)


@pytest.mark.parametrize(
    ("oracle", "verdict"),
    [(102.0, "too little to say"), (120.0, "The learned test has 0.500")],
)
def test_the_bar_asks_only_where_there_is_something_to_learn(oracle, verdict) -> None:
    loci = {
        "two-sided": 100.0,
        "family, covariates, a = 1/LD score": 100.0,
        "family, auto, a = 1/LD score": 110.0,
        "oracle, slab, a = 1": oracle,
        "two-sided, FDR": 150.0,
    }
    others = {
        "gained on two-sided": 1.0, "lost to two-sided": 2.0, "gained on covariates": 4.0,
        "lost to covariates": 5.0, "empty loci": 0.0,
    }  # fmt: skip
    results = [
        Result(
            suite="tests",
            task="power, strong",
            method=method,
            seed=seed,
            status="done",
            settings={},
            metrics={n: Metric(v) for n, v in ({"loci": value} | others).items()},
        )
        for method, value in loci.items()
        for seed in range(3)
    ]
    (table,) = tables(results)
    assert verdict in table.text
    assert [row[0] for row in table.rows][-1] == "two-sided, FDR"
    assert "| two-sided | 3 | 300 |" in table.markdown()
    assert "| 3, 6 | 12, 15 | 0 |" in table.markdown()


def results_of(task: str, metrics: dict[str, dict[str, list[float]]]) -> list[Result]:
    return [
        Result(
            suite="tests",
            task=task,
            method=method,
            seed=seed,
            status="done",
            settings={},
            metrics={name: Metric(values[seed]) for name, values in found.items()},
        )
        for method, found in metrics.items()
        for seed in range(3)
    ]


def test_a_rate_above_its_level_is_named(tmp_path) -> None:
    right, wrong = [0.9, 1.0, 1.1], [1.8, 2.0, 2.1]
    told = {
        "size: two-sided": {"rate at 0.05 over it": right, "family-wise error": [0, 0, 1]},
        "size: pooled": {"rate at 0.05 over it": wrong, "family-wise error": [1, 1, 1]},
    }
    results = results_of("calibration, no effects", told)
    (table,) = tables(results)
    assert "two-sided" not in table.text.partition("above their level: ")[2]
    assert "pooled (rate at 0.05 over it)" in table.text
    assert table.rows[0][:2] == ["two-sided", "3"]
    [path] = figures(results, tmp_path)
    assert path.name == "calibration.png"
    assert path.stat().st_size > 1000


def test_false_discoveries_are_compared_with_what_was_asked() -> None:
    told = {
        "size: BH": {"false discovery rate": [0.04, 0.05, 0.06], "discoveries": [9, 9, 9]},
        "size: local": {"false discovery rate": [0.2, 0.21, 0.2], "discoveries": [9, 8, 9]},
    }
    (table,) = tables(results_of("calibration, effects in half of the blocks", told))
    assert table.text.endswith("local (false discovery rate).\n")
