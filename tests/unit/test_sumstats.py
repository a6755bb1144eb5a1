"""Reading summary statistics: what is told apart, dropped, counted and refused."""

import bz2
import gzip
import json
import re

import numpy as np
import pandas as pd
import pytest
import zstandard
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import norm
from scipy.stats import t as student

from fabgwas.errors import InputError, NothingToAnalyseError
from fabgwas.io import list_traits, read_sumstats, write_munged
from fabgwas.io._delimited import _squeeze_lines

GENERIC = {
    "chr": ["1", "1", "2"],
    "pos": [1000, 2000, 3000],
    "rsid": ["rs1", "rs2", "rs3"],
    "effect_allele": ["A", "C", "G"],
    "other_allele": ["G", "T", "T"],
    "eaf": [0.2, 0.7, 0.4],
    "beta": [0.1, -0.2, 0.05],
    "se": [0.02, 0.1, 0.03],
    "p": [5.73e-7, 0.0455, 0.0956],
    "n": [1000, 1000, 1000],
}
PLINK2 = {
    "#CHROM": [1, 1, 1], "POS": [1000, 2000, 3000], "ID": ["rs1", "rs2", "rs3"],
    "REF": ["A", "C", "G"], "ALT": ["G", "T", "A"], "A1": ["G", "C", "A"],
    "TEST": ["ADD"] * 3, "OBS_CT": [500] * 3, "BETA": [0.1, -0.2, 0.05],
    "SE": [0.02, 0.1, 0.03], "T_STAT": [5.0, -2.0, 5 / 3],
    "P": [2 * student.sf(t, 498) for t in (5.0, 2.0, 5 / 3)], "ERRCODE": ["."] * 3,
}  # fmt: skip
SAIGE = {
    "CHR": [1] * 3, "POS": [1000, 2000, 3000], "MarkerID": ["rs1", "rs2", "rs3"],
    "Allele1": ["A", "C", "G"], "Allele2": ["G", "T", "A"], "AF_Allele2": [0.01] * 3,
    "BETA": [1.5, -0.2, 4.5], "SE": [0.2, 0.1, 0.1],
    "p.value": ["7.38907E-6785", "0.0455", "0"],
}  # fmt: skip


def write(path, columns, sep="\t", **changes):
    frame = pd.DataFrame(columns | changes)
    frame.to_csv(path, sep=sep, index=False, na_rep="NA")
    return path


def read(tmp_path, columns=GENERIC, options=None, **changes):
    return read_sumstats(
        write(tmp_path / "study.txt", columns, **changes), **(options or {})
    )


def column(study, name):
    return study.table[name].to_pylist()


# ---- what a file may look like


def test_any_separator_compression_and_line_ending_gives_the_same(tmp_path):
    plain = read(tmp_path)
    content = (tmp_path / "study.txt").read_bytes()
    rows = [line.split("\t") for line in content.decode().splitlines()]
    padded = "".join(" " + "   ".join(f"{x:>8}" for x in row) + "  \n" for row in rows)
    quoted = "".join(",".join(f'"{x}"' for x in row) + "\n" for row in rows)
    half = content.index(b"\n") + 1
    variants = {
        "crlf": content.replace(b"\n", b"\r\n"),
        "bom": b"\xef\xbb\xbf" + content,
        "no_end": content.rstrip(b"\n"),
        "blank_lines": content.replace(b"\n", b"\n\n"),
        "padded": padded.encode(),
        "padded_crlf": padded.encode().replace(b"\n", b"\r\n"),
        "comma": content.replace(b"\t", b","),
        "quoted": quoted.encode(),
        "gzip": gzip.compress(content, mtime=0),
        "blocks": gzip.compress(content[:half]) + gzip.compress(content[half:]),
        "bzip2": bz2.compress(content),
        "zstd": zstandard.compress(content),
        "comments": b"##made by\n##hand\n" + content,
    }
    for name, variant in variants.items():
        path = tmp_path / name
        path.write_bytes(variant)
        assert read_sumstats(path).table.equals(plain.table), name


words = st.text(alphabet="abc.7-", min_size=1, max_size=5)
gaps = st.text(alphabet=" \t", min_size=1, max_size=4)


