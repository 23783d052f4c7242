"""GRANT beside a statement of the application that rewrites the same row of pg_class: one waits, neither fails."""

from __future__ import annotations

from concurrent.futures import Future, ThreadPoolExecutor

import pytest

from flatsplit.catalog import read_state
from flatsplit.differ import diff
from flatsplit.model import OWNER, AclItem, State
from tests.fixtures.databases import Database

REWRITES = {
    "plain": "TRUNCATE plain",
    "parted": "TRUNCATE parted",
    "closed": "TRUNCATE closed",
    "summed": "REFRESH MATERIALIZED VIEW summed",
    "counted": "REFRESH MATERIALIZED VIEW CONCURRENTLY counted",
}


@pytest.mark.majors("all")
@pytest.mark.parametrize("way", ["there", "back"])
def test_what_rewrites_a_relation_waits_for_its_grant(database: Database, way: str) -> None:
    legacy = database.legacy
    database.execute(
        "CREATE TABLE plain (a int); CREATE TABLE closed (a int);"
        "CREATE TABLE parted (a int) PARTITION BY RANGE (a); CREATE TABLE part PARTITION OF parted DEFAULT;"
        "CREATE MATERIALIZED VIEW summed AS SELECT sum(a) FROM plain;"
        "CREATE MATERIALIZED VIEW counted AS SELECT a FROM plain; CREATE UNIQUE INDEX ON counted (a);"
        f"REVOKE SELECT ON closed FROM {legacy}",
        legacy,
    )
    database.execute("CREATE ROLE reader")
    with database.connect() as conn:
        live = read_state(conn)
        want = _readable(live, "reader")
        if way == "back":
            conn.execute("".join(f"GRANT SELECT ON {name} TO reader;" for name in REWRITES).encode())
            want, live = live, read_state(conn)
        texts = [statement.sql for statement in diff(live, want)]
        assert texts
        assert all('"reader"' in text for text in texts)
        for rewrite in REWRITES.values():
            with ThreadPoolExecutor(1) as beside:
                with conn.transaction():
                    conn.execute("\n".join(texts).encode())
                    going = beside.submit(database.execute, rewrite, legacy)
                    waits_or_ends(database, going)
                going.result()


def waits_or_ends(database: Database, going: Future[None]) -> None:
    """Until the statement beside has met a lock, or is over."""
    waiting = "SELECT FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND datname = current_database()"
    while not going.done() and not database.admin.execute(waiting).fetchall():
        pass


def _readable(live: State, role: str) -> State:
    """The same where a role may read everything that the application rewrites."""
    objects = dict(live.objects)
    for ref, facts in live.objects.items():
        if ref.schema == "public" and ref.name in REWRITES:
            objects[ref] = facts._replace(acl=(*facts.acl, AclItem(role, OWNER, "r")))
    assert {ref.name for ref in objects} >= REWRITES.keys()
    return live.but(objects=objects)
