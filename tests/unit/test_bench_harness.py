"""The harness of the benchmarks: cells, results, resuming, tables."""

import json

import numpy as np
import pytest

from benchmarks.__main__ import _parser
from benchmarks.harness import (
    Context,
    FunctionMethod,
    FunctionTask,
    Metric,
    Skip,
    bootstrap,
    compare,
    difference,
    need_file,
    need_program,
    over_seeds,
    read_results,
)
from benchmarks.harness.registry import SUITES, find_methods, find_tasks
from benchmarks.harness.run import Cell, choose_cells, find_cells, run_cells
from benchmarks.harness.summarise import summarise
from fabgwas.errors import UsageError

SILENT = {"tell": lambda line: None}


def answer_mean(problem, context, seed):
    return problem.mean()


def answer_nothing(problem, context, seed):
    need_program("a-program-that-nobody-has")


def answer_wrongly(problem, context, seed):
    raise ZeroDivisionError("no")


def draw(context, seed):
    return np.random.default_rng(seed).normal(size=50)


def judge(problem, answer, seed):
    return {"error": abs(answer), "squared": Metric(answer**2, 0.0, 1.0, (0.1, 0.2))}


TASK = FunctionTask(
    name="mean of noise", problem=draw, judge=judge, settings={"n": 50}, all_seeds=(0, 1)
)
METHODS = [
    FunctionMethod(name="mean", answer=answer_mean),
    FunctionMethod(name="program", answer=answer_nothing),
    FunctionMethod(name="broken", answer=answer_wrongly),
]


@pytest.fixture
def context(tmp_path):
    return Context(data=None, cache=tmp_path / "cache")


@pytest.fixture
def cells(context):
    return [Cell("mock", TASK, m, s) for s in TASK.seeds(context) for m in METHODS]


def test_every_cell_leaves_a_result(cells, context, tmp_path, capsys):
    counts = run_cells(cells, context, tmp_path, **SILENT)
    assert counts == {"done": 2, "skipped": 2, "failed": 2}
    results = {(r.method, r.seed): r for r in read_results(tmp_path, "mock")}
    assert len(results) == 6
    done = results["mean", 1]
    assert done.metrics["error"].value == pytest.approx(abs(draw(context, 1).mean()))
    assert done.metrics["squared"].draws == (0.1, 0.2)
    assert done.peak_bytes > 1e6
    assert {"date", "machine", "versions", "commit"} <= done.about.keys()
    assert "a-program-that-nobody-has" in results["program", 0].reason
    assert "ZeroDivisionError: no" in results["broken", 0].reason


def test_results_are_not_overwritten_silently(cells, context, tmp_path):
    run_cells(cells[:1], context, tmp_path, **SILENT)
    with pytest.raises(UsageError, match="has 1 of these 6 results"):
        choose_cells(cells, tmp_path, only_missing=False, overwrite=False)
    assert len(choose_cells(cells, tmp_path, only_missing=False, overwrite=True)) == 6


def test_only_missing_resumes(cells, context, tmp_path, capsys):
    run_cells(cells, context, tmp_path, **SILENT)
    left = choose_cells(cells, tmp_path, only_missing=True, overwrite=False)
    # what was skipped or failed may work now
    assert {cell.method.name for cell in left} == {"program", "broken"}


def test_other_settings_make_a_result_stale(cells, context, tmp_path):
    run_cells(cells[:1], context, tmp_path, **SILENT)
    changed = FunctionMethod(name="mean", answer=answer_mean, settings={"trimmed": 0.1})
    cell = cells[0]._replace(method=changed)
    assert choose_cells([cell], tmp_path, only_missing=True, overwrite=False) == [cell]


def test_a_problem_that_cannot_be_loaded_skips_its_methods(context, tmp_path):
    task = FunctionTask(
        name="real", problem=lambda context, seed: need_file(context, "x.tsv"), judge=judge
    )
    cell = Cell("mock", task, METHODS[0], 0)
    assert run_cells([cell], context, tmp_path, **SILENT) == {"skipped": 1}
    [result] = read_results(tmp_path, "mock")
    assert "needs the real data" in result.reason


def test_a_file_of_another_schema_is_named(cells, context, tmp_path):
    run_cells(cells[:1], context, tmp_path, **SILENT)
    path = cells[0].path(tmp_path)
    path.write_text(json.dumps(json.loads(path.read_text()) | {"schema": 99}))
    with pytest.raises(ValueError, match=r"mean\.0\.json: not a result of schema"):
        read_results(tmp_path, "mock")


