"""What is stored in a table or view calls by itself: EXECUTE is asked for then, and no schema is looked up again."""

from __future__ import annotations

import psycopg
import pytest

from tests.fixtures.cli import InProcess
from tests.fixtures.databases import MakeDatabase
from tests.support.walk import Walk

SCHEMA = """
create schema hidden;
create function hidden.open(int) returns int language sql immutable as 'select 1';
create function hidden.holds(int) returns boolean language sql immutable as 'select true';
create function hidden.shut(int) returns int language sql immutable as 'select 1';
revoke execute on function hidden.shut(int) from public;
create table public.computed (a int, b int generated always as (hidden.open(a)) stored);
create table public.checked (a int default hidden.open(1), check (hidden.holds(a)));
create table public.indexed (a int);
create index on public.indexed (hidden.open(a));
create view public.seen as select hidden.open(1) as a;
create table public.computed_shut (a int, b int generated always as (hidden.shut(a)) stored);
create table public.defaults_shut (a int, b int default hidden.shut(1));
create table public.indexed_shut (a int);
create index on public.indexed_shut (hidden.shut(a));
create view public.seen_shut as select hidden.shut(1) as a;
"""
FREE = (
    "INSERT INTO computed VALUES (1)",
    "INSERT INTO checked VALUES (DEFAULT)",
    "INSERT INTO indexed VALUES (1)",
    "SELECT * FROM seen",
)
REFUSED = (
    "INSERT INTO computed_shut VALUES (1)",
    "INSERT INTO defaults_shut VALUES (1)",
    "INSERT INTO indexed_shut VALUES (1)",
    "SELECT * FROM seen_shut",
    "SELECT hidden.open(1)",
)


@pytest.mark.majors("two")
def test_what_is_stored(make_database: MakeDatabase, invoke_cli: InProcess) -> None:
    database = make_database()
    database.execute("grant usage, create on schema public to legacy")
    database.execute(SCHEMA, "legacy")
    walk = Walk(invoke_cli, database, decided=False).init("--schema", "public")
    accepted = '\n[hazards.accept]\n"view-routines" = "the view that is shut is one of the refused ones"\n'
    walk.config.write_text(walk.config.read_text() + accepted)
    file = invoke_cli.cwd / "statements.sql"
    file.write_text(";\n".join(FREE + REFUSED))
    for _ in range(2):
        found = walk("rehearse", "--file", str(file), "--json").check(4).json["statements"]
        verdicts = {each["query"]: each["verdict"] for each in found}
        assert {query for query, verdict in verdicts.items() if verdict == "allowed"} == set(FREE)
        assert {query for query, verdict in verdicts.items() if verdict == "denied"} == set(REFUSED)
        walk.next("--through", "enable-login")
    with psycopg.connect(database.conninfo("app_user", walk.passwords["app_user"]), autocommit=True) as session:
        for statement in FREE:
            session.execute(statement.encode())
        for statement in REFUSED:
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                session.execute(statement.encode())
