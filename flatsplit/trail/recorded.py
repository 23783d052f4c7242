"""The table flatsplit.ddl as a source: everything in it was committed."""

from __future__ import annotations

import re
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, NamedTuple

import psycopg

from flatsplit.trail.acts import Act, Kind
from flatsplit.trail.names import Name, each_once
from flatsplit.trail.search import Search, is_watched
from flatsplit.trail.times import written
from flatsplit.trail.values import Deed, Source

NAME = "flatsplit.ddl"
_QUERIES = Path(__file__).with_name("queries")
_LONG = timedelta(hours=1)
"""How long before its end a statement may have been logged."""
_SHORT = timedelta(minutes=1)
"""How long after its end it may have been recorded."""
_NAME = re.compile(r'(?:"(?:[^"]|"")+"|[^\W\d][\w$]*)(?:\.(?:"(?:[^"]|"")+"|[^\W\d][\w$]*))*')
_PART = re.compile(r'"((?:[^"]|"")+)"|([^\W\d][\w$]*)')


class Row(NamedTuple):
    """A row of the recorder."""

    at: datetime
    tag: str
    kind: str
    identity: str
    login: str
    role: str
    client: str | None
    application: str

    @property
    def act(self) -> Act:
        """What was done, in PostgreSQL's own words."""
        dropped = self.tag.startswith("DROP ")
        word = f"DROP {self.kind.upper()}" if dropped else self.tag
        kind: Kind = "structure"
        if self.tag in ("GRANT", "REVOKE", "ALTER DEFAULT PRIVILEGES"):
            kind = "rights"
        elif self.tag in ("REFRESH MATERIALIZED VIEW", "REINDEX"):
            kind = "upkeep"
        return Act(word, kind, names(self.identity), f"{word} {self.identity or f'ON {self.kind} …'}")


def names(identity: str) -> tuple[Name, ...]:
    """The names in an object's identity: ``public.t``, ``trg on public."T"``, ``public.f(integer)``.

    getObjectIdentityParts() in objectaddress.c quotes what has to be quoted.
    """
    found = [
        tuple(quoted.replace('""', '"') or plain for quoted, plain in _PART.findall(each))
        for each in _NAME.findall(identity)
    ]
    return each_once(name for name in found if name not in (("on",), ("for",), ("of",)))


def recorded(conn: psycopg.Connection[Any], search: Search) -> tuple[list[Source], str]:
    """Add the wanted deeds. Returns why they are not known; "" where they are, or there is no recorder."""
    found = conn.execute((_QUERIES / "recorder.sql").read_bytes()).fetchone()
    if found is None or search.asked.exact:
        return [], ""
    if found != (True,):
        return [], "this role may not read flatsplit.ddl, which would say what was committed"
    needles = search.asked.needles() if search.asked.names else ()
    word = max((needle.decode() for needle in needles), key=len, default="") if len(needles) == 1 else ""
    parameters = {"since": search.since, "word": word}
    first = last = None
    for values in conn.execute((_QUERIES / "recorded.sql").read_bytes(), parameters):
        row = Row._make(values)
        first, last = first or row.at, row.at
        if is_watched(row.act, search.asked):
            _merge(search, row)
    return [Source(NAME, NAME, written(first), written(last))], ""


def _merge(search: Search, row: Row) -> None:
    """Merge a row with the deed that the log has of it: with the log's statement, and as committed."""
    act, at = row.act, written(row.at)
    deed = Deed.of(
        act,
        "done",
        NAME,
        at=at,
        login=row.login,
        acting_as=row.login if row.role == "none" else row.role,
        application=row.application,
        client=row.client or "local",
    )
    deed.database = search.database
    told = [
        (apart, place)
        for place, each in enumerate(search.deeds)
        if each.outcome in ("done", "maybe rolled back") and each.source != NAME and each.login == row.login
        if each.act == deed.act and _same(each.object, deed.object)
        if (apart := _apart(each, row.at)) is not None
    ]
    if told:
        deed.statement = search.deeds.pop(min(told)[1]).statement
    search.deeds.append(deed)


def _apart(deed: Deed, at: datetime) -> timedelta | None:
    """How far apart the times are; None where it cannot be the same. A statement is logged before it runs, and recorded
    at the end of its transaction.
    """
    try:
        when = datetime.fromisoformat(deed.at)
    except ValueError:
        return None
    if when.tzinfo is None or not -_SHORT <= at - when <= _LONG:
        return None
    return abs(at - when)


def _same(one: str, other: str) -> bool:
    return one == other or one.rpartition(".")[2] == other.rpartition(".")[2]
