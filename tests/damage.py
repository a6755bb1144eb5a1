"""Ways in which files arrive damaged, and what a reader may then do."""

import bz2
import gzip
import os
import struct
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyarrow as pa
import zstandard
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from fabgwas.errors import FabgwasError

FIELDS = [
    b"", b" ", b".", b"NA", b"NaN", b"nan", b"inf", b"-inf", b"Infinity", b"1e400",
    b"-1e400", b"1e-400", b"0", b"-0", b"-5", b"0.5", b"1.5", b"1e6", b"5e+06", b"+7",
    b"1_0", b"0x10", b"1,5", b"1.2.3", b"--", b"1e", b"e5", b"99999999999", b"2147483648",
    b"9223372036854775808", b"-9223372036854775809", b"1" + b"0" * 400,
    b"0." + b"0" * 400 + b"1", b"chr1", b"CHR01", b"chrX", b"23", b"25", b"26", b"XY",
    b"PAR1", b"MT", b"chrUn_gl000220", b"1_KI270706v1_random", b"0", b"A", b"a", b"N",
    b"-", b"I", b"D", b"<DEL>", b"A,C", b"*", b"ACGT" * 20, b"x" * 100_000, b"\xff",
    b"\xc3\x28", "é".encode(), "１".encode(), "²".encode(), "\u2028".encode(), b"\x00",
    b"\x0b", b"\x1c", b'"', b"'", b'"a', b"#", b"##", b"TRUE", b"<script>", b"=1+1",
    b"ADD", b"rs1", b":", b";", b"=", b"(", b"\\", b"\r",
]  # fmt: skip
STARTS = [
    b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n", b"PK\x03\x04", b"PAR1", b"\xfd7zXZ\x00", b"\x1f\x8b",
    b"BZh9", b"\x28\xb5\x2f\xfd", b"\xff\xfe", b"\xfe\xff", b"\xef\xbb\xbf", b"#", b"##",
    b"##\n", b"\n", b"\r\n", b"\r", b" ", b"\t", b"\x00", b"//", b'"', b"<html>\n",
]  # fmt: skip

_BUDGET = settings(
    max_examples=int(os.environ.get("FABGWAS_FUZZ_EXAMPLES", "25")),
    derandomize="FABGWAS_FUZZ_EXAMPLES" not in os.environ,
    deadline=None,
    print_blob=True,
    suppress_health_check=list(HealthCheck),
)

TRIED = 0
"""Inputs that were given to readers so far."""

Damage = Callable[[st.DrawFn, bytes], bytes]


def _at(draw: st.DrawFn, content: bytes) -> int:
    return draw(st.integers(0, len(content)))


def _cut(draw: st.DrawFn, content: bytes) -> bytes:
    return content[: _at(draw, content)]


def _change(draw: st.DrawFn, content: bytes) -> bytes:
    at = _at(draw, content)
    return content[:at] + bytes([draw(st.integers(0, 255))]) + content[at + 1 :]


def _insert(draw: st.DrawFn, content: bytes) -> bytes:
    at = _at(draw, content)
    return content[:at] + draw(st.binary(max_size=8)) + content[at:]


def _remove(draw: st.DrawFn, content: bytes) -> bytes:
    at = _at(draw, content)
    return content[:at] + content[at + draw(st.integers(1, 64)) :]


def _repeat(draw: st.DrawFn, content: bytes) -> bytes:
    at = _at(draw, content)
    return content[:at] + content[at : at + draw(st.integers(1, 64))] + content[at:]


def _blank(draw: st.DrawFn, content: bytes) -> bytes:
    at, size = _at(draw, content), draw(st.integers(1, 64))
    size = min(size, len(content) - at)
    return (
        content[:at]
        + bytes([draw(st.sampled_from([0, 255]))]) * size
        + content[at + size :]
    )


def _begin(draw: st.DrawFn, content: bytes) -> bytes:
    return draw(st.sampled_from(STARTS)) + content


def _nothing(draw: st.DrawFn, content: bytes) -> bytes:
    return draw(st.sampled_from([b"", b"\n", b" \n", b"\x00", *STARTS]))


def _number(draw: st.DrawFn, content: bytes) -> bytes:
    """Another number of four or eight bytes, as lengths and places are written."""
    at = _at(draw, content)
    value = draw(st.sampled_from([0, 1, 2**31 - 1, 2**32 - 1, 2**40, 2**63 - 1]))
    packed = struct.pack("<Q", value)[: draw(st.sampled_from([4, 8]))]
    return content[:at] + packed + content[at + len(packed) :]


BYTES: list[Damage] = [
    _cut, _change, _insert, _remove, _repeat, _blank, _begin, _nothing, _number,
]  # fmt: skip


