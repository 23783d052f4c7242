"""What special roles were seen to need, statement by statement; never a statement's text, which may hold secrets."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import NamedTuple, cast

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import ARRAY, insert

from flatsplit.connection import Session
from flatsplit.journal.tables import NOW, learned, need, span
from flatsplit.model import Kind, ObjectRef


class SpanRecord(NamedTuple):
    """A time over which nothing that a role ran can have been missed."""

    at: datetime
    until: datetime
    looks: int
    epoch: str
    """Of the counters, as in :class:`flatsplit.server.counters.Counter`."""
    broke: str
    """Why the one before ended; "" for the first."""


class StatementRecord(NamedTuple):
    """A statement that a role ran, as pg_stat_statements numbers it."""

    queryid: int
    first: datetime
    last: datetime
    calls: int
    verdict: str
    """allowed, or why a list cannot be all that it takes: migrator, unknown, lost."""
    reason: str


class NeedRecord(NamedTuple):
    """A privilege that some of them take."""

    object: ObjectRef
    privilege: str
    """PostgreSQL's letter."""
    column: str
    first: datetime
    last: datetime
    statements: tuple[int, ...]
    """Their numbers."""


class Learned(NamedTuple):
    """A statement that was not seen before, with what it takes."""

    queryid: int
    calls: int
    verdict: str
    reason: str
    needs: tuple[tuple[ObjectRef, str, str], ...]
    """(object, letter, column)."""


def last_span(session: Session, role: str) -> SpanRecord | None:
    """The one that goes on, with what it goes on from."""
    return next(iter(spans(session, role)[-1:]), None)


def spans(session: Session, role: str) -> list[SpanRecord]:
    """All of them, oldest first."""
    columns = [span.c[name] for name in SpanRecord._fields]
    return [
        SpanRecord(*row)
        for row in session.sa.execute(sa.select(*columns).where(span.c.role == role).order_by(span.c.id))
    ]


def look(session: Session, role: str, epoch: str, broke: str) -> None:
    """Somebody looked: the span goes on, or another one begins because the last one ``broke``."""
    newest = sa.select(sa.func.max(span.c.id)).where(span.c.role == role).scalar_subquery()
    if not broke:
        goes_on = span.update().where(span.c.id == newest).values(until=NOW, looks=span.c.looks + 1, epoch=epoch)
        if cast("sa.CursorResult[object]", session.sa.execute(goes_on)).rowcount:
            return
    session.sa.execute(span.insert().values(role=role, epoch=epoch, broke=broke))


def known(session: Session, role: str) -> dict[int, int]:
    """Calls of each statement at the last look that saw it."""
    query = sa.select(learned.c.queryid, learned.c.calls).where(learned.c.role == role)
    return {row.queryid: row.calls for row in session.sa.execute(query)}


def again(session: Session, role: str, grown: Mapping[int, int]) -> None:
    """Statements that were known, and ran again: calls by number."""
    if not grown:
        return
    ran = sa.func.unnest(
        sa.literal(list(grown), ARRAY(sa.BigInteger)), sa.literal(list(grown.values()), ARRAY(sa.BigInteger))
    )
    rows = ran.table_valued("queryid", "calls").render_derived()
    session.sa.execute(
        learned.update()
        .where(learned.c.role == role, learned.c.queryid == rows.c.queryid)
        .values(calls=rows.c.calls, last=NOW)
    )
    ids = sa.literal(list(grown), ARRAY(sa.BigInteger))
    session.sa.execute(need.update().where(need.c.role == role, need.c.statements.overlap(ids)).values(last=NOW))


def learn(session: Session, role: str, found: Sequence[Learned]) -> None:
    """Write down statements that were not seen before, and what they take."""
    if not found:
        return
    rows = [
        {"role": role, "queryid": one.queryid, "calls": one.calls, "verdict": one.verdict, "reason": one.reason}
        for one in found
    ]
    session.sa.execute(insert(learned).on_conflict_do_nothing(), rows)
    needed: dict[tuple[ObjectRef, str, str], list[int]] = {}
    for one in found:
        for each in one.needs:
            needed.setdefault(each, []).append(one.queryid)
    if not needed:
        return
    statement = insert(need)
    statement = statement.on_conflict_do_update(
        index_elements=[need.c.role, need.c.object, need.c.privilege, need.c.column],
        set_={"statements": need.c.statements.concat(statement.excluded.statements), "last": NOW},
    )
    session.sa.execute(
        statement,
        [
            {"role": role, "object": list(ref), "privilege": letter, "column": column, "statements": ids}
            for (ref, letter, column), ids in sorted(needed.items())
        ],
    )


def needs(session: Session, role: str) -> list[NeedRecord]:
    """All that was seen to be needed."""
    columns = [need.c[name] for name in NeedRecord._fields]
    query = sa.select(*columns).where(need.c.role == role).order_by(need.c.object, need.c.privilege, need.c.column)
    return [
        NeedRecord(_ref(ref), letter, column, first, last, tuple(dict.fromkeys(ids)))
        for ref, letter, column, first, last, ids in session.sa.execute(query)
    ]


def _ref(parts: Iterable[str]) -> ObjectRef:
    kind, schema, name, args = parts
    return ObjectRef(cast(Kind, kind), schema, name, args)


def statements(session: Session, role: str) -> list[StatementRecord]:
    """All that were seen, those that ran most often first."""
    columns = [learned.c[name] for name in StatementRecord._fields]
    query = sa.select(*columns).where(learned.c.role == role).order_by(learned.c.calls.desc(), learned.c.queryid)
    return [StatementRecord(*row) for row in session.sa.execute(query)]