@given(st.lists(st.lists(st.tuples(words, gaps), min_size=1, max_size=4), max_size=5), gaps)
def test_padding_becomes_single_tabs(rows, indent):
    text = "".join(indent + "".join(w + gap for w, gap in row) + "\n" for row in rows)
    squeezed = _squeeze_lines(np.frombuffer(text.encode() or b"\n", np.uint8)).decode()
    assert [line.split("\t") for line in squeezed.splitlines() if line] == [
        [word for word, _ in row] for row in rows
    ]


def test_positions_may_be_written_as_floating_point(tmp_path):
    path = write(tmp_path / "study.txt", GENERIC, pos=["1e+05", "2000.0", "30"])
    assert column(read_sumstats(path), "pos") == [100_000, 2000, 30]
    with pytest.raises(InputError, match="position"):
        read_sumstats(write(path, GENERIC, pos=["1.5", "2", "3"]))


def test_chromosomes_have_one_spelling_and_x_is_kept(tmp_path):
    study = read(tmp_path, chr=["chr1", "X", "23"])
    assert column(study, "chrom") == ["1", "X", "X"]
    study = read(tmp_path, chr=["01", "MT", "GL000192"])
    assert column(study, "chrom") == ["1"]
    assert study.counts["dropped_chromosome_out_of_scope"] == 2


# ---- z is the reported test


def test_z_has_the_p_value_of_the_t_test(tmp_path):
    study = read(tmp_path, PLINK2)
    assert study.format == "plink2-linear"
    assert np.exp(study.table["log_pvalue"].to_numpy()) == pytest.approx(PLINK2["P"])
    z = study.table["z"].to_numpy()
    assert 2 * norm.sf(np.abs(z)) == pytest.approx(PLINK2["P"])
    assert np.array_equal(np.sign(z), [1, -1, 1])


def test_a_p_value_printed_as_0_follows_from_t(tmp_path):
    # 2.5426e-360 is what plink2 says of T = 176.044 with 372 degrees of freedom
    study = read(tmp_path, PLINK2, T_STAT=[176.044] * 3, OBS_CT=[374] * 3, P=["0"] * 3)
    expected = np.log(2.5426) - 360 * np.log(10)
    assert column(study, "log_pvalue")[0] == pytest.approx(expected, rel=1e-5)


def test_saddlepoint_p_values_count_however_small(tmp_path):
    study = read(tmp_path, SAIGE)
    log_p = study.table["log_pvalue"].to_numpy()
    assert log_p[0] == pytest.approx(np.log(7.38907) - 6785 * np.log(10), rel=1e-12)
    assert np.exp(log_p[1]) == pytest.approx(0.0455)
    z = study.table["z"].to_numpy()
    assert norm.logsf(z[0]) + np.log(2) == pytest.approx(log_p[0], rel=1e-9)
    # 0 says no more than that it is below the smallest number; beta / se says 45
    assert z[2] == pytest.approx(45)
    assert "p-values are 0" in study.warnings[0]


def test_fastgwa_of_binary_traits_counts_the_saddlepoint_p_value(tmp_path):
    columns = {
        "CHR": [1] * 3, "SNP": ["rs1", "rs2", "rs3"], "POS": [1000, 2000, 3000],
        "A1": list("ACG"), "A2": list("GTA"), "N": [5000] * 3, "AF1": [0.01] * 3,
        "T": [3.0] * 3, "SE_T": [2.0] * 3, "P_noSPA": [1e-9] * 3, "BETA": [0.9, -0.2, 0.1],
        "SE": [0.15, 0.1, 0.1], "P": [1e-6, 0.0455, 0.3], "CONVERGE": [1] * 3,
    }  # fmt: skip
    study = read(tmp_path, columns)
    assert (study.format, study.effect_allele_column) == ("fastgwa", "A1")
    assert np.exp(study.table["log_pvalue"].to_numpy()) == pytest.approx(columns["P"])
    assert np.array_equal(np.sign(study.table["z"].to_numpy()), [1, -1, 1])


def test_rows_of_a_p_value_alone_are_kept(tmp_path):
    study = read(tmp_path, se=[0.02, None, 0.03])
    assert len(study) == 3
    assert column(study, "se")[1] is None
    assert column(study, "z")[1] == pytest.approx(-2.0, abs=1e-3)


