"""Whether the GWAS Catalog names a trait of a HapMap3 SNP.

The 2020 file is a sample of 50,000 records, so some of the SNPs that count as absent have
associations; this costs every method alike.
"""

from benchmarks.harness import Context
from benchmarks.properties._data import hapmap3
from benchmarks.properties._rows import Rows
from benchmarks.properties._task import with_variants


def _associated(context: Context) -> Rows:
    fields = hapmap3(context)
    label = fields["label"].to_numpy().astype(float)
    return Rows(fields=fields, label=label, kind="binary")


TASKS = with_variants(
    "catalog trait",
    _associated,
    texts=("full", "full without catalog", "gene only", "anonymous"),
    splits=("chromosome",),
    note="HapMap3 SNPs in the GWAS Catalog of 2020, and as many that are not in it",
)
