import json
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest
from filesets import linked_dosage, write_fileset

from fabgwas.errors import InputError, NothingToAnalyseError, UsageError
from fabgwas.ld import block_correlation, standardise
from fabgwas.ldstore import build_ld, open_ld
from fabgwas.panel import open_panel


@pytest.fixture
def dosage(rng: np.random.Generator) -> np.ndarray:
    dosage = linked_dosage(rng, 50, 60)
    dosage[:, 9] = 2
    dosage[:, 30] = 0
    dosage[0, 30] = 1
    return dosage


@pytest.fixture
def prefix(tmp_path: Path, dosage: np.ndarray) -> Path:
    chrom = ["1"] * 40 + ["2"] * 19 + ["GL1"]
    return write_fileset(tmp_path / "panel", dosage, chrom=chrom)


@pytest.fixture
def bed(tmp_path: Path) -> Path:
    path = tmp_path / "blocks.bed"
    path.write_text("chr1 0 20000\nchr1 20000 40000\nchr2 0 60000\n")
    return path


def _table(rows: list[tuple[str, int, str, str]]) -> pa.Table:
    chrom, pos, effect, other = zip(*rows, strict=True)
    return pa.table(
        {"chrom": chrom, "pos": pos, "effect_allele": effect, "other_allele": other}
    )


@pytest.mark.parametrize(
    ("encoding", "tolerance"), [("float32", 0), ("float16", 6e-4), ("int8", 0.04)]
)
def test_what_is_written_is_read(
    prefix: Path, bed: Path, dosage: np.ndarray, encoding: str, tolerance: float
) -> None:
    out = build_ld(prefix, prefix.with_name("ld"), bed, encoding=encoding, shrinkage=0.1)
    store = open_ld(out)
    assert store.metadata.counts == {
        "read": 60,
        "dropped_unknown_chromosome": 1,
        "dropped_monomorphic": 1,
        "dropped_rare": 0,
        "kept": 58,
    }
    kept = np.delete(np.arange(59), 9)
    np.testing.assert_array_equal(store.pos, (kept + 1) * 1000)
    np.testing.assert_allclose(store.freq, dosage[:, kept].mean(axis=0) / 2, rtol=1e-6)
    sizes = [block.stop - block.start for block in store]
    assert sizes == [19, 20, 19]
    np.testing.assert_array_equal(store.variants["block"], np.repeat([0, 1, 2], sizes))
    for block in store:
        x = standardise(dosage[:, kept[block.start : block.stop]]).x
        assert np.abs(block.ld - block_correlation(x, 0.1)).max() <= tolerance
        assert np.linalg.eigvalsh(block.ld.astype(np.float64))[0] > -1e-6


def test_scores_are_those_of_the_panel(prefix: Path, bed: Path) -> None:
    store = open_ld(build_ld(prefix, prefix.with_name("ld"), bed))
    panel = open_panel(prefix)
    kept = np.delete(np.arange(59), 9)
    np.testing.assert_array_equal(store.ld_scores(), panel.ld_scores()[kept])
    assert store.n_samples == panel.n_samples
    assert len(store) == 3


def test_shrinkage_is_estimated_unless_given(prefix: Path, bed: Path) -> None:
    store = open_ld(build_ld(prefix, prefix.with_name("ld"), bed))
    shrinkage = store.blocks["shrinkage"].to_pylist()
    assert all(0 < value < 1 for value in shrinkage)
    assert len(set(shrinkage)) == 3


def test_rare_variants_are_left_out(prefix: Path, bed: Path) -> None:
    store = open_ld(build_ld(prefix, prefix.with_name("ld"), bed, min_maf=0.02))
    assert store.metadata.counts["dropped_rare"] == 1
    assert store.freq.min() >= 0.02
    with pytest.raises(NothingToAnalyseError, match="none of 60 variants varies"):
        build_ld(prefix, prefix.with_name("none"), bed, min_maf=0.6)


def test_rows_correlate_within_blocks_and_not_between(
    prefix: Path, bed: Path, dosage: np.ndarray
) -> None:
    out = build_ld(prefix, prefix.with_name("ld"), bed, encoding="float32", shrinkage=0.0)
    store = open_ld(out)
    places = [1000, 2000, 20_000, 21_000, 77]
    rows = [("1", pos, "A", "C") for pos in places]
    rows[1] = ("1", 2000, "C", "A")
    correlate = store.correlate(_table(rows))
    r = np.corrcoef(dosage[:, [0, 1, 19, 20]], rowvar=False)
    expected = [1, -r[0, 1], r[0, 2], 0, np.nan]
    np.testing.assert_allclose(correlate(0, np.arange(5)), expected, atol=1e-6)
    assert np.isnan(correlate(4, np.arange(2))).all()