def test_odds_ratios_become_log_odds(tmp_path):
    columns = {k: v for k, v in GENERIC.items() if k not in ("beta", "p")}
    study = read(tmp_path, columns | {"OR": [1.2, 0.8, 1.05]})
    assert column(study, "beta") == pytest.approx(np.log([1.2, 0.8, 1.05]))
    assert column(study, "z") == pytest.approx(np.log([1.2, 0.8, 1.05]) / [0.02, 0.1, 0.03])


# ---- which allele


def test_the_other_allele_of_plink2_is_whichever_a1_is_not(tmp_path):
    study = read(tmp_path, PLINK2)
    assert column(study, "effect_allele") == ["G", "C", "A"]
    assert column(study, "other_allele") == ["A", "T", "G"]


def test_newer_plink2_names_the_other_allele_itself(tmp_path):
    columns = {"PROVISIONAL_REF?": ["Y"] * 3, "OMITTED": ["A", "T", "G"],
               "A1_FREQ": [0.2, 0.7, 0.4]}  # fmt: skip
    study = read(tmp_path, PLINK2 | columns)
    assert column(study, "other_allele") == ["A", "T", "G"]
    assert column(study, "effect_allele_freq") == [0.2, 0.7, 0.4]


def test_multiallelic_rows_are_dropped_whatever_a1_is(tmp_path):
    study = read(tmp_path, PLINK2, ALT=["G,T", "T", "A,C"], A1=["G", "C", "G"])
    assert study.counts["dropped_multiallelic"] == 2
    assert column(study, "rsid") == ["rs2"]


@pytest.mark.parametrize(
    ("names", "message"),
    [
        (("A1", "A2"), r"the effect allele cannot be told from A1, A2; .*effect_allele\)"),
        (("REFERENCE_ALLELE", "other_allele"), r"effect allele .* REFERENCE_ALLELE"),
        (("effect_allele", "x"), r"other allele .*\(option other_allele\)"),
    ],
)
def test_ambiguous_alleles_need_to_be_named(tmp_path, names, message):
    new = dict(zip(("effect_allele", "other_allele"), names, strict=True))
    columns = {new.get(name, name): values for name, values in GENERIC.items()}
    with pytest.raises(InputError, match=message):
        read(tmp_path, columns)


def test_naming_the_effect_allele_settles_the_other(tmp_path):
    new = {"effect_allele": "A1", "other_allele": "A2"}
    columns = {new.get(name, name): values for name, values in GENERIC.items()}
    study = read(tmp_path, columns, {"effect_allele": "A2"})
    assert study.effect_allele_column == "A2"
    assert column(study, "effect_allele") == GENERIC["other_allele"]
    assert column(study, "other_allele") == GENERIC["effect_allele"]


def test_frequencies_follow_the_effect_allele_that_is_named(tmp_path):
    columns = {
        "CHR": [1] * 3, "SNP": GENERIC["rsid"], "POS": GENERIC["pos"], "A1": list("ACG"),
        "A2": list("GTT"), "N": [1000] * 3, "AF1": [0.2, 0.7, 0.4],
        "BETA": GENERIC["beta"], "SE": GENERIC["se"], "P": GENERIC["p"],
    }  # fmt: skip
    usual = read(tmp_path, columns)
    turned = read(tmp_path, columns, {"effect_allele": "A2"})
    assert usual.format == turned.format == "fastgwa"
    assert column(usual, "effect_allele_freq") == [0.2, 0.7, 0.4]
    assert column(turned, "effect_allele_freq") == pytest.approx([0.8, 0.3, 0.6])
    assert column(turned, "z") == column(usual, "z")


def test_two_columns_for_one_role_are_not_chosen_between(tmp_path):
    with pytest.raises(InputError, match=r"beta and effect may both hold the beta"):
        read(tmp_path, GENERIC | {"effect": [0.1] * 3})
    study = read(tmp_path, GENERIC | {"effect": [0.5] * 3}, {"columns": {"beta": "effect"}})
    assert column(study, "beta") == [0.5] * 3


