"""The alleles of a table as numbers of one vocabulary, so that comparing them is quick."""

from collections.abc import Sequence

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from jaxtyping import Bool, Int

Codes = Int[np.ndarray, " row"]
Rows = Bool[np.ndarray, " row"]

UNKNOWN = -1


class Vocabulary:
    """Distinct alleles in upper case; their numbers are their places in `names`."""

    def __init__(self) -> None:
        self.names: list[str] = []
        self._number: dict[str, int] = {}

    def encode(self, alleles: pa.Array | pa.ChunkedArray) -> Codes:
        """Numbers of alleles, `UNKNOWN` for nulls."""
        if isinstance(alleles, pa.ChunkedArray):
            alleles = alleles.combine_chunks()
        if not pa.types.is_dictionary(alleles.type):
            alleles = alleles.dictionary_encode()
        new = [self._number_of(name) for name in alleles.dictionary.to_pylist()]
        index = pc.fill_null(alleles.indices.cast(pa.int32()), len(new)).to_numpy()
        return np.array([*new, UNKNOWN], np.int32)[index]

    def where(self, codes: Codes, rule: Sequence[bool]) -> Rows:
        """Whether the rule, given for each of `names`, holds; never for unknown alleles."""
        return np.array([*rule, False], bool)[codes]

    def decode(self, codes: Codes) -> pa.DictionaryArray:
        """The alleles themselves; nulls where unknown."""
        index = pa.array(codes, pa.int32(), mask=codes == UNKNOWN)
        return pa.DictionaryArray.from_arrays(index, pa.array(self.names, pa.string()))

    def _number_of(self, name: str) -> int:
        name = name.upper()
        number = self._number.get(name)
        if number is None:
            number = self._number[name] = len(self.names)
            self.names.append(name)
        return number


def other_of(effect: Codes, first: Codes, second: Codes) -> Codes:
    """Whichever of two alleles the effect allele is not; unknown if it is neither."""
    return np.where(
        effect == first, second, np.where(effect == second, first, UNKNOWN)
    ).astype(np.int32)