def test_published_blocks_need_a_build(prefix: Path, tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="the blocks of EUR need a build"):
        build_ld(prefix, tmp_path / "ld")
    store = open_ld(build_ld(prefix, tmp_path / "ld", "EUR", build="GRCh37"))
    assert len(store) == 2  # all of each chromosome lies in its first block
    assert store.build == "GRCh37"


def test_sex_chromosomes_are_cut_by_ld(tmp_path: Path, rng: np.random.Generator) -> None:
    dosage = linked_dosage(rng, 40, 1300)
    prefix = write_fileset(tmp_path / "x", dosage, chrom=["22"] * 50 + ["X"] * 1250)
    store = open_ld(build_ld(prefix, tmp_path / "ld", "EUR", build="GRCh38"))
    assert store.blocks["stop"][0].as_py() == 50
    assert len(store) == 3


def test_auto_finds_the_blocks(tmp_path: Path, rng: np.random.Generator) -> None:
    sizes = [300, 420, 550]
    dosage = np.hstack([linked_dosage(rng, 100, size, 0.95) for size in sizes])
    prefix = write_fileset(tmp_path / "a", dosage, np.arange(1270) * 100 + 1)
    store = open_ld(build_ld(prefix, tmp_path / "ld", "auto"))
    cuts = np.array(store.blocks["stop"].to_pylist())
    truth = np.cumsum(sizes)
    assert cuts.size > 1
    # a few variants beyond the edge cross as little as the edge itself, up to noise
    assert np.abs(cuts[:, None] - truth).min(axis=1).max() <= 5


@pytest.mark.parametrize("encoding", ["float16", "int8"])
def test_damage_is_found(prefix: Path, bed: Path, encoding: str) -> None:
    out = build_ld(prefix, prefix.with_name("ld"), bed, encoding=encoding)
    matrices = out / "matrices.bin"
    good = matrices.read_bytes()
    matrices.write_bytes(good[:-1] + bytes([good[-1] ^ 1]))
    store = open_ld(out)
    store.block(0)
    with pytest.raises(InputError, match="the block of variants 39 to 57 is damaged"):
        store.block(2)
    matrices.write_bytes(good[:-1])
    with pytest.raises(InputError, match=rf"{len(good) - 1} bytes instead of {len(good)}"):
        open_ld(out)
    matrices.write_bytes(good)
    for name in ("variants.parquet", "blocks.parquet"):
        content = (out / name).read_bytes()
        (out / name).write_bytes(content[:-9] + b"x" + content[-8:])
        with pytest.raises(InputError, match=f"{name}: absent or damaged"):
            open_ld(out)
        (out / name).write_bytes(content)
    assert len(open_ld(out)) == 3


def test_foreign_and_newer_folders_are_refused(prefix: Path, bed: Path) -> None:
    with pytest.raises(InputError, match=r"not an LD store, it holds no ld\.json"):
        open_ld(prefix.parent)
    out = build_ld(prefix, prefix.with_name("ld"), bed)
    content = json.loads((out / "ld.json").read_text())
    for changed, message in (
        ({**content, "version": 99}, "fabgwas-ld 99 is not fabgwas-ld 1"),
        ({"version": 1}, "damaged metadata"),
        ([], "damaged metadata"),
    ):
        (out / "ld.json").write_text(json.dumps(changed))
        with pytest.raises(InputError, match=message):
            open_ld(out)


class InterruptionError(Exception):
    """Stands for the end of a process."""


def interrupted_build(prefix: Path, out: Path, bed: Path, after: int, **settings) -> None:
    def stop(done: int, total: int) -> None:
        if done == after:
            raise InterruptionError

    with pytest.raises(InterruptionError):
        build_ld(prefix, out, bed, progress=stop, **settings)


def contents(store: Path) -> dict[str, bytes]:
    files = {path.name: path.read_bytes() for path in store.iterdir()}
    metadata = json.loads(files.pop("ld.json"))
    return files | {"ld.json": json.dumps(metadata | {"created": ""}).encode()}


