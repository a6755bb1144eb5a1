"""Genotypes of PLINK filesets or BGEN files, one or one per chromosome."""

import re
import warnings
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol, runtime_checkable

import numpy as np
import pyarrow as pa
from jaxtyping import Float, Int

from fabgwas.errors import InputError, NothingToAnalyseError
from fabgwas.io._bed import BedSource
from fabgwas.io._bgen import BgenSource
from fabgwas.io._bim import read_bim, read_fam
from fabgwas.io._part import PartSource
from fabgwas.io._pgen import PgenSource, read_psam, read_pvar
from fabgwas.variants import CHROMOSOMES, chromosome_codes, require_chromosomes

if TYPE_CHECKING:
    import pandas as pd

PathLike = str | Path


@runtime_checkable
class Source(Protocol):
    """The genotypes of one file."""

    def __len__(self) -> int:
        """Number of variants."""
        ...

    def read(
        self, which: slice | Int[np.ndarray, " chosen"]
    ) -> Float[np.ndarray, "sample chosen"]:
        """Dosages of the chosen variants; nan where missing."""
        ...


@dataclass(frozen=True)
class Genotypes:
    """Variants and samples in memory, genotypes on disk.

    `variants` has the columns chrom, pos, rsid, effect_allele (the allele that dosages
    count: A1 of a .bim, ALT of a .pvar, the second of a .bgen) and other_allele; `samples`
    has family, sample, father and mother, of a .fam file all its columns.
    """

    variants: pa.Table
    samples: pa.Table
    files: tuple[Path, ...]
    _sources: tuple[Source, ...] = field(repr=False)
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

    def choose_chromosomes(self, names: Sequence[str]) -> "Genotypes":
        """The variants on chromosomes of these names, in the files that hold any.

        Raises
        ------
        UsageError
            If a chromosome is unknown.
        NothingToAnalyseError
            If there is no variant on them.
        """
        codes = chromosome_codes(self.variants["chrom"])
        keep = np.isin(codes, require_chromosomes(names))
        if not keep.any():
            raise NothingToAnalyseError(
                f"{self.files[0]}: no variant lies on chromosome {', '.join(names)}."
            )
        rows = [np.flatnonzero(part) for part in np.split(keep, self._first[1:])]
        used = [number for number, mine in enumerate(rows) if mine.size]
        return replace(
            self,
            variants=self.variants.filter(pa.array(keep)),
            files=tuple(self.files[number] for number in used),
            _sources=tuple(
                PartSource(self._sources[number], rows[number]) for number in used
            ),
        )

    def dosage(self, start: int, stop: int) -> Float[np.ndarray, "sample variant"]:
        """Dosages of the variants `start` to `stop - 1`; missing ones are nan."""
        if not 0 <= start <= stop <= self.n_variants:
            raise ValueError(
                f"variants {start} to {stop} are not among the {self.n_variants} there are."
            )
        parts = [
            self._read(source, slice(max(start - first, 0), stop - first))
            for first, source in zip(self._first, self._sources, strict=True)
            if start < first + len(source) and first < stop
        ]
        if len(parts) == 1:
            return parts[0]
        empty = np.empty((self.n_samples, 0), np.float32)
        return np.concatenate([empty, *parts], axis=1)

    def take(self, index: Int[np.ndarray, " chosen"]) -> Float[np.ndarray, "sample chosen"]:
        """Dosages of the variants of these numbers, in this order."""
        if len(self._sources) == 1:
            return self._read(self._sources[0], index)
        result = np.empty((self.n_samples, index.size), np.float32, order="F")
        file = np.searchsorted(self._first, index, side="right") - 1
        for number in np.unique(file):
            here = file == number
            mine = index[here] - self._first[number]
            result[:, here] = self._read(self._sources[number], mine)
        return result

    def _read(
        self, source: Source, which: slice | Int[np.ndarray, " _"]
    ) -> Float[np.ndarray, "sample _"]:
        dosage = source.read(which)
        return dosage if self._chosen is None else dosage[self._chosen]

    @property
    def _first(self) -> list[int]:
        """Number of the first variant of each file."""
        sizes = [0, *(len(source) for source in self._sources)]
        return np.cumsum(sizes)[:-1].tolist()


