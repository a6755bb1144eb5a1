"""Numbers, names and addresses as a reader wants to see them."""

import math
import re
from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import quote

from fabgwas.report._data import Locus
from fabgwas.report._prior import Estimate

_MINUS = "\N{MINUS SIGN}"
_GENOMES = {"GRCh37": "hg19", "GRCh38": "hg38"}
_FLANK = 50_000  # base pairs shown on both sides of a locus in a browser


def in_words(test: str) -> str:
    """Name of a test in the middle of a sentence."""
    return "FAB" if test == "fab" else test


def covariate(name: str) -> str:
    """A covariate in words."""
    return re.sub(r"\bld\b", "LD", name.replace("_", " "))


def pvalue(log_pvalue: float) -> str:
    """A p-value from its natural logarithm, also where no float can hold it."""
    log10 = log_pvalue / math.log(10)
    if log10 > -3:
        return f"{math.exp(log_pvalue):.3f}".rstrip("0").rstrip(".")
    exponent = math.floor(log10)
    mantissa = f"{10 ** (log10 - exponent):.1f}"
    if mantissa == "10.0":
        mantissa, exponent = "1.0", exponent + 1
    return f"{mantissa}e{_MINUS}{-exponent}"


def level(p: float) -> str:
    """A threshold."""
    mantissa, _, exponent = f"{p:.2g}".partition("e")
    return f"{mantissa}e{_MINUS}{int(exponent[1:])}" if exponent else mantissa


def number(value: float | None, digits: int = 3) -> str:
    """A number in a few significant digits, with a true minus; a dash for none."""
    if value is None or not math.isfinite(value):
        return "–"
    text = f"{value:#.{digits}g}".removesuffix(".")
    return re.sub(r"e([+-])0?", r"e\1", text).replace("e+", "e").replace("-", _MINUS)


def fixed(value: float | None, digits: int = 2) -> str:
    """A number with a fixed number of decimals, so that a column lines up."""
    if value is None or not math.isfinite(value):
        return "–"
    text = f"{value:.{digits}f}"
    if float(text) == 0:
        text = text.removeprefix("-")
    return text.replace("-", _MINUS)


def count(value: float | int) -> str:
    """A count with thousands set apart."""
    return f"{value:,.0f}"


def estimate(value: Estimate, digits: int = 3) -> str:
    """A number and its interval."""
    if not _has_interval(value):
        return number(value.value, digits)
    return f"{number(value.value, digits)} (95 % interval {interval(value, digits)})"


def interval(value: Estimate, digits: int = 3) -> str:
    """The ends of an interval; a dash for none."""
    if not _has_interval(value):
        return "–"
    return f"{number(value.lower, digits)} to {number(value.upper, digits)}"


def _has_interval(value: Estimate) -> bool:
    return math.isfinite(value.lower) and math.isfinite(value.upper)


def counted(n: int, noun: str) -> str:
    """A count with its noun: 1 locus, 2 loci, no loci."""
    plural = {"locus": "loci"}.get(noun, noun + "s")
    return f"{n or 'no'} {noun if n == 1 else plural}" if n < 1000 else f"{n:,} {plural}"


def seconds(value: float | int) -> str:
    """A duration."""
    if value < 10:
        return f"{value:.1f} s"
    if value < 120:
        return f"{value:.0f} s"
    return f"{value // 60:.0f} min {value % 60:.0f} s"


def setting(value: Any) -> str:
    """A setting, or a list of them, in words."""
    if value is None or value == "" or value == [] or value == ():
        return "–"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, Mapping):
        return "; ".join(f"{name}: {setting(item)}" for name, item in value.items())
    if isinstance(value, list | tuple | set | frozenset):
        return ", ".join(setting(item) for item in value)
    return f"{value:g}" if isinstance(value, float) else str(value)


def listed(items: Sequence[str]) -> str:
    """Items in a sentence: a, b and c."""
    *first, last = items
    return f"{', '.join(first)} and {last}" if first else last


def dbsnp(variant: str) -> str | None:
    """Address of an rsID at dbSNP; None for other identifiers."""
    if re.fullmatch(r"rs\d+", variant) is None:
        return None
    return f"https://www.ncbi.nlm.nih.gov/snp/{variant}"


def open_targets(variant: str) -> str | None:
    """Address of an rsID in the search of Open Targets; None for other identifiers."""
    if re.fullmatch(r"rs\d+", variant) is None:
        return None
    return f"https://platform.opentargets.org/search?q={variant}"


def genome_browser(locus: Locus, build: str | None) -> str | None:
    """Address of a locus in the UCSC browser; None if the build is not known."""
    if build not in _GENOMES:
        return None
    chrom = "M" if locus.chromosome == "MT" else locus.chromosome
    start, end = max(1, locus.start - _FLANK), locus.end + _FLANK
    place = quote(f"chr{chrom}:{start}-{end}")
    return f"https://genome.ucsc.edu/cgi-bin/hgTracks?db={_GENOMES[build]}&position={place}"
