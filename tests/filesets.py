"""Small PLINK 1 filesets for tests."""

from pathlib import Path

import numpy as np

# two bits per genotype: two A1 are 00, missing is 01, one A1 is 10, none is 11
_BITS = {2: 0, 1: 2, 0: 3}


def write_fileset(
    prefix: Path,
    dosage: np.ndarray,
    pos: np.ndarray | None = None,
    chrom: str | list[str] = "1",
    alleles: list[tuple[str, str]] | None = None,
) -> Path:
    """Write counts of A1 [sample, variant], nan for missing; give the prefix back."""
    n_samples, n_variants = dosage.shape
    pos = np.arange(1, n_variants + 1) * 1000 if pos is None else pos
    chroms = [chrom] * n_variants if isinstance(chrom, str) else chrom
    alleles = alleles or [("A", "C")] * n_variants
    bits = np.full((n_variants, -(-n_samples // 4) * 4), 0, np.uint8)
    for value, code in _BITS.items():
        bits[:, :n_samples][(dosage == value).T] = code
    bits[:, :n_samples][np.isnan(dosage).T] = 1
    packed = (bits.reshape(n_variants, -1, 4) << np.array([0, 2, 4, 6])).sum(axis=2)
    content = bytes([0x6C, 0x1B, 1]) + packed.astype(np.uint8).tobytes()
    Path(f"{prefix}.bed").write_bytes(content)
    Path(f"{prefix}.bim").write_text(
        "".join(
            f"{c}\trs{c}_{p}\t0\t{p}\t{a}\t{b}\n"
            for c, p, (a, b) in zip(chroms, pos, alleles, strict=True)
        )
    )
    Path(f"{prefix}.fam").write_text(
        "".join(f"f{i} s{i} 0 0 0 -9\n" for i in range(n_samples))
    )
    return prefix


def linked_dosage(
    rng: np.random.Generator, n_samples: int, n_variants: int, copy: float = 0.8
) -> np.ndarray:
    """Dosages whose haplotypes copy the neighbouring allele with some probability."""
    haplotypes = rng.integers(0, 2, (2 * n_samples, n_variants))
    for variant in range(1, n_variants):
        same = rng.random(2 * n_samples) < copy
        haplotypes[same, variant] = haplotypes[same, variant - 1]
    return (haplotypes[:n_samples] + haplotypes[n_samples:]).astype(np.float32)
