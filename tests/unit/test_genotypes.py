import subprocess
from pathlib import Path

import numpy as np
import pytest
from filesets import linked_dosage, write_fileset

from fabgwas.errors import InputError, NothingToAnalyseError, UsageError
from fabgwas.io._genotypes import open_genotypes, read_plink
from fabgwas.io._people import read_people

# five people, three variants: A1 is the rarer, the commoner, and half of all alleles
DOSAGE = np.array(
    [[0, 2, 1], [0, 2, 1], [1, 1, np.nan], [0, 2, 2], [0, np.nan, 0]], np.float32
)
A1_FREQ = [0.1, 7 / 8, 0.5]


@pytest.fixture
def prefix(tmp_path: Path) -> Path:
    return write_fileset(tmp_path / "three.v1", DOSAGE)


def test_counts_the_first_allele_of_the_bim(prefix: Path) -> None:
    genotypes = open_genotypes(prefix)
    assert genotypes.n_samples == 5
    assert genotypes.n_variants == 3
    np.testing.assert_array_equal(genotypes.dosage(0, 3), DOSAGE)
    assert np.nanmean(genotypes.dosage(0, 3), axis=0) / 2 == pytest.approx(A1_FREQ)
    assert genotypes.variants.column_names == [
        "chrom",
        "pos",
        "rsid",
        "effect_allele",
        "other_allele",
    ]
    assert genotypes.variants["effect_allele"].to_pylist() == ["A"] * 3


def test_agrees_with_plink2_freq(prefix: Path, plink2: str) -> None:
    command = [plink2, "--bfile", prefix, "--freq", "cols=chrom,ref,alt,altfreq"]
    out = prefix.with_name("out")
    subprocess.run([*command, "--out", out], check=True, capture_output=True)
    rows = [row.split() for row in Path(f"{out}.afreq").read_text().splitlines()[1:]]
    alt = {row[1]: (row[3], float(row[4])) for row in rows}
    genotypes = open_genotypes(prefix)
    freq = np.nanmean(genotypes.dosage(0, 3), axis=0) / 2
    for name, expected in zip(genotypes.variants["rsid"].to_pylist(), freq, strict=True):
        assert alt[name] == ("A", pytest.approx(expected, rel=1e-5))


def test_pandas_plink_counts_the_same_allele(prefix: Path) -> None:
    variants, samples, dosage = read_plink(prefix)
    np.testing.assert_array_equal(dosage.compute(), DOSAGE)
    assert list(variants["effect_allele"]) == ["A"] * 3
    assert list(samples["iid"]) == ["s0", "s1", "s2", "s3", "s4"]


def test_accepts_the_path_of_the_bed(prefix: Path) -> None:
    assert open_genotypes(f"{prefix}.bed").n_variants == 3


def test_any_stretch_and_any_order_can_be_read(
    rng: np.random.Generator, tmp_path: Path
) -> None:
    dosage = linked_dosage(rng, 7, 20)
    beds = [
        write_fileset(tmp_path / f"c{number}", dosage[:, part], chrom=str(number))
        for number, part in ((1, slice(0, 8)), (2, slice(8, 15)), (10, slice(15, 20)))
    ]
    for given in (beds, tmp_path / "c*", str(tmp_path / "c{chrom}")):
        genotypes = open_genotypes(given)
        assert [path.stem for path in genotypes.files] == ["c1", "c2", "c10"]
        for start, stop in ((0, 20), (3, 5), (5, 16), (8, 15), (4, 4), (20, 20)):
            part = genotypes.dosage(start, stop)
            np.testing.assert_array_equal(part, dosage[:, start:stop])
    index = np.array([19, 0, 9, 9, 14])
    np.testing.assert_array_equal(genotypes.take(index), dosage[:, index])
    with pytest.raises(ValueError, match="3 to 21 are not among the 20"):
        genotypes.dosage(3, 21)


def test_some_of_the_chromosomes_can_be_chosen(
    rng: np.random.Generator, tmp_path: Path
) -> None:
    dosage = linked_dosage(rng, 7, 20)
    chroms = ["chr1", "3", "1"] * 4
    write_fileset(tmp_path / "c1", dosage[:, :12], chrom=chroms)
    write_fileset(tmp_path / "c2", dosage[:, 12:15], chrom="2")
    write_fileset(tmp_path / "c3", dosage[:, 15:], chrom="3")
    whole = open_genotypes(tmp_path / "c*")
    some = whole.choose_chromosomes(["3", "chr2"])
    rows = np.array([1, 4, 7, 10, *range(12, 20)])
    assert (some.n_variants, len(some.files)) == (12, 3)
    np.testing.assert_array_equal(some.dosage(2, 9), dosage[:, rows[2:9]])
    index = np.array([11, 0, 5, 5])
    np.testing.assert_array_equal(some.take(index), dosage[:, rows[index]])
    two = whole.choose_samples(np.array([6, 1])).choose_chromosomes(["2"])
    assert [path.stem for path in two.files] == ["c2"]
    np.testing.assert_array_equal(two.dosage(0, 3), dosage[[6, 1], 12:15])
    with pytest.raises(NothingToAnalyseError, match="no variant lies on chromosome 9, X"):
        whole.choose_chromosomes(["9", "X"])
    with pytest.raises(UsageError, match="unknown chromosome 'W'"):
        whole.choose_chromosomes(["W"])


