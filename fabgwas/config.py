"""Settings of a run: what the command line, the API and the manifest all speak."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields
from pathlib import Path
from typing import Any

from fabgwas.errors import UsageError

PRIMARY_TESTS = ("family", "fab", "two-sided")
UTILITIES = ("ld-score", "equal")
MODELS = ("auto", "covariates", "ridge", "ldscore", "mixture")
ORIENTATIONS = ("alternate", "minor", "derived")
POPULATIONS = ("EUR", "AFR", "ASN")


@dataclass(frozen=True, kw_only=True)
class RunConfig:
    """Everything that decides the result of `fabgwas.run`.

    Sizes of windows are in kilobases, p-values on the plain scale. ``None`` means "as the
    file says", or for `p1` the conventional level of each test: 5e-8, and 0.05 over the
    number of variants for the family test.
    """

    sumstats: str
    embeddings: str
    out: str
    ld: str | None = None
    primary: str = "family"
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
    # prior
    compare: tuple[str, ...] = ()
    """Embedding stores whose gains are told beside that of `embeddings`."""
    aux: tuple[str, ...] = ()
    aux_rho: float | None = None
    model: str = "auto"
    orient: str = "alternate"
    ancestral: str | None = None
    """FASTA of ancestral alleles."""
    components: int = 256
    max_shift: float = 1.0
    utility: str = "ld-score"
    blocks: str = "EUR"
    """LD blocks that folds respect: EUR, AFR, ASN, or the path of a BED file."""
    # loci
    p1: float | None = None
    p2: float = 0.01
    r2: float = 0.1
    kb: float = 1000.0
    alpha: float = 0.05
    posterior: bool = False
    seed: int = 0

    def __post_init__(self) -> None:
        _one_of("primary", self.primary, PRIMARY_TESTS)
        _one_of("utility", self.utility, UTILITIES)
        _one_of("model", self.model, MODELS)
        _one_of("orient", self.orient, ORIENTATIONS)
        if (self.orient == "derived") != (self.ancestral is not None):
            raise UsageError("orient derived and ancestral must be given together.")
        if self.aux_rho is not None and not -1 < self.aux_rho < 1:
            raise UsageError(f"aux_rho must lie within -1 and 1, but is {self.aux_rho:g}.")
        for name in ("p1", "p2", "r2", "alpha"):
            value = getattr(self, name)
            if value is not None and not 0 < value < 1:
                raise UsageError(f"{name} must be between 0 and 1, but is {value:g}.")
        if self.p1 is not None and self.p1 > self.p2:
            raise UsageError(f"p1 must be at most p2 ({self.p2:g}), but is {self.p1:g}.")
        if self.alpha > 0.5:
            raise UsageError(f"alpha must be at most 0.5, but is {self.alpha:g}.")
        for name in ("n", "n_cases", "n_controls", "components", "max_shift", "kb"):
            value = getattr(self, name)
            if value is not None and not 0 < value < float("inf"):
                raise UsageError(f"{name} must be positive and finite, but is {value:g}.")
        for name in ("min_info", "min_maf"):
            value = getattr(self, name)
            if value is not None and not 0 <= value <= 1:
                raise UsageError(f"{name} must lie between 0 and 1, but is {value:g}.")
        if (self.n_cases is None) != (self.n_controls is None):
            raise UsageError("n_cases and n_controls must be given together.")
        if not Path(self.out).name:
            raise UsageError(f"out must be a prefix of file names, but is {self.out!r}.")

    def to_dict(self) -> dict[str, Any]:
        """The settings as plain values, for the manifest."""
        return asdict(self)

    @classmethod
    def from_dict(cls, values: dict[str, Any]) -> "RunConfig":
        """Settings from plain values, refusing unknown names."""
        known = {field.name for field in fields(cls)}
        unknown = sorted(set(values) - known)
        if unknown:
            raise UsageError(
                f"unknown setting {unknown[0]!r}; known are {', '.join(sorted(known))}."
            )
        plain: dict[str, Any] = {
            name: tuple(value) if isinstance(value, list) else value
            for name, value in values.items()
        }
        return cls(**plain)


def _one_of(name: str, value: str, choices: tuple[str, ...]) -> None:
    if value not in choices:
        raise UsageError(f"{name} must be one of {', '.join(choices)}, but is {value!r}.")
