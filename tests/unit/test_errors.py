"""Messages of errors are one line that a terminal can show."""

import pytest

from fabgwas.errors import FabgwasError, InputError


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("study.gz:\n  line 3\n", "study.gz: line 3"),
        ("column 'be\x1b[31mta'", "column 'be\\x1b[31mta'"),
        ("Größe \U0010ffff\x00", "Größe \\U0010ffff\\x00"),
    ],
)
def test_messages_are_one_printable_line(text, shown):
    assert str(InputError(text)) == shown


def test_long_messages_are_cut_in_the_middle():
    message = str(FabgwasError("begin " + "x" * 1_000_000 + " end"))
    assert message.startswith("begin")
    assert message.endswith("end")
    assert len(message) < 2000
