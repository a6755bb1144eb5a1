"""Genotypes of random people, without LD and without missing values."""

from pathlib import Path

import numpy as np
import pyarrow as pa

_SPACING = 2_400  # bp, as 1.2 million variants have it
_PER_CHROMOSOME = 18_000
# bytes whose four genotypes are all known
_CODES = np.array(
    [
        a | b << 2 | c << 4 | d << 6
        for a in (0, 2, 3)
        for b in (0, 2, 3)
        for c in (0, 2, 3)
        for d in (0, 2, 3)
    ],
    np.uint8,
)


def places(n: int) -> tuple[np.ndarray, np.ndarray]:
    """Chromosomes and positions, one chromosome after the other."""
    number = np.arange(n)
    return 1 + number // _PER_CHROMOSOME, 1_000_000 + (number % _PER_CHROMOSOME) * _SPACING


def variants(n: int, counted: str, other: str) -> pa.Table:
    """The variants of `write_people`, with their alleles in columns of these names."""
    chrom, pos = places(n)
    return pa.table(
        {
            "chrom": pa.array([str(number) for number in chrom]),
            "pos": pa.array(pos, pa.int32()),
            "rsid": pa.array([f"rs{number}" for number in range(n)]),
            counted: pa.array(["A"] * n),
            other: pa.array(["G"] * n),
        }
    )


def write_people(prefix: Path, n_variants: int, n_samples: int, seed: int = 0) -> None:
    """A PLINK 1 fileset."""
    rng = np.random.default_rng(seed)
    chrom, pos = places(n_variants)
    with Path(f"{prefix}.bed").open("wb") as file:
        file.write(bytes([0x6C, 0x1B, 1]))
        for start in range(0, n_variants, 4096):
            shape = (min(4096, n_variants - start), n_samples // 4)
            file.write(_CODES[rng.integers(_CODES.size, size=shape)].tobytes())
    lines = (
        f"{c}\trs{i}\t0\t{p}\tA\tG\n"
        for i, (c, p) in enumerate(zip(chrom.tolist(), pos.tolist(), strict=True))
    )
    Path(f"{prefix}.bim").write_text("".join(lines))
    Path(f"{prefix}.fam").write_text(
        "".join(f"f{i} s{i} 0 0 0 -9\n" for i in range(n_samples))
    )
