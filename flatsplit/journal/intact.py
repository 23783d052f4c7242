"""Whether the tracking schema is as it was created: an event trigger may have changed it.

Some give every new table to the application's role, grant it to everybody, or add an audit trigger. Whoever owns a
table of the journal can rewrite it, and triggers on it would run with the operator's rights.
"""

from __future__ import annotations

from typing import Any

from psycopg import sql

from flatsplit import resources
from flatsplit.connection import Session
from flatsplit.errors import JournalError
from flatsplit.journal.layout import SCHEMA, TABLES, VERSION_TABLE

_WORDS = {
    "owner": ("owner",),
    "grant": ("grant",),
    "trigger": ("trigger",),
    "rule": ("rule",),
    "security": ("security",),
    "move": ("set schema", "rename", "drop"),
}
"""What the source of a function contains that does such things."""


def _ask(session: Session, question: str, parameters: dict[str, Any] | None = None) -> list[tuple[Any, ...]]:
    text = resources.query(__package__, question)
    return session.driver.execute(text, parameters).fetchall()


def tampered(session: Session) -> list[tuple[str, str, str]]:
    """(what, table, in words) of everything that somebody else has changed in it."""
    tables = [*TABLES, VERSION_TABLE]
    return [(what, name, said) for what, name, said in _ask(session, "tampered", {"schema": SCHEMA, "tables": tables})]


def narrow(session: Session) -> None:
    """Revoke what the owner's default privileges granted on the tables just created."""
    if not any(what == "grant" for what, *_ in tampered(session)):
        return
    for (grantee,) in _ask(session, "grantees", {"schema": SCHEMA}):
        who = sql.Identifier(grantee) if grantee else sql.SQL("PUBLIC")
        for what in ("ALL TABLES IN SCHEMA", "ALL SEQUENCES IN SCHEMA", "SCHEMA"):
            text = sql.SQL("REVOKE ALL ON {} {} FROM {} CASCADE")
            session.driver.execute(text.format(sql.SQL(what), sql.Identifier(SCHEMA), who))


def require_intact(session: Session, *, rights: bool) -> None:
    """Raise JournalError where the schema is not as it was created, with the event trigger that may have changed it.

    Without ``rights``, grants do not count: later, operators may have let others write.
    """
    found = [one for one in tampered(session) if rights or one[0] != "grant"]
    if not found:
        return
    what, table, said = found[0]
    more = f", and {len(found) - 1} more like it" if found[1:] else ""
    triggers = _ask(session, "event_triggers")
    likely = [row for row in triggers if any(word in row[2] for word in _WORDS[what])] or triggers
    names = [sql.Identifier(name).as_string(None) for name, *_ in likely]
    if not names:
        raise JournalError(
            f"the tracking schema is not as it was made: {table} {said}{more}",
            "find out who changes what others create, then run flatsplit init again; nothing is left behind",
        )
    functions = ", ".join(dict.fromkeys(function for _, function, _ in likely))
    raise JournalError(
        f"the event trigger {' or '.join(names)} ({functions}) had its way with the tracking schema: "
        f"{table} {said}{more}; nothing is left behind",
        f"have {functions} leave the schema {SCHEMA} alone; or have a superuser run "
        + " ".join(f"ALTER EVENT TRIGGER {name} DISABLE;" for name in names)
        + " and ENABLE after flatsplit init",
    )
