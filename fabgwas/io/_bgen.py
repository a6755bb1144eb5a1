"""BGEN files, through the extra bgen."""

import hashlib
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
from jaxtyping import Float, Int

from fabgwas.errors import InputError
from fabgwas.files import cache_folder, write_atomically
from fabgwas.io._bim import canonical_variants
from fabgwas.io._open import read_bytes

# numbers per genotype: probabilities of the three genotypes, or of two alleles twice
_UNPHASED, _PHASED = 3, 4


class BgenSource:
    """Expected counts of the second allele in a .bgen file."""

    def __init__(self, path: Path) -> None:
        cbgen = _library(path)
        try:
            self._file: Any = cbgen.bgen_file(path)
        except RuntimeError as error:
            raise InputError(f"{path}: cannot be read as BGEN.") from error
        self._path = path
        self.variants, self._offset = _read_variants(cbgen, self._file, path)
        self.samples = _read_samples(self._file, path)

    def __len__(self) -> int:
        return self._offset.size

    def read(
        self, which: slice | Int[np.ndarray, " chosen"]
    ) -> Float[np.ndarray, "sample chosen"]:
        """Dosages of the chosen variants; nan where missing."""
        offsets = self._offset[which]
        dosage = np.empty((offsets.size, self.samples.num_rows), np.float32)
        for row, offset in zip(dosage, offsets.tolist(), strict=True):
            p = self._file.read_probability(offset, precision=32)
            if p.shape[1] == _UNPHASED:
                row[:] = p[:, 1] + 2 * p[:, 2]
            elif p.shape[1] == _PHASED:
                row[:] = p[:, 1] + p[:, 3]
            else:
                raise InputError(
                    f"{self._path}: a variant with {p.shape[1]} probabilities a person; "
                    "only two alleles of diploid people can be read."
                )
        return dosage.T


def _read_variants(
    cbgen: Any, file: Any, path: Path
) -> tuple[pa.Table, Int[np.ndarray, " variant"]]:
    """Variants in canonical columns, the second allele counted, and where they begin."""
    index = _index_of(path)
    if not index.is_file():
        with write_atomically(index) as temporary:
            file.create_metafile(temporary, verbose=False)
    with cbgen.bgen_metafile(index) as found:
        parts = [found.read_partition(k).variants for k in range(found.npartitions)]
    alleles = [_text(each) for part in parts for each in part.allele_ids]
    for number, both in enumerate(alleles):
        if both.count(",") != 1:
            raise InputError(
                f"{path}: variant {number + 1} has the alleles {both}; only two can be "
                "read."
            )
    pairs = [both.split(",") for both in alleles]
    names = [_text(name) for part in parts for name in part.rsid]
    columns = {
        "chrom": [_text(name) for part in parts for name in part.chromosome],
        "pos": pa.array(np.concatenate([part.position for part in parts]), pa.int32()),
        "rsid": pa.array([name or None for name in names], pa.string()),
        "effect_allele": [pair[1] for pair in pairs],
        "other_allele": [pair[0] for pair in pairs],
    }
    offset = np.concatenate([part.offset for part in parts]).astype(np.int64)
    return canonical_variants(pa.table(columns)), offset


def _read_samples(file: Any, path: Path) -> pa.Table:
    """Samples of the .sample file beside, or of the file itself."""
    beside = path.with_suffix(".sample")
    if beside.is_file():
        lines = read_bytes(beside).to_pybytes().decode().splitlines()
        # names of columns, then their kinds
        fields = [line.split()[:2] for line in lines[2:] if line.strip()]
        ids = [(first, (rest or [first])[0]) for first, *rest in fields]
    elif file.contain_samples:
        ids = [(name, name) for name in map(_text, file.read_samples())]
    else:
        raise InputError(f"{path}: names no samples, and there is no {beside.name}.")
    if len(ids) != file.nsamples:
        raise InputError(f"{beside}: {len(ids)} samples, but {file.nsamples} in {path}.")
    nobody = ["0"] * len(ids)
    columns = {"family": [i[0] for i in ids], "sample": [i[1] for i in ids]}
    return pa.table({**columns, "father": nobody, "mother": nobody})


def _index_of(path: Path) -> Path:
    """Where the places of the variants of a file are kept, once they are known."""
    facts = path.stat()
    text = f"{path.resolve()} {facts.st_size} {facts.st_mtime_ns}"
    name = hashlib.sha256(text.encode()).hexdigest()[:32]
    return cache_folder() / f"{name}.bgen-index"


def _text(name: Any) -> str:
    return name.decode() if isinstance(name, bytes) else str(name)


def _library(path: Path) -> Any:
    try:
        import cbgen
    except ImportError as error:
        raise InputError(
            f"{path}: reading BGEN needs cbgen: pip install 'fabgwas[bgen]'"
        ) from error
    return cbgen