# ---- what is dropped


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"se": [0.02, 0.0, 0.03]}, "bad_se"),
        ({"se": [0.02, -1.0, 0.03]}, "bad_se"),
        ({"beta": [0.1, None, 0.05]}, "missing"),
        ({"beta": [0.1, "inf", 0.05]}, "infinite_beta"),
        ({"effect_allele": ["A", "<DEL>", "G"]}, "non_acgt"),
        ({"effect_allele": ["A", "0", "G"]}, "non_acgt"),
        ({"other_allele": ["G", None, "T"]}, "missing_allele"),
        ({"other_allele": ["G", "C", "T"]}, "equal_alleles"),
        ({"pos": [1000, -5, 3000]}, "bad_position"),
        ({"eaf": [0.2, 1.7, 0.4]}, "bad_frequency"),
        ({"chr": ["1", "Y", "2"]}, "chromosome_out_of_scope"),
    ],
)
def test_bad_rows_are_dropped_and_counted(tmp_path, changes, reason):
    study = read(tmp_path, **changes)
    assert study.counts == {"read": 3, f"dropped_{reason}": 1, "kept": 2}
    assert column(study, "rsid") == ["rs1", "rs3"]


def test_of_equal_variants_the_first_is_kept(tmp_path):
    # the alleles of the third are those of the first, turned and on the other strand
    study = read(tmp_path, chr=["1", "1", "1"], pos=[1000, 2000, 1000],
                 effect_allele=["A", "C", "C"], other_allele=["G", "T", "T"])  # fmt: skip
    assert study.counts["dropped_duplicate"] == 1
    assert column(study, "rsid") == ["rs1", "rs2"]


def test_errors_of_plink2_are_counted_by_code(tmp_path):
    codes = ["UNFINISHED", ".", "VIF_TOO_HIGH"]
    study = read(tmp_path, PLINK2, ERRCODE=codes)
    assert study.counts["dropped_error_UNFINISHED"] == 1
    assert study.counts["dropped_error_VIF_TOO_HIGH"] == 1
    assert column(study, "rsid") == ["rs2"]


def test_only_additive_rows_are_kept(tmp_path):
    study = read(tmp_path, PLINK2, TEST=["ADD", "AGE", "DOMDEV"])
    assert study.counts == {"read": 3, "dropped_non_additive": 2, "kept": 1}


def test_indels_are_kept_unless_unwanted(tmp_path):
    alleles = {"effect_allele": ["A", "CTT", "G"]}
    assert len(read(tmp_path, **alleles)) == 3
    study = read(tmp_path, options={"keep_indels": False}, **alleles)
    assert study.counts["dropped_indel"] == 1


def test_limits_apply_or_are_refused(tmp_path):
    study = read(tmp_path, options={"min_maf": 0.25})
    assert study.counts["dropped_low_maf"] == 1
    study = read(tmp_path, GENERIC | {"INFO": [0.9, 0.2, None]}, {"min_info": 0.3})
    assert study.counts["dropped_low_info"] == 2
    with pytest.raises(InputError, match="no info to be limited"):
        read(tmp_path, options={"min_info": 0.3})


def test_nothing_left_is_an_error_that_says_why(tmp_path):
    with pytest.raises(NothingToAnalyseError, match="dropped_bad_se 3"):
        read(tmp_path, se=[0.0] * 3)


# ---- what is doubted


def test_columns_that_contradict_each_other_are_warned_of(tmp_path, rng):
    n = 1000
    z = rng.normal(size=n)
    good = {
        "chr": ["1"] * n, "pos": np.arange(n) + 1, "rsid": [f"rs{i}" for i in range(n)],
        "effect_allele": ["A"] * n, "other_allele": ["G"] * n,
        "eaf": rng.uniform(0.01, 0.99, n), "beta": z * 0.1, "se": [0.1] * n,
        "p": 2 * norm.sf(abs(z)), "n": [5000] * n,
    }  # fmt: skip
    assert read(tmp_path, good).warnings == ()
    bad = {
        "not that of z": {"p": rng.uniform(size=n)},
        "mislabelled": {"beta": np.exp(z * 0.1), "p": [None] * n},
        "minor allele": {"eaf": rng.uniform(0.01, 0.5, n)},
    }
    for message, changes in bad.items():
        (warning,) = read(tmp_path, good, **changes).warnings
        assert message in warning
    (warning,) = read(tmp_path, good | {"z": 3 * z}).warnings
    assert "beta / se differs from the z-score" in warning


# ---- sizes


