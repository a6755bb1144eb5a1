"""Make the files of this folder that are not from PLINK.

The BOLT-LMM and fastGWA rows are real rows of published studies of height. The others are
made by hand here: real variants (tiny.bim, plink1.frq), simulated effects from a fixed
seed, and everything else computed from those, so that effects, standard errors and p-values
agree. Run as ``python make_other_files.py DATA``, after `make_plink_files.py`.
"""

import gzip
import struct
import sys
import zlib
from collections.abc import Iterable, Sequence
from pathlib import Path

import numpy as np
import pandas as pd
from normal import decimal, neg_log10_p

HERE = Path(__file__).parent
SEED = 4
N = 400_000
CASES, CONTROLS = 12_000, 388_000
VCF_COLUMNS = ["#CHROM", "POS", "ID", "REF", "ALT", "QUAL", "FILTER", "INFO", "FORMAT"]
Rows = Iterable[Sequence[object]]


def main(data: Path) -> None:
    real_rows(data)
    study = make_study()
    regenie(study)
    saige(study)
    gcta(study)
    metal(study)
    gwas_ssf(study)
    ldsc(study)
    gwas_vcf(study)


def make_study() -> pd.DataFrame:
    """Ten variants; the effect allele is A1 of the .bim in about half of them."""
    names = ["chrom", "rsid", "cm", "pos", "a1", "a2"]
    bim = pd.read_csv(HERE / "tiny.bim", sep="\t", names=names).set_index("rsid")
    frequency = pd.read_csv(HERE / "plink1.frq", sep=r"\s+").set_index("SNP")["MAF"]
    study = bim[2::4].join(frequency).reset_index()
    rng = np.random.default_rng(SEED)
    turned = rng.random(len(study)) < 0.5
    study["effect"] = np.where(turned, study["a2"], study["a1"])
    study["other"] = np.where(turned, study["a1"], study["a2"])
    # the study's own frequencies, a little off those of the 378 people
    frequency = np.where(turned, 1 - study["MAF"], study["MAF"])
    study["freq"] = (frequency + 0.01 * rng.normal(size=len(study))).clip(0.01, 0.99)
    z = 2.5 * rng.normal(size=len(study))
    z[3] = -45.2  # its p-value is below the smallest double
    exact_se = 1 / np.sqrt(2 * study["freq"] * (1 - study["freq"]) * N)
    study["freq"] = study["freq"].round(6)
    study["se"] = [float(f"{value:.6g}") for value in exact_se]
    study["beta"] = [float(f"{value:.6g}") for value in z * exact_se]
    study["z"] = study["beta"] / study["se"]
    study["logp"] = study["z"].map(neg_log10_p)
    study["n"] = N - rng.integers(0, 5000, len(study))
    study["info"] = (1 - 0.1 * rng.random(len(study))).round(4)
    return study


def write(name: str, header: str, rows: Rows, separator: str = "\t") -> None:
    """Write a table, compressed if the name ends in .gz."""
    lines = [header.split(), *([str(value) for value in row] for row in rows)]
    text = "".join(separator.join(line) + "\n" for line in lines)
    # no time stamp, so that the same rows give the same bytes
    content = (
        gzip.compress(text.encode(), mtime=0) if name.endswith(".gz") else text.encode()
    )
    (HERE / name).write_bytes(content)


