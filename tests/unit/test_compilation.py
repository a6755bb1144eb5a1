"""Programs of JAX are kept where the user keeps caches, or nowhere."""

import stat
import subprocess
import sys

import jax
import pytest

from fabgwas.compilation import _QUIET_SINCE, keep_compiled

keeps = pytest.mark.skipif(
    jax.__version_info__ < _QUIET_SINCE, reason="this JAX is too old to keep programs"
)


@pytest.fixture
def untold(monkeypatch, tmp_path):
    """No folder is set, and the settings are put back afterwards."""
    names = ("jax_compilation_cache_dir", "jax_persistent_cache_min_compile_time_secs")
    before = {name: getattr(jax.config, name) for name in names}
    jax.config.update("jax_compilation_cache_dir", None)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    yield tmp_path / "cache" / "fabgwas" / "compiled"
    for name, value in before.items():
        jax.config.update(name, value)


@keeps
def test_programs_are_kept_in_a_folder_of_the_user(untold):
    keep_compiled()
    assert jax.config.jax_compilation_cache_dir == str(untold)
    assert stat.S_IMODE(untold.stat().st_mode) == 0o700


def test_a_folder_that_the_user_named_stays(untold, tmp_path):
    jax.config.update("jax_compilation_cache_dir", str(tmp_path / "mine"))
    keep_compiled()
    assert jax.config.jax_compilation_cache_dir == str(tmp_path / "mine")
    assert not untold.exists()


def test_without_a_folder_nothing_is_kept(untold, tmp_path):
    (tmp_path / "cache").write_text("a file where the folder should be")
    keep_compiled()
    assert jax.config.jax_compilation_cache_dir is None


PROGRAM = """
import jax, jax.numpy as jnp
from fabgwas.compilation import keep_compiled
keep_compiled()
jax.config.update("jax_persistent_cache_min_compile_time_secs", 0.0)
print(float(jax.jit(lambda x: jnp.sum(jnp.sin(x) ** 3))(jnp.arange(1000.0))))
"""


def test_a_jax_that_would_print_errors_keeps_nothing(untold, monkeypatch):
    monkeypatch.setattr(jax, "__version_info__", (0, 10, 1))
    keep_compiled()
    assert jax.config.jax_compilation_cache_dir is None
    assert not untold.exists()


@keeps
def test_another_process_finds_them_and_damage_does_no_harm(untold, monkeypatch):
    def run():
        done = subprocess.run(
            [sys.executable, "-c", PROGRAM], capture_output=True, text=True, check=True
        )
        return done.stdout, done.stderr

    first, _ = run()
    kept = sorted(untold.glob("*-cache"))
    assert kept
    times = [path.stat().st_mtime_ns for path in kept]
    assert run()[0] == first
    assert [path.stat().st_mtime_ns for path in kept] == times
    for path in kept:
        path.write_bytes(path.read_bytes()[:50])
    again, told = run()
    assert again == first
    assert "Error reading persistent compilation cache" in told
