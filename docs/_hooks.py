"""What the site is made of beside its pages: help texts of the commands, and formulas."""

import os
import re
from html import unescape
from typing import Any

from latex2mathml.converter import convert

_formulas: list[str] = []  # of the page at hand
_HELP = "<!-- commands -->"
_BLOCK = re.compile(r"^\$\$\n(.+?)\n\$\$$", re.DOTALL | re.MULTILINE)
_INLINE = re.compile(r"(?<![\\$`])\$([^$\n]+?)\$(?!\$)")
_DOC_INLINE = re.compile(r":math:<code>(.+?)</code>", re.DOTALL)
_DOC_BLOCK = re.compile(r"<p>\.\. math:: ?(.+?)</p>\s*(?:<pre><code>(.+?)</code></pre>)?",
                        re.DOTALL)  # fmt: skip


def on_page_markdown(markdown: str, **_: Any) -> str:
    """Write the help of every command, and keep the formulas outside of code."""
    _formulas.clear()
    if _HELP in markdown:
        markdown = markdown.replace(_HELP, _all_help())
    pieces = re.split(r"(^```.*?^```$)", markdown, flags=re.DOTALL | re.MULTILINE)
    for place in range(0, len(pieces), 2):
        piece = _BLOCK.sub(lambda found: _keep(found[1], block=True), pieces[place])
        pieces[place] = _INLINE.sub(lambda found: _keep(found[1]), piece)
    return "".join(pieces)


def on_page_content(html: str, **_: Any) -> str:
    """Write the formulas as MathML, those of docstrings too, which are for Sphinx."""
    for number, formula in enumerate(_formulas):
        html = html.replace(f"<p>formula-{number}-x</p>", formula)
        html = html.replace(f"formula-{number}-x", formula)
    html = _DOC_BLOCK.sub(
        lambda found: _mathml(unescape(" ".join(found.groups(""))), block=True), html
    )
    return _DOC_INLINE.sub(lambda found: _mathml(unescape(found[1])), html)


def _keep(formula: str, *, block: bool = False) -> str:
    """A word that stands for a formula: Markdown would take a tag for a paragraph."""
    _formulas.append(_mathml(formula, block=block))
    return f"formula-{len(_formulas) - 1}-x"


def _mathml(formula: str, *, block: bool = False) -> str:
    text = " ".join(formula.split())
    return convert(text, display="block" if block else "inline")


def _all_help() -> str:
    """The help of every command, as the terminal shows it."""
    os.environ |= {"COLUMNS": "88", "TERMINAL_WIDTH": "88"}
    from typer.testing import CliRunner

    from fabgwas.cli import app
    from fabgwas_embeddings._cli import app as embeddings

    def help_of(program: Any, *names: str, prefix: str = "fabgwas") -> str:
        shown = CliRunner().invoke(program, [*names, "--help"], prog_name=prefix)
        if shown.exit_code:
            raise RuntimeError(f"{names}: {shown.output}")
        return f"```text\n{shown.output.strip()}\n```\n"

    parts = [help_of(app)]
    for command in _names(app):
        parts.append(f"## fabgwas {command}\n")
        if command != "embed":
            parts.append(help_of(app, command))
            continue
        parts.append(help_of(embeddings, prefix="fabgwas embed"))
        for name in _names(embeddings):
            parts.append(f"### fabgwas embed {name}\n")
            parts.append(help_of(embeddings, name, prefix="fabgwas embed"))
    return "\n".join(parts)


def _names(program: Any) -> list[str]:
    commands = program.registered_commands
    return [command.name or command.callback.__name__ for command in commands]
