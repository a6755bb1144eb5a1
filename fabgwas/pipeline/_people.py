"""Scores, phenotype and covariates of the same people, ready to be evaluated."""

import logging
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from jaxtyping import Float

from fabgwas.errors import InputError, NothingToAnalyseError
from fabgwas.io._person_tables import ID, numeric_matrix, read_person_table

log = logging.getLogger("fabgwas")

_MISSING = -9.0  # as PLINK writes it
_NO_SCORES = {"allele_ct", "named_allele_dosage_sum", "cnt", "cnt2", "pheno", "pheno1",
              "sex", "pat", "mat", "n_alleles"}  # fmt: skip


@dataclass(frozen=True)
class People:
    """Rows are people who have everything that is needed."""

    iid: pa.Array
    scores: Float[np.ndarray, "sample score"]
    names: tuple[str, ...]
    covariates: Float[np.ndarray, "sample column"]
    """An orthonormal basis of the covariates, centred."""
    y: Float[np.ndarray, " sample"]
    """1 for cases and 0 for controls if `binary`."""
    binary: bool
    phenotype: str
    counts: dict[str, int]

    def __len__(self) -> int:
        return int(self.y.size)

    def summary(self) -> str:
        """How many they are, and what is known of them."""
        cases = f", {int(self.y.sum()):,} of them cases" if self.binary else ""
        return f"people: {len(self):,}{cases}, phenotype {self.phenotype}"


def read_evaluated(
    scores: str,
    phenotype: str,
    *,
    wanted: tuple[str, ...] | None = None,
    phenotype_name: str | None = None,
    covariates: str | None = None,
    covariate_names: tuple[str, ...] | None = None,
    quantitative: bool = False,
) -> People:
    """Read and join the tables; people who lack anything are dropped and counted.

    A phenotype of 0 and 1, or of 1 and 2 as PLINK codes controls and cases, is binary.

    Raises
    ------
    InputError
        If a column is absent, or a phenotype cannot be understood.
    NothingToAnalyseError
        If fewer than ten people are left.
    """
    table = read_person_table(scores)
    names = _score_names(table, wanted, scores)
    outcome = _phenotype(read_person_table(phenotype), phenotype_name, phenotype)
    y, binary = _coded(outcome, phenotype, quantitative=quantitative)
    columns = [_columns_of(table, names, scores)]
    row = [np.arange(table.num_rows), _rows_in(outcome, table)]
    if covariates is not None:
        others = read_person_table(covariates)
        chosen = [name for name in others.column_names if name != ID]
        if covariate_names is not None:
            chosen = list(covariate_names)
        matrix, used = numeric_matrix(_select(others, chosen, covariates), covariates)
        log.info("covariates: %s", " ".join(used))
        columns.append(matrix)
        row.append(_rows_in(others, table))
    counts = {"scores": table.num_rows, "phenotype": int(np.isfinite(y).sum())}
    found = np.all([each >= 0 for each in row], axis=0)
    counts["in_all_tables"] = int(found.sum())
    joined = [columns[0], *(c[r] for c, r in zip(columns[1:], row[2:], strict=True))]
    y = y[row[1]]
    complete = found & np.isfinite(y) & np.isfinite(np.column_stack(joined)).all(axis=1)
    counts["complete"] = int(complete.sum())
    if counts["complete"] < 10:
        raise NothingToAnalyseError(
            f"{scores}, {phenotype}: {counts['complete']} people have a score, a phenotype "
            f"and all covariates; {counts['in_all_tables']} are in all tables."
        )
    empty = np.empty((table.num_rows, 0))
    return People(
        iid=table[ID].filter(pa.array(complete)).combine_chunks(),
        scores=joined[0][complete],
        names=tuple(names),
        covariates=basis((joined[1] if len(joined) > 1 else empty)[complete]),
        y=y[complete],
        binary=binary,
        phenotype=outcome.column_names[1],
        counts=counts,
    )


