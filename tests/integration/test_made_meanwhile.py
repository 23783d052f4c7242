"""Between ``begin`` and its first step somebody makes a role under a name that the walk is to make."""

from __future__ import annotations

from typing import NamedTuple

import psycopg
import pytest

from tests.fixtures.cli import InProcess
from tests.fixtures.databases import Database
from tests.support.walk import Walk, write_passwords


class Case(NamedTuple):
    toml: str
    begin: tuple[str, ...]
    role: str
    attributes: str
    exit_code: int
    said: str
    """What is said by the command that would take the first step."""


REPORTER = '[role.reporter]\nschemas = ["public"]\n'
TENANTS = '[tenants]\nroot = "public.accounts"\nkey = ["account_id"]\n'
CASES = {
    "a login that is a superuser": Case(
        '[group.app_user]\nlogins = ["web_a", "web_b"]\n', ("group", "app_user"), "web_a", "superuser", 5, "SUPERUSER"
    ),
    "a special role that is a superuser": Case(REPORTER, ("role", "reporter"), "reporter", "superuser", 5, "SUPERUSER"),
    "a special role that replicates": Case(REPORTER, ("role", "reporter"), "reporter", "replication", 5, "REPLICATION"),
    "the tenants' group that no policy binds": Case(TENANTS, ("tenants",), "app_tenant", "bypassrls", 5, "BYPASSRLS"),
    "a plain one, as the runbook makes it": Case(REPORTER, ("role", "reporter"), "reporter", "nologin", 0, "by hand"),
}


@pytest.mark.parametrize("name", CASES)
def test_it_is_not_taken_for_the_walks_own(database: Database, invoke_cli: InProcess, name: str) -> None:
    """Its powers would stay, and a rollback would drop somebody's role."""
    case = CASES[name]
    database.execute("set role legacy; create table accounts (id bigint primary key); reset role")
    walk = Walk(invoke_cli, database).init()
    walk.forward()
    walk.config.write_text(f"{walk.config.read_text()}\n{case.toml}")
    walk("begin", *case.begin, "--yes").check()
    database.execute(f"create role {case.role} {case.attributes}")
    passwords = write_passwords(
        walk.config.parent / "p.toml", dict.fromkeys(("web_a", "web_b", "reporter"), "a secret")
    )
    first = ("next", "--yes", "--walk", ":".join(case.begin), "--password-file", str(passwords))
    found = walk(*first).check(case.exit_code)
    assert case.said in found.stdout + found.stderr
    if not case.exit_code:
        return
    assert _attributes(database, case.role) == [(case.role, case.attributes == "superuser", False)], "nothing was done"
    database.execute(f"alter role {case.role} rename to somebody")
    walk(*first).check()
    walk("rollback", "--all", "--yes", "--walk", ":".join(case.begin)).check()
    assert _attributes(database, "somebody") == [("somebody", case.attributes == "superuser", False)]
    assert _attributes(database, case.role) == []
    database.execute("drop role somebody")


def _attributes(database: Database, role: str) -> list[tuple[object, ...]]:
    query = "select rolname, rolsuper, rolcanlogin from pg_roles where rolname = %s"
    with psycopg.connect(database.conninfo()) as connection:
        return connection.execute(query, [role]).fetchall()
