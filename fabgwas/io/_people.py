"""Lists of people, as PLINK's --keep reads them."""

from pathlib import Path

import numpy as np
import pyarrow as pa
from jaxtyping import Int

from fabgwas.errors import InputError
from fabgwas.io._open import read_text

_NAMES_OF_COLUMNS = ("FID", "IID", "#FID", "#IID")


def read_people(path: str | Path, samples: pa.Table) -> Int[np.ndarray, " chosen"]:
    """Numbers of the samples that a file lists, in the order of the samples.

    Parameters
    ----------
    path
        One person a line: family and individual ID, or the individual ID alone. A line
        that begins with ``#`` or with names of columns is skipped; so are people whom the
        genotypes lack.
    samples
        Columns family and sample, as in `Genotypes.samples`.

    Raises
    ------
    InputError
        If the file is absent or lists none of the samples, or an individual ID that stands
        alone belongs to several samples.
    """
    path = Path(path)
    if not path.is_file():
        raise InputError(f"{path}: there is no such file.")
    people = list(
        zip(*(samples[name].to_pylist() for name in ("family", "sample")), strict=True)
    )
    by_name: dict[tuple[str, ...], list[int]] = {}
    for number, (family, person) in enumerate(people):
        by_name.setdefault((family, person), []).append(number)
        by_name.setdefault((person,), []).append(number)
    chosen: set[int] = set()
    for line, text in enumerate(read_text(path).splitlines(), 1):
        fields = tuple(text.split()[:2])
        if not fields or fields[0].startswith("#") or fields[0] in _NAMES_OF_COLUMNS:
            continue
        found = by_name.get(fields, [])
        if len(found) > 1:
            raise InputError(
                f"{path}, line {line}: {' '.join(fields)} are {len(found)} people of the "
                "genotypes; give family and individual ID."
            )
        chosen.update(found)
    if not chosen:
        raise InputError(
            f"{path}: lists none of the {samples.num_rows} people of the genotypes; its "
            "lines must be family and individual ID, or individual ID."
        )
    return np.array(sorted(chosen))
