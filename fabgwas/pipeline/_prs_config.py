"""Settings of a polygenic score: what the command line, the API and the manifest speak."""

from collections.abc import Mapping
from dataclasses import dataclass, field, fields

from fabgwas.config import RunConfig
from fabgwas.errors import UsageError

METHODS = ("embedding", "mixture", "inf", "ct")
PRIORS = ("features", "none")


@dataclass(frozen=True, kw_only=True)
class PrsConfig:
    """All settings of `make_prs`; paths are text."""

    sumstats: str
    ld: str
    """An LD store, or a PLINK fileset to compute one from."""
    out: str
    embeddings: str | None = None
    annotations: str | None = None
    method: str | None = None
    """``embedding``, ``mixture``, ``inf`` or ``ct``; None takes what the inputs allow."""
    prior: str = "features"
    """``features``, if there are any, or ``none``: the same prior for all variants."""
    p_threshold: float = 1e-4
    """Of the score of method ct; those of other thresholds are in PREFIX.ct.tsv."""
    r2: float = 0.1
    kb: float = 1000.0
    heritability: float | None = None
    intercept: float | None = None
    """LD score intercept, the variance of z where there is no effect; None estimates it,
    and takes at least 1."""
    components: int = 512
    """Principal components of the embedding to use at most."""
    name: str | None = None
    keep_mismatches: bool = False
    """Whether variants stay whose statistics contradict the LD."""
    seed: int = 0
    population: str = "EUR"
    # reading
    format: str = "auto"
    effect_allele: str | None = None
    other_allele: str | None = None
    columns: Mapping[str, str] = field(default_factory=dict)
    """Column of further roles, such as ``{"se": "StdErr2"}``."""
    trait: str | None = None
    build: str | None = None
    liftover: str | None = None
    bim: str | None = None
    n: float | None = None
    n_cases: float | None = None
    n_controls: float | None = None
    min_info: float | None = None
    min_maf: float | None = None
    chrom: tuple[str, ...] = ()
    """Chromosomes to analyse, all if empty."""

    def __post_init__(self) -> None:
        if self.method is not None and self.method not in METHODS:
            raise UsageError(
                f"method must be one of {', '.join(METHODS)}, but is {self.method!r}."
            )
        if self.prior not in PRIORS:
            raise UsageError(
                f"prior must be one of {', '.join(PRIORS)}, but is {self.prior!r}."
            )
        if self.embeddings and self.annotations:
            raise UsageError("give embeddings or annotations, not both.")
        features = self.embeddings or self.annotations
        if self.method == "embedding" and (self.prior == "none" or not features):
            raise UsageError(
                "method embedding needs embeddings or annotations, and a prior from them."
            )
        for name in ("p_threshold", "r2"):
            if not 0 < getattr(self, name) <= 1:
                raise UsageError(
                    f"{name} must be between 0 and 1, but is {getattr(self, name):g}."
                )
        if self.heritability is not None and not 0 < self.heritability < 1:
            raise UsageError(
                f"heritability must be between 0 and 1, but is {self.heritability:g}."
            )
        if self.intercept is not None and not self.intercept > 0:
            raise UsageError(f"intercept must be positive, but is {self.intercept:g}.")

    @property
    def chosen_method(self) -> str:
        """The method, as asked for or as the inputs allow."""
        features = self.prior != "none" and (self.embeddings or self.annotations)
        return self.method or ("embedding" if features else "mixture")

    def reading(self) -> RunConfig:
        """The settings that reading the study shares with a run."""
        shared = {each.name for each in fields(RunConfig)} & {
            each.name for each in fields(self)
        }
        values = {name: getattr(self, name) for name in shared}
        return RunConfig(**(values | {"embeddings": self.embeddings or ""}))
