"""Many rows at once, in the text format of COPY (manual, COPY, "Text Format")."""

from __future__ import annotations

import re
from collections.abc import Sequence

from flatsplit.connection import Session
from flatsplit.model import OWNER

_SPECIAL = re.compile(r"[\0\\\t\n\r]")


def copy_lines(session: Session, statement: str, lines: Sequence[str]) -> None:
    """Run ``COPY … FROM STDIN`` with these lines, in the transaction that is open. Nothing happens without lines."""
    if lines:
        with session.driver.cursor() as cursor, cursor.copy(statement) as copy:
            copy.write("\n".join(lines) + "\n")


def line(head: str, texts: Sequence[str]) -> str:
    """A line that begins with columns which need no escaping."""
    return "\t".join((head, *map(escape, texts)))


def lines(head: object, rows: Sequence[Sequence[str]]) -> list[str]:
    """A line per row, all with the same first column; most have nothing to escape, which is seen at one look."""
    if _SPECIAL.search("".join(map("".join, rows))):
        return [line(str(head), row) for row in rows]
    return ["\t".join((str(head), *row)) for row in rows]


def escape(text: str) -> str:
    """A column. Twice as fast as psycopg's write_row(); the NUL of the owner placeholder cannot be stored."""
    if "\0" in text:
        text = text.replace(OWNER, "owner")
    if "\\" in text:
        text = text.replace("\\", "\\\\")
    return text.replace("\t", "\\t").replace("\n", "\\n").replace("\r", "\\r")
