"""Compressed files: cut ones are told, and hostile ones do not fill the memory."""

import bz2
import gzip
from pathlib import Path

import pytest

from fabgwas.errors import InputError
from fabgwas.io import _open
from fabgwas.io._open import read_bytes
from fabgwas_embeddings._files import open_binary

END = bytes.fromhex("1f8b08040000000000ff0600424302001b0003000000000000000000")


def bgzip_block(content: bytes) -> bytes:
    """A member of gzip with the extra field of bgzip, whose size nobody checks here."""
    packed = bytearray(gzip.compress(content, mtime=0))
    packed[3] |= 4
    return bytes(packed[:10]) + b"\x06\x00BC\x02\x00\x00\x00" + bytes(packed[10:])


def test_a_bgzip_file_without_its_last_block_is_cut_off(tmp_path: Path) -> None:
    path = tmp_path / "study.tsv.bgz"
    path.write_bytes(bgzip_block(b"one\n") + bgzip_block(b"two\n") + END)
    assert read_bytes(path).to_pybytes() == b"one\ntwo\n"
    path.write_bytes(bgzip_block(b"one\n"))
    with pytest.raises(InputError, match=r"study\.tsv\.bgz: is cut off"):
        read_bytes(path)


@pytest.mark.parametrize("pack", [gzip.compress, bz2.compress])
def test_what_unpacks_to_a_thousand_times_its_size_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, pack
) -> None:
    monkeypatch.setattr(_open, "_LARGEST_SURELY", 2**20)
    path = tmp_path / "bomb"
    path.write_bytes(pack(bytes(2**26)))
    with pytest.raises(InputError, match="200 times"):
        read_bytes(path)


def test_small_files_may_unpack_to_any_size(tmp_path: Path) -> None:
    path = tmp_path / "even.gz"
    path.write_bytes(gzip.compress(b"0\t0\n" * 2**20))
    assert read_bytes(path).size == 2**22


@pytest.mark.parametrize("cut", [1, 9, 200])
def test_a_cut_file_is_told_while_it_is_streamed(tmp_path: Path, cut: int) -> None:
    path = tmp_path / "cut.gz"
    path.write_bytes(gzip.compress(bytes(range(256)) * 8)[:-cut])
    with pytest.raises(InputError, match="Truncated"), open_binary(path) as file:
        file.read()