def test_chromosomes_get_their_canonical_names(tmp_path: Path) -> None:
    write_fileset(tmp_path / "x", DOSAGE, chrom=["chr1", "23", "GL000191.1"])
    assert open_genotypes(tmp_path / "x").variants["chrom"].to_pylist() == ["1", "X", None]


def test_blanks_may_separate_the_columns(prefix: Path) -> None:
    bim = Path(f"{prefix}.bim")
    bim.write_text(bim.read_text().replace("\t", "  ").replace("1  rs", " 1 rs"))
    assert open_genotypes(prefix).variants["pos"].to_pylist() == [1000, 2000, 3000]


def test_says_what_is_wrong_with_the_bed(prefix: Path) -> None:
    bed = Path(f"{prefix}.bed")
    good = bed.read_bytes()
    for content, message in (
        (
            good[:-1],
            r"8 bytes, but 3 variants in the .bim and 5 samples in the .fam make 9",
        ),
        (b"PK" + good[2:], "not a PLINK 1 .bed file, it begins with 504b"),
        (b"", "it begins with nothing"),
        (good[:2] + b"\0" + good[3:], "sample-major order; rewrite it"),
    ):
        bed.write_bytes(content)
        with pytest.raises(InputError, match=message) as caught:
            open_genotypes(prefix)
        assert str(bed) in str(caught.value)


def test_names_the_line_of_a_bad_bim(prefix: Path) -> None:
    bim = Path(f"{prefix}.bim")
    good = bim.read_text()
    bim.write_text(good.replace("2000\tA", "two\tA"))
    with pytest.raises(InputError, match=r"three.v1.bim.*Row #2.*'two'"):
        open_genotypes(prefix)
    bim.write_text(good.replace("3000\tA\tC", "3000\tA"))
    with pytest.raises(InputError, match=r"three.v1.bim.*Row #3.*Expected 6 columns"):
        open_genotypes(prefix)
    bim.write_text("")
    with pytest.raises(InputError, match="the file is empty"):
        open_genotypes(prefix)


def test_names_the_file_that_is_absent(prefix: Path, tmp_path: Path) -> None:
    Path(f"{prefix}.fam").unlink()
    with pytest.raises(InputError, match=r"three\.v1\.fam: there is no such file"):
        open_genotypes(prefix)
    with pytest.raises(InputError, match=r"no \.bed file fits this pattern"):
        open_genotypes(tmp_path / "none{chrom}")


def test_all_files_must_hold_the_same_samples(prefix: Path, tmp_path: Path) -> None:
    other = write_fileset(tmp_path / "other", DOSAGE[::-1])
    fam = Path(f"{other}.fam")
    fam.write_text("\n".join(reversed(fam.read_text().splitlines())) + "\n")
    with pytest.raises(InputError, match="the samples differ"):
        open_genotypes([prefix, other])


def test_some_of_the_people_can_be_chosen(rng: np.random.Generator, tmp_path: Path) -> None:
    dosage = linked_dosage(rng, 7, 6)
    genotypes = open_genotypes(write_fileset(tmp_path / "all", dosage))
    keep = tmp_path / "keep.txt"
    keep.write_text("#FID\tIID\nf6 s6\ns2\nelsewhere s1\n\nf0 s0\n")
    chosen = read_people(keep, genotypes.samples)
    np.testing.assert_array_equal(chosen, [0, 2, 6])
    some = genotypes.choose_samples(chosen)
    assert some.n_samples == 3
    assert some.samples["sample"].to_pylist() == ["s0", "s2", "s6"]
    np.testing.assert_array_equal(some.dosage(1, 4), dosage[[0, 2, 6], 1:4])
    fewer = some.choose_samples(np.array([2, 0]))
    np.testing.assert_array_equal(fewer.take(np.array([5, 0])), dosage[[6, 0]][:, [5, 0]])
    keep.write_text("s9\n")
    with pytest.raises(InputError, match="lists none of the 7 people"):
        read_people(keep, genotypes.samples)
    with pytest.raises(InputError, match="no such file"):
        read_people(tmp_path / "absent", genotypes.samples)


def test_a_name_that_several_people_share_needs_the_family(prefix: Path) -> None:
    fam = Path(f"{prefix}.fam")
    fam.write_text(fam.read_text().replace("s1", "s0"))
    samples = open_genotypes(prefix).samples
    keep = prefix.with_name("keep")
    keep.write_text("f1 s0\n")
    np.testing.assert_array_equal(read_people(keep, samples), [1])
    keep.write_text("f1 s0\ns0\n")
    with pytest.raises(InputError, match="line 2: s0 are 2 people of the genotypes"):
        read_people(keep, samples)
