"""Make the notebooks from their `.py` twins: `python notebooks/execute.py [NAME ...]`."""

import os
import shutil
import sys
import tempfile
from pathlib import Path

import jupytext
import nbformat
from nbclient import NotebookClient

FOLDER = Path(__file__).parent


def sources() -> list[Path]:
    """The notebooks as scripts, in their order."""
    return sorted(FOLDER.glob("[0-9]*.py"))


def execute(source: Path, folder: Path) -> nbformat.NotebookNode:
    """Run a script as a notebook in `folder`; an error in a cell is an error."""
    for example in FOLDER.glob("*.gz"):
        shutil.copy(example, folder)
    notebook = jupytext.read(source)
    # by this interpreter, whatever kernels are installed, and its programs before others
    os.environ["PATH"] = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    client = NotebookClient(
        notebook,
        timeout=600,
        kernel_name="python3",
        resources={"metadata": {"path": str(folder)}},
        record_timing=False,
        coalesce_streams=True,
        extra_arguments=["--log-level=ERROR"],
    )
    client.execute()
    notebook.metadata = {
        "kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"},
        "language_info": {"name": "python"},
    }
    for number, cell in enumerate(notebook.cells):
        cell.id = f"cell-{number}"  # so that equal notebooks are equal files
        cell.metadata = {}
    return notebook


def main(names: list[str]) -> None:
    """Write the notebooks with their outputs beside the scripts."""
    with tempfile.TemporaryDirectory() as folder:
        for source in sources():
            if not names or source.stem in names:
                notebook = execute(source, Path(folder))
                nbformat.write(notebook, source.with_suffix(".ipynb"))
                print(source.with_suffix(".ipynb").name)


if __name__ == "__main__":
    main(sys.argv[1:])
