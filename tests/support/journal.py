"""Checks that the journal is complete and consistent, with queries that only tests use."""

from __future__ import annotations

from typing import Any

import psycopg

# What changes no fact, the end of legacy's last sessions, is asked for again by whoever takes the step up again; and
# what somebody has taken twice is repaired twice
_TWICE = """
    select s.key, a.sql, count(*) from flatsplit.action a join flatsplit.step s on s.id = a.step_id
    where a.undone_at is null and a.direction not in ('back', 'repair')
      and exists (select from flatsplit.change c where c.action_id = a.id)
    group by s.id, 1, 2 having count(*) > 1
"""

_GAPS = """
    select s.key, count(*), max(a.ordinal) from flatsplit.action a join flatsplit.step s on s.id = a.step_id
    group by s.id, 1 having count(*) <> max(a.ordinal) or min(a.ordinal) <> 1
"""

_ORPHANS = """
    select count(*) from flatsplit.change c
    where not exists (select from flatsplit.action a where a.id = c.action_id)
"""

_UNFINISHED = """
    select key, state from flatsplit.step
    where state = 'running' or (state in ('done', 'rolled_back')) <> (finished_at is not null)
"""

_SILENT = """
    select s.key from flatsplit.step s
    where s.state = 'done' and not exists (select from flatsplit.event e where e.step = s.key)
"""


def states(conn: psycopg.Connection[Any], kind: str = "split") -> dict[str, str]:
    """The state of each step of the walk of this kind; empty where none is kept."""
    query = "select s.key, s.state from flatsplit.step s join flatsplit.cutover c on c.id = s.cutover_id"
    with conn.transaction():
        return dict(conn.execute(f"{query} where c.state = 'active' and c.kind = %s", [kind]).fetchall())


def marks(conn: psycopg.Connection[Any]) -> int:
    """How many entries the journal has; each transaction of a step adds at least one."""
    query = """
        select (select count(*) + count(undone_at) from flatsplit.action) + (select count(*) from flatsplit.event)
    """
    row = conn.execute(query).fetchone()
    assert row
    return int(row[0])


def at_work(conn: psycopg.Connection[Any]) -> bool:
    """Whether any process of flatsplit is connected to the database."""
    query = """
        select from pg_stat_activity
        where application_name like 'flatsplit%' and datname = current_database() and pid <> pg_backend_pid()
    """
    return conn.execute(query).rowcount > 0


def problems(conn: psycopg.Connection[Any]) -> list[str]:
    """Everything that is recorded twice, incompletely or not at all. To be called while no command runs."""
    found = []
    with conn.transaction():
        for question, complaint in (
            (_TWICE, "applied more than once"),
            (_GAPS, "ordinals with gaps"),
            (_UNFINISHED, "neither done nor undone"),
            (_SILENT, "no event tells of it"),
        ):
            found += [f"{complaint}: {row}" for row in conn.execute(question.encode())]
        orphans = conn.execute(_ORPHANS).fetchone()
    if orphans != (0,):
        found.append(f"changes without an action: {orphans}")
    return found


def moved(conn: psycopg.Connection[Any]) -> set[str]:
    """The objects whose owner has changed, by the journal's entries for steps and their rollbacks."""
    with conn.transaction():
        return {
            subject
            for (subject,) in conn.execute(
                """
                select distinct unnest(c.subjects) from flatsplit.change c join flatsplit.action a on a.id = c.action_id
                where c.fact = 'owner' and c.side = '+' and a.undone_at is null and a.direction <> 'back'
                """
            )
        }
