"""Work out what a reader must find in the files of this folder, into expected.json.

Only pandas and the formulas below are used, not the package that is tested. ``z`` and
``neg_log10_pvalue`` belong together: -log10 of 2 Phi(-|z|). Run after the other scripts.
"""

import io
import json
import math
import re
import subprocess
from collections.abc import Mapping
from pathlib import Path

import pandas as pd
from normal import neg_log10_of_student, neg_log10_p, z_of

HERE = Path(__file__).parent
STRONG, PLAIN, ALSO = "rs138636", "rs470097", "rs138631"
HAND = ("rs138648", "rs12167128")

Row = Mapping[str, str]


def main() -> None:
    cases = plink1() + plink2() + others()
    refused = ["plink1.model", "plink1.frq"]
    text = json.dumps({"files": cases, "refused": refused}, indent=1)
    (HERE / "expected.json").write_text(text + "\n")


def table(name: str) -> pd.DataFrame:
    """All columns as text, without lines that begin with ##."""
    path = HERE / name
    if path.suffix == ".zst":
        content = subprocess.run(["zstdcat", path], check=True, capture_output=True).stdout
    elif path.suffix == ".gz":
        content = subprocess.run(["zcat", path], check=True, capture_output=True).stdout
    else:
        content = path.read_bytes()
    text = re.sub(r"(?m)^##.*\n", "", content.decode())
    separator = "\t" if "\t" in text else r"\s+"
    return pd.read_csv(io.StringIO(text), sep=separator, dtype=str, keep_default_na=False)


def case(
    file: str,
    format: str,
    effect_allele_column: str,
    rows: list[dict],
    dropped: dict,
    **options,
) -> dict:
    """One entry; what is not dropped is kept."""
    size = len(table(file))
    return {
        "file": file,
        "format": format,
        "effect_allele_column": effect_allele_column,
        "options": options,
        "read": size,
        "dropped": dropped,
        "kept": size - sum(dropped.values()),
        "rows": rows,
    }


def worked(
    place: tuple[object, object, object],
    effect: str,
    other: str,
    frequency: str | None,
    beta: float | None,
    se: float | None,
    z: float,
    n: str | float | None,
    logp: float | None = None,
) -> dict:
    """One row of a file in canonical columns."""
    chrom, pos, rsid = place
    return {
        "chrom": None if chrom is None else str(chrom),
        "pos": None if pos is None else int(str(pos)),
        "rsid": rsid,
        "effect_allele": effect.upper(),
        "other_allele": other.upper(),
        "effect_allele_freq": None if frequency is None else float(frequency),
        "beta": beta,
        "se": se,
        "z": z,
        "neg_log10_pvalue": neg_log10_p(z) if logp is None else logp,
        "n": None if n is None else float(n),
    }


def pick(name: str, column: str, value: str, **also: str) -> Row:
    """The only row with these values."""
    rows = table(name)
    for key, wanted in {column: value, **also}.items():
        rows = rows[rows[key] == wanted]
    assert len(rows) == 1, (name, value, len(rows))
    return dict(rows.iloc[0])


def count(name: str, column: str, pattern: str, **among: str) -> int:
    """How many rows match a pattern in full."""
    rows = table(name)
    for key, wanted in among.items():
        rows = rows[rows[key] == wanted]
    return int(rows[column].str.fullmatch(pattern).sum())


def neg_log10_of_text(p: str) -> float:
    """Of a decimal number that may be too small for a double."""
    mantissa, _, exponent = p.lower().partition("e")
    return -(math.log10(float(mantissa)) + int(exponent or 0))


def of_student(row: Row, column: str, n: str) -> tuple[float, float]:
    """The z with the p-value of Student's t, and that p-value; it may be printed as 0."""
    t = float(row[column])
    if "LOG10_P" in row:
        logp = float(row["LOG10_P"])
    elif float(row["P"].lower().partition("e")[0]) == 0:
        logp = neg_log10_of_student(t, float(row[n]) - 2)
    else:
        logp = neg_log10_of_text(row["P"])
    return sign(t, z_of(logp)), logp


def sign(value: float, size: float) -> float:
    return math.copysign(size, value)


# ---- PLINK 1: A1 is the effect allele; only .assoc and .assoc.fisher hold A2


