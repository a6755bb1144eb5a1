"""The command line itself."""

import io
import logging
import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from fabgwas.cli import app
from fabgwas.cli._log import StatusHandler

HEAVY = ["jax", "pandas", "scipy", "numpy", "pyarrow", "matplotlib", "statsmodels"]


def python(code, *arguments):
    return subprocess.run(
        [sys.executable, "-c", code, *arguments],
        capture_output=True,
        text=True,
        check=False,
    )


COMMANDS = sorted(command.name or command.callback.__name__ for command in
                  app.registered_commands)  # fmt: skip


# what each command cannot do without, and some of what it can
ARGUMENTS = {
    "run": ["a", "--embeddings", "b", "--out", "c", "--chrom", "1-3", "--aux", "d",
            "--compare", "e", "--compare", "f"],
    "munge": ["a", "--out", "c", "--columns", "se=X"],
    "ld": ["a", "b", "--out", "c", "--maf", "0.01"],
    "prs": ["a", "--ld", "b", "--out", "c", "--columns", "se=X,p=Y", "--chrom", "X"],
    "score": ["a", "b", "--out", "c", "--also", "d"],
    "evaluate": ["a", "b", "--out", "c", "--score", "x", "--score", "y"],
    "cohort": ["a", "--embeddings", "b", "--out", "c", "--control", "random"],
    "sets": ["a", "--ld", "b", "--out", "c", "--margin-kb", "10"],
    "split": ["a", "--ld", "b", "--out", "c", "--share", "0.5"],
    "embed plan": [__file__, "--build", "GRCh37", "--catalog-before", "2020-01-31"],
    "embed run": [__file__, "--build", "GRCh37", "--out", "c", "--no-share-texts"],
}  # fmt: skip


def fabgwas(*arguments):
    return python(
        "from fabgwas.cli import main; import sys; sys.argv[0] = 'fabgwas'; main()",
        *map(str, arguments),
    )


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_explains_itself_by_an_example(command):
    result = fabgwas(command, "--help")
    assert result.returncode == 0, result.stderr
    assert f"Usage: fabgwas {command}" in result.stdout
    if command != "embed":  # a group of commands, each with its own
        assert f"Example: fabgwas {command} " in result.stdout


# of what all commands that compute have, those with a reason not to
LACKS = {
    "munge": {"--seed"},
    "ld": {"--seed"},
    "score": {"--seed"},
    "sets": {"--seed"},
    "evaluate": {"--chrom"},
    "embed run": {"--seed"},
    "demo": {"--seed", "--chrom", "--dry-run", "--overwrite"},
}


@pytest.mark.parametrize("command", [*sorted(set(COMMANDS) - {"embed"}), "embed run"])
def test_commands_share_their_manners(command):
    shared = {"--threads", "--seed", "--chrom", "--dry-run", "--overwrite", "--quiet"}
    told = set(fabgwas(*command.split(), "--help").stdout.replace(",", " ").split())
    assert shared - told == LACKS.get(command, set())


def test_what_a_command_lacks_has_a_reason_in_the_documentation():
    page = Path(__file__).parents[2] / "docs/reference/cli.md"
    rows = re.findall(r"^\| `(.+?)` \| (.+?) \|", page.read_text(), re.MULTILINE)
    told = {name: set(re.findall(r"--[a-z-]+", cell)) for name, cell in rows}
    assert told.pop("demo") == {"--threads", "--quiet"}  # all but these
    assert told == {name: lacks for name, lacks in LACKS.items() if name != "demo"}


def test_the_exit_codes_are_documented():
    text = " ".join(fabgwas("--help").stdout.split())
    for code in ("0 done", "2 an option", "3 an input file", "4 nothing", "5 a remote",
                 "6 an output", "130 interrupted"):  # fmt: skip
        assert code in text


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_completes_in_a_shell(shell, monkeypatch):
    # named, since --show-completion asks for the shell that runs the tests, any shell
    monkeypatch.setenv("_FABGWAS_COMPLETE", f"source_{shell}")
    result = fabgwas()
    assert result.returncode == 0, result.stderr
    assert f"_FABGWAS_COMPLETE=complete_{shell}" in result.stdout


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


