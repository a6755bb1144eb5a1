"""Templates: versioned text files of sentences, compiled to joins of Arrow columns.

A line is a sentence. ``{field}`` stands for the column of that name, ``{field:lower}`` for
it in lower case, ``{field:.1f}`` for a number rounded to one decimal. A sentence is left
out where one of its fields is missing; ``[[...]]`` is a part that is left out alone.
"""

import hashlib
import re
from dataclasses import dataclass
from functools import cached_property
from importlib.resources import files
from pathlib import Path
from typing import Any, NamedTuple

import pyarrow as pa
import pyarrow.compute as pc

from fabgwas.errors import InputError, UsageError

_FIELD = re.compile(r"\{(\w+)(?::([\w.]+))?\}")
_OPTIONAL = re.compile(r"\[\[(.*?)\]\]")
_VERSION = re.compile(r"^# version: (\S+)$", re.MULTILINE)
_FIXED = re.compile(r"\.(\d)f")


class _Field(NamedTuple):
    name: str
    spec: str


class _Optional(NamedTuple):
    parts: tuple[Any, ...]


@dataclass(frozen=True)
class Template:
    """Sentences that describe a variant."""

    name: str
    text: str

    @property
    def sha256(self) -> str:
        """Checksum of the file, comments included."""
        return hashlib.sha256(self.text.encode()).hexdigest()

    @property
    def version(self) -> str:
        """What the file calls its version."""
        found = _VERSION.search(self.text)
        return found[1] if found else "0"

    @cached_property
    def fields(self) -> tuple[str, ...]:
        """Names of the columns that are used, in the order of the text."""
        sentences = "\n".join(self._lines())
        return tuple(dict.fromkeys(found[1] for found in _FIELD.finditer(sentences)))

    def render(self, table: pa.Table) -> pa.StringArray:
        """One text for each row; columns that the table lacks are missing everywhere.

        Raises
        ------
        UsageError
            If a row has none of the fields that a sentence needs.
        """
        sentences = []
        for parts in self._sentences:
            sentence = _join(parts, table)
            if sentence is not None:
                sentences.append(sentence)
        if not sentences:
            raise UsageError(
                f"template {self.name}: no sentence can be filled; the columns are "
                f"{', '.join(table.column_names)}. Add a source of annotations."
            )
        unknown = pc.coalesce(*sentences).is_null()
        if pc.any(unknown).as_py():
            raise UsageError(
                f"template {self.name}: nothing is known of the variant in row "
                f"{pc.index(unknown, True)}; give the template a sentence that every "
                "variant has."
            )
        # rows of nulls only, told above, would vanish here (pyarrow 26)
        return pc.binary_join_element_wise(*sentences, " ", null_handling="skip")

    @cached_property
    def _sentences(self) -> list[tuple[Any, ...]]:
        return [_parse(line, self.name) for line in self._lines()]

    def _lines(self) -> list[str]:
        lines = (line.strip() for line in self.text.splitlines())
        return [line for line in lines if line and not line.startswith("#")]


def load_template(name: str) -> Template:
    """A template by name (default, paper, anonymous) or by the path of its text file."""
    shipped = files("fabgwas_embeddings") / "templates" / f"{name}.txt"
    if re.fullmatch(r"\w+", name) and shipped.is_file():
        return Template(name, shipped.read_text(encoding="utf-8"))
    path = Path(name)
    if not path.is_file():
        raise UsageError(f"template {name}: neither a file nor default, paper, anonymous.")
    return Template(path.stem, path.read_text(encoding="utf-8"))


def _parse(line: str, template: str) -> tuple[Any, ...]:
    parts: list[Any] = []
    at = 0
    for found in _OPTIONAL.finditer(line):
        parts += _parse_plain(line[at : found.start()])
        parts.append(_Optional(tuple(_parse_plain(found[1]))))
        at = found.end()
    parts += _parse_plain(line[at:])
    literal = "".join(part for part in parts if isinstance(part, str))
    if "{" in literal or "}" in literal or "[[" in literal:
        raise InputError(
            f"template {template}: cannot understand {line!r}; fields are written "
            "{name}, {name:lower} or {name:.1f}, optional parts [[...]]."
        )
    return tuple(parts)


def _parse_plain(text: str) -> list[Any]:
    parts: list[Any] = []
    at = 0
    for found in _FIELD.finditer(text):
        parts += [text[at : found.start()], _Field(found[1], found[2] or "")]
        at = found.end()
    return [part for part in (*parts, text[at:]) if part != ""]


def _join(parts: tuple[Any, ...], table: pa.Table) -> pa.StringArray | None:
    """The parts side by side, null where a field is; None if a column is missing."""
    columns: list[Any] = []
    for part in parts:
        if isinstance(part, str):
            columns.append(pa.scalar(part))
        elif isinstance(part, _Field):
            if part.name not in table.column_names:
                return None
            columns.append(_written(table[part.name], part.spec))
        else:
            inner = _join(part.parts, table)
            if inner is not None:
                columns.append(pc.fill_null(inner, ""))
    if all(isinstance(column, pa.Scalar) for column in columns):
        columns.append(pa.repeat("", len(table)))
    return pc.binary_join_element_wise(*columns, "", null_handling="emit_null")


def _written(column: pa.ChunkedArray, spec: str) -> pa.StringArray:
    """Values as text; empty text is missing."""
    fixed = _FIXED.fullmatch(spec)
    if fixed:
        digits = int(fixed[1])
        rounded = pc.round(column.cast(pa.float64()), ndigits=digits)
        column = rounded.cast(pa.decimal128(38, digits), safe=False)
    elif spec not in ("", "lower"):
        raise InputError(f"template: unknown format {spec!r}; use lower or .1f.")
    column = column.combine_chunks() if isinstance(column, pa.ChunkedArray) else column
    text = column.cast(pa.string())
    if spec == "lower":
        text = pc.utf8_lower(text)
    empty = pc.equal(text, "")
    if not pc.any(empty).as_py():
        return text  # saves a copy
    return pc.if_else(empty, pa.scalar(None, pa.string()), text)