def alleles_of_bim(rsid: str) -> tuple[str, str]:
    for line in (HERE / "tiny.bim").read_text().splitlines():
        _, name, _, _, first, second = line.split("\t")
        if name == rsid:
            return first, second
    raise KeyError(rsid)


def plink1() -> list[dict]:
    cases = [association(name) for name in ("plink1.assoc", "plink1_ci.assoc")]
    cases.append(fisher("plink1_fisher.assoc.fisher"))
    cases.append(qassoc("plink1_q.qassoc"))
    for kind in ("linear", "logistic"):
        for ci in ("", "_ci"):
            cases.append(regression(f"plink1_{kind}{ci}.assoc.{kind}", f"plink1-{kind}"))
    return cases


def association(name: str) -> dict:
    rows = []
    for rsid in (PLAIN, STRONG):
        row = pick(name, "SNP", rsid)
        beta = math.log(float(row["OR"]))
        z = sign(beta, math.sqrt(float(row["CHISQ"])))
        se = float(row["SE"]) if "SE" in row else abs(beta / z)
        place = (row["CHR"], row["BP"], rsid)
        rows.append(worked(place, row["A1"], row["A2"], None, beta, se, z, None))
    # a cell without carriers has no odds ratio
    return case(name, "plink1-assoc", "A1", rows, {"missing": count(name, "OR", "NA")})


def fisher(name: str) -> dict:
    rows = []
    for rsid in (PLAIN, STRONG):
        row = pick(name, "SNP", rsid)
        beta = math.log(float(row["OR"]))
        logp = neg_log10_of_text(row["P"])
        z = sign(beta, z_of(logp))
        place = (row["CHR"], row["BP"], rsid)
        values = (beta, abs(beta / z), z, None, logp)
        rows.append(worked(place, row["A1"], row["A2"], None, *values))
    return case(name, "plink1-fisher", "A1", rows, {"missing": count(name, "OR", "NA")})


def qassoc(name: str) -> dict:
    rows = []
    for rsid in (STRONG, PLAIN):
        row = pick(name, "SNP", rsid)
        z, logp = of_student(row, "T", "NMISS")
        values = (float(row["BETA"]), float(row["SE"]), z, row["NMISS"], logp)
        place = (row["CHR"], row["BP"], rsid)
        rows.append(worked(place, *alleles_of_bim(rsid), None, *values))
    dropped = {"missing": count(name, "BETA", "NA")}
    column = "A1 of the .bim"
    return case(name, "plink1-qassoc", column, rows, dropped, bim="tiny.bim")


def regression(name: str, format: str) -> dict:
    effect = "BETA" if format == "plink1-linear" else "OR"
    rows = []
    for rsid in (STRONG, PLAIN):
        row = pick(name, "SNP", rsid, TEST="ADD")
        value = float(row[effect])
        beta = value if effect == "BETA" else math.log(value)
        z, logp = float(row["STAT"]), None
        if effect == "BETA":
            z, logp = of_student(row, "STAT", "NMISS")
        se = float(row["SE"]) if "SE" in row else abs(beta / float(row["STAT"]))
        first, second = alleles_of_bim(rsid)
        other = second if row["A1"] == first else first
        place = (row["CHR"], row["BP"], rsid)
        values = (beta, se, z, row["NMISS"], logp)
        rows.append(worked(place, row["A1"], other, None, *values))
    dropped = {
        "non_additive": count(name, "TEST", "(?!ADD$).*"),
        "missing": count(name, effect, "NA", TEST="ADD"),
    }
    return case(name, format, "A1", rows, dropped, bim="tiny.bim")


# ---- PLINK 2: A1 is the effect allele, and may be REF


def plink2() -> list[dict]:
    linear = [
        "plink2.quant.glm.linear",
        "plink2_a1freq.quant.glm.linear",
        "plink2_omitref.quant.glm.linear",
        "plink2_log10.quant.glm.linear",
        "plink2_zs.quant.glm.linear.zst",
    ]
    logistic = [
        "plink2_hybrid.case.glm.logistic.hybrid",
        "plink2_nofirth.case.glm.logistic",
        "plink2_firth.case.glm.firth",
    ]
    cases = [glm(name, "plink2-linear") for name in linear]
    return cases + [glm(name, "plink2-logistic") for name in logistic]


