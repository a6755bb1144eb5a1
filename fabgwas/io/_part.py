"""Some of the variants of a file of genotypes."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from jaxtyping import Float, Int

if TYPE_CHECKING:
    from fabgwas.io._genotypes import Source


@dataclass(frozen=True)
class PartSource:
    """A file as if it held only some of its variants."""

    whole: "Source"
    rows: Int[np.ndarray, " variant"]
    """Their numbers in the file, ascending."""

    def __len__(self) -> int:
        return self.rows.size

    def read(
        self, which: slice | Int[np.ndarray, " chosen"]
    ) -> Float[np.ndarray, "sample chosen"]:
        """Dosages of the chosen variants; nan where missing."""
        return self.whole.read(self.rows[which])
