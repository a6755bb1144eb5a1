"""The packed genotypes of a PLINK 1 .bed file, and their dosages."""

from pathlib import Path

import numpy as np
from jaxtyping import Float, Int, UInt8

from fabgwas.errors import InputError

_MAGIC = bytes([0x6C, 0x1B])
_VARIANT_MAJOR = 1
# two bits per sample, the lowest first: 00 = two A1, 01 = missing, 10 = one, 11 = none
_COUNT = np.array([2, np.nan, 1, 0], np.float32)
_COUNTS_OF_BYTE = _COUNT[(np.arange(256)[:, None] >> np.array([0, 2, 4, 6])) & 3]


def map_bed(
    path: Path, n_samples: int, n_variants: int
) -> UInt8[np.ndarray, "variant byte"]:
    """Map a .bed file into memory, one row of packed genotypes per variant.

    Raises
    ------
    InputError
        If the file is not a variant-major .bed of this many samples and variants.
    """
    with path.open("rb") as file:
        head = file.read(3)
    if head[:2] != _MAGIC:
        raise InputError(
            f"{path}: not a PLINK 1 .bed file, it begins with "
            f"{head[:2].hex() or 'nothing'} instead of {_MAGIC.hex()}."
        )
    if head[2:] != bytes([_VARIANT_MAJOR]):
        raise InputError(
            f"{path}: a .bed file in sample-major order; rewrite it with plink --make-bed."
        )
    width = -(-n_samples // 4)
    expected, found = 3 + width * n_variants, path.stat().st_size
    if found != expected:
        raise InputError(
            f"{path}: {found} bytes, but {n_variants} variants in the .bim and {n_samples} "
            f"samples in the .fam make {expected}; the three files do not belong together."
        )
    if not n_samples or not n_variants:
        raise InputError(f"{path}: {n_samples} samples and {n_variants} variants.")
    return np.memmap(path, np.uint8, "r", offset=3, shape=(n_variants, width))


def read_dosage(
    packed: UInt8[np.ndarray, "variant byte"],
    which: slice | Int[np.ndarray, " chosen"],
    n_samples: int,
) -> Float[np.ndarray, "sample chosen"]:
    """Count the .bim A1 alleles of the chosen variants; missing genotypes are nan.

    Every dosage in the package comes from here, so the counted allele is decided once.
    The array is float32 and Fortran-ordered: each variant is contiguous.
    """
    counts = _COUNTS_OF_BYTE.take(packed[which], axis=0)
    return counts.reshape(counts.shape[0], 4 * packed.shape[1])[:, :n_samples].T


class BedSource:
    """Counts of A1 in a mapped .bed file."""

    def __init__(self, path: Path, n_samples: int, n_variants: int) -> None:
        self._packed = map_bed(path, n_samples, n_variants)
        self._n_samples = n_samples

    def __len__(self) -> int:
        return len(self._packed)

    def read(
        self, which: slice | Int[np.ndarray, " chosen"]
    ) -> Float[np.ndarray, "sample chosen"]:
        """Counts of the chosen variants; nan where missing."""
        return read_dosage(self._packed, which, self._n_samples)
