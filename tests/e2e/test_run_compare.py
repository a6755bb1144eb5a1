"""`fabgwas run --compare`: gains of several stores told side by side."""

import json
import re
import tomllib
from dataclasses import asdict

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from studies import SIZE, places, vectors, write_store, write_study, z_scores
from terminal import fabgwas

import fabgwas as fg
from fabgwas.config import RunConfig
from fabgwas.errors import InputError, NothingToAnalyseError
from fabgwas.manifest import describe_input
from fabgwas.pipeline import check


@pytest.fixture(scope="module")
def world(tmp_path_factory):
    """A study, a store that knows its effects, and others."""
    folder = tmp_path_factory.mktemp("compare")
    x = vectors(1)
    write_study(folder / "study.tsv", z_scores(x, 2))
    write_store(folder / "knows", x, template="v1")
    write_store(folder / "noise", vectors(9), template="v1",
                exclusions={"sources": ["gwas_catalog"]})  # fmt: skip
    write_store(folder / "half", x, slice(0, SIZE // 2), model="other")
    write_store(folder / "lifted", x, build="GRCh38")
    return folder


def run(world, main, *options):
    return fabgwas(
        *("run", world / "study.tsv", "--build", "GRCh37", "--embeddings", world / main),
        *options,
    )


@pytest.fixture(scope="module")
def compared(world):
    others = [word for name in ("noise", "half", "knows") for word in
              ("--compare", world / name)]  # fmt: skip
    done = run(world, "knows", *others, "--out", world / "compared")
    assert done.returncode == 0, done.stderr
    return done


@pytest.fixture(scope="module")
def told(compared, world):
    """What the manifest says of the gains."""
    manifest = json.loads((world / "compared.manifest.json").read_text())
    paths = [record["path"] for record in manifest["inputs"]]
    assert [str(world / name / "store.json") for name in
            ("knows", "noise", "half", "knows")] == paths[1:5]  # fmt: skip
    return manifest["results"]


def test_the_manifest_tells_gains_and_paired_differences(told, world):
    noise, half, same = told["compared"]
    assert noise["path"] == str(world / "noise")
    assert (noise["template"], noise["exclusions"]) == ("v1", {"sources": ["gwas_catalog"]})
    assert told["folds_with_embedding"] == told["folds"] == 5
    assert told["gain"]["lower"] > 0.1
    assert noise["main_minus_this"]["n_variants"] == SIZE
    assert noise["main_minus_this"]["lower"] > 0.1
    difference = told["gain"]["mean"] - noise["gain"]["mean"]
    assert noise["main_minus_this"]["mean"] == pytest.approx(difference, abs=1e-12)
    assert (half["model"], half["main_minus_this"]["n_variants"]) == ("other", SIZE // 2)
    assert half["gain"]["n_variants"] == SIZE // 2
    assert same["main_minus_this"] == {
        "mean": 0.0, "lower": 0.0, "upper": 0.0, "n_variants": SIZE
    }  # fmt: skip


def test_the_gain_is_split_by_region(told):
    regions = told["gain_by_region"]
    assert list(regions) == ["inside a gene", "within 10 kb", "farther"]
    assert sum(region["n_variants"] for region in regions.values()) == SIZE
    # without a panel all variants weigh the same
    whole = sum(region["n_variants"] * region["mean"] for region in regions.values())
    assert whole / SIZE == pytest.approx(told["gain"]["mean"], abs=1e-12)


def test_the_log_tells_them(compared, world):
    log = (world / "compared.log").read_text()
    for text in (log, compared.stderr):
        (line,) = [line for line in text.splitlines() if f"gain of {world}/noise" in line]
        assert re.search(r"main store minus it, on 1,500 variants: 0\.\d{4} \[0\.", line)
        assert "the tests use the main store, whatever this comparison shows" in text
        assert re.search(
            r"gain, inside a gene \(\d\d\.\d % of variants\): 0\.\d{4} \[", text
        )


def test_the_report_has_a_table_of_them(compared, world):
    html = (world / "compared.report.html").read_text(encoding="utf-8")
    section = html[html.index("What carries the held-out gain") :]
    rows = [
        [" ".join(re.sub(r"<[^>]+>", "", cell).split())
         for cell in re.findall(r"<t[hd].*?</t[hd]>", row)]
        for row in re.findall(r"<tr>.*?</tr>", section, re.DOTALL)
    ]  # fmt: skip
    (main,) = [row for row in rows if row[0] == f"{world}/knows main"]
    assert main[4] == "5 of 5 folds"
    assert main[7:] == ["–", "–", "–"]
    (noise,) = [row for row in rows if row[0] == f"{world}/noise"]
    assert noise[1:4] == ["toy", "v1", "sources: gwas_catalog"]
    assert noise[7] == "1,500"
    assert noise[8].startswith("0.2")
    assert re.fullmatch(r"0\.\d+ to 0\.\d+", noise[9])
    assert [row[0] for row in rows if "within 10 kb" in row[0]]
    assert "All tests use the main store, whatever this table shows" in section


def test_what_is_compared_shapes_no_test(compared, world):
    alone = run(world, "knows", "--out", world / "alone")
    assert alone.returncode == 0, alone.stderr
    mine, other = (pq.read_table(f"{world / name}.fab.parquet")
                   for name in ("alone", "compared"))  # fmt: skip
    assert mine.equals(other)
    html = (world / "alone.report.html").read_text(encoding="utf-8")
    assert "Gain by region" in html
    assert "Gain by store" not in html


def test_a_gain_that_is_not_there_is_not_split(world):
    options = ("--model", "covariates", "--compare", world / "knows")
    done = run(world, "noise", *options, "--out", world / "none")
    assert done.returncode == 0, done.stderr
    assert "no fold uses the embedding: there is no gain to split" in done.stderr
    html = (world / "none.report.html").read_text(encoding="utf-8")
    assert "No fold uses the embedding: there is no gain to split by region." in html
    assert "Gain by region" not in html
    told = json.loads((world / "none.manifest.json").read_text())["results"]
    assert told["gain_by_region"] == {}
    assert told["compared"][0]["main_minus_this"]["mean"] == 0


def test_a_dry_run_aligns_them_and_writes_nothing(world):
    before = sorted(world.iterdir())
    done = run(world, "knows", "--compare", world / "half", "--out", world / "x",
               "--dry-run")  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert (
        f"compared with {world}/half: 750 variants aligned, 750 of them in {world}/knows"
        in done.stdout
    )
    assert sorted(world.iterdir()) == before


def test_settings_keep_them(world, tmp_path):
    options = ("--compare", world / "noise", "--compare", world / "half")
    printed = run(world, "knows", *options, "--out", tmp_path / "x", "--print-config")
    kept = tomllib.loads(printed.stdout)["compare"]
    assert kept == [str(world / "noise"), str(world / "half")]
    path = tmp_path / "run.toml"
    path.write_text(printed.stdout)
    done = fabgwas("run", "--config", path, "--dry-run")
    assert done.returncode == 0, done.stderr
    assert done.stdout.count("compared with") == 2


def test_another_build_is_one_line(world, tmp_path):
    options = ("--compare", world / "lifted", "--out", tmp_path / "x", "--quiet")
    done = run(world, "knows", *options)
    assert done.returncode == 3
    assert done.stderr == (
        f"error: {world}/lifted: is GRCh38, but {world}/knows is GRCh37; only stores of "
        "one build can be compared.\n"
    )
    assert [path.name for path in tmp_path.iterdir()] == ["x.log"]


@pytest.mark.parametrize(
    ("main", "other", "error", "message"),
    [
        ("knows", "lifted", InputError, "lifted: is GRCh38, but"),
        ("knows", "absent", InputError, "absent: no such file or folder"),
        ("half", "rest", NothingToAnalyseError, "rest: has no variant of the study in"),
    ],
)
def test_a_dry_run_finds_what_cannot_be_compared(
    main, other, error, message, world, tmp_path
):
    if other == "rest":
        write_store(world / other, vectors(1), slice(SIZE // 2, None))
    config = RunConfig(
        sumstats=str(world / "study.tsv"), build="GRCh37", out=str(tmp_path / "x"),
        embeddings=str(world / main), compare=(str(world / other),),
    )  # fmt: skip
    with pytest.raises(error, match=message):
        check(config)


def test_published_stores_are_read_and_told_as_they_are(world, tmp_path):
    folder = tmp_path / "HapMap3-MEGA"
    folder.mkdir()
    chrom, pos = places()
    columns = {
        "chrom": chrom,
        "pos": pa.array(pos).cast(pa.string()),
        "rsid": [f"rs{c}_{p}" for c, p in zip(chrom, pos, strict=True)],
        "ref_UKB": ["C"] * SIZE,
        "alt_UKB": ["A"] * SIZE,
        "embedding": pa.array(vectors(1).tolist(), pa.list_(pa.float32())),
    }
    pq.write_table(pa.table(columns), folder / "chunk1.parquet")
    config = RunConfig(
        sumstats=str(world / "study.tsv"), build="GRCh38", out=str(tmp_path / "x"),
        embeddings=str(folder), compare=(str(world / "lifted"),), model="covariates",
    )  # fmt: skip
    result = fg.run(config)
    manifest = json.loads((tmp_path / "x.manifest.json").read_text())
    record = manifest["inputs"][1]
    assert record == asdict(describe_input(folder, "published store"))
    assert result.compared[0].difference.n_variants == SIZE