@pytest.mark.parametrize(
    ("option", "code", "message"),
    [
        (["--seed", "-1"], 2, "--seed"),
        (["--p2", "2"], 2, "p2 must be between 0 and 1"),
        (["--p1", "0.05"], 2, "p1 must be at most p2 (0.01), but is 0.05"),
        (["--min-maf", "2"], 2, "min_maf must lie between 0 and 1"),
        (["--n-cases", "5"], 2, "n_cases and n_controls must be given together"),
        (["--format", "nope"], 2, "unknown format 'nope'; known are auto, generic"),
        (["--build", "hg20"], 2, "unknown genome build 'hg20'"),
        (["--chrom", "99"], 2, "unknown chromosome '99'"),
        (["--columns", "se"], 2, "columns are given as ROLE=COLUMN"),
        (["--bim", "absent.bim"], 3, "absent.bim: there is no such file"),
        (["--bim", "/"], 3, "/: is a folder, not a file"),
        (["--liftover", "absent.chain"], 3, "absent.chain: there is no such file"),
        (["--aux", "absent.gz"], 3, "absent.gz: there is no such file"),
        (["--blocks", "absent.bed"], 3, "absent.bed: there is no such file"),
        (["--config", "absent.toml"], 3, "absent.toml: No such file"),
        (["--embeddings", "absent"], 3, "absent: no such file or folder"),
    ],
)
def test_alike_mistakes_have_alike_codes(option, code, message, tmp_path):
    study = tmp_path / "study.txt"
    study.write_text("SNP\tA1\n")
    result = fabgwas(
        "run", study, "--embeddings", tmp_path, "--out", tmp_path / "out", *option
    )
    assert result.returncode == code
    assert message in result.stderr
    assert "Traceback" not in result.stderr


class TestConfig:
    def test_is_printed_and_read_again(self, tmp_path):
        result = fabgwas(
            "run", "a b.gz", "--embeddings", "store", "--out", "x", "--chrom", "1-3,X",
            "--columns", "se=StdErr2,p=PVAL", "--aux", "c.gz", "--p2", "0.05",
            "--print-config",
        )  # fmt: skip
        assert result.returncode == 0, result.stderr
        settings = tomllib.loads(result.stdout)
        assert settings["chrom"] == ["1", "2", "3", "X"]
        assert settings["columns"] == {"se": "StdErr2", "p": "PVAL"}
        path = tmp_path / "run.toml"
        path.write_text(result.stdout)
        again = fabgwas("run", "--config", path, "--print-config")
        assert again.stdout == result.stdout

    def test_options_go_before_it(self, tmp_path):
        path = tmp_path / "run.toml"
        path.write_text('sumstats = "a"\nembeddings = "b"\nout = "c"\nseed = 7\n')
        changed = fabgwas("run", "--config", path, "--seed", "8", "--print-config")
        assert tomllib.loads(changed.stdout)["seed"] == 8

    def test_an_unknown_setting_is_named(self, tmp_path):
        path = tmp_path / "run.toml"
        path.write_text("seeds = 7\n")
        result = fabgwas("run", "--config", path)
        assert result.returncode == 2
        assert "unknown setting 'seeds'; known are" in result.stderr

    @pytest.mark.parametrize("command", sorted(ARGUMENTS))
    def test_of_every_command_is_what_it_reads_again(self, command, tmp_path):
        printed = fabgwas(*command.split(), *ARGUMENTS[command], "--print-config")
        assert printed.returncode == 0, printed.stderr
        assert tomllib.loads(printed.stdout)
        path = tmp_path / "settings.toml"
        path.write_text(printed.stdout)
        again = fabgwas(*command.split(), "--config", path, "--print-config")
        assert again.stdout == printed.stdout

    def test_there_is_an_example_of_every_command_that_computes(self):
        assert {command.split()[0] for command in ARGUMENTS} == {*COMMANDS} - {"demo"}


class TestStatus:
    """Progress on a terminal moves; elsewhere it is lines."""

    def messages(self, moves: bool, *records: tuple[int, str, bool]) -> str:
        stream = io.StringIO()
        stream.isatty = lambda: moves
        handler = StatusHandler(stream)
        handler.setFormatter(logging.Formatter("%(message)s"))
        for level, text, tick in records:
            record = logging.LogRecord("fabgwas", level, "", 0, text, None, None)
            record.tick = tick
            handler.handle(record)
        return stream.getvalue()

    records = ((logging.DEBUG, "5 of 9", True), (logging.DEBUG, "for the file", False),
               (logging.INFO, "9 of 9", False))  # fmt: skip

    def test_a_pipe_has_plain_lines(self):
        assert self.messages(False, *self.records) == "9 of 9\n"

    def test_a_terminal_is_written_over(self):
        text = self.messages(True, *self.records)
        assert text.startswith("5 of 9\r")
        assert text.endswith("\r9 of 9\n")
        assert "for the file" not in text

    def test_nothing_is_left_of_a_pass_that_is_over(self):
        text = self.messages(True, *self.records[:1], (logging.DEBUG, "", True))
        assert re.fullmatch("5 of 9\r *\r", text)
