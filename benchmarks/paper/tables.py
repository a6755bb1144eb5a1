"""Tables of what the paper reports, and what of it cannot be repeated."""

from collections.abc import Sequence

from benchmarks.cohort.tables import expression_table
from benchmarks.harness import Result, Table, scoreboard

_QC = """
The paper calls it quality control: every answer stands in the text, so nothing here is a
prediction. It reports "high predictive accuracy" and, by summaries of its first version,
near-perfect chromosomes, without numbers that could be compared. At most 2,000 variants of
ClinVar, single variants held out; needs `../shared/data`.
"""
_HEIGHT = """
Gain: held-out log-likelihood of z over the prior of LD score and heterozygosity alone, nats
per independent variant, 95 % interval over LD blocks. A gain of exactly 0 means that no
fold used the embedding: the inner folds notice when it does not help. Needs
`../shared/data`.
"""
_MISSING = (
    (
        "embeddings of text-embedding-3-large and Qwen3-Embedding-0.6B",
        "columns OpenAI and Qwen3 appear with a key or a folder; neither is at hand",
    ),
    ("texts of FAVOR: MetaSVM, CADD", "FAVOR's tables are not at hand, but a sample of 49"),
    ("1.5 M, 90 M and 8.9 G embeddings", "sizes and prices: `embeddings/README.md`"),
    ("FAB tests of GWAS", "outlined in version 1 without numbers; see suite tests"),
    (
        "UK Biobank cohort, L = G E, augmented scores",
        "needs its genotypes; here on 353 people of GEUVADIS, from C+T as in the paper, "
        "in suite cohort from a better score, with random and permuted vectors beside it",
    ),
    ("numbers of any experiment", "could not be found; the paper's code is not public"),
)


def tables(results: Sequence[Result]) -> list[Table]:
    """Read-back, gains, and what is missing."""
    made = []
    for task in dict.fromkeys(each.task for each in results):
        height = task.startswith("height")
        found = [each for each in results if each.task == task]
        if task.startswith("expression"):
            made.append(expression_table(found, task))
            continue
        first = ["gain", "folds with embedding", "folds", "texts", "texts a second"]
        metrics = list(dict.fromkeys(name for each in found for name in each.metrics))
        made.append(
            scoreboard(
                found,
                task,
                first if height else metrics or ["result"],
                baseline=None if height else "TF-IDF, linear",
                text=_HEIGHT if height else _QC,
            )
        )
    missing = Table(
        title="What cannot be repeated here",
        header=["the paper has", "here"],
        rows=_MISSING,
    )
    return [*made, missing]
