"""What an application could run on any schema, and what becomes of it: as the old role before, as a new one after."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import psycopg

from flatsplit.rehearsal.values import PERHAPS
from tests.corpus.script import statements
from tests.fixtures.databases import shared_file

REFUSED = "42501"
_COMMENTS = re.compile(r"\A(--[^\n]*\n\s*)+")

_PARAMETER = re.compile(r"\$(\d+)")

_RELATIONS = """
    select format('%%I.%%I', n.nspname, c.relname), c.relkind::text, (
        select quote_ident(a.attname) from pg_attribute as a
        where a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped and a.attgenerated = '' and a.attidentity = ''
        order by a.attnum limit 1), pg_relation_is_updatable(c.oid, false)
    from pg_class as c join pg_namespace as n on n.oid = c.relnamespace
    where c.relowner = %s::regrole and c.relkind in ('r', 'p', 'v', 'm', 'S', 'f') order by 1
"""
_ROUTINES = """
    select format('%%I.%%I', n.nspname, p.proname), p.prokind::text, array(
        select 'null::' || format_type(t.oid, null) from unnest(p.proargtypes) with ordinality as u (oid, place)
        join pg_type as t on t.oid = u.oid order by u.place)
    from pg_proc as p join pg_namespace as n on n.oid = p.pronamespace
    where p.proowner = %s::regrole and p.prokind in ('f', 'p') and p.provariadic = 0
      and p.prorettype not in ('trigger'::regtype, 'event_trigger'::regtype)
      and not exists (select from pg_type as t where t.oid = any (p.proargtypes) and t.typtype = 'p')
    order by 1, 3
"""


@dataclass(frozen=True)
class Outcome:
    """SQLSTATE, "" for success; how many rows there were; the message."""

    state: str
    rows: int
    said: str


def acts(conn: psycopg.Connection[Any], owner: str) -> list[str]:
    """Statements on everything that this role owns: reads, writes, calls, and what only an owner may."""
    found: list[str] = []
    for name, kind, column, updatable in conn.execute(_RELATIONS, [owner]).fetchall():
        if kind == "S":
            found += [f"select nextval('{_text(name)}')", f"select setval('{_text(name)}', 1)"]
            found.append(f"select last_value from {name}")
            continue
        found.append(f"select * from {name}")
        if kind == "m":
            found.append(f"refresh materialized view {name}")
            continue
        if kind in "rp":
            found += [f"truncate {name} cascade", f"analyze {name}"]
        if kind in "rpf" or updatable & 8:
            found.append(f"insert into {name} default values")
        if kind in "rpf" or updatable & 16:
            found.append(f"delete from {name}")
        if column and (kind in "rpf" or updatable & 4):
            found.append(f"update {name} set {column} = {column}")
    for name, kind, arguments in conn.execute(_ROUTINES, [owner]).fetchall():
        found.append(f"{'call' if kind == 'p' else 'select'} {name}({', '.join(arguments)})")
    return found


def recorded(app: str) -> list[str]:
    """What an application of the shared folder really ran, without the comments before each."""
    text = shared_file("apps", f"{app}.statements.sql").read_text()
    return list(dict.fromkeys(_COMMENTS.sub("", each.strip()) for each in statements(text)))


def _text(name: str) -> str:
    return name.replace("'", "''")


def outcomes(conn: psycopg.Connection[Any], texts: Iterable[str]) -> dict[str, Outcome]:
    """Each statement run by itself and undone; parameters are null."""
    return {text: _outcome(conn, text) for text in texts}


def _outcome(conn: psycopg.Connection[Any], text: str) -> Outcome:
    """In one message: on a busy machine each round trip costs more than what is run."""
    first = "begin; set local statement_timeout = '5s'; set local lock_timeout = '2s'"
    numbers = [int(number) for number in _PARAMETER.findall(text)]
    if numbers:
        nulls = ", ".join(["null"] * max(numbers))
        text = f"prepare tried as {text};\nexecute tried({nulls});\ndeallocate all"
    place = -3 if numbers else -2
    try:
        cursor = conn.execute(f"{first};\n{text};\nrollback".encode())
        rows = [cursor.rowcount]
        while cursor.nextset():
            rows.append(cursor.rowcount)
        return Outcome("", rows[place], "")
    except psycopg.Error as error:
        conn.execute("rollback; deallocate all")
        return Outcome(error.sqlstate or "?", -1, str(error).split("\n")[0])


def disagreements(
    verdicts: Sequence[Mapping[str, Any]], before: Mapping[str, Outcome], after: Mapping[str, Outcome]
) -> list[str]:
    """Where a rehearsal said something else than what happened.

    A branch that a call with nulls does not take says nothing, and where there is no row nothing is done to one.
    """
    found = []
    for each in verdicts:
        query, verdict = each["query"], each["verdict"]
        if query not in after:
            continue
        was, now = before[query], after[query]
        text = f"{' '.join(query.split())[:200]} -- {verdict}: {each['reason']}; was {was.state or was.rows}, now {now}"
        if now.state == REFUSED and was.state != REFUSED:
            if verdict == "allowed":
                found.append(f"allowed, refused: {text}")
        elif verdict in ("denied", "migrator") and not now.state and now.rows and PERHAPS not in each["reason"]:
            found.append(f"{verdict}, works: {text}")
        elif verdict == "allowed" and not was.state and not now.state and now.rows < was.rows:
            found.append(f"allowed, fewer rows: {text}")
        elif verdict == "allowed" and was.state != now.state and not (was.state + now.state).startswith("23"):
            found.append(f"allowed, another error: {text}")
    return found
