"""Whatever others made that depends on a new role: ``rollback --all`` takes it along, or says so before it begins."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from psycopg import sql

from tests.fixtures.cli import InProcess
from tests.fixtures.databases import Database
from tests.support.planted import BEFORE, PLANTS
from tests.support.snapshot import difference
from tests.support.walk import NEW_ROLES, Walk

PAIRS = [(NEW_ROLES[(place + 1) % len(NEW_ROLES)], name) for place, name in enumerate(PLANTS)]
"""Each kind alone, with another role than where all kinds are there together."""


@contextmanager
def bystanders(database: Database) -> Iterator[None]:
    """Two roles that have nothing to do with the walk."""
    database.execute("CREATE ROLE stranger; CREATE ROLE outsider")
    try:
        yield
    finally:
        database.execute("DROP OWNED BY stranger, outsider; DROP ROLE stranger, outsider")


def plant(database: Database, name: str, role: str) -> None:
    """Make something depend on the role."""
    quoted = {"role": role, "legacy": database.legacy, "database": database.name}
    names = {key: sql.Identifier(value).as_string(None) for key, value in quoted.items()}
    database.execute(f"RESET ROLE; SET search_path = public; {PLANTS[name].sql.format(**names)}")


def depend(database: Database, role: str) -> list[tuple[object, ...]]:
    """What the server itself says depends on the role."""
    query = "SELECT classid::regclass::text, deptype FROM pg_shdepend WHERE refobjid = to_regrole(%s)"
    return database.admin.execute(query, [role]).fetchall()


@pytest.mark.share(2)
@pytest.mark.slow
@pytest.mark.majors("two")
@pytest.mark.parametrize(("role", "name"), PAIRS)
def test_each_kind(role: str, name: str, database: Database, invoke_cli: InProcess) -> None:
    if database.cluster.major < PLANTS[name].since:
        pytest.skip(f"came with PostgreSQL {PLANTS[name].since}")
    with bystanders(database):
        database.execute(BEFORE, database.legacy)
        walk = Walk(invoke_cli, database).init()
        start = walk.snapshot()
        walk.forward("grant-existing")
        plant(database, name, role)
        taken = walk.states()
        result = walk("rollback", "--all", "--yes")
        if result.exit_code == 5:
            assert walk.states() == taken, "refused after it began"
            assert "DROP OWNED BY" in result.stderr, result.stderr
            database.execute(f"DROP OWNED BY {role}")
            result = walk("rollback", "--all", "--yes")
        result.check()
        assert set(walk.states().values()) == {"pending", "rolled_back"} or "rolled_back" in walk.states().values()
        assert not depend(database, role)
        if name == "rights passed on":
            passed = "SELECT has_table_privilege('stranger', 'public.held', 'REFERENCES')"
            assert database.admin.execute(passed).fetchone() == (True,)
        lost = [line for line in difference(start, walk.snapshot()) if line.startswith("-")]
        assert not lost, lost


@pytest.mark.majors("two")
def test_all_kinds_together(database: Database, invoke_cli: InProcess) -> None:
    """Each kind for one of the roles; the slow test above takes it alone, with another one."""
    with bystanders(database):
        database.execute(BEFORE, database.legacy)
        walk = Walk(invoke_cli, database).init()
        start = walk.snapshot()
        walk.forward("grant-existing")
        for place, name in enumerate(PLANTS):
            if database.cluster.major >= PLANTS[name].since:
                # a superuser cannot take back what it passed on before it was one
                plant(database, name, "dba" if "SUPERUSER" in PLANTS[name].sql else NEW_ROLES[place % 3])
        said = walk.rollback("--all").stderr
        assert "CREATE POLICY mine ON public.held AS PERMISSIVE FOR SELECT TO" in said
        assert not [role for role in NEW_ROLES if depend(database, role)]
        lost = [line for line in difference(start, walk.snapshot()) if line.startswith("-")]
        assert not lost, lost
        history = walk("history").check().stdout
        assert "CREATE POLICY mine ON public.held" in history


@pytest.mark.majors("two")
def test_what_nobody_can_take_along_is_said_first(database: Database, invoke_cli: InProcess) -> None:
    """An unknown kind of dependency: a row that the catalog's reader does not know of."""
    database.execute(BEFORE, database.legacy)
    walk = Walk(invoke_cli, database).init()
    walk.forward("grant-existing")
    database.execute(
        "INSERT INTO pg_shdepend SELECT d.oid, 'pg_cast'::regclass, c.oid, 0, 'pg_authid'::regclass, "
        "'app_user'::regrole, 'a' FROM pg_database AS d, pg_cast AS c WHERE datname = current_database() LIMIT 1"
    )
    taken = walk.states()
    said = walk.rollback("--all", exit_code=5).stderr
    assert "app_user could not be dropped at the end, nothing is done yet: privileges for cast" in said
    assert 'DROP OWNED BY "app_user"' in said
    assert walk.states() == taken
    database.execute("DELETE FROM pg_shdepend WHERE classid = 'pg_cast'::regclass")
    walk.rollback("--all")


GIVEN = """
CREATE POLICY "for {{it" ON public.held TO app_user USING (true); ALTER ROLE app_user BYPASSRLS CONNECTION LIMIT 7;
ALTER ROLE app_user SET lo_compat_privileges = on; GRANT app_user TO stranger;
ALTER DEFAULT PRIVILEGES FOR ROLE stranger GRANT SELECT ON TABLES TO app_user;
CREATE FOREIGN DATA WRAPPER w; CREATE SERVER s FOREIGN DATA WRAPPER w; CREATE USER MAPPING FOR app_user SERVER s;
GRANT TRUNCATE ON public.held TO app_user;
"""
KEPT = """
SELECT (SELECT count(*) FROM pg_policy WHERE 'app_user'::regrole = ANY (polroles)),
       (SELECT rolbypassrls AND rolconnlimit = 7 FROM pg_roles WHERE rolname = 'app_user'),
       (SELECT count(*) FROM pg_db_role_setting WHERE setrole = 'app_user'::regrole AND setdatabase = 0),
       (SELECT count(*) FROM pg_default_acl WHERE defaclacl::text LIKE '%app_user=r/stranger%'),
       (SELECT count(*) FROM pg_user_mappings WHERE usename = 'app_user'),
       (SELECT count(*) FROM pg_auth_members WHERE roleid = 'app_user'::regrole AND member = 'stranger'::regrole),
       has_table_privilege('app_user', 'public.held', 'TRUNCATE')
"""


@pytest.mark.majors("two")
def test_a_role_that_stays_keeps_what_others_gave_it(database: Database, invoke_cli: InProcess) -> None:
    """doctor's own advice: a policy, BYPASSRLS, a setting. One step back must not take them from a live role."""
    with bystanders(database):
        database.execute(BEFORE, database.legacy)
        walk = Walk(invoke_cli, database).init()
        walk.forward("enable-login")
        database.execute(GIVEN)
        given = database.admin.execute(KEPT).fetchone()
        assert given == (1, True, 1, 1, 1, 1, True)
        for _ in range(4):
            walk.rollback()
            assert database.admin.execute(KEPT).fetchone() == given, walk.states()
        walk.rollback()
        assert not depend(database, "app_user")
