"""Names chosen to break whatever builds SQL, TOML, psql scripts or regular expressions out of them.

Roles, schemas, tables, columns and the database carry them; the walk goes there and back, everything is as it was, and
a table that half of the names try to drop is still there.
"""

from dataclasses import astuple, dataclass, fields
from itertools import count
from pathlib import Path

import psycopg
import pytest
from hypothesis import HealthCheck, Phase, example, given, settings
from hypothesis import strategies as st
from psycopg import sql

from flatsplit.walks.split import STEP_KEYS
from tests.fixtures.cli import InProcess
from tests.fixtures.databases import Database, MakeDatabase
from tests.support.separation import Possessions, assert_separated
from tests.support.walk import Walk, assert_same

LIMIT = 63
"""NAMEDATALEN - 1: bytes, not characters."""

NASTY = (
    '"; DROP TABLE canary.canary; --',
    "'; DROP TABLE canary.canary; --",
    "$$; DROP TABLE canary.canary; $$",
    "\\'; DROP TABLE canary.canary; --",
    "/* */; DROP TABLE canary.canary; /*",
    'a"b""c',
    "%s %(x)s %% %",
    ":name :'name' :\"name\" ::text",
    "{x} {{ x }} {% if %} {0}",
    "back\\slash\\n E'\\x41'",
    "new\nline\r\n\ttab",
    "#!/bin/sh `id` $(id) $PATH ;|&<>",
    "UPPER Case",
    "select",
    "user",
    "none",
    "current_user",
    "session_user",
    "all",
    "default",
    "on",
    "null",
    "true",
    "1",
    "-v",
    "--help",
    "é ü ß 🐘 漢字 \u202e\u200b\ufeff",
    "🐘" * 15,
    "x" * LIMIT,
    "a.b.c",
    "a,b",
    "a=b/c*",
    '"quoted"',
    "[toml] = \"'''\"",
    "|pipe| *bold* <b>html</b> [a](b)",
    " leading and trailing ",
    "\x01\x1b[31mred\x7f",
)


def _fits(name: str) -> bool:
    # The server keeps pg_ for itself, and PUBLIC and NONE as names of roles
    return 0 < len(name.encode()) <= LIMIT and not name.startswith("pg_") and name not in {"public", "none"}


letters = st.characters(codec="utf-8", exclude_characters="\0")
names = st.one_of(
    st.sampled_from([name for name in NASTY if _fits(name)]),
    st.text(st.sampled_from("\"'%:\\\n\t{}$;-/*#`<>|&[]() aA1ü🐘"), min_size=1, max_size=20),
    st.text(letters, min_size=1, max_size=15),
).filter(_fits)


@dataclass(frozen=True)
class Names:
    """Who and what is called how."""

    database: str
    legacy: str
    app_user: str
    app_migrator: str
    app_readonly: str
    dba: str
    third: str
    schema: str
    other_schema: str
    table: str
    other_table: str
    column: str
    function: str
    type_name: str


NAMED = [field.name for field in fields(Names)]


def cases() -> st.SearchStrategy[Names]:
    """All different: two roles of one name would be one role, and two tables one table."""
    return st.lists(names, min_size=len(NAMED), max_size=len(NAMED), unique=True).map(lambda some: Names(*some))


def nasty(first: int) -> Names:
    usable = [name for name in NASTY if _fits(name)]
    return Names(*(usable[(first + place) % len(usable)] for place in range(len(NAMED))))


numbers = count(1)


