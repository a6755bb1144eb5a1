"""Blocks and regions from BED files."""

import re
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path

import numpy as np
import pyarrow as pa

from fabgwas.errors import InputError
from fabgwas.io._open import read_text
from fabgwas.ld import Blocks, make_blocks
from fabgwas.variants import CHROMOSOMES, chromosome_code

_NONE = (0, 0, 0, 0)
_PLACE = re.compile(r"[0-9]{1,9}")


def blocks_from_bed(path: str | Path) -> Blocks:
    """Read LD blocks: chromosome, 0-based start, stop; a header line is allowed.

    A variant between two blocks belongs to the nearer one.

    Raises
    ------
    InputError
        If a line is no interval, or two blocks overlap.
    """
    intervals = [(*place, number) for number, place, _ in _intervals(Path(path))]
    if not intervals:
        raise InputError(f"{path}: there are no blocks in this file.")
    boundaries = np.array(_boundaries(sorted(intervals), path), np.int64)
    return make_blocks(*boundaries.reshape(-1, 2).T)


def regions_from_bed(path: str | Path) -> pa.Table:
    """Read regions: chromosome, 0-based start, stop and, if there is one, a name.

    Returns
    -------
    Columns name, chrom, start and stop, 1-based with both ends included, in the order of
    the file; a region without a name is called by its place.

    Raises
    ------
    InputError
        If a line is no interval.
    """
    rows = []
    for number, (code, start, stop), fields in _intervals(Path(path)):
        chrom = CHROMOSOMES[code - 1]
        if stop <= start:
            raise InputError(f"{path}, line {number}: the region {start}-{stop} is empty.")
        name = fields[3] if len(fields) > 3 else f"{chrom}:{start + 1}-{stop}"
        rows.append({"name": name, "chrom": chrom, "start": start + 1, "stop": stop})
    if not rows:
        raise InputError(f"{path}: there are no regions in this file.")
    return pa.Table.from_pylist(rows)


def _intervals(path: Path) -> Iterator[tuple[int, tuple[int, int, int], list[str]]]:
    """Number of the line, chromosome code, start and stop, and all fields."""
    for number, line in enumerate(read_text(path).splitlines(), start=1):
        fields = line.split()
        if not fields or line.startswith(("#", "track", "browser")):
            continue
        if number == 1 and not "".join(fields[1:3]).isdigit():
            continue
        if len(fields) < 3 or not all(map(_PLACE.fullmatch, fields[1:3])):
            raise InputError(
                f"{path}, line {number}: chromosome, start and stop are needed, "
                f"not {line.strip()[:100]!r}."
            )
        code = chromosome_code(fields[0])
        if not code:
            raise InputError(f"{path}, line {number}: unknown chromosome {fields[0]!r}.")
        yield number, (code, int(fields[1]), int(fields[2])), fields


def _boundaries(
    intervals: list[tuple[int, int, int, int]], path: str | Path
) -> list[tuple[int, int]]:
    """Places between consecutive blocks of a chromosome, in the middle of a gap."""
    result = []
    for (chrom, _, stop, _), (code, start, end, number) in pairwise([_NONE, *intervals]):
        if end <= start or (code == chrom and start < stop):
            raise InputError(
                f"{path}, line {number}: the block {start}-{end} is empty or overlaps "
                "another one."
            )
        if code == chrom:
            result.append((code, (stop + start) // 2))
    return result
