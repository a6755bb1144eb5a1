"""Nothing in the packages runs, unpacks or asks for what a file of somebody else says."""

import ast
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
SOURCES = sorted(
    path
    for folder in ("fabgwas", "embeddings/fabgwas_embeddings", "benchmarks")
    for path in (ROOT / folder).rglob("*.py")
)
# they run what they read: pickles, texts, commands of a shell
FORBIDDEN_MODULES = {"pickle", "cPickle", "_pickle", "dill", "cloudpickle", "joblib",
                     "shelve", "marshal", "telnetlib"}  # fmt: skip
FORBIDDEN_CALLS = {"eval", "exec", "os.system", "os.popen", "subprocess.getoutput",
                   "subprocess.getstatusoutput", "torch.load", "np.lib.format.open_memmap",
                   "yaml.load", "yaml.unsafe_load", "tarfile.open", "pd.read_pickle",
                   "tempfile.mktemp"}  # fmt: skip
SQL = {"execute", "executemany", "executescript"}


def test_there_is_something_to_look_at():
    assert len(SOURCES) > 200


@pytest.fixture(scope="module")
def nodes():
    return [
        (path.relative_to(ROOT), node)
        for path in SOURCES
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
    ]


def calls(nodes):
    for path, node in nodes:
        if isinstance(node, ast.Call):
            yield f"{path}:{node.lineno}", ast.unparse(node.func), node


def argument(call, name):
    return next((each.value for each in call.keywords if each.arg == name), None)


def is_constant(node, value):
    return isinstance(node, ast.Constant) and node.value is value


def test_no_module_that_unpickles_is_imported(nodes):
    for path, node in nodes:
        names = []
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            names = [node.module or ""]
        for name in names:
            assert name.split(".")[0] not in FORBIDDEN_MODULES, f"{path}:{node.lineno}"


def test_nothing_is_called_that_runs_what_it_reads(nodes):
    for place, name, _ in calls(nodes):
        assert name not in FORBIDDEN_CALLS, place


def test_arrays_are_loaded_without_pickle(nodes):
    found = 0
    for place, name, call in calls(nodes):
        if name in ("np.load", "numpy.load"):
            found += 1
            assert is_constant(argument(call, "allow_pickle"), False), place
        assert not is_constant(argument(call, "allow_pickle"), True), place
    assert found >= 2


def test_no_shell_sees_a_string(nodes):
    for place, name, call in calls(nodes):
        shell = argument(call, "shell")
        assert shell is None or is_constant(shell, False), place
        if name.startswith("subprocess.") and call.args:
            assert not isinstance(call.args[0], ast.Constant | ast.JoinedStr), place


def test_no_code_of_a_model_is_trusted(nodes):
    for place, _, call in calls(nodes):
        assert not is_constant(argument(call, "trust_remote_code"), True), place


def test_values_in_sql_are_parameters(nodes):
    """The text of a statement is a constant: no value is ever put into it."""
    found = 0
    constants = {
        target.id
        for _, node in nodes
        if isinstance(node, ast.Assign) and isinstance(node.value, ast.Constant)
        for target in node.targets
        if isinstance(target, ast.Name)
    }
    for place, name, call in calls(nodes):
        if name.rpartition(".")[2] in SQL and "_db" in name:
            found += 1
            text = call.args[0]
            named = isinstance(text, ast.Name) and text.id in constants
            assert named or isinstance(text, ast.Constant), place
    assert found > 10


def test_archives_are_never_unpacked_by_their_own_names(nodes):
    for place, name, _ in calls(nodes):
        assert name.rpartition(".")[2] not in ("extractall", "extract_member"), place


def test_nothing_makes_files_that_everybody_may_change(nodes):
    for place, name, call in calls(nodes):
        if name in ("os.chmod", "os.umask") or name.endswith(".chmod"):
            pytest.fail(place)
        if name in ("os.open", "os.mkdir", "os.makedirs"):
            for each in call.args[1:]:
                mode = each.value if isinstance(each, ast.Constant) else 0
                assert not (isinstance(mode, int) and mode & 0o022), place
