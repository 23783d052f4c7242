r"""Names from the catalog made harmless for where they are written.

A table may be called ``x`\n| <script>`` and a role ``--``. In SQL comments and in Markdown a name is
always one visible line; in SQL itself identifiers and literals come quoted from :mod:`flatsplit.ddl`.
"""

from __future__ import annotations

import re

from flatsplit.words import clipped

_SHORT = {"\n": "\\n", "\r": "\\r", "\t": "\\t"}
_MARKS = re.compile(r"[\\`*\[\]~$]|(?<![^\W_])_|_(?![^\W_])")
_ENTITIES = {"&": "&amp;", "<": "&lt;", ">": "&gt;", "|": "&#124;"}
_START = re.compile(r"^(?:[#+=-]|[0-9]+(?=[.)]))")
_TICKS = re.compile(r"`+")
_PUNCTUATION = re.compile(r"[^\w \-.,/():]|_")


def visible(text: str) -> str:
    """One line: line ends, control characters, bidi marks and the like as visible escapes."""
    if text.isprintable():
        return text
    return "".join(char if char.isprintable() else _escape(char) for char in text)


def _escape(char: str) -> str:
    if short := _SHORT.get(char):
        return short
    code = ord(char)
    return f"\\x{code:02x}" if code < 0x100 else f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"


_BREAKS = re.compile(r'"(?:[^"]|"")*"|\s*\n\s*')


def flat(text: str) -> str:
    """Several lines of flatsplit's, such as statements, as one line; a name with a line end keeps it."""
    return _BREAKS.sub(lambda found: found[0] if found[0].startswith('"') else " ", text.strip())


def shorten(text: str, limit: int = 200) -> str:
    """At most ``limit`` characters, with an ellipsis where something is left out."""
    return clipped(text, limit)


def comment(text: str) -> str:
    """Text for the rest of a ``--`` line, where psql reads neither variables nor backslash commands."""
    return shorten(visible(text), 400)


def wrap(text: str, width: int = 100) -> list[str]:
    """The words of a text in lines that fit a ``--`` comment."""
    lines, line = [], ""
    for word in visible(" ".join(text.split())).split(" "):
        if line and len(line) + 1 + len(word) > width:
            lines.append(line)
            line = word
        else:
            line = f"{line} {word}" if line else word
    return [*lines, line] if line else lines


def md(text: str) -> str:
    """Text in Markdown, also in a table: shown as it is, without formatting."""
    line = _MARKS.sub(lambda found: "\\" + found[0], visible(text.strip()))
    line = "".join(_ENTITIES.get(char, char) for char in line)
    if start := _START.match(line):
        end = start.end()
        line = line[:end] + "\\" + line[end:] if line[0].isdigit() else "\\" + line
    return line


def code(text: str) -> str:
    """A code span in Markdown, also inside a table."""
    line = visible(text)
    if not line:
        return "–"
    if "|" in line:
        # Renderers treat a pipe after a backslash in a table differently; entities mean the same to all of them
        return f"<code>{_PUNCTUATION.sub(lambda found: f'&#{ord(found[0])};', line)}</code>"
    fence = "`" * (max((len(run) for run in _TICKS.findall(line)), default=0) + 1)
    pad = " " if line[0] in " `" or line[-1] in " `" else ""
    return f"{fence}{pad}{line}{pad}{fence}"


def fenced(text: str, language: str = "sql") -> str:
    """A Markdown code block that its content cannot end."""
    lines = "\n".join(visible(line.replace("\t", "    ")) for line in text.split("\n"))
    longest = max((len(run) for run in _TICKS.findall(lines)), default=0)
    fence = "`" * max(3, longest + 1)
    return f"{fence}{language}\n{lines}\n{fence}"


def excerpt(sql: str, lines: int = 6, width: int = 160) -> str:
    """The first lines of a statement, for reading only."""
    parts = sql.strip().split("\n")
    shown = [shorten(part, width) for part in parts[:lines]]
    return "\n".join([*shown, "…"] if len(parts) > lines else shown)
