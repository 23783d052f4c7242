"""What special roles were seen to need, by statement. The text of a statement is never stored: it may hold secrets."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import NamedTuple, cast

from flatsplit.connection import Session
from flatsplit.journal import rows
from flatsplit.model import Kind, ObjectRef


class SpanRecord(NamedTuple):
    """A time in which no statement of a role can have been missed."""

    at: datetime
    until: datetime
    looks: int
    epoch: str
    """The epoch of the counters, as in :class:`flatsplit.server.counters.Counter`."""
    broke: str
    """Why the span before ended; "" for the first."""


class StatementRecord(NamedTuple):
    """A statement that a role ran, as pg_stat_statements numbers it."""

    queryid: int
    first: datetime
    last: datetime
    calls: int
    verdict: str
    """allowed, or why a list of rights is not enough: migrator, unknown, lost."""
    reason: str


class NeedRecord(NamedTuple):
    """A privilege that some of the statements need."""

    object: ObjectRef
    privilege: str
    """PostgreSQL's letter for it."""
    column: str
    first: datetime
    last: datetime
    statements: tuple[int, ...]
    """The numbers of the statements."""


class Learned(NamedTuple):
    """A statement that is new, with what it needs."""

    queryid: int
    calls: int
    verdict: str
    reason: str
    needs: tuple[tuple[ObjectRef, str, str], ...]
    """(object, letter, column)."""


_SPANS = rows.select("span", SpanRecord._fields, "WHERE role = %s ORDER BY id")
_GOES_ON = """
UPDATE flatsplit.span SET until = clock_timestamp(), looks = looks + 1, epoch = %(epoch)s
WHERE id = (SELECT max(id) FROM flatsplit.span WHERE role = %(role)s)
"""
_CALLS = "SELECT queryid, calls FROM flatsplit.learned WHERE role = %s"
_RAN_AGAIN = """
UPDATE flatsplit.learned AS l SET calls = ran.calls, last = clock_timestamp()
FROM unnest(%(ids)s::bigint[], %(calls)s::bigint[]) AS ran (queryid, calls)
WHERE l.role = %(role)s AND l.queryid = ran.queryid
"""
_NEEDED_AGAIN = """
UPDATE flatsplit.need SET last = clock_timestamp() WHERE role = %(role)s AND statements && %(ids)s::bigint[]
"""
_LEARNED = """
INSERT INTO flatsplit.learned (role, queryid, calls, verdict, reason) VALUES (%s, %s, %s, %s, %s)
ON CONFLICT DO NOTHING
"""
_NEEDED = """
INSERT INTO flatsplit.need (role, object, privilege, "column", statements) VALUES (%s, %s::text[], %s, %s, %s::bigint[])
ON CONFLICT (role, object, privilege, "column")
DO UPDATE SET statements = need.statements || excluded.statements, last = clock_timestamp()
"""
_NEEDS = rows.select("need", NeedRecord._fields, 'WHERE role = %s ORDER BY object, privilege, "column"')
_STATEMENTS = rows.select("learned", StatementRecord._fields, "WHERE role = %s ORDER BY calls DESC, queryid")


def last_span(session: Session, role: str) -> SpanRecord | None:
    """The span that goes on, with what is needed to continue it."""
    return next(iter(spans(session, role)[-1:]), None)


def spans(session: Session, role: str) -> list[SpanRecord]:
    """All spans, oldest first."""
    return [SpanRecord(*row) for row in rows.ask(session, _SPANS, [role])]


def look(session: Session, role: str, epoch: str, broke: str) -> None:
    """Record a look: the span goes on, or another one begins because the last one ``broke``."""
    if not broke and rows.ask(session, _GOES_ON, {"role": role, "epoch": epoch}).rowcount:
        return
    rows.add(session, "span", [{"role": role, "epoch": epoch, "broke": broke}])


def known(session: Session, role: str) -> dict[int, int]:
    """The calls of each statement at the last look that saw it."""
    return dict(rows.ask(session, _CALLS, [role]).fetchall())


def again(session: Session, role: str, grown: Mapping[int, int]) -> None:
    """Record the calls, by number, of known statements that ran again."""
    if grown:
        rows.ask(session, _RAN_AGAIN, {"role": role, "ids": list(grown), "calls": list(grown.values())})
        rows.ask(session, _NEEDED_AGAIN, {"role": role, "ids": list(grown)})


def learn(session: Session, role: str, found: Sequence[Learned]) -> None:
    """Record new statements and what they need."""
    rows.repeat(session, _LEARNED, [(role, one.queryid, one.calls, one.verdict, one.reason) for one in found])
    needed: dict[tuple[ObjectRef, str, str], list[int]] = {}
    for one in found:
        for each in one.needs:
            needed.setdefault(each, []).append(one.queryid)
    rows.repeat(
        session,
        _NEEDED,
        [(role, list(ref), letter, column, ids) for (ref, letter, column), ids in sorted(needed.items())],
    )


def needs(session: Session, role: str) -> list[NeedRecord]:
    """All needs that were seen."""
    return [
        NeedRecord(_ref(ref), letter, column, first, last, tuple(dict.fromkeys(ids)))
        for ref, letter, column, first, last, ids in rows.ask(session, _NEEDS, [role])
    ]


def _ref(parts: Iterable[str]) -> ObjectRef:
    kind, schema, name, args = parts
    return ObjectRef(cast(Kind, kind), schema, name, args)


def statements(session: Session, role: str) -> list[StatementRecord]:
    """All statements that were seen, those that ran most often first."""
    return [StatementRecord(*row) for row in rows.ask(session, _STATEMENTS, [role])]
