"""Tables spread over one Parquet file a chromosome, so that none is held whole."""

from collections.abc import Iterable
from contextlib import ExitStack
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from fabgwas.variants import CHROMOSOMES, chromosome_codes

ROW_GROUP = 65_536


def spread(tables: Iterable[pa.Table], folder: Path) -> int:
    """Write rows to the files of their chromosomes, in their order and without chrom.

    Parameters
    ----------
    tables
        Columns chrom, pos and others, the same in all.
    folder
        Exists, and gets files such as ``22.parquet``.

    Returns
    -------
    The number of rows that were left out, because their chromosome is unknown or their
    position is not positive.
    """
    lost = 0
    with ExitStack() as files:
        writers: dict[int, pq.ParquetWriter] = {}
        for table in tables:
            code = chromosome_codes(table["chrom"])
            placed = pc.fill_null(pc.greater(table["pos"], 0), False)
            code[~placed.to_numpy()] = 0
            lost += int((code == 0).sum())
            rest = table.drop_columns("chrom")
            for each in np.unique(code[code > 0]).tolist():
                if each not in writers:
                    path = folder / f"{CHROMOSOMES[each - 1]}.parquet"
                    writers[each] = files.enter_context(
                        pq.ParquetWriter(path, rest.schema, compression="zstd")
                    )
                writers[each].write_table(
                    rest.take(np.flatnonzero(code == each)), ROW_GROUP
                )
    return lost