def _line(draw: st.DrawFn, lines: list[bytes]) -> int:
    return draw(st.integers(0, len(lines) - 1))


def _separator(line: bytes) -> bytes:
    return next((mark for mark in (b"\t", b",") if mark in line), b" ")


def _field(draw: st.DrawFn, content: bytes) -> bytes:
    """Another value in one place of the table."""
    lines = content.split(b"\n")
    number = _line(draw, lines)
    mark = _separator(lines[number])
    fields = lines[number].split(mark)
    at = draw(st.integers(0, len(fields) - 1))
    other = st.one_of(
        st.sampled_from(FIELDS),
        st.floats().map(lambda value: repr(value).encode()),
        st.integers().map(lambda value: str(value).encode()),
        st.text(max_size=6).map(lambda text: text.encode("utf-8", "surrogatepass")),
    )
    fields[at] = draw(other)
    lines[number] = mark.join(fields)
    return b"\n".join(lines)


def _column(draw: st.DrawFn, content: bytes) -> bytes:
    """The same value in a whole column."""
    lines = content.split(b"\n")
    first = next((n for n, line in enumerate(lines) if not line.startswith(b"##")), 0)
    mark = _separator(lines[first])
    at = draw(st.integers(0, lines[first].count(mark)))
    value = draw(st.sampled_from(FIELDS))
    for number in range(first + 1, len(lines)):
        fields = lines[number].split(mark)
        if at < len(fields) > 1:
            fields[at] = value
            lines[number] = mark.join(fields)
    return b"\n".join(lines)


def _ragged(draw: st.DrawFn, content: bytes) -> bytes:
    """A field too many or too few in one line."""
    lines = content.split(b"\n")
    number = _line(draw, lines)
    mark = _separator(lines[number])
    fields = lines[number].split(mark)
    at = draw(st.integers(0, len(fields) - 1))
    if draw(st.booleans()):
        fields.insert(at, draw(st.sampled_from(FIELDS)))
    else:
        del fields[at]
    lines[number] = mark.join(fields)
    return b"\n".join(lines)


def _lines(draw: st.DrawFn, content: bytes) -> bytes:
    """A line twice, gone, elsewhere, or stuck to the next one."""
    lines = content.split(b"\n")
    at, to = _line(draw, lines), _line(draw, lines)
    kind = draw(st.sampled_from(["again", "gone", "swap", "stuck", "empty", "comment"]))
    if kind == "again":
        lines.insert(to, lines[at])
    elif kind == "gone":
        del lines[at]
    elif kind == "swap":
        lines[at], lines[to] = lines[to], lines[at]
    elif kind == "stuck":
        lines[at : at + 2] = [b"".join(lines[at : at + 2])]
    else:
        lines.insert(to, b"" if kind == "empty" else b"# a remark")
    return b"\n".join(lines)


def _header(draw: st.DrawFn, content: bytes) -> bytes:
    """Names of columns twice, empty, in other letters, in another order, or none."""
    lines = content.split(b"\n")
    first = next((n for n, line in enumerate(lines) if not line.startswith(b"##")), 0)
    mark = _separator(lines[first])
    names = lines[first].split(mark)
    at, to = (draw(st.integers(0, len(names) - 1)) for _ in range(2))
    kind = draw(st.sampled_from(["twice", "empty", "upper", "swap", "none", "quoted"]))
    if kind == "twice":
        names[at] = names[to]
    elif kind == "empty":
        names[at] = b""
    elif kind == "upper":
        names[at] = names[at].swapcase()
    elif kind == "swap":
        names[at], names[to] = names[to], names[at]
    elif kind == "quoted":
        names[at] = b'"' + names[at] + b'"'
    lines[first] = mark.join(names)
    if kind == "none":
        del lines[first]
    return b"\n".join(lines)


def _ends(draw: st.DrawFn, content: bytes) -> bytes:
    end = draw(st.sampled_from([b"\r\n", b"\r", b"\n\n", b" \n", b"\t\n", b"\n\x00"]))
    return content.replace(b"\n", end)


def _encoding(draw: st.DrawFn, content: bytes) -> bytes:
    name = draw(st.sampled_from(["utf-16", "utf-16-le", "utf-32", "utf-8-sig", "cp037"]))
    return content.decode("latin-1").encode(name)


def _separators(draw: st.DrawFn, content: bytes) -> bytes:
    mark = draw(st.sampled_from([b",", b";", b" ", b"  ", b"|", b"\t\t"]))
    return content.replace(b"\t", mark)


TEXT: list[Damage] = [
    *[_field] * 6, *[_ragged] * 2, *[_lines] * 3, *[_header] * 3, _column, _ends, _encoding,
    _separators, *BYTES,
]  # fmt: skip


