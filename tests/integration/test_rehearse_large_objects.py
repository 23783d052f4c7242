"""Large objects have an owner each: who may remove them, and as whom a trigger does."""

from __future__ import annotations

from typing import Any

import psycopg
import pytest

from tests.fixtures.cli import InProcess
from tests.fixtures.databases import MakeDatabase
from tests.support.walk import Walk

SCHEMA = """
create table state (id int primary key);
create table chunk (id int references state on delete cascade, lo oid);
create function remove() returns trigger language plpgsql as $$ begin perform lo_unlink(old.lo); return old; end $$;
create trigger gone before delete on chunk for each row execute function remove();
create function purge(int) returns void language plpgsql security definer set search_path = public, pg_temp as $$
begin delete from chunk where id = $1; end $$;
insert into state values (1), (2), (3);
insert into chunk select id, lo_from_bytea(0, 'old') from state;
"""

DIRECT, CASCADE, DEFINER = "DELETE FROM chunk WHERE 0 + id = 1", "DELETE FROM state WHERE id = 2", "SELECT purge(3)"
AGAIN = """insert into state values (11), (12), (13);
insert into chunk select id, lo_from_bytea(0, 'n') from state where id > 10"""


def rehearse(walk: Walk, exit_code: int = 4) -> dict[str, Any]:
    file = walk.run.cwd / "statements.sql"
    file.write_text(f"{DIRECT};\n{CASCADE};\n{DEFINER}")
    found = walk("rehearse", "--file", str(file), "--json").check(exit_code).json
    return {each["query"]: each for each in found["statements"]}


@pytest.mark.majors("two")
def test_who_removes_them(make_database: MakeDatabase, invoke_cli: InProcess, major: int) -> None:
    database = make_database()
    database.execute("grant usage, create on schema public to legacy")
    database.execute(SCHEMA, "legacy")
    walk = Walk(invoke_cli, database).init("--schema", "public")
    before = rehearse(walk)
    walk.next("--through", "enable-login")
    for found in (before, rehearse(walk)):
        assert {query: each["verdict"] for query, each in found.items()} == {
            DIRECT: "denied",
            CASCADE: "unknown",  # the table's owner owns those that are there, and not the application's
            DEFINER: "unknown",
        }
        assert "large objects that app_user makes" in found[CASCADE]["reason"]
        assert all("lo_compat_privileges" in each["remedy"] for each in found.values())

    def tried(new: bool) -> list[bool]:
        outcomes = []
        for statement in (DIRECT, CASCADE, DEFINER):
            with psycopg.connect(database.conninfo("app_user")) as application:
                text = statement
                if new:
                    application.execute(AGAIN.encode())
                    text = text.replace("= ", "= 1").replace("(3", "(13")
                try:
                    application.execute(text.encode())
                    outcomes.append(True)
                except psycopg.errors.InsufficientPrivilege:
                    outcomes.append(False)
                application.rollback()
        return outcomes

    assert tried(new=False) == [False, True, True]
    assert tried(new=True) == [True, False, False]
    database.execute("alter role app_user set lo_compat_privileges = on")
    assert {each["verdict"] for each in rehearse(walk, 0).values()} == {"allowed"}
    assert tried(new=False) == tried(new=True) == [True, True, True]
