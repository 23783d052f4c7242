"""The server's error on one line: its message, and the DETAIL that names what is meant."""

from __future__ import annotations

import psycopg

DETAILS = 5
"""Lines of a DETAIL that are shown; DROP ROLE's has one for each object."""


def error_text(error: psycopg.Error) -> str:
    """The message and its detail."""
    lines = (error.diag.message_primary or str(error) or type(error).__name__).splitlines()
    details = [line.strip() for line in (error.diag.message_detail or "").splitlines() if line.strip()]
    shown = details[:DETAILS]
    if rest := details[DETAILS:]:
        shown.append(f"and {len(rest)} more")
    return f"{lines[0]} ({'; '.join(shown)})" if shown else lines[0]


def hint(error: psycopg.Error) -> str:
    """The server's own advice; "" where it gives none."""
    return " ".join((error.diag.message_hint or "").split())


_CHANGES_A_ROW = frozenset({"simple_heap_update", "simple_heap_delete"})


def disturbed(error: psycopg.Error) -> bool:
    """Whether another session changed the same row of a catalog at that moment ("tuple concurrently updated").

    It has the code of all internal errors, and its text is in the server's language (heapam.c).
    """
    return isinstance(error, psycopg.errors.InternalError_) and error.diag.source_function in _CHANGES_A_ROW