def basis(matrix: Float[np.ndarray, "sample column"]) -> Float[np.ndarray, "sample rank"]:
    """Orthonormal columns that span the same space as the centred ones, and no more."""
    centred = matrix - matrix.mean(axis=0)
    scale = centred.std(axis=0)
    centred = centred[:, scale > 0] / scale[scale > 0]
    if not centred.shape[1]:
        return centred
    u, singular, _ = np.linalg.svd(centred, full_matrices=False)
    # unit variance, as if they were covariates of that kind
    return u[:, singular > 1e-8 * singular[0]] * np.sqrt(len(matrix))


def _score_names(table: pa.Table, wanted: tuple[str, ...] | None, path: str) -> list[str]:
    if wanted is not None:
        return list(wanted)
    numbers = [
        field.name
        for field in table.schema
        if pa.types.is_floating(field.type) and field.name.lower() not in _NO_SCORES
    ]
    # of a sum and its average one is enough
    averaged = {name.removesuffix("_AVG") for name in numbers if name.endswith("_AVG")}
    names = [
        name for name in numbers if name not in averaged
        and name.removesuffix("_SUM") not in averaged
    ]  # fmt: skip
    if not names:
        raise InputError(f"{path}: no column of scores.")
    return names


def _select(table: pa.Table, names: list[str], path: str) -> pa.Table:
    absent = [name for name in names if name not in table.column_names]
    if absent:
        known = [name for name in table.column_names if name != ID]
        raise InputError(f"{path}: no column {absent[0]!r} among {' '.join(known[:20])}.")
    return table.select([ID, *names])


def _columns_of(
    table: pa.Table, names: list[str], path: str
) -> Float[np.ndarray, "sample column"]:
    chosen = _select(table, names, path)
    text = [
        f.name for f in chosen.schema if f.name != ID and not pa.types.is_floating(f.type)
    ]
    if text:
        raise InputError(f"{path}: column {text[0]} holds text where numbers are needed.")
    return numeric_matrix(chosen, path)[0]


def _phenotype(table: pa.Table, name: str | None, path: str) -> pa.Table:
    names = [each for each in table.column_names if each != ID]
    if name is None:
        if len(names) != 1:
            raise InputError(
                f"{path}: which of the columns {' '.join(names[:20])} is the phenotype "
                "(option pheno_name)?"
            )
        name = names[0]
    return _select(table, [name], path)


def _coded(
    table: pa.Table, path: str, *, quantitative: bool
) -> tuple[Float[np.ndarray, " sample"], bool]:
    """Values with nan for missing ones, and whether they are 0 and 1."""
    name = table.column_names[1]
    if not pa.types.is_floating(table[name].type):
        found = pc.unique(table[name].drop_null()).to_pylist()[:3]
        raise InputError(
            f"{path}: the phenotype {name} is text ({', '.join(found)}, ...); use 0 and 1 "
            "or numbers."
        )
    y = pc.fill_null(table[name], np.nan).to_numpy().astype(np.float64)
    y = np.where(y == _MISSING, np.nan, y)
    values = set(np.unique(y[np.isfinite(y)]).tolist())
    if quantitative or len(values) > 3:
        return y, False
    if values == {0.0, 1.0}:
        return y, True
    if {1.0, 2.0} <= values <= {0.0, 1.0, 2.0}:
        log.info("phenotype: 2 is a case, 1 a control, 0 unknown, as for PLINK")
        return np.where(y == 0, np.nan, y - 1), True
    if len(values) == 2:
        raise InputError(
            f"{path}: the phenotype {name} has the values {sorted(values)}; use 0 and 1 "
            "for controls and cases, or say that it is quantitative (option quantitative)."
        )
    if len(values) < 2:
        raise InputError(f"{path}: the phenotype {name} does not vary.")
    return y, False


def _rows_in(table: pa.Table, people: pa.Table) -> np.ndarray:
    """The row of each person in a table, -1 where there is none."""
    found = pc.index_in(people[ID].combine_chunks(), table[ID].combine_chunks())
    return pc.fill_null(found, -1).to_numpy()