def test_bootstrap_interval_covers_the_mean(rng):
    groups = np.repeat(np.arange(100), 3)
    truth = 1.0
    covered = 0
    for seed in range(100):
        values = truth + np.repeat(rng.normal(size=100), 3)
        found = bootstrap(lambda w, v=values: np.average(v, weights=w), groups, seed=seed)
        covered += found.lower <= truth <= found.upper
    # rows of a group are equal: resampling rows would cover 75 of 100
    assert covered >= 88


def test_differences_are_paired(rng):
    values = rng.normal(size=200)
    groups = np.arange(200)
    first = bootstrap(lambda w: np.average(values + 0.1, weights=w), groups, seed=3)
    second = bootstrap(lambda w: np.average(values, weights=w), groups, seed=3)
    apart = difference(first, second)
    assert apart.value == pytest.approx(0.1)
    assert apart.upper - apart.lower < 1e-4
    assert first.upper - first.lower > 0.1


def test_seeds_are_replicates(cells, context, tmp_path, capsys):
    run_cells(cells, context, tmp_path, **SILENT)
    mean = [r for r in read_results(tmp_path, "mock") if r.method == "mean"]
    found = over_seeds(mean, "error")
    values = [r.metrics["error"].value for r in mean]
    assert found.value == pytest.approx(np.mean(values))
    assert found.lower < min(values)
    assert compare(mean, mean, "error").value == 0


@pytest.fixture
def mock_suite(monkeypatch):
    """The suite as the tables find it."""
    monkeypatch.setattr("benchmarks.harness.run.find_tasks", lambda suite: [TASK])
    monkeypatch.setattr("benchmarks.harness.run.find_methods", lambda suite: METHODS)


def test_tables_leave_out_what_has_changed(cells, context, tmp_path, mock_suite):
    changed = FunctionMethod(name="mean", answer=answer_mean, settings={"version": 0})
    old = [c._replace(method=changed) if c.method.name == "mean" else c for c in cells]
    run_cells(old, context, tmp_path, **SILENT)
    summarise(tmp_path, None, ["mock"])
    page = (tmp_path / "mock.md").read_text()
    assert "2 stale" in page
    assert "| mean |" not in page
    run_cells(cells, context, tmp_path, **SILENT)
    summarise(tmp_path, None, ["mock"])
    page = (tmp_path / "mock.md").read_text()
    assert "stale" not in page
    assert "| mean |" in page


def test_tables_tell_why_something_is_missing(cells, context, tmp_path, capsys, mock_suite):
    run_cells(cells, context, tmp_path, **SILENT)
    readme = tmp_path / "README.md"
    before = "<!-- results of mock: begin -->STALE<!-- results of mock: end -->"
    readme.write_text(f"above\n{before}\nbelow\n")
    summarise(tmp_path, readme, ["mock"])
    page = readme.read_text()
    assert "STALE" not in page
    assert page.startswith("above")
    assert page.rstrip().endswith("below")
    assert "skipped: needs the program a-program-that-nobody-has" in page
    assert "python -m benchmarks run --suite mock" in page


def test_a_missing_place_in_the_readme_is_named(cells, context, tmp_path, mock_suite):
    run_cells(cells[:1], context, tmp_path, **SILENT)
    readme = tmp_path / "README.md"
    readme.write_text("nothing here")
    with pytest.raises(UsageError, match="has no lines"):
        summarise(tmp_path, readme, ["mock"])


def test_some_seeds_and_names_can_be_chosen(context):
    chosen = _parser().parse_args(["run", "--seeds", "100-102,105"]).seeds
    assert chosen == {100, 101, 102, 105}
    told = {"tasks": "causal 0.01, h2 0.5, inf*", "methods": "ct", "seeds": chosen}
    found = find_cells("prs", context, **told)
    assert [(cell.method.name, cell.seed) for cell in found] == [
        ("ct", seed) for seed in sorted(chosen)
    ]


def test_methods_of_the_paper_are_given_what_they_are_for(context):
    of_task: dict[str, set[str]] = {}
    for cell in find_cells("paper", context):
        of_task.setdefault(cell.task.name, set()).add(cell.method.name)
    assert "USE, linear" in of_task["chromosome, paper text, by variant"]
    assert all(
        name.startswith(("augmented", "score"))
        for name in of_task["expression above median, from C+T"]
    )
    assert not any(name.endswith("linear") for name in of_task["height, chr22"])


def test_skip_is_not_a_failure():
    with pytest.raises(Skip, match="needs the program"):
        need_program("a-program-that-nobody-has")


@pytest.mark.parametrize("suite", SUITES)
def test_what_is_in_a_suite_is_found(suite):
    for task in find_tasks(suite):
        assert task.name
        json.dumps(task.settings, default=str)
    for method in find_methods(suite):
        assert method.name
