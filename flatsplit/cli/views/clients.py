"""Who is connected, a row for each client, those that still use the old role first."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from flatsplit.cli.output import Printer, one_line
from flatsplit.words import count, rounded

if TYPE_CHECKING:
    from flatsplit.model import Backend

COLUMNS = ("role", "database", "client", "application", "state", "sessions", "idle for")


def client_rows(sessions: Sequence[Backend], legacy: str) -> list[tuple[str, ...]]:
    """Rows of equal sessions with their number; legacy's and its members' first."""
    groups: dict[tuple[str, ...], list[Backend]] = {}
    for one in sessions:
        groups.setdefault((_role(one), one.database, one.client, one.application, one.state), []).append(one)
    return [
        (*map(one_line, key), str(len(found)), _idle(found))
        for key, found in sorted(groups.items(), key=lambda item: (not is_left(item[1][0], legacy), item[0]))
    ]


def is_left(session: Backend, legacy: str) -> bool:
    """Whether the session has legacy's rights."""
    return legacy in (session.acts_as or (session.role,))


def _role(session: Backend) -> str:
    """The login, and for a member the role it acts as."""
    others = [role for role in session.acts_as if role != session.role]
    return f"{session.role}, as {', '.join(others)}" if others else session.role


def _idle(found: Sequence[Backend]) -> str:
    """The shortest and the longest idle time among equal sessions."""
    if found[0].state != "idle":
        return ""
    times = sorted({rounded(min(one.idle_for for one in found)), rounded(max(one.idle_for for one in found))}, key=len)
    return " to ".join(times)


def headline(sessions: Sequence[Backend], legacy: str) -> str:
    """How many sessions still use legacy."""
    left = sum(is_left(one, legacy) for one in sessions)
    return (
        f"{left} of {count(len(sessions), 'session')} {'is' if left == 1 else 'are'} still {legacy}'s"
        if left
        else f"Nobody is connected as {legacy}."
    )


def show_clients(printer: Printer, sessions: Sequence[Backend], legacy: str) -> None:
    """Print them as a table, or that there are none."""
    if sessions:
        printer.table("", COLUMNS, client_rows(sessions, legacy))
    else:
        printer.say("Nobody else is connected.")