def test_the_effective_size_of_cases_and_controls_is_stated(tmp_path):
    study = read(tmp_path, options={"n_cases": 1000, "n_controls": 3000})
    assert column(study, "n") == [3000.0] * 3
    assert "effective 3,000" in study.n_effective_note
    study = read(tmp_path, GENERIC | {"n_cases": [100] * 3, "n_controls": [300] * 3})
    assert column(study, "n") == [300.0] * 3
    assert "effective" in study.n_effective_note
    with pytest.raises(ValueError, match="together"):
        read(tmp_path, options={"n_cases": 1000})


def test_a_given_size_replaces_the_column(tmp_path):
    assert read(tmp_path).n_effective_note == "column n"
    study = read(tmp_path, options={"n": 77})
    assert (study.n_effective_note, column(study, "n")) == ("77 as given", [77.0] * 3)


def test_the_metadata_of_gwas_ssf_tell_size_and_build(tmp_path):
    columns = {
        "chromosome": ["1", "25", "23"], "base_pair_location": [1000, 2000, 3000],
        "effect_allele": list("ACG"), "other_allele": list("GTT"),
        "beta": GENERIC["beta"], "standard_error": GENERIC["se"],
        "effect_allele_frequency": GENERIC["eaf"], "p_value": GENERIC["p"],
    }  # fmt: skip
    path = write(tmp_path / "study.tsv", columns)
    meta = tmp_path / "study.tsv-meta.yaml"
    meta.write_text(
        "samples:\n- sample_size: 3000\n- sample_size: 2000\n"
        "genome_assembly: GRCh38\ncoordinate_system: 1-based\n"
    )
    study = read_sumstats(path)
    assert study.build == "GRCh38"
    assert column(study, "n") == [5000.0] * 2
    assert column(study, "chrom") == ["1", "X"]  # 25 are the mitochondria here
    assert column(read_sumstats(path, n=10), "n") == [10.0] * 2
    meta.write_text("coordinate_system: 0-based\n")
    with pytest.raises(InputError, match="counted from 0"):
        read_sumstats(path)


# ---- what a .bim fills


def test_a_bim_fills_alleles_and_places_by_identifier(tmp_path):
    bim = tmp_path / "known.bim"
    bim.write_text(
        "1\trs1\t0\t1000\tA\tG\n1\trs2\t0\t2000\tT\tC\n"
        "1\trs3\t0\t3000\tG\tA\n1\trs3\t0\t3000\tG\tT\n"
    )
    columns = {
        "SNP": ["rs1", "rs2", "rs3", "rs4"], "A1": list("ACGA"), "A2": list("GTAG"),
        "freq": [0.2] * 4, "b": [0.1] * 4, "se": [0.02] * 4, "p": [5.7e-7] * 4,
        "N": [1000] * 4,
    }  # fmt: skip
    study = read(tmp_path, columns, {"bim": bim})
    assert study.format == "gcta-ma"
    # rs3 occurs twice in the .bim, rs4 not at all
    assert column(study, "pos") == [1000, 2000, None, None]
    assert column(study, "chrom") == ["1", "1", None, None]
    assert column(read(tmp_path, columns), "pos") == [None] * 4


def test_columns_of_gcta_may_be_read_by_their_order(tmp_path):
    names = ["ID", "ALLELE", "OTHER", "F", "EFF", "ERR", "PV", "SIZE"]
    values = [["rs1", "rs2"], ["A", "C"], ["G", "T"], [0.2] * 2, [0.1] * 2, [0.02] * 2,
              [5.7e-7] * 2, [1000] * 2]  # fmt: skip
    columns = dict(zip(names, values, strict=True))
    study = read(tmp_path, columns, {"format": "gcta-ma"})
    assert study.effect_allele_column == "ALLELE"
    assert column(study, "z") == [5.0, 5.0]


def test_places_are_read_from_names(tmp_path):
    names = ["chr1:1000:A:G", "X_2000_C_T", "rs3"]
    columns = {k: v for k, v in GENERIC.items() if k not in ("chr", "pos")}
    study = read(tmp_path, columns | {"rsid": names})
    assert column(study, "chrom") == ["1", "X", None]
    assert column(study, "pos") == [1000, 2000, None]


# ---- several traits


