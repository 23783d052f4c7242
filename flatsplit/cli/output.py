"""The only module that prints. Data goes to standard output, messages to standard error.

Names in a database may contain anything, also characters that move the cursor or hide text. On a terminal such
characters are shown as escapes. To a pipe, text is written as it is, since it may be SQL that somebody is going to run.
"""

from __future__ import annotations

import json
import os
import re
import sys
from collections.abc import Iterable, Sequence
from typing import Any, TextIO

from flatsplit.cli.retyped import Retyped

_STYLES = {"bold": "1", "dim": "2", "red": "1;31", "green": "32", "yellow": "33", "cyan": "36"}
_VERIFIER = re.compile(r"SCRAM-SHA-256\$[^\s'\"]*")


def visible(text: str, keep: str = "") -> str:
    """The text with every non-printing character (controls, direction marks) as an escape."""
    if text.isprintable():
        return text
    return "".join(char if char.isprintable() or char in keep else _escape(char) for char in text)


def _escape(char: str) -> str:
    return char.encode("unicode_escape", "backslashreplace").decode("ascii")


def one_line(text: str) -> str:
    """The text on one line that cannot move the cursor."""
    return visible(" ".join(text.split()) if "\n" in text else text)


def without_verifiers(text: str) -> str:
    """The text without password verifiers, which a driver's error may quote."""
    return _VERIFIER.sub("SCRAM-SHA-256$…", text)


class Printer:
    """Text and tables on one stream."""

    def __init__(self, stream: TextIO, retyped: Retyped | None = None) -> None:
        self.stream = stream
        self.retyped = retyped or Retyped()
        try:
            self.terminal = stream.isatty()
        except ValueError:  # closed
            self.terminal = False
        self.colour = self.terminal and not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb"

    def style(self, text: str, style: str) -> str:
        """The text in bold, dim, red, green, yellow or cyan, where colours are on."""
        return f"\x1b[{_STYLES[style]}m{text}\x1b[0m" if self.colour and style and text else text

    def say(self, text: str = "", style: str = "") -> None:
        """Print a line or paragraph; to a pipe exactly this text, but for how commands are typed."""
        text = self.retyped.text(text)
        shown = visible(text, keep="\n\t") if self.terminal else text
        self.stream.write(self.style(shown, style) + "\n")

    def heading(self, text: str) -> None:
        """Print a line that the next ones belong to, after an empty line."""
        self.stream.write("\n" + self.style(visible(self.retyped.text(text)), "bold") + "\n")

    def code(self, text: str) -> None:
        """Print SQL or a command to type, set apart on a terminal."""
        text = self.retyped.text(text)
        if self.terminal:
            text = "".join(f"    {line}\n" for line in visible(text, keep="\n\t").split("\n"))
            self.stream.write(self.style(text.rstrip("\n"), "cyan") + "\n")
        else:
            self.stream.write(text + "\n")

    def table(self, title: str, columns: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
        """Print a table: as wide as the terminal and wrapped, to a pipe one line per row."""
        texts = [[visible(self.retyped.text(str(cell))) for cell in row] for row in rows]
        if self.terminal:
            self._rich_table(title, columns, texts)
            return
        if title:
            self.heading(title)
        widths = [max(map(len, column)) for column in zip(columns, *texts, strict=True)]
        for row in (columns, *texts):
            cells = (cell.ljust(width) for cell, width in zip(row, widths, strict=True))
            self.stream.write("  ".join(cells).rstrip() + "\n")

    def _rich_table(self, title: str, columns: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
        from rich import box
        from rich.table import Table
        from rich.text import Text

        if title:
            self.heading(title)
        table = Table(box=box.SIMPLE_HEAD, pad_edge=False, show_edge=False)
        for column in columns:
            table.add_column(Text(column), overflow="fold")
        for row in rows:
            table.add_row(*map(Text, row))
        self.console().print(table)

    def console(self) -> Any:
        """Rich's console for this stream, for tables and progress."""
        from rich.console import Console

        colours: Any = "auto" if self.colour else None
        return Console(file=self.stream, highlight=False, markup=False, emoji=False, color_system=colours)


class Output(Printer):
    """Standard output, with standard error as ``err``. ``retyped``: how texts name commands and configuration."""

    def __init__(self, *, json: bool = False, retyped: Retyped | None = None) -> None:
        super().__init__(sys.stdout, retyped)
        self.json = json
        self.err = Printer(sys.stderr, self.retyped)

    @property
    def interactive(self) -> bool:
        """Whether a person can be asked."""
        return self.err.terminal and sys.stdin is not None and sys.stdin.isatty()

    def data(self, value: object) -> None:
        """Print JSON, in ASCII, so that no name and no locale can break it."""
        self.stream.write(json.dumps(self.retyped.data(value), indent=2) + "\n")

    def data_stream(self, values: Iterable[object]) -> None:
        """Print a JSON list while its values are made."""
        separator = "[\n  "
        for value in values:
            self.stream.write(separator + json.dumps(self.retyped.data(value)))
            separator = ",\n  "
        self.stream.write("[]\n" if separator.startswith("[") else "\n]\n")

    def ask(self, question: str) -> bool:
        """Ask yes or no; an empty answer is no."""
        import click

        self.stream.flush()
        return click.confirm(visible(self.retyped.text(question)), default=False, err=True)

    def ask_password(self, question: str) -> str:
        """Ask for a password, which is typed twice and not shown."""
        import click

        return str(click.prompt(visible(question), hide_input=True, confirmation_prompt="Once more", err=True))

    def error(self, what: str, fix: str = "") -> None:
        """Print what is wrong and what to do about it, one line each."""
        what, fix = (one_line(without_verifiers(self.retyped.text(text))) for text in (what, fix))
        self.err.stream.write(self.err.style("error:", "red") + f" {what}\n")
        if fix:
            self.err.stream.write(f"  fix: {fix}\n")