def test_an_interrupted_build_goes_on_where_it_was(
    prefix: Path, bed: Path, tmp_path: Path
) -> None:
    whole = build_ld(prefix, tmp_path / "whole", bed)
    out = tmp_path / "ld"
    interrupted_build(prefix, out, bed, after=2)
    assert not out.exists()
    done: list[tuple[int, int]] = []
    build_ld(prefix, out, bed, progress=lambda *counts: done.append(counts))
    assert done == [(3, 3)]
    assert contents(out) == contents(whole)
    assert not list(tmp_path.glob(".*"))


@pytest.mark.parametrize("damage", ["matrix", "journal", "cut"])
def test_what_was_half_written_is_made_again(
    prefix: Path, bed: Path, tmp_path: Path, damage: str
) -> None:
    whole = build_ld(prefix, tmp_path / "whole", bed)
    out = tmp_path / "ld"
    interrupted_build(prefix, out, bed, after=2)
    path = (
        tmp_path
        / ".ld.partial"
        / ("blocks.jsonl" if damage == "journal" else "matrices.bin")
    )
    content = path.read_bytes()
    if damage == "matrix":
        content = bytes([content[0] ^ 1]) + content[1:]
    path.write_bytes(content if damage == "matrix" else content[:-9])
    done: list[int] = []
    build_ld(prefix, out, bed, progress=lambda number, total: done.append(number))
    assert done == ([1, 2, 3] if damage == "matrix" else [2, 3])
    assert contents(out) == contents(whole)


def test_other_settings_begin_anew(prefix: Path, bed: Path, tmp_path: Path) -> None:
    interrupted_build(prefix, tmp_path / "ld", bed, after=2)
    done: list[int] = []
    build_ld(
        prefix, tmp_path / "ld", bed, shrinkage=0.5, progress=lambda n, _: done.append(n)
    )
    assert done == [1, 2, 3]


def test_two_processes_cannot_make_one_store(prefix: Path, bed: Path) -> None:
    def again(done: int, total: int) -> None:
        build_ld(prefix, prefix.with_name("ld"), bed)

    with pytest.raises(UsageError, match="another process is making it"):
        build_ld(prefix, prefix.with_name("ld"), bed, progress=again)


def test_some_people_make_a_store_of_their_own(
    prefix: Path, bed: Path, dosage: np.ndarray, tmp_path: Path
) -> None:
    halves = []
    for number, people in enumerate([range(0, 50, 2), range(1, 50, 2)]):
        keep = tmp_path / f"keep{number}"
        keep.write_text("".join(f"f{i} s{i}\n" for i in people))
        out = tmp_path / f"half{number}"
        build_ld(prefix, out, bed, keep=keep, shrinkage=0.0, encoding="float32")
        halves.append(open_ld(out))
        assert halves[-1].n_samples == 25
        frequency = dosage[people][:, halves[-1].pos // 1000 - 1].mean(axis=0) / 2
        np.testing.assert_allclose(halves[-1].freq, frequency, rtol=1e-6)
    x = standardise(dosage[::2, halves[0].pos[halves[0].chrom == 2] // 1000 - 1]).x
    np.testing.assert_allclose(halves[0].block(2).ld, block_correlation(x), atol=1e-6)
    assert halves[0].metadata.people != halves[1].metadata.people


def test_nothing_is_overwritten_unless_asked(prefix: Path, bed: Path) -> None:
    out = build_ld(prefix, prefix.with_name("ld"), bed)
    with pytest.raises(UsageError, match="exists already"):
        build_ld(prefix, out, bed)
    build_ld(prefix, out, bed, min_maf=0.02, overwrite=True)
    assert open_ld(out).metadata.min_maf == 0.02
    assert not list(out.parent.glob(".*"))
    (out / "ld.json").unlink()
    with pytest.raises(UsageError, match="is no LD store and will not be replaced"):
        build_ld(prefix, out, bed, overwrite=True)


def test_refuses_wrong_arguments(prefix: Path, tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="encoding must be one of float16, int8, float32"):
        build_ld(prefix, tmp_path / "o", "auto", encoding="int4")
    with pytest.raises(ValueError, match="shrinkage must be between 0 and 1, but is 2"):
        build_ld(prefix, tmp_path / "o", "auto", shrinkage=2.0)
    store = open_ld(build_ld(prefix, tmp_path / "o", "auto"))
    with pytest.raises(ValueError, match="block 7 is not among the 2"):
        store.block(7)
    with pytest.raises(ValueError, match="stores of encoding int8, not float16"):
        store.factor(0)
