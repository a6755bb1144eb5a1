"""PLINK 2 filesets (.pgen, .pvar, .psam), through the extra pgen."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from jaxtyping import Float, Int

from fabgwas.errors import InputError
from fabgwas.io._bim import canonical_variants, read_bim
from fabgwas.io._delimited import Text, read_columns, split_header, without_padding
from fabgwas.io._open import read_bytes

_MISSING = -9.0


class PgenSource:
    """Dosages of the alternate allele in a .pgen file."""

    def __init__(self, path: Path, n_samples: int, n_variants: int) -> None:
        pgenlib = _library(path)
        self._path = path
        with self._blaming():
            self._reader: Any = pgenlib.PgenReader(str(path).encode(), n_samples)
        found = self._reader.get_variant_ct()
        if found != n_variants:
            raise InputError(
                f"{path}: {found} variants, but {n_variants} in the .pvar; the files do "
                "not belong together."
            )
        self._n_samples, self._n_variants = n_samples, n_variants

    def __len__(self) -> int:
        return self._n_variants

    def read(
        self, which: slice | Int[np.ndarray, " chosen"]
    ) -> Float[np.ndarray, "sample chosen"]:
        """Dosages of the chosen variants; nan where missing."""
        index = np.arange(self._n_variants, dtype=np.uint32)[which]
        dosage = np.empty((index.size, self._n_samples), np.float32)
        with self._blaming():
            self._reader.read_dosages_list(index.astype(np.uint32), dosage)
        dosage[dosage == _MISSING] = np.nan
        return dosage.T

    @contextmanager
    def _blaming(self) -> Iterator[None]:
        try:
            yield
        except (RuntimeError, OSError) as error:
            message = " ".join(str(error).split())
            raise InputError(
                f"{self._path}: cannot be read as .pgen: {message}."
            ) from error


def read_pvar(path: Path) -> pa.Table:
    """Variants in canonical columns; ALT is the effect allele.

    Raises
    ------
    InputError
        If a variant has several alternate alleles.
    """
    text = split_header(read_bytes(path), str(path))
    if text.header[0] != "CHROM":
        return read_bim(path)  # a .pvar without header is one
    raw = _columns(text, ["CHROM", "POS", "ID", "REF", "ALT"])
    several = pc.match_substring(raw["ALT"], ",")
    if pc.any(several).as_py():
        name = raw["ID"].filter(several)[0]
        raise InputError(
            f"{path}: variant {name} has several alternate alleles; split them by "
            "plink2 --make-pgen multiallelics=-"
        )
    order = ["CHROM", "POS", "ID", "ALT", "REF"]
    names = ["chrom", "pos", "rsid", "effect_allele", "other_allele"]
    return canonical_variants(raw.select(order).rename_columns(names))


def read_psam(path: Path) -> pa.Table:
    """Samples in the columns of a .fam file that matter."""
    text = split_header(read_bytes(path), str(path))
    if "IID" not in text.header:
        raise InputError(f"{path}: no column IID among {' '.join(text.header)}.")
    wanted = {"FID": "0", "IID": "", "PAT": "0", "MAT": "0"}
    raw = _columns(text, [name for name in wanted if name in text.header])
    columns = []
    for name, absent in wanted.items():
        empty = pa.array([absent] * raw.num_rows, pa.string())
        found = raw[name] if name in raw.column_names else empty
        columns.append(pc.fill_null(found, absent))
    return pa.table(columns, ["family", "sample", "father", "mother"])


def _columns(text: Text, names: list[str]) -> pa.Table:
    absent = [name for name in names if name not in text.header]
    if absent:
        raise InputError(
            f"{text.path}: no column {absent[0]} among {' '.join(text.header)}."
        )
    kinds = {name: pa.int32() if name == "POS" else pa.string() for name in names}
    return read_columns(without_padding(text), kinds)


def _library(path: Path) -> Any:
    try:
        import pgenlib
    except ImportError as error:
        raise InputError(
            f"{path}: reading .pgen needs pgenlib: pip install 'fabgwas[pgen]'"
        ) from error
    return pgenlib
