"""The State at the end of each step."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

from psycopg.types.json import Jsonb

from flatsplit import resources
from flatsplit.connection import Session
from flatsplit.errors import JournalError
from flatsplit.journal import rows
from flatsplit.journal.records import SnapshotRecord

_FIELDS = SnapshotRecord._fields
_OF_WALK = rows.select("snapshot", _FIELDS, "WHERE cutover_id = %s ORDER BY id DESC LIMIT 1")
_OF_ALL = rows.select(
    "snapshot",
    _FIELDS,
    """
    WHERE cutover_id IN (SELECT id FROM flatsplit.cutover WHERE state = 'active')
    ORDER BY id DESC LIMIT 1
    """,
)


def save(
    session: Session,
    walk: int | None,
    step: str | None,
    server: Mapping[str, Any],
    roles: Mapping[str, Any],
    objects: Mapping[str, Any],
) -> None:
    """Keep this as the present State."""
    if walk is None:
        raise JournalError("there is no active cutover to take a snapshot for", "run flatsplit init")
    values = {"server": Jsonb(dict(server)), "roles": Jsonb(dict(roles)), "objects": Jsonb(dict(objects))}
    rows.add(session, "snapshot", [{"cutover_id": walk, "step": step, **values}])


def of(session: Session, walk: int | None) -> SnapshotRecord | None:
    """The newest of one walk."""
    row = rows.ask(session, _OF_WALK, [walk]).fetchone()
    return SnapshotRecord(*row) if row else None


def last(session: Session) -> SnapshotRecord | None:
    """The newest of all kept walks: what one walk changed is not news for another."""
    row = rows.ask(session, _OF_ALL).fetchone()
    return SnapshotRecord(*row) if row else None


def number_more(session: Session, cluster: str, oids: Mapping[str, int]) -> None:
    """Have the last of all walks know these roles too; what it says of everything else stays as it was."""
    query = resources.query(__package__, "number_more").decode()
    rows.ask(session, query, [Jsonb(dict(oids)), cluster])


def renamed(session: Session, cluster: str, names: Collection[str] | None) -> dict[str, str]:
    """The new names of those of these roles, or of all, that were renamed since the last step ended."""
    query = resources.query(__package__, "renamed").decode()
    wanted = None if names is None else sorted(names)
    return dict(rows.ask(session, query, {"cluster": cluster, "names": wanted}).fetchall())


def called_now(session: Session, cluster: str, names: Collection[str]) -> dict[str, str]:
    """The present names of those of these roles that still exist, as far as the end of any step knew them."""
    query = resources.query(__package__, "called_now").decode()
    return dict(rows.ask(session, query, [cluster, sorted(names)]).fetchall())
