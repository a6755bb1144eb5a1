"""Full disks, folders that cannot be written to, kills, Ctrl-C and two runs at once.

Whatever happens, outputs are complete or absent, and the same command finishes afterwards.
The number of kills of each command is FABGWAS_KILLS, 2 unless it is set.
"""

import errno
import os
import shutil
import signal
import subprocess
import time
from functools import partial
from pathlib import Path

import pytest
from commands import FOLDERS, make_world, places, run, start

COMMANDS = [
    "run",
    "munge",
    "ld",
    "prs",
    "score",
    "cohort",
    "evaluate",
    "split",
    "embed",
    "sets",
]
KILLS = int(os.environ.get("FABGWAS_KILLS", "2"))


@pytest.fixture(scope="module")
def world(tmp_path_factory):
    return make_world(tmp_path_factory.mktemp("world"))


@pytest.fixture(scope="module")
def seconds(world, tmp_path_factory):
    """How long a command takes when nothing happens, and that it is complete then."""
    known = {}

    def measure(name):
        if name not in known:
            out = tmp_path_factory.mktemp("undisturbed") / "x"
            began = time.monotonic()
            code, errors = run(world[name], out)
            known[name] = time.monotonic() - began
            assert code == 0, errors
            assert absent(name, world[name], out) == []
            assert leftovers(out) == []
        return known[name]

    return measure


def absent(name, command, out):
    return [path.name for path in places(name, command, out) if not path.exists()]


def data_of(name, command, out):
    """The outputs that are there, but for the log."""
    return [path for path in places(name, command, out)
            if path.exists() and path.suffix != ".log"]  # fmt: skip


def leftovers(out):
    return [path.name for path in out.parent.iterdir() if path.name.startswith(".")]


def one_line(errors):
    lines = [line for line in errors.splitlines() if line.startswith("error: ")]
    assert "Traceback" not in errors, errors
    assert len(lines) == 1, errors
    assert errors.splitlines()[-1] == lines[0], errors
    return lines[0]


@pytest.mark.parametrize("name", COMMANDS)
def test_killed_at_any_moment_a_command_finishes_when_it_is_given_again(
    name, world, seconds, tmp_path, rng
):
    command, out = world[name], tmp_path / "x"
    for _ in range(KILLS):
        running = start(command, out)
        running.process.join(rng.uniform(0, seconds(name)))
        running.process.kill()
        if running.wait()[0] == 0:
            break
        if name not in FOLDERS:
            # put in their places at once: there are hardly ever some of them
            assert len(data_of(name, command, out)) in (0, len(command.outputs) - 1)
    else:
        code, errors = run(command, out)
        assert code == 0, errors
    assert absent(name, command, out) == []
    assert leftovers(out) == []


@pytest.mark.parametrize("name", COMMANDS)
def test_a_full_disk_is_told_in_a_line_and_nothing_is_left(name, world, tmp_path):
    """Files of a size that no process may exceed fail as those on a full disk."""
    command, out = world[name], tmp_path / "x"
    code, errors = run(command, out, file_limit=64)
    assert code == 6, errors
    assert os.strerror(errno.EFBIG) in one_line(errors) or "disk" in one_line(errors)
    if name == "embed":
        assert not (out / "store.json").exists()
    else:
        assert data_of(name, command, out) == []
        assert name == "ld" or leftovers(out) == []
    code, errors = run(command, out)
    assert code == 0, errors
    assert absent(name, command, out) == []


@pytest.fixture
def mount(tmp_path):
    """Mount a small file system of memory, with some options, for one test."""
    folder = tmp_path / "disk"

    def mounted(options):
        folder.mkdir()
        if shutil.which("mount") is None:
            pytest.skip("there is no program mount")
        command = ["mount", "-t", "tmpfs", "-o", options, "tmpfs", str(folder)]
        if subprocess.run(command, capture_output=True).returncode:
            pytest.skip("file systems may not be mounted here")
        return folder

    yield mounted
    if os.path.ismount(folder):
        subprocess.run(["umount", "--lazy", str(folder)], check=True)


@pytest.mark.parametrize("name", ["run", "ld", "embed"])
def test_a_disk_that_is_really_full(name, world, mount):
    out = mount("size=16k") / "x"
    code, errors = run(world[name], out)
    assert code == 6, errors
    assert os.strerror(errno.ENOSPC) in one_line(errors) or "full" in one_line(errors)
    assert data_of(name, world[name], out) == []


@pytest.mark.parametrize("name", COMMANDS)
def test_a_folder_that_cannot_be_written_to_is_told_in_a_line(name, world, mount):
    code, errors = run(world[name], mount("ro") / "x")
    assert code == 6, errors
    assert os.strerror(errno.EROFS) in one_line(errors)


