"""Block boundaries from a BED file."""

from itertools import pairwise
from pathlib import Path

import numpy as np

from fabgwas.errors import InputError
from fabgwas.ld import Blocks, make_blocks
from fabgwas.variants import chromosome_code


def blocks_from_bed(path: str | Path) -> Blocks:
    """Read LD blocks: chromosome, 0-based start, stop; a header line is allowed.

    A variant between two blocks belongs to the nearer one.

    Raises
    ------
    InputError
        If a line is no interval, or two blocks overlap.
    """
    intervals = []
    lines = Path(path).read_text().splitlines()
    for number, line in enumerate(lines, start=1):
        fields = line.split()
        if not fields or line.startswith(("#", "track", "browser")):
            continue
        if number == 1 and not "".join(fields[1:3]).isdigit():
            continue
        if len(fields) < 3 or not (fields[1] + fields[2]).isdigit():
            raise InputError(
                f"{path}, line {number}: chromosome, start and stop are needed, "
                f"not {line.strip()!r}."
            )
        code = chromosome_code(fields[0])
        if not code:
            raise InputError(f"{path}, line {number}: unknown chromosome {fields[0]!r}.")
        intervals.append((code, int(fields[1]), int(fields[2]), number))
    if not intervals:
        raise InputError(f"{path}: there are no blocks in this file.")
    return make_blocks(*np.array(_boundaries(sorted(intervals), path)).reshape(-1, 2).T)


def _boundaries(
    intervals: list[tuple[int, int, int, int]], path: str | Path
) -> list[tuple[int, int]]:
    """Places between consecutive blocks of a chromosome, in the middle of a gap."""
    result = []
    for (chrom, _, stop, _), (code, start, end, number) in pairwise(intervals):
        if code != chrom:
            continue
        if start < stop or end <= start:
            raise InputError(
                f"{path}, line {number}: the block {start}-{end} is empty or overlaps "
                "another one."
            )
        result.append((code, (stop + start) // 2))
    return result
