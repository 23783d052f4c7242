"""Each planted trap is found before the switch, none is false: what was said is compared with what then happens."""

from __future__ import annotations

from typing import Any

import psycopg
import pytest

from tests.fixtures.cli import InProcess
from tests.fixtures.databases import Database, MakeDatabase
from tests.support.traps import SCHEMA, VENDOR, Trap, traps
from tests.support.walk import Walk


def planted(make_database: MakeDatabase) -> Database:
    database = make_database()
    database.execute("grant usage, create on schema public to legacy")
    database.execute(SCHEMA, "legacy")
    database.execute(VENDOR.format(legacy="legacy"))
    return database


def rehearse(walk: Walk, statements: list[str], *arguments: str, exit_code: int = 4) -> dict[str, Any]:
    path = walk.run.cwd / "statements.sql"
    path.write_text(";\n".join(f"-- calls=3 top=true\n{statement}" for statement in statements))
    found = walk("rehearse", "--file", str(path), "--json", *arguments).check(exit_code).json
    return {each["query"]: each for each in found["statements"]}


def wrong(found: dict[str, Any], expected: list[Trap]) -> str:
    lines = []
    for trap in expected:
        said = found[trap.statement]
        if said["verdict"] != trap.verdict or (trap.object, trap.privilege) not in (
            (said["object"], said["privilege"]),
            (said["object"], None),
            (None, said["privilege"]),
            (None, None),
        ):
            lines.append(f"{trap.statement}: {said}")
    return "\n".join(lines)


def tried(database: Database, role: str, trap: Trap) -> str:
    """SQLSTATE of running it as the role, and undoing it."""
    with psycopg.connect(database.conninfo(role), autocommit=True) as connection:
        outside = trap.statement.startswith("VACUUM")
        try:
            if not outside:
                connection.execute("BEGIN; CREATE TEMP TABLE IF NOT EXISTS scratch (a int)")
            if trap.statement.startswith("CREATE TEMP"):
                connection.execute("DROP TABLE scratch")
            if trap.statement.startswith("COPY orders (") or " TO '" in trap.statement:
                with connection.cursor().copy(trap.statement) as copy:
                    list(copy)
            else:
                connection.execute(trap.statement)
        except psycopg.Error as error:
            return error.sqlstate or "?"
    return ""


@pytest.mark.majors("all")
def test_traps(make_database: MakeDatabase, invoke_cli: InProcess, major: int) -> None:
    database = planted(make_database)
    walk = Walk(invoke_cli, database).init("--schema", "public")
    expected = traps(major)
    statements = [trap.statement for trap in expected]
    before = rehearse(walk, statements)
    assert wrong(before, expected) == ""
    walk.next("--through", "enable-login")
    after = rehearse(walk, statements)
    assert wrong(after, expected) == ""
    assert all(each["calls"] == 3 for each in after.values())
    assert database.admin.execute("select count(*) from public.side_effects").fetchone() == (0,)
    disagreeing = []
    for trap in expected:
        if trap.verdict == "unknown" or "$1" in trap.statement:
            continue
        state = tried(database, "app_user", trap)
        if state != trap.sqlstate:
            disagreeing.append(f"{trap.statement}: {state}")
    assert "\n".join(disagreeing) == ""


@pytest.mark.majors("two")
def test_temporary_tables_where_they_are_not_for_everybody(make_database: MakeDatabase, invoke_cli: InProcess) -> None:
    database = planted(make_database)
    database.execute(f"revoke temporary on database {database.name} from public")
    walk = Walk(invoke_cli, database).init("--schema", "public")
    statements = ["CREATE TEMP TABLE scratch AS SELECT * FROM orders", "SELECT * INTO TEMP kept FROM orders"]
    expected = [Trap(each, "denied", f"database {database.name}", "TEMPORARY", "42501") for each in statements]
    assert wrong(rehearse(walk, statements), expected) == ""
    walk.next("--through", "enable-login")
    assert wrong(rehearse(walk, statements), expected) == ""
    assert [tried(database, "app_user", trap) for trap in expected] == ["42501"] * 2
    walk.config.write_text(walk.config.read_text() + f'\n[grants.app_user]\ntemporary = ["{database.name}"]\n')
    walk("repair", "--yes").check()
    assert {each["verdict"] for each in rehearse(walk, statements, exit_code=0).values()} == {"allowed"}
    assert [tried(database, "app_user", trap) for trap in expected] == [""] * 2


SUPERUSERS = """
create function public.make_role() returns void language plpgsql security definer as
    $$ begin create role made_by_function; end $$;
create function public.see_passwords() returns bigint language sql security definer as
    'select count(*) from pg_catalog.pg_authid';
create function public.outer_one() returns bigint language plpgsql as
    $$ begin return public.see_passwords(); end $$;
create function public.count_all() returns bigint language sql security definer as 'select count(*) from public.orders';
create function public.empty_all() returns void language sql security definer as 'truncate public.orders cascade';
"""


@pytest.mark.majors("two")
def test_what_definers_did_as_a_superuser(make_database: MakeDatabase, invoke_cli: InProcess) -> None:
    """They run as app_migrator afterwards, which owns what legacy owned and is no superuser."""
    database = planted(make_database)
    database.execute(SUPERUSERS, "legacy")
    database.execute("alter role legacy superuser")
    walk = Walk(invoke_cli, database).init("--schema", "public")
    expected = [
        Trap("SELECT make_role()", "denied", None, "CREATEROLE", "42501"),
        Trap("SELECT see_passwords()", "denied", "pg_catalog.pg_authid", "SELECT", "42501"),
        Trap("SELECT outer_one()", "denied", "pg_catalog.pg_authid", "SELECT", "42501"),
        Trap("SELECT count_all()", "allowed"),
        Trap("SELECT empty_all()", "allowed"),
        Trap("SELECT forget_safely()", "allowed"),
    ]
    statements = [trap.statement for trap in expected]
    assert wrong(rehearse(walk, statements), expected) == ""
    walk.next("--through", "enable-login", "--waive", "owner-powers", "--reason", "to see what fails")
    found = rehearse(walk, statements)
    assert wrong(found, expected) == ""
    reason = "function public.make_role(), which runs as app_migrator, line 1: CREATE ROLE needs CREATEROLE"
    assert reason in found["SELECT make_role()"]["reason"]
    assert [tried(database, "app_user", trap) for trap in expected] == [trap.sqlstate for trap in expected]
