"""Reading an LD reference store."""

from collections import OrderedDict
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pyarrow as pa
from jaxtyping import Float, Int

from fabgwas.io import match_rows
from fabgwas.ld import Correlate, Factor
from fabgwas.ldstore._format import (
    MATRICES,
    LdMetadata,
    check_bytes,
    factor_from_bytes,
    matrix_from_bytes,
    read_tables,
)
from fabgwas.variants import Match, chromosome_codes

_REMEMBERED_BLOCKS = 4


class LdBlock(NamedTuple):
    """Correlations among the variants `start` to `stop - 1` of a store."""

    start: int
    stop: int
    ld: Float[np.ndarray, "variant variant"]
    """Positive semidefinite, signed by effect alleles, with ones on the diagonal."""


@dataclass(frozen=True)
class LdStore:
    """LD of a reference panel in independent blocks, read block by block."""

    path: Path
    metadata: LdMetadata
    variants: pa.Table
    """Columns chrom pos rsid effect_allele other_allele freq ld_score block."""
    blocks: pa.Table
    """Columns start stop rank shrinkage ridge (and where the matrix lies), one row each."""
    _decoded: OrderedDict[int, LdBlock] = field(default_factory=OrderedDict, repr=False)

    def __len__(self) -> int:
        return self.metadata.n_blocks

    def __iter__(self) -> Iterator[LdBlock]:
        return (self.block(number) for number in range(len(self)))

    @property
    def build(self) -> str | None:
        """GRCh37 or GRCh38, if known."""
        return self.metadata.build

    @property
    def n_variants(self) -> int:
        """Number of variants."""
        return self.metadata.n_variants

    @property
    def n_samples(self) -> int:
        """Number of people of the panel."""
        return self.metadata.n_samples

    @cached_property
    def chrom(self) -> Int[np.ndarray, " variant"]:
        """Chromosome code of each variant."""
        return chromosome_codes(self.variants["chrom"])

    @cached_property
    def pos(self) -> Int[np.ndarray, " variant"]:
        """Base pair of each variant."""
        return self.variants["pos"].to_numpy()

    @cached_property
    def freq(self) -> Float[np.ndarray, " variant"]:
        """Frequency of the effect allele of each variant."""
        return self.variants["freq"].to_numpy()

    def ld_scores(self) -> Float[np.ndarray, " variant"]:
        """LD score of each variant, over the window in the metadata."""
        return self.variants["ld_score"].to_numpy()

    def block(self, number: int) -> LdBlock:
        """The correlations of one block.

        Raises
        ------
        InputError
            If its bytes are damaged.
        """
        row, content = self._content(number)
        ld = matrix_from_bytes(content, row, self.metadata.encoding)
        return LdBlock(row["start"], row["stop"], ld)

    def factor(self, number: int) -> Factor:
        """The quantised eigenvectors of one block of a store in 8-bit encoding."""
        if self.metadata.encoding != "int8":
            raise ValueError(
                f"factors are in stores of encoding int8, not {self.metadata.encoding}."
            )
        row, content = self._content(number)
        return factor_from_bytes(content, row)

    def match(self, table: pa.Table) -> Match:
        """Find the rows of a table of summary statistics: see `fabgwas.io.match_rows`.

        `left` is the row of the table, `right` the variant of the store.
        """
        return match_rows(table, self.variants)

    def correlate(self, table: pa.Table) -> Correlate:
        """Correlations between rows of a table, for `fabgwas.ld.clump`.

        They are those of the store: of dosages, shrunk, and 0 between blocks; signed by
        the effect alleles of the table, nan for rows that are not in the store.
        """
        match = self.match(table)
        variant = np.full(table.num_rows, -1)
        variant[match.left] = match.right
        sign = np.zeros(table.num_rows)
        sign[match.left] = match.sign
        block_of = self.variants["block"].to_numpy()

        def correlate_rows(
            row: int, rows: Int[np.ndarray, " other"]
        ) -> Float[np.ndarray, " other"]:
            if variant[row] < 0:
                return np.full(rows.size, np.nan)
            block = self._recent(int(block_of[variant[row]]))
            result = np.where(variant[rows] >= 0, 0.0, np.nan)
            here = (variant[rows] >= block.start) & (variant[rows] < block.stop)
            r = block.ld[variant[row] - block.start, variant[rows[here]] - block.start]
            result[here] = r * sign[row] * sign[rows[here]]
            return result

        return correlate_rows

    def _content(self, number: int) -> tuple[dict[str, Any], bytes]:
        if not 0 <= number < len(self):
            raise ValueError(f"block {number} is not among the {len(self)} there are.")
        row = {name: self.blocks[name][number].as_py() for name in self.blocks.column_names}
        path = self.path / MATRICES
        with path.open("rb") as file:
            file.seek(row["offset"])
            content = file.read(row["size"])
        check_bytes(content, row, path)
        return row, content

    def _recent(self, number: int) -> LdBlock:
        """A block, with the last few kept in memory."""
        if number not in self._decoded:
            self._decoded[number] = self.block(number)
            while len(self._decoded) > _REMEMBERED_BLOCKS:
                self._decoded.popitem(last=False)
        self._decoded.move_to_end(number)
        return self._decoded[number]


def open_ld(path: str | Path) -> LdStore:
    """Open an LD reference store, checking its tables; blocks are checked when read.

    Raises
    ------
    InputError
        If this is no LD store, or a file of it is absent or damaged.
    """
    folder = Path(path)
    return LdStore(folder, *read_tables(folder))
