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


OPEN, CLOSED = 90001, 90002
READS, WRITES = 0x40000, 0x20000
DESCRIPTORS = {
    f"SELECT loread(lo_open({OPEN}, {READS}), 3)": "allowed",
    f"SELECT loread(lo_open({OPEN}, x'40000'::int), 3)": "allowed",
    f"SELECT lo_open({OPEN}, {WRITES} | {READS})": "unknown",  # nobody reckons here
    f"SELECT lo_open({CLOSED}, {WRITES} | {READS})": "denied",
    f"SELECT lowrite(lo_open({OPEN}, x'20000'::int), 'x')": "denied",
    f"SELECT loread(lo_open({CLOSED}, {READS}), 3)": "denied",
    f"SELECT lowrite(lo_open({OPEN}, {WRITES}), 'x')": "denied",
    f"SELECT lo_truncate(lo_open({CLOSED}, {WRITES}), 0)": "denied",
    "SELECT loread(0, 3)": "unknown",  # whatever is open
}


@pytest.mark.majors("two")
def test_whose_descriptor_it_is(make_database: MakeDatabase, invoke_cli: InProcess) -> None:
    database = make_database()
    database.execute("grant usage, create on schema public to legacy; create role other")
    database.execute(
        f"set role other; select lo_from_bytea({OPEN}, 'old'), lo_from_bytea({CLOSED}, 'old');"
        f"grant select on large object {OPEN} to public"
    )
    walk = Walk(invoke_cli, database).init("--schema", "public")
    file = walk.run.cwd / "statements.sql"
    file.write_text(";\n".join(DESCRIPTORS))
    for _ in range(2):
        found = walk("rehearse", "--file", str(file), "--json").check(4).json["statements"]
        assert {each["query"]: each["verdict"] for each in found} == DESCRIPTORS
        walk.next("--through", "enable-login")
    for statement, verdict in DESCRIPTORS.items():
        with psycopg.connect(database.conninfo("app_user"), autocommit=True) as application:
            try:
                application.execute(statement.encode())
                assert verdict != "denied", statement
            except psycopg.errors.InsufficientPrivilege:
                assert verdict == "denied" or "|" in statement, statement
            except psycopg.errors.UndefinedObject:
                assert statement == "SELECT loread(0, 3)"
