"""Settings that the new roles get from legacy, and that do something else for them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import psycopg
import pytest

from tests.fixtures.cli import InProcess
from tests.fixtures.databases import Database, MakeDatabase
from tests.support.walk import Walk, assert_same

PLACE = '"Fast ""disk"""'


@pytest.fixture
def fast(make_database: MakeDatabase) -> Iterator[Database]:
    """A database whose legacy keeps its temporary files in a tablespace."""
    database = make_database()
    admin = database.admin
    admin.execute("SET allow_in_place_tablespaces = on")
    admin.execute(f"CREATE TABLESPACE {PLACE} LOCATION ''".encode())
    try:
        database.execute(
            f"GRANT CREATE ON TABLESPACE {PLACE} TO legacy; ALTER ROLE legacy SET temp_tablespaces = {PLACE}"
        )
        yield database
    finally:
        admin.execute(f"REVOKE CREATE ON TABLESPACE {PLACE} FROM legacy".encode())
        admin.execute(f"DROP TABLESPACE {PLACE}".encode())


def said(walk: Walk, hazard: str) -> list[dict[str, Any]]:
    return [one for one in walk("doctor", "--json").json["findings"] if one["id"] == hazard]


def kept_apart(walk: Walk, role: str) -> bool:
    """Whether temporary tables of a role are put into a tablespace of their own."""
    with psycopg.connect(walk.database.conninfo(role, walk.passwords.get(role, ""))) as session:
        session.execute("CREATE TEMPORARY TABLE sorted (a int)")
        row = session.execute("SELECT reltablespace <> 0 FROM pg_class WHERE relname = 'sorted'").fetchone()
        return bool(row and row[0])


@pytest.mark.slow
@pytest.mark.majors("two")
def test_temporary_files_stay_where_they_were(fast: Database, invoke_cli: InProcess) -> None:
    walk = Walk(invoke_cli, fast)
    assert kept_apart(walk, "legacy")
    start = walk.snapshot()
    walk.init()
    (finding,) = said(walk, "temp-tablespaces")
    assert finding["objects"] == [f'Fast "disk", not for {role}' for role in ("app_user", "app_readonly")]
    walk.forward("enable-login")
    assert not kept_apart(walk, "app_user")
    assert kept_apart(walk, "app_migrator")
    for statement in finding["sql"]:
        fast.execute(statement)
    assert not said(walk, "temp-tablespaces")
    assert kept_apart(walk, "app_user")
    walk("verify").check()
    walk.rollback("--all")
    assert_same(start, walk.snapshot(), "there and back")


WHERE = {
    "role": "ALTER ROLE legacy SET row_security = off",
    "role in database": "ALTER ROLE legacy IN DATABASE {database} SET row_security = F",
    "database": "ALTER DATABASE {database} SET row_security = off",
}


@pytest.mark.slow
@pytest.mark.majors("two")
@pytest.mark.parametrize("where", WHERE)
def test_row_security_refuses_instead_of_filtering(where: str, database: Database, invoke_cli: InProcess) -> None:
    database.execute(
        "CREATE TABLE open (a int); ALTER TABLE open ENABLE ROW LEVEL SECURITY; CREATE POLICY p ON open USING (true);"
        f"ALTER TABLE open OWNER TO legacy; {WHERE[where].format(database=database.name)}"
    )
    walk = Walk(invoke_cli, database)
    start = walk.snapshot()
    walk.init()
    file = invoke_cli.cwd / "asked.sql"
    file.write_text("SELECT * FROM open; INSERT INTO open VALUES (1)")
    (finding,) = said(walk, "row-security-off")
    assert finding["objects"] == ["public.open"]
    verdicts = [one["verdict"] for one in walk("rehearse", "--file", str(file), "--json").check(4).json["statements"]]
    assert verdicts == ["denied"] * 2
    walk.forward("enable-login")
    with psycopg.connect(database.conninfo("app_user", walk.passwords["app_user"])) as session:
        for statement in ("SELECT * FROM open", "INSERT INTO open VALUES (1)"):
            with pytest.raises(psycopg.errors.InsufficientPrivilege, match="row-level security"), session.transaction():
                session.execute(statement.encode())
    walk.rollback("--through", "enable-login")
    for statement in finding["sql"]:
        database.execute(statement)
    assert not said(walk, "row-security-off")
    walk("rehearse", "--file", str(file)).check()
    walk.forward("enable-login")
    with psycopg.connect(database.conninfo("app_user", walk.passwords["app_user"])) as session:
        session.execute("SELECT * FROM open")
    walk("verify").check()
    walk.rollback("--all")
    database.execute(WHERE[where].format(database=database.name))
    assert_same(start, walk.snapshot(), "there and back")


@pytest.mark.slow
def test_everybody_begins_as_a_group(database: Database, invoke_cli: InProcess) -> None:
    """The operator does not, or no command would run; legacy goes on doing so."""
    database.execute(f"""
        CREATE ROLE crew; GRANT crew TO legacy; CREATE TABLE thing (id int); ALTER TABLE thing OWNER TO legacy;
        ALTER ROLE CURRENT_USER IN DATABASE {database.name} SET role = 'none';
        ALTER DATABASE {database.name} SET role = 'crew'
    """)
    walk = Walk(invoke_cli, database).init()
    walk.forward("enable-login")

    def begins(role: str) -> str:
        with psycopg.connect(database.conninfo(role, walk.passwords.get(role, ""))) as session:
            return str(session.execute("SELECT current_user").fetchall()[0][0])

    assert (begins("legacy"), begins("app_user"), begins("app_migrator")) == ("crew", "app_user", "crew")
    (finding,) = said(walk, "role-setting-role")
    assert finding["objects"] == [f"role = crew in database {database.name}"]
    for statement in finding["sql"]:
        database.execute(statement)
    assert (begins("legacy"), begins("app_user"), begins("app_migrator")) == ("crew", "app_user", "app_migrator")
    (finding,) = said(walk, "role-setting-role")
    assert finding["title"] == "sessions of legacy begin as another role"
    walk("verify").check()
