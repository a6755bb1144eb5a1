"""Summary statistics in memory."""

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import pyarrow as pa

from fabgwas.show import as_html, as_text

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
    z_from: str = ""
    """Which columns z was made of."""

    def __len__(self) -> int:
        return self.table.num_rows

    def to_pandas(self) -> "pd.DataFrame":
        """The table as a pandas data frame."""
        return self.table.to_pandas()

    def __arrow_c_stream__(self, requested_schema: object = None) -> object:
        """The table for any library that speaks Arrow, such as polars and DuckDB."""
        return self.table.__arrow_c_stream__(requested_schema)

    def __repr__(self) -> str:
        return as_text("SumStats", self._facts())

    def _repr_html_(self) -> str:
        return as_html("SumStats", self._facts())

    def _facts(self) -> dict[str, str]:
        facts = {
            "file": self.path,
            "format": self.format,
            "effect allele": self.effect_allele_column,
            "variants": f"{len(self):,} of {self.counts.get('read', len(self)):,}",
            "build": self.build or "unknown",
            "z": self.z_from or "as in the file",
            "n": self.n_effective_note,
        }
        return facts | ({"trait": self.trait} if self.trait else {})
