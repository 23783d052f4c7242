"""What was there when a step ended."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import sqlalchemy as sa

from flatsplit.connection import Session
from flatsplit.errors import JournalError
from flatsplit.journal.records import SnapshotRecord
from flatsplit.journal.tables import cutover, snapshot

_ACTIVE = sa.select(cutover.c.id).where(cutover.c.state == "active")


def save(
    session: Session,
    walk: int | None,
    step: str | None,
    server: Mapping[str, Any],
    roles: Mapping[str, Any],
    objects: Mapping[str, Any],
) -> None:
    """Keep this as what is there now."""
    values = {"step": step, "server": dict(server), "roles": dict(roles), "objects": dict(objects)}
    if walk is None:
        raise JournalError("there is no active cutover to take a snapshot for", "run flatsplit init")
    session.sa.execute(snapshot.insert().inline().values(cutover_id=walk), values)


def of(session: Session, walk: int | None) -> SnapshotRecord | None:
    """The newest of one walk."""
    columns = [snapshot.c[name] for name in SnapshotRecord.__slots__]
    query = sa.select(*columns).where(snapshot.c.cutover_id == walk).order_by(snapshot.c.id.desc()).limit(1)
    row = session.sa.execute(query).one_or_none()
    return SnapshotRecord(*row) if row else None


def last(session: Session) -> SnapshotRecord | None:
    """The newest of all walks that are kept: what one of them changed is no news to another."""
    columns = [snapshot.c[name] for name in SnapshotRecord.__slots__]
    query = sa.select(*columns).where(snapshot.c.cutover_id.in_(_ACTIVE)).order_by(snapshot.c.id.desc()).limit(1)
    row = session.sa.execute(query).one_or_none()
    return SnapshotRecord(*row) if row else None
