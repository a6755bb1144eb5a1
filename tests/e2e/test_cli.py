"""The command line itself."""

import subprocess
import sys

import pytest

HEAVY = ["jax", "pandas", "scipy", "numpy", "pyarrow", "matplotlib", "statsmodels"]


def python(code, *arguments):
    return subprocess.run(
        [sys.executable, "-c", code, *arguments],
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.mark.parametrize("command", [[], ["run"], ["munge"], ["demo"], ["embed"]])
def test_every_command_explains_itself(command):
    result = python(
        "from fabgwas.cli import main; import sys; sys.argv[0] = 'fabgwas'; main()",
        *command,
        "--help",
    )
    assert result.returncode == 0, result.stderr
    assert "Usage: fabgwas" in result.stdout


def test_help_imports_nothing_heavy():
    code = (
        "import sys; sys.argv = ['fabgwas', '--help']\n"
        "from fabgwas.cli import main\n"
        "try: main()\n"
        f"finally: print([m for m in {HEAVY!r} if m in sys.modules], file=sys.stderr)"
    )
    assert python(code).stderr.strip() == "[]"


def test_version():
    result = python(
        "import sys; sys.argv = ['fabgwas', '--version']\n"
        "from fabgwas.cli import main; main()"
    )
    assert result.stdout.startswith("fabgwas 0.")


def test_wrong_settings_are_usage_errors(tmp_path):
    result = subprocess.run(
        [sys.executable, "-m", "fabgwas", "run", "x", "--embeddings", "y", "--out",
         str(tmp_path / "z"), "--primary", "best"],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert result.returncode == 2
    assert "primary must be one of family, fab, two-sided" in result.stderr
