"""All single-base changes of a reference sequence, without ever holding a chromosome."""

from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
from jaxtyping import UInt8

from fabgwas.errors import InputError, NothingToAnalyseError
from fabgwas.io._open import blaming
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


@dataclass(frozen=True)
class FastaVariants:
    """Three variants for each A, C, G or T of the chromosomes in a FASTA file.

    The file is read by position through its ``.fai`` index, which pyfaidx writes beside it
    if there is none, as `samtools faidx` would. Letters in lower case count; N and other
    codes are skipped, and so are sequences that are no chromosome. Shards are stretches of
    sequence, so `start` and `stop` count bases.
    """

    path: Path
    source: dict[str, Any] = field(default_factory=dict)

    @classmethod
    def open(cls, path: str | Path) -> "FastaVariants":
        """Open a FASTA file."""
        path = Path(path)
        with blaming(path), path.open("rb") as file:
            if file.read(1) != b">":
                raise InputError(
                    f"{path}: not a plain FASTA file; unpack it if it is compressed."
                )
        found = cls(path, source_of("variants", path, rule="all single-base changes"))
        if not found.names:
            raise NothingToAnalyseError(f"{path}: holds no chromosome 1 to 22, X, Y or MT.")
        return found

    @cached_property
    def names(self) -> dict[str, str]:
        """What the file calls its chromosomes, in the order of a store."""
        coded = {chromosome_code(name): name for name in self._fasta.keys()}  # noqa: SIM118
        return {CHROMOSOMES[code - 1]: coded[code] for code in sorted(coded) if code}

    @cached_property
    def _fasta(self) -> Any:
        from pyfaidx import Fasta, FastaIndexingError

        try:
            return Fasta(str(self.path), as_raw=True)
        except (FastaIndexingError, RuntimeError, ValueError) as error:
            raise InputError(f"{self.path}: cannot be indexed: {error}") from error
        except OSError as error:
            raise InputError(
                f"{self.path}: its index cannot be written beside it ({error}); write one "
                "with samtools faidx, or copy the file to a folder of your own."
            ) from error

    @property
    def counts(self) -> dict[str, int]:
        """Nothing is dropped."""
        return {}

    @cached_property
    def n_variants(self) -> int:
        """Number of variants; reads the file once."""
        bases = 0
        for chrom in self.names:
            length = self._length(chrom)
            for start in range(0, length, _SCAN):
                stop = min(start + _SCAN, length)
                bases += int((self._bases(chrom, start, stop) < 4).sum())
        return 3 * bases

    def shards(self, rows: int) -> list[Shard]:
        """Stretches of `rows` / 3 bases; those of N alone are left out."""
        step = max(rows // 3, 1)
        found: list[Shard] = []
        for chrom in self.names:
            part, length = 0, self._length(chrom)
            for start in range(0, length, step):
                stop = min(start + step, length)
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

    def _length(self, chrom: str) -> int:
        return len(self._fasta[self.names[chrom]])

    def _bases(self, chrom: str, start: int, stop: int) -> UInt8[np.ndarray, " base"]:
        """Codes of the bases `start` to `stop`, 0-based, the end excluded."""
        try:
            text = self._fasta[self.names[chrom]][start:stop]
        except UnicodeDecodeError as error:
            raise InputError(f"{self.path}: chromosome {chrom} is not text.") from error
        letters = np.frombuffer(text.encode(), np.uint8)
        if letters.size != stop - start:
            raise InputError(f"{self.path}: does not fit its index; delete the .fai file.")
        return _CODE[letters]