@pytest.mark.parametrize("name", COMMANDS)
def test_a_file_in_the_place_of_the_folder_is_told_in_a_line(name, world, tmp_path):
    (tmp_path / "file").write_text("mine\n")
    code, errors = run(world[name], tmp_path / "file" / "x")
    assert code == 6, errors
    assert str(tmp_path / "file") in one_line(errors)
    assert (tmp_path / "file").read_text() == "mine\n"


def begin(name, command, out):
    """A command that has just begun: its log is there, or its lock is held."""
    running = start(command, out)
    logs = [each for each in command.outputs if each.endswith("log")]
    if name == "embed":
        has_begun = partial(is_held, out / ".work" / "ledger.sqlite")
    elif name in ("ld", "munge"):
        has_begun = partial(is_held, out.with_name(f".{out.name}.partial") / "lock")
    else:
        has_begun = out.with_name(f"{out.name}.{logs[0]}").exists
    while running.process.is_alive() and not has_begun():
        time.sleep(0.001)
    return running


def is_held(lock):
    """Whether a process has the lock, without trying to take it."""
    try:
        inode = lock.stat().st_ino
    except FileNotFoundError:
        return False
    return f":{inode} " in Path("/proc/locks").read_text()


@pytest.mark.parametrize(
    ("name", "number"),
    [*((name, signal.SIGINT) for name in COMMANDS), ("score", signal.SIGTERM)],
)
def test_a_command_that_is_stopped_leaves_nothing(name, number, world, tmp_path):
    command, out = world[name], tmp_path / "x"
    running = begin(name, command, out)
    os.kill(running.process.pid, number)
    code, errors = running.wait()
    assert code == 128 + number, errors
    assert one_line(errors).endswith("nothing is half-written.")
    if name == "embed":
        assert not (out / "store.json").exists()
    else:
        assert data_of(name, command, out) == []
        # a folder that was just made may stay, as after a kill
        assert name in ("ld", "munge") or leftovers(out) == []


@pytest.mark.parametrize("name", COMMANDS)
def test_two_commands_cannot_make_one_output(name, world, tmp_path):
    """The second is refused as long as the first lives; a dead one locks nothing."""
    command, out = world[name], tmp_path / "x"
    first = begin(name, command, out)
    os.kill(first.process.pid, signal.SIGSTOP)
    code, errors = run(command, out)
    assert code == 2, errors
    assert "another process is making it" in one_line(errors) or "another run" in errors
    os.kill(first.process.pid, signal.SIGKILL)
    first.wait()
    code, errors = run(command, out)
    assert code == 0, errors
    assert absent(name, command, out) == []


def test_what_was_there_stays_until_the_new_is_complete(world, tmp_path):
    command, out = world["run"], tmp_path / "x"
    assert run(command, out)[0] == 0
    before = {path: path.read_bytes() for path in data_of("run", command, out)}
    again = command._replace(arguments=[*command.arguments, "--overwrite", "--seed", "1"])
    largest = 3 * min(len(content) for content in before.values())
    code, errors = run(again, out, file_limit=largest)
    assert code == 6, errors
    assert {path: path.read_bytes() for path in data_of("run", command, out)} == before


def test_a_kill_between_two_renames_is_mended_by_the_same_command(world, tmp_path):
    command, out = world["score"], tmp_path / "x"
    assert run(command, out)[0] == 0
    (tmp_path / "x.manifest.json").unlink()
    code, errors = run(command, out)
    assert (code, "exists" in one_line(errors)) == (2, True)
    (tmp_path / ".x.partial").mkdir()
    code, errors = run(command, out)
    assert code == 0, errors
    assert absent("score", command, out) == []


def test_new_files_have_the_modes_that_the_user_wants(world, tmp_path):
    modes = {}
    for name in ("score", "embed", "ld"):
        code, errors = run(world[name], tmp_path / name, mask=0o027)
        assert code == 0, errors
        made = places(name, world[name], tmp_path / name)
        modes |= {path: path.stat().st_mode & 0o777 for path in made}
    assert set(modes.values()) == {0o640}, modes


@pytest.mark.parametrize("name", ["run", "prs", "ld", "cohort"])
def test_a_bound_on_memory_that_is_enough_changes_nothing(name, world, tmp_path):
    bounded = world[name]._replace(arguments=[*world[name].arguments, "--memory", "4"])
    code, errors = run(bounded, tmp_path / "x")
    assert code == 0, errors
    assert absent(name, bounded, tmp_path / "x") == []


def test_a_bound_on_memory_that_cannot_be_kept_is_told_in_a_line(world, tmp_path):
    arguments = [*world["cohort"].arguments, "--memory", "2", "--project", "99999999"]
    out = tmp_path / "x"
    code, errors = run(world["cohort"]._replace(arguments=arguments), out)
    assert code == 2, errors
    assert "29.8 GiB, but at most 2.0 GiB may be used (--memory)" in one_line(errors)
    assert data_of("cohort", world["cohort"], out) == []
