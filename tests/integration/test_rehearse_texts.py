"""Texts that routines run: those that a call or a variable fixes are judged as what they are."""

from __future__ import annotations

import psycopg
import pytest

from tests.fixtures.cli import InProcess
from tests.fixtures.databases import MakeDatabase
from tests.support.walk import Walk

SCHEMA = """
create schema hidden;
create table hidden."T t" (a int);
create table public."T t" (a int);
create function public.plans(text) returns setof text language plpgsql as $$
begin
    return query execute format('explain (costs off) %s', $1);
end $$;
create function public.runs(note text, query text) returns void language plpgsql as $$
declare line text := 'explain ' || query;
begin
    execute line;
end $$;
create function public.counts(place text, what text) returns int language plpgsql as $$
declare
    n int;
    line text;
begin
    line := format('select count(*) from %2$I.%1$I', what, place);
    execute line into n;
    return n;
end $$;
create function public.changes(query text) returns void language plpgsql as $$
begin
    query := 'select ' || query;
    execute query;
end $$;
create function public.hides(query text) returns void language plpgsql as $$
declare query text;
begin
    execute query;
end $$;
create function public.hushes() returns void language plpgsql as $$
begin
    delete from hidden."T t";
exception when insufficient_privilege then
    null;
end $$;
create function public.tidies(n int) returns void language plpgsql as $$
begin
    if n > 5 then
        perform counts('hidden', 'T t');
    end if;
end $$;
create function public.defines(query text) returns void language plpgsql security definer as $$
begin
    execute query;
end $$;
"""
REFUSED = (
    """SELECT * FROM plans('select * from hidden."T t"')""",
    """SELECT runs('select 1', 'select * from hidden."T t"')""",
    "SELECT counts('hidden', 'T t')",
    "DO $$ DECLARE q text := 'select count(*) from hidden.'; BEGIN EXECUTE q || '\"T t\"'; END $$",
)
PERHAPS = "SELECT tidies(6)"
FREE = (
    "SELECT * FROM plans('select 1')",
    """SELECT runs('select * from hidden."T t"', 'select * from "T t"')""",
    "SELECT counts('public', 'T t')",
    """SELECT defines('select * from hidden."T t"')""",
    "DO $$ DECLARE q text; BEGIN q := 'select count(*) from \"T t\"'; EXECUTE q; END $$",
)
HUSHED = ("SELECT hushes()",)
UNTOLD = (
    'SELECT plans(a::text) FROM "T t"',
    """SELECT changes('a from hidden."T t"')""",
    "SELECT hides('select 1')",
    "SELECT counts('public', current_setting('x.y', true))",
)


@pytest.mark.majors("two")
def test_texts_that_a_call_fixes(make_database: MakeDatabase, invoke_cli: InProcess) -> None:
    database = make_database()
    database.execute("grant usage, create on schema public to legacy")
    database.execute(SCHEMA, "legacy")
    walk = Walk(invoke_cli, database).init("--schema", "public")
    file = invoke_cli.cwd / "statements.sql"
    file.write_text(";\n".join((PERHAPS, *REFUSED, *FREE, *HUSHED, *UNTOLD)))
    for _ in range(2):
        found = walk("rehearse", "--file", str(file), "--json").check(4).json["statements"]
        verdicts = {each["query"]: each["verdict"] for each in found}
        assert {query for query, verdict in verdicts.items() if verdict == "denied"} == {PERHAPS, *REFUSED}
        assert [each["query"] for each in found if not each["certain"]] == [PERHAPS]
        assert {query for query, verdict in verdicts.items() if verdict == "allowed"} == set(FREE)
        assert {query for query, verdict in verdicts.items() if verdict == "silent"} == set(HUSHED)
        assert {query for query, verdict in verdicts.items() if verdict == "unknown"} == set(UNTOLD)
        walk.next("--through", "enable-login")
    with psycopg.connect(database.conninfo("app_user", walk.passwords["app_user"]), autocommit=True) as session:
        for statement in (PERHAPS, *REFUSED):
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                session.execute(statement.encode())
        for statement in (*FREE, *HUSHED, "SELECT tidies(5)"):
            session.execute(statement.encode())