def glm(name: str, format: str) -> dict:
    rows = []
    for rsid in (ALSO, STRONG, PLAIN):
        row = pick(name, "ID", rsid, TEST="ADD")
        if format == "plink2-linear":
            beta, se = float(row["BETA"]), float(row["SE"])
            z, logp = of_student(row, "T_STAT", "OBS_CT")
        else:
            beta, se = math.log(float(row["OR"])), float(row["LOG(OR)_SE"])
            z, logp = float(row["Z_STAT"]), None
        other = row["ALT"] if row["A1"] == row["REF"] else row["REF"]
        place = (row["#CHROM"], row["POS"], rsid)
        values = (row.get("A1_FREQ"), beta, se, z, row["OBS_CT"], logp)
        rows.append(worked(place, row["A1"], other, *values))
    dropped = {"non_additive": count(name, "TEST", "(?!ADD$).*")}
    additive = table(name).query("TEST == 'ADD'")["ERRCODE"]
    for code, size in additive[additive != "."].value_counts().items():
        dropped[f"error_{code}"] = int(size)
    return case(name, format, "A1", rows, {k: v for k, v in dropped.items() if v})


# ---- other programs


def others() -> list[dict]:
    cases = [
        regenie("quantitative.regenie.gz", {"non_additive": 2}),
        regenie("binary.regenie", {"error_TEST_FAIL": 1}),
        regenie("no_split.regenie", {"missing": 1}, "Y1"),
        regenie("no_split.regenie", {}, "Y2"),
        saige("binary.saige.txt", {"missing": 1}),
        saige("quantitative.saige.txt.gz", {}),
        bolt("height.bolt.stats.gz"),
        fastgwa("height.fastGWA"),
        gcta("study.ma"),
        metal_by_se("by_se.tbl"),
        metal_by_size("by_size.tbl"),
        ssf("beta.ssf.tsv.gz", {"missing": 1, "chromosome_out_of_scope": 1}),
        ssf("odds_ratio.ssf.tsv.gz", {"non_acgt": 1}),
        ssf("neg_log_10.ssf.tsv.gz", {"missing": 1}, n=400_000.0),
        ldsc("study.sumstats.gz"),
        vcf("study.vcf.gz"),
    ]
    return cases


def effective(cases: str, controls: str) -> float:
    return 4 / (1 / float(cases) + 1 / float(controls))


def regenie(name: str, dropped: dict, trait: str | None = None) -> dict:
    """ALLELE1 is the effect allele; CHISQ is the test, BETA gives its sign."""
    end = "" if trait is None else f".{trait}"
    rows = []
    for rsid in HAND:
        row = pick(name, "ID", rsid, TEST="ADD")
        beta, se = float(row[f"BETA{end}"]), float(row[f"SE{end}"])
        z = sign(beta, math.sqrt(float(row[f"CHISQ{end}"])))
        n: str | float = row["N"]
        if "N_CASES" in row:
            n = effective(row["N_CASES"], row["N_CONTROLS"])
        place = (row["CHROM"], row["GENPOS"], rsid)
        alleles = (row["ALLELE1"], row["ALLELE0"])
        rows.append(worked(place, *alleles, row["A1FREQ"], beta, se, z, n))
    options = {} if trait is None else {"trait": trait}
    return case(name, "regenie", "ALLELE1", rows, dropped, **options)


def saige(name: str, dropped: dict) -> dict:
    """Allele2 is the effect allele; p.value is the test, BETA gives its sign."""
    rows = []
    for rsid in HAND:
        row = pick(name, "MarkerID", rsid)
        beta, se = float(row["BETA"]), float(row["SE"])
        logp = neg_log10_of_text(row["p.value"])
        z = sign(beta, z_of(logp))
        n = row["N"] if "N" in row else effective(row["N_case"], row["N_ctrl"])
        place = (row["CHR"], row["POS"], rsid)
        alleles = (row["Allele2"], row["Allele1"])
        rows.append(worked(place, *alleles, row["AF_Allele2"], beta, se, z, n, logp))
    return case(name, "saige", "Allele2", rows, dropped)


def bolt(name: str) -> dict:
    """The mixture test has no effect of its own: BETA gives the sign."""
    rows = []
    for rsid in ("rs4239436", "rs74119586"):
        row = pick(name, "SNP", rsid)
        beta, se = float(row["BETA"]), float(row["SE"])
        z = sign(beta, math.sqrt(float(row["CHISQ_BOLT_LMM"])))
        place = (row["CHR"], row["BP"], rsid)
        alleles = (row["ALLELE1"], row["ALLELE0"])
        rows.append(worked(place, *alleles, row["A1FREQ"], beta, se, z, None))
    return case(name, "bolt-lmm", "ALLELE1", rows, {})


