"""All single-base changes of a sequence, against brute force."""

from pathlib import Path

import numpy as np
import pytest

from fabgwas.errors import InputError, NothingToAnalyseError
from fabgwas_embeddings import FastaVariants

SEQUENCES = {"chr2": "NNNNACGTacgtRYNNAC", "chrUn": "ACGT", "chr10": "NNN", "1": "TTTTTTT"}


def write(path: Path, sequences: dict[str, str], width: int, end: str = "\n") -> Path:
    lines = []
    for name, bases in sequences.items():
        lines.append(f">{name} some text")
        lines += [bases[at : at + width] for at in range(0, len(bases), width)]
    path.write_bytes((end.join(lines) + end).encode())
    return path


def brute_force(sequences: dict[str, str]) -> list[tuple[str, int, str, str]]:
    return [
        (chrom, at + 1, base.upper(), alt)
        for name, chrom in (("1", "1"), ("chr2", "2"), ("chr10", "10"))
        for at, base in enumerate(sequences[name])
        if base.upper() in "ACGT"
        for alt in "ACGT"
        if alt != base.upper()
    ]


@pytest.mark.parametrize("width", [1, 4, 7, 100])
@pytest.mark.parametrize("rows", [1, 10, 1000])
def test_equals_brute_force(tmp_path: Path, width: int, rows: int) -> None:
    fasta = FastaVariants.open(write(tmp_path / "a.fa", SEQUENCES, width))
    found = [
        (shard.chrom, *row[:3])
        for shard in fasta.shards(rows)
        for row in zip(*fasta.read(shard).to_pydict().values(), strict=True)
    ]
    assert found == brute_force(SEQUENCES)
    assert fasta.n_variants == len(found)
    parts = [(shard.chrom, shard.part) for shard in fasta.shards(rows)]
    assert len(set(parts)) == len(parts)


def test_a_long_random_sequence(tmp_path: Path, rng: np.random.Generator) -> None:
    bases = "".join(rng.choice(list("ACGTN"), 30_001))
    path = write(tmp_path / "a.fa", {"1": bases, "chr2": "", "chr10": ""}, 60, "\r\n")
    fasta = FastaVariants.open(path)
    shards = fasta.shards(9_000)
    assert len(shards) == 11
    found = [
        ("1", *row[:3])
        for shard in shards
        for row in zip(*fasta.read(shard).to_pydict().values(), strict=True)
    ]
    assert found == brute_force({"1": bases, "chr2": "", "chr10": ""})


def test_an_index_as_of_samtools_is_used_or_written(tmp_path: Path) -> None:
    path = write(tmp_path / "a.fa", SEQUENCES, 4)
    index = path.with_name("a.fa.fai")
    assert FastaVariants.open(path).names == {"1": "1", "2": "chr2", "10": "chr10"}
    written = index.read_text()
    # name, length, offset, bases and bytes of a line, as `samtools faidx` gives them
    assert written.splitlines()[0] == "chr2\t18\t16\t4\t5"
    index.write_text("".join(written.splitlines(keepends=True)[:1]))
    assert FastaVariants.open(path).names == {"2": "chr2"}


def test_what_is_wrong_is_named(tmp_path: Path) -> None:
    path = tmp_path / "a.fa"
    path.write_text(">1\nACGT\nAC\nACGT\n")
    with pytest.raises(InputError, match=r"a\.fa: .*not consistent"):
        FastaVariants.open(path)
    path.write_text(">scaffold\nACGT\n")
    with pytest.raises(NothingToAnalyseError):
        FastaVariants.open(path)
    path.write_text("ACGT")
    with pytest.raises(InputError, match="not a plain FASTA"):
        FastaVariants.open(path)
    path = tmp_path / "b.fa"
    path.write_text(">1\nACGT\n")
    path.with_name("b.fa.fai").write_text("1\t40\t3\t4\t5\n")
    fasta = FastaVariants.open(path)
    with pytest.raises(InputError, match=r"delete the \.fai"):
        fasta.shards(1000)
