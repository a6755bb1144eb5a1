"""The notebooks run without a warning, and are saved as they are in their scripts."""

import gzip
import importlib.util
import re
from pathlib import Path

import jupytext
import pytest

FOLDER = Path(__file__).parents[2] / "notebooks"
_spec = importlib.util.spec_from_file_location("execute", FOLDER / "execute.py")
notebooks = importlib.util.module_from_spec(_spec)
_spec.loader.exec_module(notebooks)

NAMES = [path.stem for path in notebooks.sources()]


def outputs(notebook):
    return [each for cell in notebook.cells for each in cell.get("outputs", [])]


def shown(notebook):
    """All that a notebook tells in words."""
    texts = [each.get("text") or each.get("data", {}).get("text/plain", "")
             for each in outputs(notebook)]  # fmt: skip
    return "\n".join("".join(text) for text in texts)


@pytest.fixture(scope="module")
def folder(tmp_path_factory, height_data):
    """One for all, as beside the notebooks: the store is made by the first of them."""
    return tmp_path_factory.mktemp("notebooks")


def test_five_notebooks_are_found():
    assert [name[:2] for name in NAMES] == ["01", "02", "03", "04", "05"]


@pytest.mark.slow
@pytest.mark.parametrize("name", NAMES)
def test_runs_from_top_to_bottom_without_a_warning(name, folder, monkeypatch, pytestconfig):
    # not where old libraries may warn of newer ones
    if "error" in pytestconfig.getini("filterwarnings"):
        monkeypatch.setenv("PYTHONWARNINGS", "error")
    notebook = notebooks.execute(FOLDER / f"{name}.py", folder)
    assert [each.text for each in outputs(notebook) if each.get("name") == "stderr"] == []
    pictures = [each for each in outputs(notebook) if "image/png" in each.get("data", {})]
    saved = jupytext.read(FOLDER / f"{name}.ipynb")
    assert len(pictures) == sum(
        "image/png" in each.get("data", {}) for each in outputs(saved)
    )


@pytest.mark.parametrize("name", NAMES)
def test_saved_notebook_is_its_script(name):
    script = jupytext.read(FOLDER / f"{name}.py")
    saved = jupytext.read(FOLDER / f"{name}.ipynb")
    told = [(cell.cell_type, cell.source) for cell in saved.cells]
    assert told == [(cell.cell_type, cell.source) for cell in script.cells]
    counts = [cell.execution_count for cell in saved.cells if cell.cell_type == "code"]
    assert counts == list(range(1, len(counts) + 1))
    assert "error" not in {each.output_type for each in outputs(saved)}


@pytest.mark.parametrize("name", NAMES)
def test_saved_outputs_tell_nothing_of_the_machine(name):
    text = (FOLDER / f"{name}.ipynb").read_text(encoding="utf-8")
    assert re.findall(r"/(?:tmp|home|root|usr|work|opt)/[\w/.]*", text) == []


def test_what_the_simulations_of_the_third_show_holds():
    text = shown(jupytext.read(FOLDER / "03_priors_and_fab_tests.ipynb"))
    standard_errors = [float(off) for off in re.findall(r"e-0\d  ([+-]\d\.\d)", text)]
    assert len(standard_errors) == 9
    assert max(map(abs, standard_errors)) < 5
    families = re.findall(r"discovery in (0\.\d+) \+- (0\.\d+)", text)
    assert len(families) == 3
    assert all(float(rate) <= 0.05 + 5 * float(se) for rate, se in families)


def test_example_rows_are_read_without_plink2(height_data):
    import fabgwas as fg

    study = fg.read_sumstats(FOLDER / "example.glm.linear.gz", build="GRCh37")
    places = (height_data / "1000G_eur_chr22.bim").read_text(encoding="utf-8").split("\n")
    assert set(study.table["rsid"].to_pylist()) <= {row.split()[1] for row in places if row}
    with gzip.open(FOLDER / "example.glm.linear.gz", "rt") as file:
        assert len(study) == sum(1 for _ in file) - 1