def test_traits_side_by_side_are_listed(tmp_path):
    columns = {
        "CHROM": [1] * 3, "GENPOS": GENERIC["pos"], "ID": GENERIC["rsid"],
        "ALLELE0": list("GTT"), "ALLELE1": list("ACG"), "A1FREQ": [0.2] * 3,
        "N": [1000] * 3, "TEST": ["ADD"] * 3,
    }  # fmt: skip
    for factor, y in ((1, "a"), (2, "b.c")):
        columns |= {
            f"BETA.{y}": np.multiply(GENERIC["beta"], factor),
            f"SE.{y}": GENERIC["se"],
            f"CHISQ.{y}": np.square(np.divide(GENERIC["beta"], GENERIC["se"])) * factor**2,
            f"LOG10P.{y}": [1.0] * 3,
        }
    path = write(tmp_path / "study.regenie", columns, sep=" ")
    assert list_traits(path) == ["a", "b.c"]
    study = read_sumstats(path, trait="b.c")
    assert study.trait == "b.c"
    assert column(study, "beta") == [0.2, -0.4, 0.1]
    with pytest.raises(
        InputError, match=r"no trait 'x'; choose one of a, b\.c \(option trait"
    ):
        read_sumstats(path, trait="x")


def test_a_trait_cannot_be_chosen_in_a_file_of_one(tmp_path):
    assert list_traits(write(tmp_path / "study.txt", GENERIC)) == []
    with pytest.raises(InputError, match="holds one trait"):
        read(tmp_path, options={"trait": "height"})


def test_plink2_tells_the_trait_in_the_name(tmp_path):
    path = write(tmp_path / "out.v2.height.glm.linear", PLINK2)
    assert read_sumstats(path).trait == "height"


def test_studies_of_a_vcf_are_traits(tmp_path):
    path = tmp_path / "study.vcf"
    path.write_text(
        "##fileformat=VCFv4.2\n##contig=<ID=1,assembly=hg19>\n"
        "#CHROM\tPOS\tID\tREF\tALT\tQUAL\tFILTER\tINFO\tFORMAT\tone\ttwo\n"
        "1\t1000\trs1\tG\tA\t.\t.\t.\tES:SE:LP\t0.1:0.02:6\t0.2:0.02:23\n"
        "1\t2000\trs2\tT\tC,G\t.\t.\t.\tES:SE:LP\t0.1,0.2:0.02,0.02:6,23\t.\n"
        "1\t3000\trs3\tT\tG\t.\t.\t.\tSE:ES:AF\t0.03:0.05\t0.03:0.05:0.2\n"
    )
    assert list_traits(path) == ["one", "two"]
    with pytest.raises(InputError, match=r"one, two \(option trait\)"):
        read_sumstats(path)
    study = read_sumstats(path, trait="one")
    assert (study.format, study.build, study.trait) == ("gwas-vcf", "GRCh37", "one")
    assert column(study, "effect_allele") == ["A", "G"]
    assert column(study, "z") == pytest.approx([5, 5 / 3])
    assert column(study, "effect_allele_freq") == [None, None]
    assert study.counts["dropped_multiallelic"] == 1


# ---- what was standardised before


def test_munged_statistics_read_back_the_same(tmp_path):
    study = read(tmp_path, options={"build": "hg19"}, se=[0.02, 0.0, 0.03])
    data, tally = write_munged(study, tmp_path / "out")
    again = read_sumstats(data)
    assert again.format == "fabgwas"
    assert again.table.equals(study.table)
    assert (again.build, again.counts, again.n_effective_note) == (
        study.build, study.counts, study.n_effective_note,
    )  # fmt: skip
    assert tally.read_text().splitlines() == [
        "step\tvariants", "read\t3", "dropped_bad_se\t1", "kept\t2",
    ]  # fmt: skip


def test_z_scores_alone_survive_being_written(tmp_path):
    columns = {"SNP": ["rs1", "rs2"], "A1": ["A", "C"], "A2": ["G", "T"], "N": [10, 20],
               "Z": [1.5, -2.5]}  # fmt: skip
    study = read(tmp_path, columns)
    assert study.format == "ldsc"
    data, _ = write_munged(study, tmp_path / "out")
    again = read_sumstats(data)
    assert again.table.equals(study.table)
    assert column(again, "beta") == [None, None]
    assert column(again, "z") == [1.5, -2.5]


def test_options_apply_to_munged_statistics_too(tmp_path):
    data, _ = write_munged(read(tmp_path), tmp_path / "out")
    study = read_sumstats(data, n=50, build="hg38", min_maf=0.25)
    assert column(study, "n") == [50.0] * 2
    assert study.build == "GRCh38"
    assert study.counts == {"read": 3, "dropped_low_maf": 1, "kept": 2}