def real_rows(data: Path) -> None:
    """Ten rows of each of two published files, the strongest association among them."""
    sources = {
        "height.fastGWA": "height_ukb_fastgwa_chr22/ukb_height_chr22.fastGWA.gz",
        "height.bolt.stats.gz": (
            "height_ukb_boltlmm_1000G/ukb_height_boltlmm.22windows.hg19.sumstats.txt.gz"
        ),
    }
    for name, source in sources.items():
        with gzip.open(data / source, "rt") as file:
            header, *lines = file.read().splitlines()
        p = [float(line.split("\t")[-1]) for line in lines]
        chosen = sorted({p.index(min(p)), *range(500, len(lines), len(lines) // 9)})
        write(name, header, (lines[row].split("\t") for row in chosen))


def regenie(study: pd.DataFrame) -> None:
    quantitative, binary, joint = [], [], []
    for row in study.itertuples():
        variant = [row.chrom, row.pos, row.rsid, row.other, row.effect, f"{row.freq:.6f}"]
        test = [row.beta, row.se, f"{row.z**2:.6g}", f"{row.logp:.6g}"]
        quantitative.append([*variant, row.info, row.n, "ADD", *test, "NA"])
        groups = [*group_frequencies(row.freq), row.info]
        groups += [CASES + CONTROLS, CASES, CONTROLS]
        # Firth: the likelihood-ratio test is not quite that of BETA / SE
        z = 0.97 * row.z
        firth = [row.beta, row.se, f"{z**2:.6g}", f"{neg_log10_p(z):.6g}", "NA"]
        binary.append([*variant, *groups, "ADD", *firth])
        counts = [row.info, row.n, *genotype_counts(row.n, row.freq), "ADD"]
        second = [-2 * row.beta, 2 * row.se, *test[2:]]
        joint.append([*variant, *counts, *second, *test, "NA"])
    first = quantitative[0]
    for name in ("ADD-INT_SNP", "ADD-INT_SNPxAGE"):
        quantitative.insert(1, [*first[:8], name, 0.001, 0.002, 0.25, 0.209882, "NA"])
    binary[4][-5:] = ["NA", "NA", "NA", "NA", "TEST_FAIL"]
    joint[5][12:16] = ["NA"] * 4
    variant_names = "CHROM GENPOS ID ALLELE0 ALLELE1 A1FREQ"
    test_names = "TEST BETA SE CHISQ LOG10P EXTRA"
    write(
        "quantitative.regenie.gz",
        f"{variant_names} INFO N {test_names}",
        quantitative,
        " ",
    )
    write(
        "binary.regenie",
        f"{variant_names} A1FREQ_CASES A1FREQ_CONTROLS INFO N N_CASES N_CONTROLS "
        f"{test_names}",
        binary,
        " ",
    )
    traits = " ".join(f"BETA.{y} SE.{y} CHISQ.{y} LOG10P.{y}" for y in ("Y1", "Y2"))
    write(
        "no_split.regenie",
        f"{variant_names} INFO N N_RR N_RA N_AA TEST {traits} EXTRA",
        joint,
        " ",
    )


def group_frequencies(frequency: float) -> list[str]:
    """Among cases and controls, so that their mean is the given one."""
    cases = 1.01 * frequency
    controls = (frequency * (CASES + CONTROLS) - cases * CASES) / CONTROLS
    return [f"{cases:.6f}", f"{controls:.6f}"]


def genotype_counts(n: int, frequency: float) -> list[int]:
    both, none = round(n * frequency**2), round(n * (1 - frequency) ** 2)
    return [none, n - both - none, both]


def saige(study: pd.DataFrame) -> None:
    binary, quantitative = [], []
    for row in study.itertuples():
        copies = round(2 * row.n * row.freq)
        variant = [row.chrom, row.pos, row.rsid, row.other, row.effect, copies, row.freq, 0]
        variance = 1 / row.se**2
        test = [row.beta, row.se, f"{row.beta * variance:.6g}", f"{variance:.6g}"]
        quantitative.append([*variant, *test, decimal(row.logp), row.n])
        # the saddlepoint p-value of strong associations is milder than that of BETA / SE
        spa = abs(row.z) > 2
        logp = neg_log10_p(0.9 * row.z) if spa else row.logp
        p = [decimal(logp), decimal(row.logp), str(spa).lower()]
        groups = [*group_frequencies(row.freq), CASES, CONTROLS]
        binary.append([*variant, *test, *p, *groups])
    binary[6][8:14] = ["NA"] * 6
    names = "CHR POS MarkerID Allele1 Allele2 AC_Allele2 AF_Allele2 MissingRate"
    names += " BETA SE Tstat var p.value"
    write(
        "binary.saige.txt",
        f"{names} p.value.NA Is.SPA AF_case AF_ctrl N_case N_ctrl",
        binary,
    )
    write("quantitative.saige.txt.gz", f"{names} N", quantitative)


def gcta(study: pd.DataFrame) -> None:
    rows = [
        [
            row.rsid,
            row.effect,
            row.other,
            row.freq,
            row.beta,
            row.se,
            decimal(row.logp),
            row.n,
        ]
        for row in study.itertuples()
    ]
    rows[7][4:7] = ["NA", "NA", "NA"]
    write("study.ma", "SNP A1 A2 freq b se p N", rows, " ")


def metal(study: pd.DataFrame) -> None:
    by_se, by_size = [], []
    for number, row in enumerate(study.itertuples()):
        alleles = [row.effect.lower(), row.other.lower()]
        placed = f"chr{row.chrom}:{row.pos}:{row.other}:{row.effect}"
        frequency = [f"{row.freq:.4f}", "0.0021", f"{row.freq - 0.004:.4f}"]
        frequency.append(f"{row.freq + 0.003:.4f}")
        # four decimals of Effect would leave nothing of these effects, so units of 1/1000
        effect, se = round(1000 * row.beta, 4), round(1000 * row.se, 4)
        p = decimal(neg_log10_p(effect / se), 4)
        direction = "++-" if row.beta > 0 else "--+"
        het = ["12.5", "2.286", "2", "0.3189"]
        name = row.rsid if number % 3 == 2 else placed
        by_se.append([name, *alleles, *frequency, effect, se, p, direction, *het])
        z = round(row.z, 3)
        p = decimal(neg_log10_p(z), 4)
        by_size.append([row.rsid, *alleles, f"{row.n:.2f}", z, p, direction])
    # METAL writes insertions and deletions so when its input did
    by_se[4][1:3] = ["d", "i"]
    write(
        "by_se.tbl",
        "MarkerName Allele1 Allele2 Freq1 FreqSE MinFreq MaxFreq Effect StdErr P-value "
        "Direction HetISq HetChiSq HetDf HetPVal",
        by_se,
    )
    write(
        "by_size.tbl",
        "MarkerName Allele1 Allele2 Weight Zscore P-value Direction",
        by_size,
    )


def gwas_ssf(study: pd.DataFrame) -> None:
    """Three files; each has what is rare in others: X, mitochondria, missing values."""
    beta, ratio, logged = [], [], []
    for row in study.itertuples():
        variant = [row.chrom, row.pos, row.effect, row.other]
        after = [row.se, row.freq]
        name = f"{row.chrom}_{row.pos}_{row.other}_{row.effect}"
        p = decimal(row.logp)
        beta.append([*variant, row.beta, *after, p, name, row.rsid, "EA", row.info, row.n])
        bounds = np.exp(row.beta + 1.959964 * row.se * np.array([1, -1]))
        odds = [f"{np.exp(row.beta):.8g}", *after, p, row.rsid]
        ratio.append([*variant, *odds, *(f"{bound:.6g}" for bound in bounds), row.n])
        logged.append([*variant, row.beta, *after, f"{row.logp:.6g}", row.rsid])
    beta[2][4:8] = ["#NA"] * 4
    beta[7][6] = "#NA"  # only the frequency
    # sex chromosomes and mitochondria are numbers in this format; these are made up
    beta.append(
        [23, 2700157, "A", "G", 0.0123, 0.0041, 0.31, decimal(neg_log10_p(3)), *EXTRA]
    )
    beta.append([25, 152, "C", "T", 0.01, 0.02, 0.2, decimal(neg_log10_p(0.5)), *EXTRA])
    ratio[5][2] = "LONG_STRING"
    logged[8][4:8] = ["#NA"] * 4
    names = "chromosome base_pair_location effect_allele other_allele"
    after_names = "standard_error effect_allele_frequency"
    tables = {
        "beta": (
            f"{names} beta {after_names} p_value variant_id rsid ref_allele info n",
            beta,
        ),
        "odds_ratio": (
            f"{names} odds_ratio {after_names} p_value rsid ci_upper ci_lower n",
            ratio,
        ),
        "neg_log_10": (f"{names} beta {after_names} neg_log_10_p_value rsid", logged),
    }
    for kind, (header, rows) in tables.items():
        write(f"{kind}.ssf.tsv.gz", header, rows)
        (HERE / f"{kind}.ssf.tsv.gz-meta.yaml").write_text(META.format(kind=kind, n=N))


EXTRA = ["#NA", "#NA", "OA", 0.97, N]
META = """\
genotyping_technology:
- Genome-wide genotyping array
samples:
- sample_size: {n}
  sample_ancestry:
  - European
trait_description:
- made by hand
data_file_name: {kind}.ssf.tsv.gz
file_type: GWAS-SSF v1.0
is_harmonised: false
is_sorted: false
date_metadata_last_modified: 2024-01-01
genome_assembly: GRCh37
coordinate_system: 1-based
"""


def ldsc(study: pd.DataFrame) -> None:
    rows = [
        [row.rsid, row.effect, row.other, f"{row.z:.3f}", f"{row.n:.3f}"]
        for row in study.itertuples()
    ]
    # variants of the reference list that the study lacks
    rows.insert(1, ["rs9617528", "", "", "", ""])
    rows.append(["rs5747010", "", "", "", ""])
    write("study.sumstats.gz", "SNP A1 A2 Z N", rows)


def gwas_vcf(study: pd.DataFrame) -> None:
    lines = [
        "##fileformat=VCFv4.2",
        '##FILTER=<ID=PASS,Description="All filters passed">',
        '##FORMAT=<ID=ES,Number=A,Type=Float,Description="Effect size of ALT">',
        '##FORMAT=<ID=SE,Number=A,Type=Float,Description="Standard error of ES">',
        '##FORMAT=<ID=LP,Number=A,Type=Float,Description="-log10 p-value of ES">',
        '##FORMAT=<ID=AF,Number=A,Type=Float,Description="Frequency of ALT">',
        '##FORMAT=<ID=SS,Number=A,Type=Float,Description="Sample size">',
        '##contig=<ID=22,length=51304566,assembly="GRCh37">',
        "\t".join([*VCF_COLUMNS, "made-by-hand"]),
    ]
    for row in study.itertuples():
        values = [row.beta, row.se, f"{row.logp:.6g}", row.freq, row.n]
        if row.Index == 6:
            values[:3] = [".", ".", "."]
        fixed = [row.chrom, row.pos, row.rsid, row.other, row.effect, ".", "PASS"]
        record = [*fixed, f"AF={row.freq}", "ES:SE:LP:AF:SS", ":".join(map(str, values))]
        lines.append("\t".join(map(str, record)))
    content = "".join(line + "\n" for line in lines).encode()
    half = content.index(b"\n", len(content) // 2) + 1
    blocks = [content[:half], content[half:], b""]
    (HERE / "study.vcf.gz").write_bytes(b"".join(map(bgzip_block, blocks)))


def bgzip_block(content: bytes) -> bytes:
    """One block of the blocked gzip format (section 4.1 of the SAM specification)."""
    deflate = zlib.compressobj(9, zlib.DEFLATED, -15)
    body = deflate.compress(content) + deflate.flush()
    header = struct.pack("<4BI2BH", 31, 139, 8, 4, 0, 0, 255, 6)
    extra = struct.pack("<2B2H", 66, 67, 2, len(body) + 25)
    return header + extra + body + struct.pack("<2I", zlib.crc32(content), len(content))


if __name__ == "__main__":
    main(Path(sys.argv[1]))
