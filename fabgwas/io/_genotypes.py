"""Genotypes of PLINK 1 filesets, one or one per chromosome, counted as .bim A1."""

import re
import warnings
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
from jaxtyping import Float, Int, UInt8

from fabgwas.errors import InputError
from fabgwas.io._bed import map_bed, read_dosage
from fabgwas.io._bim import read_bim, read_fam
from fabgwas.variants import CHROMOSOMES

if TYPE_CHECKING:
    import pandas as pd

PathLike = str | Path


@dataclass(frozen=True)
class Genotypes:
    """Variants and samples in memory, genotypes on disk.

    `variants` has the columns chrom, pos, rsid, effect_allele (A1 of the .bim, the allele
    that dosages count) and other_allele; `samples` those of a .fam file.
    """

    variants: pa.Table
    samples: pa.Table
    files: tuple[Path, ...]
    _packed: tuple[UInt8[np.ndarray, "_ byte"], ...] = field(repr=False)
    _n_stored: int
    _chosen: Int[np.ndarray, " sample"] | None = field(default=None, repr=False)

    @property
    def n_variants(self) -> int:
        """Number of variants in all files together."""
        return self.variants.num_rows

    @property
    def n_samples(self) -> int:
        """Number of samples, the same in all files."""
        return self.samples.num_rows

    def choose_samples(self, index: Int[np.ndarray, " chosen"]) -> "Genotypes":
        """The same variants in the samples of these numbers, in this order."""
        return replace(
            self,
            samples=self.samples.take(pa.array(index)),
            _chosen=index if self._chosen is None else self._chosen[index],
        )

    def dosage(self, start: int, stop: int) -> Float[np.ndarray, "sample variant"]:
        """Counts of A1 of the variants `start` to `stop - 1`; missing ones are nan."""
        if not 0 <= start <= stop <= self.n_variants:
            raise ValueError(
                f"variants {start} to {stop} are not among the {self.n_variants} there are."
            )
        parts = [
            self._read(packed, slice(max(start - first, 0), stop - first))
            for first, packed in zip(self._first, self._packed, strict=True)
            if start < first + len(packed) and first < stop
        ]
        if len(parts) == 1:
            return parts[0]
        empty = np.empty((self.n_samples, 0), np.float32)
        return np.concatenate([empty, *parts], axis=1)

    def take(self, index: Int[np.ndarray, " chosen"]) -> Float[np.ndarray, "sample chosen"]:
        """Counts of A1 of the variants of these numbers, in this order."""
        if len(self._packed) == 1:
            return self._read(self._packed[0], index)
        result = np.empty((self.n_samples, index.size), np.float32, order="F")
        file = np.searchsorted(self._first, index, side="right") - 1
        for number in np.unique(file):
            here = file == number
            mine = index[here] - self._first[number]
            result[:, here] = self._read(self._packed[number], mine)
        return result

    def _read(
        self, packed: UInt8[np.ndarray, "_ byte"], which: slice | Int[np.ndarray, " _"]
    ) -> Float[np.ndarray, "sample _"]:
        dosage = read_dosage(packed, which, self._n_stored)
        return dosage if self._chosen is None else dosage[self._chosen]

    @property
    def _first(self) -> list[int]:
        """Number of the first variant of each file."""
        sizes = [0, *(len(packed) for packed in self._packed)]
        return np.cumsum(sizes)[:-1].tolist()


def open_genotypes(prefix: PathLike | Sequence[PathLike]) -> Genotypes:
    """Open a PLINK 1 fileset, or one fileset per chromosome with the same samples.

    Parameters
    ----------
    prefix
        Prefix of .bed, .bim and .fam, or the path of the .bed; a list of them; or a
        pattern with ``{chrom}`` or ``*`` in the place of the chromosome.

    Raises
    ------
    InputError
        If a file is absent, does not fit the others, or has other samples.
    """
    beds = _find_beds(prefix)
    variants, packed = [], []
    samples: pa.Table | None = None
    for bed in beds:
        for suffix in (".bed", ".bim", ".fam"):
            if not bed.with_suffix(suffix).is_file():
                raise InputError(f"{bed.with_suffix(suffix)}: there is no such file.")
        here = read_fam(bed.with_suffix(".fam"))
        if samples is None:
            samples = here
        elif not samples["sample"].equals(here["sample"]):
            raise InputError(
                f"{bed.with_suffix('.fam')}: the samples differ from those of {beds[0]}, "
                "or their order does; make the files of one set of samples."
            )
        table = read_bim(bed.with_suffix(".bim"))
        packed.append(map_bed(bed, here.num_rows, table.num_rows))
        variants.append(table)
    assert samples is not None
    table = pa.concat_tables(variants).unify_dictionaries().combine_chunks()
    return Genotypes(table, samples, tuple(beds), tuple(packed), samples.num_rows)


def read_plink(prefix: PathLike) -> tuple["pd.DataFrame", "pd.DataFrame", Any]:
    """Read a PLINK 1 fileset by pandas-plink, for notebooks.

    Returns
    -------
    The variants (chrom, pos, rsid, effect_allele, other_allele), the samples, and a lazy
    dask array of dosages [sample, variant]. Unlike pandas-plink itself, the dosages count
    the effect allele, which is A1 of the .bim.
    """
    import pandas_plink

    (bed,) = _find_beds(prefix)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", FutureWarning)  # raised inside pandas-plink
        bim, fam, other_counts = pandas_plink.read_plink(
            str(bed.with_suffix("")), verbose=False
        )
    names = {"snp": "rsid", "a0": "effect_allele", "a1": "other_allele"}
    columns = ["chrom", "pos", "rsid", "effect_allele", "other_allele"]
    return bim.rename(columns=names)[columns], fam, 2 - other_counts.T


def _find_beds(prefix: PathLike | Sequence[PathLike]) -> list[Path]:
    if not isinstance(prefix, str | Path):
        return [bed for one in prefix for bed in _find_beds(one)]
    text = str(prefix).removesuffix(".bed")
    if "{chrom}" in text:
        names = [text.replace("{chrom}", chrom) for chrom in CHROMOSOMES]
        beds = [Path(f"{name}.bed") for name in names if Path(f"{name}.bed").is_file()]
    elif "*" in text:
        pattern = Path(f"{text}.bed")
        beds = sorted(pattern.parent.glob(pattern.name), key=_natural)
    else:
        return [Path(f"{text}.bed")]
    if not beds:
        raise InputError(f"{prefix}: no .bed file fits this pattern.")
    return beds


def _natural(path: Path) -> list[tuple[int, str]]:
    """Sort key that puts chr2 before chr10, and numbers before letters."""
    parts = re.split(r"(\d+)", path.name)
    return [(int(part), "") if part.isdigit() else (10**9, part) for part in parts]
