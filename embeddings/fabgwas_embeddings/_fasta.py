"""All single-base changes of a reference sequence, without ever holding a chromosome."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pyarrow as pa
from jaxtyping import UInt8

from fabgwas.errors import InputError, NothingToAnalyseError
from fabgwas.variants import CHROMOSOMES, chromosome_code
from fabgwas_embeddings._files import source_of
from fabgwas_embeddings._variants import Shard

_BASES = "ACGT"
_CODE = np.full(256, 4, np.uint8)  # 4 for N and all other letters
for _number, _base in enumerate(_BASES):
    _CODE[[ord(_base), ord(_base.lower())]] = _number
# alternates of each base, in the order of the alphabet
_ALTERNATES = np.array([[b for b in range(4) if b != a] for a in range(4)], np.int8)
_SCAN = 1 << 20  # bases counted at once


class FastaRecord(NamedTuple):
    """Where a sequence lies in its file, as a ``.fai`` index tells."""

    length: int
    offset: int
    line_bases: int
    line_bytes: int


@dataclass(frozen=True)
class FastaVariants:
    """Three variants for each A, C, G or T of the chromosomes in a FASTA file.

    The file is plain text, read by position through its ``.fai`` index (as `samtools faidx`
    writes it), which is made beside it in memory if there is none. Letters in lower case
    count; N and other codes are skipped, and so are sequences that are no chromosome.
    Shards are stretches of sequence, so `start` and `stop` count bases.
    """

    path: Path
    source: dict[str, Any] = field(default_factory=dict)

    @classmethod
    def open(cls, path: str | Path) -> "FastaVariants":
        """Open a FASTA file."""
        path = Path(path)
        with path.open("rb") as file:
            if file.read(1) != b">":
                raise InputError(
                    f"{path}: not a plain FASTA file; unpack it if it is compressed."
                )
        found = cls(path, source_of("variants", path, rule="all single-base changes"))
        if not found.records:
            raise NothingToAnalyseError(f"{path}: holds no chromosome 1 to 22, X, Y or MT.")
        return found

    @cached_property
    def records(self) -> dict[str, FastaRecord]:
        """Chromosomes in the order of a store."""
        index = self.path.with_name(f"{self.path.name}.fai")
        if index.exists():
            rows = [line.split("\t") for line in index.read_text().splitlines()]
            named = [(row[0], FastaRecord(*map(int, row[1:5]))) for row in rows]
        else:
            named = list(_index(self.path))
        coded = {chromosome_code(name): record for name, record in named}
        return {CHROMOSOMES[code - 1]: coded[code] for code in sorted(coded) if code}

    @cached_property
    def n_variants(self) -> int:
        """Number of variants; reads the file once."""
        bases = 0
        for chrom, record in self.records.items():
            for start in range(0, record.length, _SCAN):
                stop = min(start + _SCAN, record.length)
                bases += int((self._bases(chrom, start, stop) < 4).sum())
        return 3 * bases

    def shards(self, rows: int) -> list[Shard]:
        """Stretches of `rows` / 3 bases; those of N alone are left out."""
        step = max(rows // 3, 1)
        found: list[Shard] = []
        for chrom, record in self.records.items():
            part = 0
            for start in range(0, record.length, step):
                stop = min(start + step, record.length)
                if (self._bases(chrom, start, stop) < 4).any():
                    found.append(Shard(len(found), chrom, part, start, stop))
                    part += 1
        return found

    def read(self, shard: Shard) -> pa.Table:
        """Columns pos, ref, alt, rsid (null) of the bases `start` to `stop`."""
        code = self._bases(shard.chrom, shard.start, shard.stop)
        at = np.flatnonzero(code < 4)
        ref = code[at]
        letters = pa.array(list(_BASES))
        return pa.table(
            {
                "pos": pa.array(np.repeat(at + shard.start + 1, 3), pa.int32()),
                "ref": letters.take(pa.array(np.repeat(ref, 3))),
                "alt": letters.take(pa.array(_ALTERNATES[ref].ravel())),
                "rsid": pa.nulls(3 * at.size, pa.string()),
            }
        )

    def _bases(self, chrom: str, start: int, stop: int) -> UInt8[np.ndarray, " base"]:
        """Codes of the bases `start` to `stop`, 0-based, the end excluded."""
        record = self.records[chrom]
        ends = record.line_bytes - record.line_bases

        def place(base: int) -> int:
            return record.offset + base + base // record.line_bases * ends

        with self.path.open("rb") as file:
            file.seek(place(start))
            raw = np.frombuffer(file.read(place(stop - 1) + 1 - place(start)), np.uint8)
        letters = raw[(raw != ord("\n")) & (raw != ord("\r"))]
        if letters.size != stop - start:
            raise InputError(f"{self.path}: does not fit its index; delete the .fai file.")
        return _CODE[letters]


def _index(path: Path) -> Iterator[tuple[str, FastaRecord]]:
    """The records of a FASTA file, in one pass."""
    name, length, offset, bases, width = "", 0, 0, 0, 0
    short = False
    at = 0
    with path.open("rb") as file:
        for line in file:
            at += len(line)
            if line.startswith(b">"):
                if name:
                    yield name, FastaRecord(length, offset, bases, width)
                name = line[1:].split()[0].decode()
                length, offset, bases, width, short = 0, at, 0, 0, False
                continue
            size = len(line.rstrip(b"\r\n"))
            if short and size:
                raise InputError(f"{path}: lines of {name} differ in length; rewrite it.")
            bases, width = (bases or size), (width or len(line))
            short = size < bases
            length += size
    if name:
        yield name, FastaRecord(length, offset, bases, width)