def test_other_parquet_is_refused(tmp_path):
    path = tmp_path / "other.parquet"
    pd.DataFrame({"x": [1]}).to_parquet(path)
    with pytest.raises(InputError, match=r"not written by fabgwas munge: .*'chrom'"):
        read_sumstats(path)
    path.write_bytes(path.read_bytes()[:50])
    with pytest.raises(InputError, match="cannot be read as Parquet"):
        read_sumstats(path)


# ---- what cannot be read

HEADER = "\t".join(GENERIC)
ROW = "1\t1000\trs1\tA\tG\t0.2\t0.1\t0.02\t5e-7\t1000"


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "the file is empty"),
        (b" \n\n \n", "the file is empty"),
        (b"%PDF-1.7\n%\xe2\xe3", "is a PDF document"),
        (b"PK\x03\x04rest", "is a zip archive"),
        (b"\x00\x01\x02\x03\x04", "line 1 has a null byte"),
        (b"\xff\xfec\x00h\x00r\x00\n", "line 1 is not text in UTF-8"),
        (b"##only\n##comments", "there are only comments"),
        (b"Name\tChr\tPos\tRef\tAlt\tTrait\tCohort\tModel\tEffect\n", "regenie --htp"),
        (b"hello\nworld\n", "not a known table .* its columns are hello"),
        (f"{HEADER}\n{ROW}\n{ROW[:20]}\n".encode(), r"line 3: Expected 10 columns, got"),
        (f"{HEADER}\n{ROW}\t7\n".encode(), r"line 2: Expected 10 columns, got 11"),
        (f"##x\n{HEADER}\n{ROW}\n{ROW.replace('0.02', 'x.y')}\n".encode(),
         r"line 4, column se: .*'x\.y'"),
        (f"{HEADER}\n{ROW}\n".encode().replace(b"rs1", b"rs\xff"),
         "line 2, column rsid: .*UTF"),
        (f"{HEADER}\n{ROW}\n{HEADER}\n{ROW}\n".encode(), "line 3, .* header is repeated"),
        (f"{HEADER}\n".encode(), "no row is left"),
        (f"{HEADER}\tbeta\n{ROW}\t1\n".encode(), "'beta', for the beta, occurs 2 times"),
        (gzip.compress(f"{HEADER}\n{ROW}\n".encode(), mtime=0)[:-12], "is it complete"),
        (zstandard.compress(f"{HEADER}\n{ROW}\n".encode())[:-12], "is it complete"),
    ],
)  # fmt: skip
def test_unreadable_files_are_refused_in_one_line(tmp_path, content, message):
    path = tmp_path / "study.txt"
    path.write_bytes(content)
    with pytest.raises((InputError, NothingToAnalyseError), match=message) as refusal:
        read_sumstats(path)
    assert str(path) in str(refusal.value)
    assert "\n" not in str(refusal.value)


def test_folders_and_absent_files_are_refused(tmp_path):
    with pytest.raises(InputError, match="is a folder"):
        read_sumstats(tmp_path)
    with pytest.raises(InputError, match="no such file"):
        read_sumstats(tmp_path / "absent")


def test_wrong_options_are_refused(tmp_path):
    with pytest.raises(InputError, match="unknown format 'plinq'; known are auto"):
        read(tmp_path, options={"format": "plinq"})
    with pytest.raises(InputError, match="not saige: there is no column CHR"):
        read(tmp_path, options={"format": "saige"})
    with pytest.raises(InputError, match="no column 'EA' for effect_allele"):
        read(tmp_path, options={"effect_allele": "EA"})
    with pytest.raises(InputError, match="unknown genome build"):
        read(tmp_path, options={"build": "hg17"})


def test_shown_in_one_line_and_as_a_table(tmp_path):
    study = read(tmp_path)
    assert re.search(
        r"effect allele effect_allele, variants 3 of 3, build unknown", repr(study)
    )
    assert "<th>effect allele</th>" in study._repr_html_()
    assert json.dumps(study.counts) == '{"read": 3, "kept": 3}'
    assert list(study.to_pandas()["z"]) == pytest.approx([5, -2, 5 / 3])
