"""How objects introduce themselves: on one line, and as a small table in notebooks."""

from collections.abc import Mapping
from html import escape


def as_text(name: str, facts: Mapping[str, str]) -> str:
    """Facts on one line."""
    return f"{name}(" + ", ".join(f"{key} {value}" for key, value in facts.items()) + ")"


def as_html(title: str, facts: Mapping[str, str]) -> str:
    """Facts as a table; whatever the inputs are called is only text."""
    rows = "".join(
        f"<tr><th>{escape(key)}</th><td>{escape(value)}</td></tr>"
        for key, value in facts.items()
    )
    return f"<table><caption>{escape(title)}</caption><tbody>{rows}</tbody></table>"
