"""A simulated study as files that other programs read."""

import shutil
from pathlib import Path

import numpy as np
from jaxtyping import Int8

from benchmarks.prs._simulate import SETTINGS, Study
from fabgwas.files import write_atomically

_GENOME = SETTINGS["genome"]
# counts 0, 1, 2 of the first allele in the two bits of a .bed file
_BITS = np.array([3, 2, 0], np.uint8)
_APART = 100_000


def positions() -> np.ndarray:
    """Base pairs: all loci on one chromosome, apart from each other."""
    size, length = _GENOME["variants"], _GENOME["length"]
    inside = 1 + np.arange(size) * (length // size)
    starts = np.arange(_GENOME["loci"]) * (length + _APART)
    return (starts[:, None] + inside).ravel()


def names() -> list[str]:
    """Identifiers of the variants."""
    return [f"rs{number}" for number in range(1, positions().size + 1)]


def write_training(study: Study, folder: Path) -> Path:
    """Genotypes of the training people as a PLINK fileset; gives its prefix."""
    prefix = folder / "training"
    if not Path(f"{prefix}.fam").is_file():
        folder.mkdir(parents=True, exist_ok=True)
        people = study.people["training"]
        with write_atomically(Path(f"{prefix}.bed")) as path, path.open("wb") as file:
            file.write(bytes([0x6C, 0x1B, 1]))
            for start in range(0, len(study.pool), 1000):
                file.write(_packed(study.pool[start : start + 1000][:, people]))
        rows = zip(names(), positions().tolist(), strict=True)
        Path(f"{prefix}.bim").write_text(
            "".join(f"1\t{name}\t0\t{pos}\tA\tG\n" for name, pos in rows)
        )
        Path(f"{prefix}.fam").write_text(
            "".join(f"f{i}\ti{i}\t0\t0\t1\t-9\n" for i in range(people.size))
        )
    return prefix


def write_blocks(folder: Path) -> Path:
    """The loci as LD blocks, in the form of LDetect."""
    length = _GENOME["length"]
    starts = [k * (length + _APART) for k in range(_GENOME["loci"])]
    path = folder / "blocks.bed"
    lines = [f"chr1\t{start}\t{start + length + _APART}" for start in starts]
    path.write_text("\n".join(["chr\tstart\tstop", *lines]) + "\n")
    return path


def write_prscs_reference(study: Study, folder: Path) -> Path:
    """LD of the training people in the form of PRS-CS; gives its folder."""
    import h5py

    names_, pos = names(), positions()
    if not folder.is_dir():
        temporary = folder.with_suffix(".part")
        shutil.rmtree(temporary, ignore_errors=True)
        temporary.mkdir(parents=True)
        with h5py.File(temporary / "ldblk_own_chr1.hdf5", "w") as file:
            for number in np.unique(study.block).tolist():
                group = file.create_group(f"blk_{number + 1}")
                members = np.flatnonzero(study.block == number)
                group["ldblk"] = study.ld[number].astype(np.float64)
                group["snplist"] = np.array([names_[k] for k in members], "S")
        people = study.people["training"]
        with (temporary / "snpinfo_own_hm3").open("w") as file:
            print("CHR", "SNP", "BP", "A1", "A2", "MAF", sep="\t", file=file)
            for k, name in enumerate(names_):
                frequency = study.pool[k][people].mean() / 2
                maf = min(frequency, 1 - frequency)
                print(1, name, pos[k], "A", "G", f"{maf:.4f}", sep="\t", file=file)
        temporary.rename(folder)
    return folder


def write_statistics(study: Study, path: Path) -> Path:
    """Association of each variant, in the columns of fastGWA."""
    from scipy.special import ndtr

    frequency = np.array([study.pool[k][study.people["training"]].mean() / 2
                          for k in range(study.z.size)])  # fmt: skip
    se = 1 / (study.sd * np.sqrt(study.n))
    p = 2 * ndtr(-np.abs(study.z))
    head = "CHR\tSNP\tPOS\tA1\tA2\tN\tAF1\tBETA\tSE\tP\n"
    columns = (names(), positions().tolist(), frequency, study.z * se, se, p)
    path.write_text(
        head
        + "".join(
            f"1\t{name}\t{pos}\tA\tG\t{study.n}\t{f:.6g}\t{b:.8g}\t{s:.8g}\t{q:.8g}\n"
            for name, pos, f, b, s, q in zip(*columns, strict=True)
        )
    )
    return path


def _packed(dosage: Int8[np.ndarray, "variant person"]) -> bytes:
    n_variants, n_people = dosage.shape
    bits = np.zeros((n_variants, -(-n_people // 4) * 4), np.uint8)
    bits[:, :n_people] = _BITS[dosage]
    quads = bits.reshape(n_variants, -1, 4)
    return np.bitwise_or.reduce(quads << np.array([0, 2, 4, 6], np.uint8), axis=2).tobytes()
