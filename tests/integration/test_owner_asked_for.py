"""Definer routines that ask who it is: what a new owner changes, compared with what it does change.

The oracle is the server: the same session calls each before and after its owner has changed.
"""

from __future__ import annotations

import psycopg
import pytest

from tests.fixtures.databases import Database
from tests.integration.test_owner_powers import found_in, names, sql

WHO = {
    "session_user": "SESSION_USER",
    "current_user": "CURRENT_USER",
    "current_role": "CURRENT_ROLE",
    "user": "USER",
    "getpgusername": "getpgusername()",
    "authorization": "current_setting('session_authorization')",
    "role": "current_setting('role')",
}
"""Ways to ask. The first and the last two are about the session, which a definer routine does not change."""
SHAPES = {
    "finds": "SELECT count(*)::text FROM people WHERE who = {}",
    "within": "SELECT count(*)::text FROM people WHERE n = (SELECT n FROM people WHERE who = {})",
    "selects": "SELECT count(*)::text FROM people WHERE who = (SELECT {} FROM people LIMIT 1)",
    "is": "SELECT ({} = 'legacy')::text",
    "case": "SELECT CASE {} WHEN 'legacy' THEN 'yes' ELSE 'no' END",
    "member": "SELECT pg_has_role(nullif({}, 'none'), 'legacy', 'MEMBER')::text",
    "owned": "SELECT count(*)::text FROM pg_tables WHERE tablename = 'people' AND tableowner = {}",
}


@pytest.mark.majors("two")
def test_only_what_changes_is_told(database: Database) -> None:
    database.execute("GRANT CREATE ON SCHEMA public TO legacy")
    database.execute("CREATE TABLE people (n int, who text); INSERT INTO people VALUES (1, 'legacy')", database.legacy)
    functions = {
        f"{shape}_{asks}": sql(f"{shape}_{asks}", text.format(who))
        for shape, text in SHAPES.items()
        for asks, who in WHO.items()
        if (shape, asks) != ("owned", "role")  # none, here; a session that has set it is an owner, or was
    }
    database.execute("".join(functions.values()), database.legacy)
    told = names(found_in(database))
    with psycopg.connect(database.conninfo(database.legacy), autocommit=True) as session:
        before = called(session, functions)
        moved = "".join(f"ALTER FUNCTION {name}() OWNER TO app_migrator;" for name in functions)
        database.execute(f"CREATE ROLE app_migrator; ALTER TABLE people OWNER TO app_migrator; {moved}")
        after = called(session, functions)
    changed = {name for name in functions if before[name] != after[name]}
    assert {name.partition("_")[0] for name in changed} == SHAPES.keys()
    assert told == changed


def called(session: psycopg.Connection, functions: dict[str, str]) -> dict[str, str | None]:
    """What each answers."""
    found = {}
    for name in functions:
        row = session.execute(f"SELECT public.{name}()".encode()).fetchone()
        found[name] = row[0] if row else None
    return found