def _packed(draw: st.DrawFn, content: bytes) -> bytes:
    kind = draw(st.sampled_from(["gzip", "bz2", "zstd", "twice"]))
    if kind == "bz2":
        return bz2.compress(content)
    if kind == "zstd":
        return zstandard.compress(content)
    packed = gzip.compress(content, mtime=0)
    return packed + packed if kind == "twice" else packed


def fuzz(**strategies: Any) -> Callable[[Callable[..., None]], Callable[..., None]]:
    """Like `given`: the same few examples for everybody, or many new ones: `make fuzz`."""
    return lambda test: _BUDGET(given(**strategies)(test))


@st.composite
def damaged(
    draw: st.DrawFn, content: bytes, damages: list[Damage], *, pack: bool = False
) -> bytes:
    """Content after a few damages; with `pack` perhaps compressed, then damaged again."""
    for damage in draw(st.lists(st.sampled_from(damages), min_size=1, max_size=3)):
        content = damage(draw, content)
    if pack and draw(st.integers(0, 7)) == 0:
        content = _packed(draw, content)
        if draw(st.booleans()):
            content = draw(st.sampled_from(BYTES))(draw, content)
    return content


def unpacked(path: Path) -> bytes:
    """Content of a file of text, whatever it is compressed with."""
    content = path.read_bytes()
    if content.startswith(b"\x1f\x8b"):
        return gzip.decompress(content)
    if content.startswith(b"\x28\xb5\x2f\xfd"):
        return zstandard.decompress(content)
    return content


def read_or_refuse(read: Callable[[], Any], *paths: Path) -> Any:
    """What a reader gives; None if it refuses in one line that names one of the files."""
    global TRIED
    TRIED += 1
    try:
        return read()
    except FabgwasError as error:
        refusal = error
    message = str(refusal)
    assert message.isprintable(), message
    assert len(message) < 2000, message
    assert any(str(path) in message for path in paths), message
    assert refusal.exit_code in (3, 4), message
    return None


KINDS: list[pa.DataType] = [
    pa.string(), pa.large_string(), pa.int8(), pa.int64(), pa.uint64(), pa.float16(),
    pa.float32(), pa.float64(), pa.bool_(), pa.binary(), pa.date32(), pa.timestamp("ns"),
    pa.null(), pa.dictionary(pa.int32(), pa.string()), pa.decimal128(20, 2),
]  # fmt: skip


def _other_kind(draw: st.DrawFn, table: pa.Table, at: int) -> pa.Table:
    """A column of another type, or of lists or structures."""
    column = table.column(at).combine_chunks()
    kind = draw(st.sampled_from([*KINDS, "list", "struct"]))
    if kind == "list":
        ends = pa.array(range(len(column) + 1), pa.int32())
        changed = pa.ListArray.from_arrays(ends, column)
    elif kind == "struct":
        changed = pa.StructArray.from_arrays([column], ["value"])
    else:
        try:
            changed = column.cast(kind, safe=False)
        except pa.ArrowException:
            changed = pa.nulls(len(column), kind)
    return table.set_column(at, table.column_names[at], changed)


def _values(draw: st.DrawFn, table: pa.Table, at: int) -> pa.Table:
    """Nulls, other numbers or other texts in a column."""
    column = table.column(at).combine_chunks()
    numbers = [0, -1, -(2**31), 2**31 - 1, 1e300, float("nan"), float("inf")]
    others = numbers if pa.types.is_primitive(column.type) else ["", "X", "é\n", "1", "-5"]
    values = column.to_pylist()
    values[draw(st.integers(0, len(values) - 1))] = draw(st.sampled_from([None, *others]))
    try:
        return table.set_column(at, table.column_names[at], pa.array(values, column.type))
    except (pa.ArrowException, OverflowError, TypeError, ValueError):
        nothing = pa.nulls(len(column), column.type)
        return table.set_column(at, table.column_names[at], nothing)


@st.composite
def retyped(draw: st.DrawFn, table: pa.Table) -> pa.Table:
    """A table that lacks columns or rows, or whose columns have other types or values."""
    for kind in draw(st.lists(st.sampled_from("ttttvvvvvndra"), min_size=1, max_size=3)):
        if not table.num_columns or not table.num_rows:
            break
        at = draw(st.integers(0, table.num_columns - 1))
        names = list(table.column_names)
        if kind == "t":
            table = _other_kind(draw, table, at)
        elif kind == "v":
            table = _values(draw, table, at)
        elif kind == "n":
            names[at] = draw(st.sampled_from(["", "other", names[0], names[at].upper()]))
            table = table.rename_columns(names)
        elif kind == "d":
            table = table.remove_column(at)
        elif kind == "r":
            table = table.slice(0, draw(st.integers(0, table.num_rows)))
        else:
            table = pa.concat_tables([table, table])
    return table
