"""Options that several commands share, with the words that explain them."""

from pathlib import Path
from typing import Annotated

import typer

SumstatsFile = Annotated[
    Path,
    typer.Argument(
        help="Summary statistics: PLINK, regenie, SAIGE, BOLT-LMM, fastGWA, "
        "METAL, GWAS-SSF, LDSC, GWAS-VCF, ...; plain, gz, bgz, bz2 or zst."
    ),
]
Embeddings = Annotated[Path, typer.Option(help="Embedding store (folder).")]
Out = Annotated[Path, typer.Option(help="Prefix of the output files.")]
Panel = Annotated[
    Path | None,
    typer.Option(
        help="Reference panel for LD scores and clumping: an LD store of fabgwas ld, or a "
        "PLINK fileset."
    ),
]
Primary = Annotated[
    str, typer.Option(help="The test whose loci are reported: family, fab or two-sided.")
]
Format = Annotated[str, typer.Option(help="Format of the summary statistics.")]
EffectAllele = Annotated[
    str | None,
    typer.Option(help="Column of the effect allele, where the format leaves it open."),
]
OtherAllele = Annotated[
    str | None,
    typer.Option(help="Column of the other allele, where the format leaves it open."),
]
Columns = Annotated[
    list[str] | None,
    typer.Option(
        help="Columns of further roles, where the format leaves them open: "
        "se=StdErr2,p=PVAL. Repeatable."
    ),
]
Chrom = Annotated[
    list[str] | None,
    typer.Option(help="Chromosomes to analyse: 22, or 1-4,X. Repeatable."),
]
Trait = Annotated[
    str | None,
    typer.Option(help="Which trait, where the file holds several."),
]
Build = Annotated[
    str | None,
    typer.Option(help="GRCh37 or GRCh38, where it cannot be detected."),
]
Liftover = Annotated[
    Path | None,
    typer.Option(help="UCSC chain file that leads to the other build."),
]
Bim = Annotated[
    Path | None,
    typer.Option(help="PLINK .bim that fills missing positions and alleles by ID."),
]
N = Annotated[float | None, typer.Option(help="Sample size.")]
Cases = Annotated[float | None, typer.Option(help="Number of cases.")]
Controls = Annotated[float | None, typer.Option(help="Number of controls.")]
MinInfo = Annotated[float | None, typer.Option(help="Smallest imputation INFO.")]
MinMaf = Annotated[
    float | None,
    typer.Option(help="Smallest minor-allele frequency."),
]
Compare = Annotated[
    list[Path] | None,
    typer.Option(
        help="Embedding store whose held-out gain is told beside that of --embeddings, "
        "which alone informs the tests: descriptions without one source, or another "
        "encoder. Repeatable.",
    ),
]
Aux = Annotated[
    list[Path] | None,
    typer.Option(
        help="Summary statistics of another trait, ancestry or earlier study that may "
        "inform the prior; shared people are accounted for. Repeatable."
    ),
]
AuxRho = Annotated[
    float | None,
    typer.Option(
        help="Correlation of null z-scores with those of --aux  [default: estimated by "
        "cross-trait LD score regression]"
    ),
]
Model = Annotated[
    str,
    typer.Option(
        help="How effects depend on embeddings: ridge, ldscore (with LD), mixture, "
        "covariates (not at all), or auto, the best on inner folds."
    ),
]
Orient = Annotated[
    str,
    typer.Option(
        help="Allele that predicted effects point towards while learning: alternate, "
        "minor, or derived."
    ),
]
Ancestral = Annotated[
    str | None,
    typer.Option(
        help="FASTA of ancestral alleles, as Ensembl has them, for derived ones; {chrom} "
        "stands for chromosomes.",
        metavar="FASTA",
    ),
]
Posterior = Annotated[
    bool,
    typer.Option(
        "--posterior",
        help="Add posterior means, local false sign rates and q-values to the tables.",
    ),
]
Components = Annotated[
    int,
    typer.Option(help="Principal components of the embedding to use at most."),
]
MaxShift = Annotated[
    float,
    typer.Option(help="Largest |b| = 2 |prior mean| / prior variance."),
]
Utility = Annotated[
    str,
    typer.Option(
        help="Value of finding a variant in the family test: ld-score (1 / LD "
        "score) or equal."
    ),
]
Blocks = Annotated[
    str,
    typer.Option(help="LD blocks that folds respect: EUR, AFR or ASN, or a BED file."),
]
Population = Annotated[str, typer.Option(help="LD blocks: EUR, AFR or ASN.")]
P1 = Annotated[
    float | None,
    typer.Option(
        help="P-value of lead variants  [default: 5e-8; 0.05/m for the family test]"
    ),
]
P2 = Annotated[
    float,
    typer.Option(help="P-value of the other variants of a locus."),
]
R2 = Annotated[
    float,
    typer.Option(help="Squared correlation above which variants share a locus."),
]
Kb = Annotated[float, typer.Option(help="Largest distance to the lead, in kb.")]
Alpha = Annotated[float, typer.Option(help="One minus the coverage of the intervals.")]
Seed = Annotated[
    int, typer.Option(min=0, help="Of the resampling behind the intervals of gains.")
]
Threads = Annotated[
    int | None, typer.Option(min=1, help="Processors to use  [default: all]")
]
Memory = Annotated[
    float | None,
    typer.Option(
        min=2,
        help="Most memory to use, in GiB, at least 2 (the libraries take one): what needs "
        "more ends with a line  [default: no bound]",
    ),
]
DryRun = Annotated[
    bool,
    typer.Option("--dry-run", help="Read and check the inputs; compute and write nothing."),
]
Overwrite = Annotated[
    bool, typer.Option("--overwrite", help="Replace output files that exist.")
]
Quiet = Annotated[
    bool, typer.Option("--quiet", "-q", help="Only warnings and errors on stderr.")
]