def open_genotypes(prefix: PathLike | Sequence[PathLike]) -> Genotypes:
    """Open a PLINK fileset or BGEN file, or one per chromosome with the same samples.

    Parameters
    ----------
    prefix
        Prefix of .bed, .bim and .fam, or the path of the .bed; a list of them; or a
        pattern with ``{chrom}`` or ``*`` in the place of the chromosome. With the extras
        pgen and bgen also of .pgen, .pvar (or .pvar.zst) and .psam, and of .bgen and
        .sample; where files of several kinds have the prefix, the first of these is taken.

    Raises
    ------
    InputError
        If a file is absent, does not fit the others, or has other samples.
    """
    files = _find_files(prefix)
    opened = [_OPEN[file.suffix](file) for file in files]
    samples = opened[0].samples
    for file, each in zip(files, opened, strict=True):
        if not samples["sample"].equals(each.samples["sample"]):
            raise InputError(
                f"{file}: the samples differ from those of {files[0]}, or their order "
                "does; make the files of one set of samples."
            )
    tables = pa.concat_tables([each.variants for each in opened])
    variants = tables.unify_dictionaries().combine_chunks()
    sources = tuple(each.source for each in opened)
    return Genotypes(variants, samples, tuple(files), sources)


class _Opened(NamedTuple):
    variants: pa.Table
    samples: pa.Table
    source: Source


def _open_bed(path: Path) -> _Opened:
    _require(path.with_suffix(suffix) for suffix in (".bed", ".bim", ".fam"))
    samples = read_fam(path.with_suffix(".fam"))
    variants = read_bim(path.with_suffix(".bim"))
    return _Opened(variants, samples, BedSource(path, samples.num_rows, variants.num_rows))


def _open_pgen(path: Path) -> _Opened:
    packed = path.with_suffix(".pvar.zst")
    pvar = packed if packed.is_file() else path.with_suffix(".pvar")
    _require([path, pvar, path.with_suffix(".psam")])
    samples, variants = read_psam(path.with_suffix(".psam")), read_pvar(pvar)
    return _Opened(variants, samples, PgenSource(path, samples.num_rows, variants.num_rows))


def _open_bgen(path: Path) -> _Opened:
    _require([path])
    source = BgenSource(path)
    return _Opened(source.variants, source.samples, source)


def _require(paths: Iterable[Path]) -> None:
    for path in paths:
        if not path.is_file():
            raise InputError(f"{path}: there is no such file.")


# in the order of preference
_OPEN: dict[str, Callable[[Path], _Opened]] = {
    ".bed": _open_bed,
    ".pgen": _open_pgen,
    ".bgen": _open_bgen,
}


def read_plink(prefix: PathLike) -> tuple["pd.DataFrame", "pd.DataFrame", Any]:
    """Read a PLINK 1 fileset by pandas-plink, for notebooks.

    Returns
    -------
    The variants (chrom, pos, rsid, effect_allele, other_allele), the samples, and a lazy
    dask array of dosages [sample, variant]. Unlike pandas-plink itself, the dosages count
    the effect allele, which is A1 of the .bim.
    """
    import pandas_plink

    (bed,) = _find_files(prefix)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", FutureWarning)  # raised inside pandas-plink
        bim, fam, other_counts = pandas_plink.read_plink(
            str(bed.with_suffix("")), verbose=False
        )
    names = {"snp": "rsid", "a0": "effect_allele", "a1": "other_allele"}
    columns = ["chrom", "pos", "rsid", "effect_allele", "other_allele"]
    return bim.rename(columns=names)[columns], fam, 2 - other_counts.T


def _find_files(prefix: PathLike | Sequence[PathLike]) -> list[Path]:
    if not isinstance(prefix, str | Path):
        return [file for one in prefix for file in _find_files(one)]
    text = str(prefix)
    kinds = [kind for kind in _OPEN if text.endswith(kind)] or list(_OPEN)
    text = text.removesuffix(kinds[0])
    pattern = "{chrom}" in text or "*" in text
    for kind in kinds:
        if "{chrom}" in text:
            names = [text.replace("{chrom}", chrom) for chrom in CHROMOSOMES]
            files = [Path(f"{name}{kind}") for name in names]
        elif "*" in text:
            whole = Path(f"{text}{kind}")
            files = sorted(whole.parent.glob(whole.name), key=_natural)
        else:
            files = [Path(f"{text}{kind}")]
        files = [file for file in files if file.is_file()]
        if files:
            return files
    if pattern:
        raise InputError(
            f"{prefix}: no {kinds[0]} file fits this pattern"
            + (f", nor a {' or '.join(kinds[1:])}." if kinds[1:] else ".")
        )
    return [Path(f"{text}{kinds[0]}")]


def _natural(path: Path) -> list[tuple[int, str]]:
    """Sort key that puts chr2 before chr10, and numbers before letters."""
    parts = re.split(r"(\d+)", path.name)
    return [(int(part), "") if part.isdigit() else (10**9, part) for part in parts]
