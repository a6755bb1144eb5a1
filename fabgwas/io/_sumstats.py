"""Summary statistics in memory."""

from dataclasses import dataclass, field
from html import escape
from typing import TYPE_CHECKING

import pyarrow as pa

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True)
class SumStats:
    """The variants of a study in canonical columns, and how they were read.

    ``beta`` and ``se`` are null where the study reports only z-scores. ``log_pvalue`` is
    the natural log of the reported two-sided test, that is of 2 Phi(-|z|). ``n`` is the
    sample size, of a case/control study the effective one.
    """

    table: pa.Table
    path: str
    format: str
    effect_allele_column: str
    build: str | None
    trait: str | None
    n_effective_note: str
    counts: dict[str, int] = field(default_factory=dict)
    """Rows read, dropped for each reason, and kept."""
    warnings: tuple[str, ...] = ()

    def __len__(self) -> int:
        return self.table.num_rows

    def to_pandas(self) -> "pd.DataFrame":
        """The table as a pandas data frame."""
        return self.table.to_pandas()

    def __repr__(self) -> str:
        return "SumStats(" + ", ".join(f"{k} {v}" for k, v in self._facts().items()) + ")"

    def _repr_html_(self) -> str:
        rows = "".join(
            f"<tr><th>{escape(name)}</th><td>{escape(value)}</td></tr>"
            for name, value in self._facts().items()
        )
        return f"<table><caption>SumStats</caption>{rows}</table>"

    def _facts(self) -> dict[str, str]:
        facts = {
            "file": self.path,
            "format": self.format,
            "effect allele": self.effect_allele_column,
            "variants": f"{len(self):,} of {self.counts.get('read', len(self)):,}",
            "build": self.build or "unknown",
            "n": self.n_effective_note,
        }
        return facts | ({"trait": self.trait} if self.trait else {})