def fastgwa(name: str) -> dict:
    rows = []
    for rsid in ("rs9614670", "rs5754705"):
        row = pick(name, "SNP", rsid)
        beta, se = float(row["BETA"]), float(row["SE"])
        place = (row["CHR"], row["POS"], rsid)
        values = (row["AF1"], beta, se, beta / se, row["N"])
        rows.append(worked(place, row["A1"], row["A2"], *values))
    return case(name, "fastgwa", "A1", rows, {})


def gcta(name: str) -> dict:
    bim = (HERE / "tiny.bim").read_text().splitlines()
    places = {line.split("\t")[1]: line.split("\t") for line in bim}
    rows = []
    for rsid in HAND:
        row = pick(name, "SNP", rsid)
        beta, se = float(row["b"]), float(row["se"])
        place = (places[rsid][0], places[rsid][3], rsid)
        values = (row["freq"], beta, se, beta / se, row["N"])
        rows.append(worked(place, row["A1"], row["A2"], *values))
    return case(name, "gcta-ma", "A1", rows, {"missing": 1}, bim="tiny.bim")


def metal_by_se(name: str) -> dict:
    """The place is in some of the names."""
    rows = []
    for marker in ("chr22:28391157:C:T", "rs138664"):
        row = pick(name, "MarkerName", marker)
        beta, se = float(row["Effect"]), float(row["StdErr"])
        chrom, pos = marker[3:].split(":")[:2] if marker.startswith("chr") else (None, None)
        values = (row["Freq1"], beta, se, beta / se, None)
        rows.append(worked((chrom, pos, marker), row["Allele1"], row["Allele2"], *values))
    return case(name, "metal", "Allele1", rows, {"non_acgt": 1})


def metal_by_size(name: str) -> dict:
    rows = []
    for rsid in HAND:
        row = pick(name, "MarkerName", rsid)
        values = (None, None, None, float(row["Zscore"]), row["Weight"])
        rows.append(worked((None, None, rsid), row["Allele1"], row["Allele2"], *values))
    return case(name, "metal", "Allele1", rows, {})


def ssf(name: str, dropped: dict, **options: float) -> dict:
    """Chromosome 23 is X, 25 the mitochondria."""
    rows = [ssf_row(pick(name, "rsid", rsid), options) for rsid in HAND]
    if name.startswith("beta"):
        rows.append(ssf_row(pick(name, "chromosome", "23"), options))
        # one without a frequency
        rows.append(ssf_row(pick(name, "rsid", "rs12166077"), options))
    return case(name, "gwas-ssf", "effect_allele", rows, dropped, **options)


def ssf_row(row: Row, options: Mapping[str, float]) -> dict:
    row = {key: value for key, value in row.items() if value != "#NA"}
    beta = float(row["beta"]) if "beta" in row else math.log(float(row["odds_ratio"]))
    se = float(row["standard_error"])
    chrom = {"23": "X"}.get(row["chromosome"], row["chromosome"])
    place = (chrom, row["base_pair_location"], row.get("rsid"))
    frequency = row.get("effect_allele_frequency")
    values = (frequency, beta, se, beta / se, options.get("n", row.get("n")))
    return worked(place, row["effect_allele"], row["other_allele"], *values)


def ldsc(name: str) -> dict:
    rows = []
    for rsid in HAND:
        row = pick(name, "SNP", rsid)
        values = (None, None, None, float(row["Z"]), row["N"])
        rows.append(worked((None, None, rsid), row["A1"], row["A2"], *values))
    return case(name, "ldsc", "A1", rows, {"missing_z": 2})


def vcf(name: str) -> dict:
    rows = []
    for rsid in HAND:
        row = pick(name, "ID", rsid)
        study = row["made-by-hand"].split(":")
        field = dict(zip(row["FORMAT"].split(":"), study, strict=True))
        beta, se = float(field["ES"]), float(field["SE"])
        place = (row["#CHROM"], row["POS"], rsid)
        values = (field["AF"], beta, se, beta / se, field["SS"])
        rows.append(worked(place, row["ALT"], row["REF"], *values))
    return case(name, "gwas-vcf", "ALT", rows, {"missing": 1})


if __name__ == "__main__":
    main()
