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
