"""LD reference stores: the correlations of a panel, computed once, in blocks."""

from fabgwas.ldstore._build import build_ld
from fabgwas.ldstore._format import LdMetadata
from fabgwas.ldstore._open import LdBlock, LdStore, open_ld

__all__ = ["LdBlock", "LdMetadata", "LdStore", "build_ld", "open_ld"]
