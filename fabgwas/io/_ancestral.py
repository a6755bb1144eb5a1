"""Ancestral alleles from FASTA files, as Ensembl publishes them."""

from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
from jaxtyping import UInt8

from fabgwas.errors import InputError
from fabgwas.io._build import normalize_build
from fabgwas.variants import CHROMOSOMES, chromosome_code, chromosome_codes

_UNKNOWN = ord("N")


def ancestral_bases(
    path: str | Path, table: pa.Table, build: str
) -> UInt8[np.ndarray, " variant"]:
    """Codes of the upper-case ancestral letters at the places of a table; N if unknown.

    Letters in lower case, which Ensembl is less sure of, count. `path` is one file with all
    chromosomes, or has ``{chrom}`` where their names differ. Sequences are named as
    chromosomes are, or as Ensembl's: ``ANCESTOR_for_chromosome:GRCh38:22:1:50818468:1``.

    Raises
    ------
    InputError
        If a file is missing or no FASTA, is of another build, or holds no chromosome of
        the table.
    """
    found = np.full(table.num_rows, _UNKNOWN, np.uint8)
    codes = chromosome_codes(table["chrom"])
    pos = table["pos"].to_numpy().astype(np.int64)
    present = [CHROMOSOMES[code - 1] for code in np.unique(codes[codes > 0]).tolist()]
    sequences: dict[str, Any] = {}
    for file in ancestral_files(path):
        sequences |= _sequences(file, build)
    if not sequences.keys() & set(present):
        raise InputError(
            f"{path}: holds none of the chromosomes {', '.join(present)} of the study."
        )
    for chrom in sequences.keys() & set(present):
        letters = np.frombuffer(sequences[chrom][:].upper().encode("ascii"), np.uint8)
        mine = np.flatnonzero((codes == chromosome_code(chrom)) & (pos <= letters.size))
        found[mine] = letters[pos[mine] - 1]
    return found


def ancestral_files(path: str | Path) -> list[Path]:
    """The file, or those that there are where ``{chrom}`` stands for a chromosome."""
    text = str(path)
    names = [text.replace("{chrom}", chrom) for chrom in CHROMOSOMES]
    found = [Path(name) for name in dict.fromkeys(names) if Path(name).is_file()]
    if not found:
        raise InputError(f"{path}: no such file.")
    return found


def _sequences(path: Path, build: str) -> dict[str, Any]:
    """The sequences of a file by chromosome."""
    from pyfaidx import Fasta, FastaIndexingError

    try:
        fasta = Fasta(str(path), as_raw=True)
    except (FastaIndexingError, ValueError) as error:
        raise InputError(f"{path}: not a plain FASTA file ({error}).") from error
    except OSError as error:
        raise InputError(f"{path}: its index cannot be written beside it.") from error
    found = {}
    for name in fasta.keys():  # noqa: SIM118
        fields = name.split(":")
        if len(fields) > 2 and normalize_build(fields[1]) != build:
            raise InputError(
                f"{path}: the sequence {name} is {fields[1]}, and the embeddings {build}."
            )
        code = chromosome_code(fields[2] if len(fields) > 2 else name)
        if code:
            found[CHROMOSOMES[code - 1]] = fasta[name]
    return found
