"""The allele that predicted means point towards while a prior is learned."""

import numpy as np
import pyarrow as pa
import pytest

from fabgwas.alignment import Alignment
from fabgwas.config import RunConfig
from fabgwas.errors import InputError, UsageError
from fabgwas.io import ancestral_bases, ancestral_files
from fabgwas.orientation import orientation
from fabgwas.store import StoreMetadata, write_embeddings

ROWS = [
    ("1", 1, "A", "G"),  # the reference allele is ancestral
    ("1", 2, "A", "G"),  # the alternate one, in lower case
    ("1", 3, "A", "G"),  # neither
    ("1", 4, "A", "G"),  # unknown
    ("1", 5, "C", "CAT"),  # an insertion
    ("1", 9, "A", "G"),  # beyond the end
    ("2", 1, "C", "T"),
    ("X", 1, "C", "T"),  # a chromosome that the file lacks
]
ENSEMBL = ">ANCESTOR_for_chromosome:GRCh38:{}:1:8:1\n{}\n"


@pytest.fixture
def store(tmp_path):
    chrom, pos, ref, alt = map(list, zip(*ROWS, strict=True))
    table = pa.table(
        {"chrom": chrom, "pos": pos, "ref": ref, "alt": alt, "rsid": [None] * len(ROWS)},
        schema=pa.schema(
            [("chrom", "string"), ("pos", "int32"), ("ref", "string"), ("alt", "string"),
             ("rsid", "string")]
        ),
    )  # fmt: skip
    metadata = StoreMetadata(model="toy", dim=2, build="GRCh38")
    return write_embeddings(tmp_path / "s", metadata, table, np.zeros((len(ROWS), 2), "f4"))


@pytest.fixture
def fasta(tmp_path):
    path = tmp_path / "ancestor.fa"
    path.write_text(ENSEMBL.format(1, "AgC.CATT") + ENSEMBL.format(2, "TCCCCCCC"))
    return str(path)


def alignment_of(rows, sign):
    report = None
    return Alignment(np.arange(len(rows)), np.array(rows), np.array(sign), report)


def test_derived_alleles_are_those_that_are_not_ancestral(store, fasta):
    everything = alignment_of(range(len(ROWS)), [1] * len(ROWS))
    signs = orientation("derived", store, everything, np.full(len(ROWS), np.nan), fasta)
    assert signs.tolist() == [1, -1, 1, 1, 1, 1, -1, 1]


def test_the_sign_of_the_alignment_does_not_matter(store, fasta):
    some = alignment_of([1, 6], [1, -1])
    signs = orientation("derived", store, some, np.full(2, np.nan), fasta)
    assert signs.tolist() == [-1, -1]


def test_minor_alleles_go_by_the_frequency_of_the_effect_allele(store):
    some = alignment_of([0, 1, 2], [1, -1, 1])
    signs = orientation("minor", store, some, np.array([0.9, 0.9, np.nan]))
    assert signs.tolist() == [-1, 1, 1]


def test_a_file_for_each_chromosome(store, fasta, tmp_path):
    (tmp_path / "anc_1.fa").write_text(ENSEMBL.format(1, "AgC.CATT"))
    (tmp_path / "anc_2.fa").write_text(ENSEMBL.format(2, "TCCCCCCC"))
    pattern = str(tmp_path / "anc_{chrom}.fa")
    everything = alignment_of(range(len(ROWS)), [1] * len(ROWS))
    nothing = np.full(len(ROWS), np.nan)
    assert np.array_equal(
        orientation("derived", store, everything, nothing, pattern),
        orientation("derived", store, everything, nothing, fasta),
    )
    assert [path.name for path in ancestral_files(pattern)] == ["anc_1.fa", "anc_2.fa"]


@pytest.mark.parametrize(
    ("text", "says"),
    [
        (ENSEMBL.replace("GRCh38", "GRCh37").format(1, "ACGT"), "is GRCh37"),
        (">7\nACGT\n", "holds none of the chromosomes 1"),
        ("no fasta", "not a plain FASTA"),
    ],
)
def test_files_that_do_not_fit_are_refused(tmp_path, text, says):
    path = tmp_path / "ancestor.fa"
    path.write_text(text)
    table = pa.table({"chrom": ["1"], "pos": pa.array([1], pa.int32())})
    with pytest.raises(InputError, match=says):
        ancestral_bases(path, table, "GRCh38")


def test_a_missing_file_is_named(tmp_path):
    with pytest.raises(InputError, match="no such file"):
        ancestral_files(tmp_path / "none.{chrom}.fa")


def test_derived_alleles_need_ancestral_ones():
    with pytest.raises(UsageError, match="together"):
        RunConfig(sumstats="a", embeddings="b", out="c", orient="derived")
    with pytest.raises(UsageError, match="together"):
        RunConfig(sumstats="a", embeddings="b", out="c", ancestral="anc.fa")
