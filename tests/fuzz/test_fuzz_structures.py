"""Damaged Parquet, stores and genotypes: read as they were where checksums can tell."""

import os

import pyarrow.parquet as pq
import pytest
from damage import BYTES, TEXT, damaged, fuzz, read_or_refuse, retyped
from hypothesis import strategies as st
from structures import STRUCTURES

PARQUET = [name for name, each in STRUCTURES.items() if each.damaged == "*.parquet"]
# every byte in long runs, some in short ones
STRIDE = 1 if "FABGWAS_FUZZ_EXAMPLES" in os.environ else 41


@pytest.fixture(scope="module")
def made(request, tmp_path_factory):
    """A structure, its folder, the content of the files to damage, and what is read."""
    structure = STRUCTURES[request.param]
    folder = tmp_path_factory.mktemp("structure")
    structure.make(folder)
    files = {path: path.read_bytes() for path in sorted(folder.glob(structure.damaged))}
    return structure, folder, files, structure.read(folder)


def check(made, path, content):
    """Read with one file replaced, then put it back."""
    structure, folder, files, pristine = made
    path.write_bytes(content)
    try:
        found = read_or_refuse(lambda: structure.read(folder), folder)
    finally:
        path.write_bytes(files[path])
    if structure.exact:
        assert found is None or found == pristine


@pytest.mark.parametrize("made", STRUCTURES, indirect=True)
@fuzz(data=st.data())
def test_a_damaged_structure_is_read_or_refused(data, made):
    path = data.draw(st.sampled_from(list(made[2])))
    text = path.suffix in (".json", ".bim", ".fam")
    content = data.draw(damaged(made[2][path], TEXT if text else BYTES))
    check(made, path, content)


@pytest.mark.parametrize("made", STRUCTURES, indirect=True)
def test_no_single_bit_goes_unnoticed(made):
    for path, content in made[2].items():
        for at in range(0, len(content), STRIDE):
            for bit in (0, 7):
                flipped = bytearray(content)
                flipped[at] ^= 1 << bit
                check(made, path, flipped)


@pytest.mark.parametrize("made", PARQUET, indirect=True)
@fuzz(data=st.data())
def test_a_table_of_wrong_types_is_read_or_refused(data, made):
    structure, folder, files, _ = made
    (path,) = files
    pq.write_table(data.draw(retyped(pq.read_table(path, partitioning=None))), path)
    try:
        read_or_refuse(lambda: structure.read(folder), folder)
    finally:
        path.write_bytes(files[path])
