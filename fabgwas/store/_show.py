"""What a store is, in a few words for those who print it."""

from collections.abc import Sequence

from fabgwas.store._schema import StoreMetadata
from fabgwas.variants import chromosome_code


def show_store(
    about: StoreMetadata, n_variants: int, chroms: Sequence[str]
) -> dict[str, str]:
    """Names and values of what matters about a store."""
    facts = {
        "model": about.model,
        "vectors": f"{n_variants:,} x {about.dim} {about.dtype}",
        "build": about.build,
        "chromosomes": _ranges(chroms),
    }
    if about.template:
        facts["template"] = about.template
    if about.exclusions:
        facts["left out"] = str(about.exclusions)
    return facts


def _ranges(chroms: Sequence[str]) -> str:
    """Chromosomes in words: ``1-22, X``."""
    codes = [chromosome_code(chrom) for chrom in chroms]
    breaks = [at for at in range(1, len(codes)) if codes[at] != codes[at - 1] + 1]
    runs = [
        chroms[low:high]
        for low, high in zip([0, *breaks], [*breaks, len(codes)], strict=True)
        if low < high
    ]
    return ", ".join(run[0] if len(run) == 1 else f"{run[0]}-{run[-1]}" for run in runs)
