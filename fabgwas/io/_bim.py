"""The .bim and .fam tables beside a .bed file."""

import codecs
import re
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv

from fabgwas.errors import InputError
from fabgwas.io._open import read_bytes
from fabgwas.variants import CHROMOSOMES, chromosome_codes

_BIM = {
    "chrom": pa.string(),
    "rsid": pa.string(),
    "centimorgan": pa.string(),
    "pos": pa.int32(),
    "effect_allele": pa.string(),
    "other_allele": pa.string(),
}
_FAM = {
    "family": pa.string(),
    "sample": pa.string(),
    "father": pa.string(),
    "mother": pa.string(),
    "sex": pa.string(),
    "phenotype": pa.string(),
}


def read_bim(path: Path) -> pa.Table:
    """Variants in canonical columns; A1 is the effect allele.

    Chromosomes that are not among `fabgwas.variants.CHROMOSOMES` are null, and so are
    those of variants whose position is not known or negative, as PLINK skips them.
    """
    return canonical_variants(_read(path, _BIM))


def canonical_variants(table: pa.Table) -> pa.Table:
    """Columns of `Genotypes.variants` from text: known chromosomes, alleles in capitals."""
    code = chromosome_codes(table["chrom"])
    pos = pc.fill_null(table["pos"], 0)
    code[pc.less(pos, 0).to_numpy()] = 0
    code[table["pos"].is_null().to_numpy()] = 0
    index = pa.array(code.astype(np.int8) - 1, mask=code == 0)
    chrom = pa.DictionaryArray.from_arrays(index, pa.array(CHROMOSOMES))
    alleles = {
        name: pc.utf8_upper(table[name]).combine_chunks().dictionary_encode()
        for name in ("effect_allele", "other_allele")
    }
    pos = pc.max_element_wise(pos, pa.scalar(0, pa.int32()))
    return pa.table({"chrom": chrom, "pos": pos, "rsid": table["rsid"], **alleles})


def read_fam(path: Path) -> pa.Table:
    """Samples in the six columns of a .fam file, as text."""
    return _read(path, _FAM)


def _read(path: Path, types: dict[str, pa.DataType]) -> pa.Table:
    content = read_bytes(path).to_pybytes().removeprefix(codecs.BOM_UTF8)
    first_line = content[: content.find(b"\n") + 1 or None]
    if first_line.count(b"\t") != len(types) - 1:
        content = re.sub(rb"[ \t]+", b"\t", re.sub(rb"(?m)^[ \t]+|[ \t]+$", b"", content))
    try:
        return pyarrow.csv.read_csv(
            pa.BufferReader(content),
            # one thread, because only then errors name the row
            pyarrow.csv.ReadOptions(use_threads=False, column_names=list(types)),
            pyarrow.csv.ParseOptions(delimiter="\t", quote_char=False),
            pyarrow.csv.ConvertOptions(column_types=types, strings_can_be_null=False),
        )
    except pa.ArrowInvalid as error:
        raise InputError(
            f"{path}: {' '.join(str(error).split())}; the columns are {' '.join(types)}."
        ) from error