def build(database: Database, names: Names) -> None:
    """One of most kinds, and a third role with rights on them."""
    words = {name: sql.Identifier(value) for name, value in zip(NAMED, astuple(names), strict=True)}
    statements = """
        create role {third} login;
        create schema canary;
        create table canary.canary (alive boolean);
        insert into canary.canary values (true);
        alter role {legacy} set search_path = {schema}, "$user", public;
        set session authorization {legacy};
        create schema {schema};
        create schema {other_schema};
        alter default privileges in schema {schema} grant select on tables to {third};
        create table {schema}.{table} (id serial primary key, {column} text, n int generated always as identity);
        create table {other_schema}.{table} ({column} text) partition by list ({column});
        create table {other_schema}.{other_table} partition of {other_schema}.{table} default;
        create view {schema}.{other_table} as select * from {schema}.{table};
        create function {schema}.{function}({column} text, more int default 1) returns int language sql as 'select 1';
        create type {schema}.{type_name} as enum ('a');
        create domain {other_schema}.{type_name} as text;
        create sequence {other_schema}.{function};
        create table {schema}.{column} ({table} {schema}.{type_name});
        alter table {schema}.{column} enable row level security;
        create policy {column} on {schema}.{column} to {legacy} using (true);
        grant select ({column}) on {schema}.{table} to {third};
        grant usage on schema {schema} to {third} with grant option;
        grant execute on function {schema}.{function}(text, int) to {third};
        reset session authorization;
        """
    database.admin.execute(sql.SQL(statements).format(**words))


def there_and_back(names: Names, make_database: MakeDatabase, folder: Path) -> None:
    database = make_database(name=names.database, legacy=names.legacy)
    try:
        build(database, names)
        walk_there_and_back(names, database, folder)
    finally:
        remove(database, names)


def remove(database: Database, names: Names) -> None:
    """The next example may use the same names for something else."""
    database.close()
    roles = [names.legacy, names.third, names.app_user, names.app_migrator, names.app_readonly, names.dba]
    with psycopg.connect(database.cluster.conninfo(), autocommit=True) as connection:
        connection.execute(sql.SQL("drop database {} with (force)").format(sql.Identifier(names.database)))
        for role in roles:
            connection.execute(sql.SQL("drop role if exists {}").format(sql.Identifier(role)))


def walk_there_and_back(names: Names, database: Database, folder: Path) -> None:
    run = InProcess(folder)
    untouched = Walk(run, database).snapshot()
    had = Possessions.of(database.admin, names.legacy)
    roles = (names.app_user, names.app_migrator, names.app_readonly, names.dba)
    walk = Walk(run, database, roles=roles).init()
    assert_same(untouched, walk.snapshot(), "init")

    for key in STEP_KEYS:
        walk("plan", key).check()
    walk("runbook", "--out", str(folder / "runbook")).check()
    walk.forward()
    assert_separated(walk, had)
    walk("verify").check()
    walk("history").check()
    walk("history", "--json").check()
    walk.wait_until_gone(*roles)
    walk.rollback("--all")

    assert_same(untouched, walk.snapshot(), "there and back")
    assert database.admin.execute("select alive from canary.canary").fetchall() == [(True,)]


slow_down = settings(
    deadline=None,
    derandomize=True,
    database=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow, HealthCheck.data_too_large],
)


def folder_of_its_own(tmp_path: Path) -> Path:
    folder = tmp_path / str(next(numbers))
    folder.mkdir()
    return folder


@settings(slow_down, phases=[Phase.explicit])
@given(names=cases())
@example(names=nasty(0))
def test_a_few(names: Names, make_database: MakeDatabase, tmp_path: Path) -> None:
    there_and_back(names, make_database, folder_of_its_own(tmp_path))


@pytest.mark.slow
@settings(slow_down, max_examples=4)
@given(names=cases())
def test_many(names: Names, make_database: MakeDatabase, tmp_path: Path) -> None:
    there_and_back(names, make_database, folder_of_its_own(tmp_path))


@pytest.mark.share(3)
@pytest.mark.slow
@pytest.mark.parametrize("first", range(0, len(NASTY), 3))
def test_every_nasty_name_in_several_places(first: int, make_database: MakeDatabase, tmp_path: Path) -> None:
    there_and_back(nasty(first), make_database, tmp_path)
