"""What runs as its owner, on the way: the same rows and the same answers for the application at every moment."""

from __future__ import annotations

from collections.abc import Callable

import psycopg
import pytest

from flatsplit.walks.split import STEP_KEYS
from tests.fixtures.cli import InProcess
from tests.fixtures.databases import Database, MakeDatabase
from tests.fixtures.servers import FreshCluster
from tests.support.thinned import slow_but
from tests.support.walk import Walk, assert_same

COUNTS = {
    "v": "SELECT count(*) FROM v",
    "f": "SELECT f()",
    "mv": "SELECT n FROM mv",
}

ROWS = """
CREATE TABLE t (a int); INSERT INTO t SELECT generate_series(1, 7);
ALTER TABLE t ENABLE ROW LEVEL SECURITY; ALTER TABLE t FORCE ROW LEVEL SECURITY; CREATE POLICY p ON t USING (a > 5);
CREATE VIEW v AS SELECT * FROM t; CREATE MATERIALIZED VIEW mv AS SELECT count(*) AS n FROM t;
CREATE FUNCTION f() RETURNS bigint LANGUAGE sql SECURITY DEFINER SET search_path = public, pg_temp
    AS 'SELECT count(*) FROM t';
CREATE FUNCTION refresh() RETURNS void LANGUAGE sql SECURITY DEFINER SET search_path = public, pg_temp
    AS 'REFRESH MATERIALIZED VIEW mv';
"""


def counts(database: Database, role: str, password: str | None = None) -> dict[str, int]:
    """What the application sees as this role, with the materialized view refreshed by its owner's routine."""
    with psycopg.connect(database.conninfo(role, password), autocommit=True) as conn:
        conn.execute("SELECT refresh()")
        found = {}
        for name, query in COUNTS.items():
            row = conn.execute(query.encode()).fetchone()
            assert row is not None
            found[name] = row[0]
        return found


@pytest.fixture
def of_kind(make_database: MakeDatabase, request: pytest.FixtureRequest) -> Callable[[str], Database]:
    """An empty database, whose legacy role is of this kind."""

    def make(kind: str) -> Database:
        if kind == "bootstrap":
            fresh: FreshCluster = request.getfixturevalue("fresh_cluster")
            return make_database(cluster=fresh(superuser="legacy"), operator="operator")
        return make_database(legacy_options="" if kind == "plain" else kind)

    return make


@pytest.mark.majors("two")
@pytest.mark.parametrize("kind", slow_but(["plain", "SUPERUSER", "BYPASSRLS", "bootstrap"], "BYPASSRLS", "bootstrap"))
def test_the_same_rows_at_every_moment(kind: str, of_kind: Callable[[str], Database], invoke_cli: InProcess) -> None:
    """Through views, routines and refreshes, after each step forward and each step back."""
    database = of_kind(kind)
    database.psql(ROWS, database.legacy)
    wanted = counts(database, database.legacy)
    assert set(wanted.values()) == {2 if kind == "plain" else 7}
    walk = Walk(invoke_cli, database).init()
    if kind == "SUPERUSER":
        walk.config.write_text(walk.config.read_text() + "\n[owner-powers]\nbypassrls = true\n")
    named = {"SUPERUSER": "app_migrator gets BYPASSRLS", "plain": ""}.get(
        kind, "app_migrator and app_user get BYPASSRLS"
    )
    doctor = walk("doctor").stdout
    assert named in doctor
    assert ("BYPASSRLS" in doctor) is bool(named)
    before = walk.snapshot()
    for key in walk.steps("verify"):
        assert counts(database, database.legacy) == wanted, key
        if STEP_KEYS.index(key) >= STEP_KEYS.index("enable-login"):
            assert counts(database, walk.app_user, walk.passwords[walk.app_user]) == wanted, key
    while any(state not in ("pending", "rolled_back") for state in walk.states().values()):
        walk.wait_until_gone(*walk.roles)
        walk.rollback()
        assert counts(database, database.legacy) == wanted
    assert_same(before, walk.snapshot(), "back")


@pytest.mark.slow
@pytest.mark.majors("two")
def test_a_poolers_lookup_stays_with_dba(make_database: MakeDatabase, invoke_cli: InProcess) -> None:
    """Closed before anything moves; with the object left with dba it works at every moment, and goes back exactly."""
    database = make_database(legacy_options="SUPERUSER")
    database.execute("CREATE ROLE pooler LOGIN")
    database.psql(
        "CREATE FUNCTION lookup(who text, OUT usename text, OUT passwd text) LANGUAGE sql SECURITY DEFINER "
        "SET search_path = pg_catalog, pg_temp "
        "AS $$ SELECT rolname::text, rolpassword FROM pg_authid WHERE rolname = who $$; "
        "REVOKE ALL ON FUNCTION lookup(text) FROM PUBLIC; GRANT EXECUTE ON FUNCTION lookup(text) TO pooler; "
        "CREATE VIEW hashes AS SELECT rolname FROM pg_authid; GRANT SELECT ON hashes TO pooler",
        database.legacy,
    )

    def works() -> None:
        with psycopg.connect(database.conninfo("pooler"), autocommit=True) as conn:
            row = conn.execute("SELECT usename, (SELECT count(*) > 0 FROM hashes) FROM lookup('legacy')").fetchone()
            assert row == ("legacy", True)

    walk = Walk(invoke_cli, database).init()
    doctor = walk("doctor").stdout
    assert "public.lookup(who text, OUT usename text, OUT passwd text)" in doctor
    before = walk.snapshot()
    walk.forward("default-privileges")
    waiting = walk.next(exit_code=3)
    assert "owner-powers: public.lookup(who text, OUT usename text, OUT passwd text)" in waiting.stdout
    assert '[owner-powers] dba = ["public.lookup(' in waiting.stdout
    works()
    text = walk.config.read_text()
    walk.config.write_text(text + '\n[owner-powers]\ndba = ["public.lookup(integer)", "public.hashes"]\n')
    assert "no such relation or routine" in walk.next(exit_code=3).stdout
    walk.config.write_text(text + '\n[owner-powers]\ndba = ["public.lookup(text)", "public.hashes"]\n')
    for _ in walk.steps("revoke-legacy"):
        works()
    owner = "SELECT proowner::regrole::text, (SELECT relowner::regrole::text FROM pg_class WHERE relname = 'hashes') "
    assert database.admin.execute(owner + "FROM pg_proc WHERE proname = 'lookup'").fetchone() == ("dba", "dba")
    allowed = "SELECT has_function_privilege('app_user', 'lookup(text)', 'EXECUTE')"
    assert database.admin.execute(allowed).fetchone() == (False,)
    while any(state not in ("pending", "rolled_back") for state in walk.states().values()):
        walk.wait_until_gone(*walk.roles)
        walk.rollback()
        works()
    assert_same(before, walk.snapshot(), "back")
