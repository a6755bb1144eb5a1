"""Damaged tables of every kind are read, or refused in a line that names the file."""

from pathlib import Path

import pytest
from damage import TEXT, damaged, fuzz, read_or_refuse
from hypothesis import strategies as st
from tables import KINDS

from fabgwas.errors import InputError


@pytest.fixture(scope="module", params=KINDS, ids=lambda name: name.replace(" ", "_"))
def kind(request):
    return KINDS[request.param]


@pytest.fixture(scope="module")
def path(kind, tmp_path_factory):
    return tmp_path_factory.mktemp("damaged") / kind.file


@fuzz(data=st.data())
def test_a_damaged_table_is_read_or_refused(data, kind, path):
    path.write_bytes(data.draw(damaged(kind.text.encode(), TEXT, pack=True)))
    read_or_refuse(lambda: kind.read(path), path)


@pytest.mark.parametrize(
    "content",
    [b"", b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n1 0 obj\n", b"PK\x03\x04" + bytes(40), bytes(99)],
    ids=["empty", "PDF", "zip", "zeros"],
)
def test_what_is_no_table_is_refused(kind, path, content):
    path.write_bytes(content)
    with pytest.raises(InputError) as refusal:
        kind.read(path)
    assert str(path) in str(refusal.value)


def test_a_folder_and_an_absent_file_are_refused(kind, tmp_path: Path):
    folder = tmp_path / kind.file
    with pytest.raises((InputError, FileNotFoundError)):
        kind.read(folder)
    folder.mkdir()
    with pytest.raises(InputError) as refusal:
        kind.read(folder)
    assert str(folder) in str(refusal.value)
