"""The methods paragraph, its references, and what the numbers must not be used for."""

from pathlib import PurePath
from typing import NamedTuple

from fabgwas.report._data import TESTS, ReportData
from fabgwas.report._format import count, covariate, in_words, level, listed, setting


class Reference(NamedTuple):
    """A publication, and where it is."""

    text: str
    address: str


REFERENCES = (
    Reference(
        "Hoff PD (2022). Smaller p-values via indirect information. Journal of the "
        "American Statistical Association 117(539), 1254–1269.",
        "https://arxiv.org/abs/1907.12589",
    ),
    Reference(
        "Bryan JG, Hoff PD (2023). Smaller p-values in genomics studies using distilled "
        "auxiliary information. Biostatistics 24(1), 193–208.",
        "https://arxiv.org/abs/2004.07887",
    ),
    Reference(
        "Roeder K, Wasserman L (2009). Genome-wide significance levels and weighted "
        "hypothesis testing. Statistical Science 24(4), 398–413.",
        "https://doi.org/10.1214/09-STS289",
    ),
    Reference(
        "Berisa T, Pickrell JK (2016). Approximately independent linkage disequilibrium "
        "blocks in human populations. Bioinformatics 32(2), 283–285.",
        "https://doi.org/10.1093/bioinformatics/btv546",
    ),
    Reference(
        "Niu H, Bryan J, Li X, Li D and others (2025). Incorporating LLM embeddings for "
        "variation across the human genome. arXiv:2509.20702.",
        "https://arxiv.org/abs/2509.20702",
    ),
)

_LINKS = {
    "auto": "ridge regression on the embedding of the variant or on its sums over "
    "neighbours in linkage disequilibrium, with a normal or a mixture prior, whichever was "
    "best on inner folds",
    "ridge": "ridge regression with a normal prior",
    "ldscore": "ridge regression on embeddings summed over neighbours in linkage "
    "disequilibrium",
    "mixture": "ridge regression with a mixture prior",
    "covariates": "regression on covariates alone",
}
_SOURCES = {
    "variants": "the place and alleles of the variant",
    "genes": "gene models of GENCODE",
    "gene_text": "names and functions of genes of NCBI and the Gene Ontology",
    "gene_summaries": "summaries of genes",
    "favor": "annotations of FAVOR",
    "clinvar": "ClinVar",
    "gwas_catalog": "the GWAS Catalog",
    "ontology": "the Experimental Factor Ontology",
}

CAVEATS = (
    "The family p-value is a weighted p-value: the prior spends the error budget where it "
    "expects signal. It is valid for the family of all variants tested, and not for a "
    "single variant chosen beforehand.",
    "The family p-value is not for QQ plots, genomic inflation factors, LD score "
    "regression, fine-mapping or meta-analysis. Use the two-sided p-value or z there.",
    "The FAB p-value of a variant is uniform under its null whatever the prior, but can be "
    "at best half the two-sided one, and is larger where the prior has the wrong sign.",
    "Both need a prior that has not seen the fold it is used in. Text that quotes the "
    "study under test, or one of an overlapping cohort, breaks this, and so may what a "
    "pretrained encoder has read.",
    "One test is primary and was declared before the run. Choosing among the three "
    "afterwards raises the error rate.",
    "Loci of different tests are clumped separately, by the same rules and for comparisons "
    "at the same level; a locus counts as gained or lost if it shares no position with a "
    "locus of the other test.",
)


def methods_paragraph(data: ReportData) -> str:
    """The analysis in sentences that can be pasted into a paper."""
    return " ".join([*_inputs(data), *_prior(data), *_tests(data), *_loci(data)])


def _inputs(data: ReportData) -> list[str]:
    study, embedding = data.study, data.embedding
    trait = study.trait or "the trait"
    people = f" in {count(study.n)} individuals" if study.n else ""
    build = f" ({study.build})" if study.build else ""
    sentences = [
        f"We tested {count(data.z.size)} variants{build} for association with {trait}, "
        f"using summary statistics of a genome-wide association study{people}.",
        "Each variant was described in English and the description embedded with "
        f"{embedding.model} ({embedding.dim} dimensions), following Niu et al. (2025).",
    ]
    if embedding.sources:
        sources = [_SOURCES.get(name, name) for name in embedding.sources]
        sentences.append(f"Descriptions drew on {listed(sources)}.")
    if embedding.exclusions:
        sentences.append(f"Left out of them were {setting(embedding.exclusions)}.")
    if embedding.training_cutoff:
        sentences.append(
            f"The training data of the encoder end in {embedding.training_cutoff}."
        )
    return sentences


def _prior(data: ReportData) -> list[str]:
    prior = data.prior
    names = [covariate(name) for name in prior.covariates if name != "intercept"]
    beside = f", beside {setting(names)} as unpenalised covariates," if names else ""
    link = _LINKS[str(data.settings.get("model", "auto"))]
    sentences = [
        f"A linking model ({link}) predicted the mean and the variance of each z-score "
        f"from the embedding{beside} with penalties chosen inside the training folds.",
        f"Priors were cross-fitted by {prior.scheme}, whole linkage disequilibrium blocks "
        f"({_blocks(data)}) being held out, so that no z-score of a fold shaped a prior of "
        "that fold.",
    ]
    used = sum(fold.model not in ("covariates", "auxiliary") for fold in prior.folds)
    if prior.folds:
        sentences.append(
            "The embedding was used where it beat all else on inner folds, which was "
            f"the case in {used} of {len(prior.folds)} folds."
        )
    return sentences


def _blocks(data: ReportData) -> str:
    blocks = str(data.settings.get("blocks", "EUR"))
    if blocks in ("EUR", "AFR", "ASN"):
        return "Berisa and Pickrell, 2016"
    return f"of {PurePath(blocks).name}"


def _tests(data: ReportData) -> list[str]:
    levels = "; ".join(
        f"{in_words(test)} p ≤ {level(data.thresholds[test])}" for test in TESTS
    )
    return [
        "From these priors we computed FAB p-values and confidence intervals (Hoff, 2022; "
        "Bryan and Hoff, 2023) and family p-values, which weight hypotheses (Roeder and "
        f"Wasserman, 2009) by {_weights(data)} and control the family-wise error rate over "
        "all variants tested.",
        f"The {in_words(data.primary)} test was declared primary before the analysis; "
        f"significance levels were: {levels}.",
    ]


def _weights(data: ReportData) -> str:
    """What the family test spends its error by."""
    if data.settings.get("utility", "equal") == "ld-score" and data.clumping.panel:
        return (
            "the square root of the squared effect that the prior expects, per unit of "
            "the LD score"
        )
    return "the square root of the squared effect that the prior expects"


def _loci(data: ReportData) -> list[str]:
    rules = data.clumping
    if rules.panel is None:
        how = f"within {rules.kb:g} kb of their lead variant, by distance alone"
    else:
        people = f", n = {rules.panel_samples:,}" if rules.panel_samples else ""
        how = (
            f"with r² > {rules.r2:g} within {rules.kb:g} kb of their lead variant "
            f"(reference panel {PurePath(rules.panel).name}{people})"
        )
    version = data.versions.get("fabgwas", "")
    return [
        f"Loci were formed by clumping variants with p ≤ {level(rules.p2)} {how}.",
        f"Analyses used fabgwas {version}".rstrip() + ".",
    ]
