"""What is stored in a table or view calls by itself: EXECUTE is asked for then, and no schema is looked up again."""

from __future__ import annotations

import pytest

from tests.fixtures.cli import InProcess
from tests.fixtures.databases import MakeDatabase
from tests.support.learned import run
from tests.support.walk import Walk

SCHEMA = """
create schema hidden;
create function hidden.open(int) returns int language sql immutable as 'select 1';
create function hidden.holds(int) returns boolean language sql immutable as 'select true';
create function hidden.shut(int) returns int language sql immutable as 'select 1';
revoke execute on function hidden.shut(int) from public;
create table public.computed (a int, b int generated always as (hidden.open(a)) stored);
create table public.computed_by_none (a int);
create table public.checked (a int default hidden.open(1), check (hidden.holds(a)));
create table public.indexed (a int);
create index on public.indexed (hidden.open(a));
create view public.seen as select hidden.open(1) as a;
create table public.computed_shut (a int, b int generated always as (hidden.shut(a)) stored);
create table public.defaults_shut (a int, b int default hidden.shut(1));
create table public.heir (b int default hidden.shut(1)) inherits (public.computed_by_none);
create table public.parted (a int, b int) partition by list (a);
create table public.part partition of public.parted (b default hidden.shut(1)) for values in (1);
create table public.indexed_shut (a int);
create index on public.indexed_shut (hidden.shut(a));
create view public.seen_shut as select hidden.shut(1) as a;
"""
FREE = (
    "INSERT INTO computed VALUES (1)",
    "INSERT INTO checked VALUES (DEFAULT)",
    "INSERT INTO indexed VALUES (1)",
    "SELECT * FROM seen",
    # A default counts only where a row gets it
    "INSERT INTO defaults_shut VALUES (1, 2)",
    "INSERT INTO defaults_shut (b) VALUES (2)",
    "INSERT INTO defaults_shut VALUES (DEFAULT, 2)",
    "INSERT INTO defaults_shut SELECT 1, 2 UNION SELECT 3, 4",
    "UPDATE defaults_shut SET a = 1, b = 2",
    "DELETE FROM defaults_shut",
    "COPY defaults_shut FROM STDIN",
    "COPY defaults_shut (b) FROM STDIN",
    "INSERT INTO computed_by_none VALUES (1)",
    "INSERT INTO parted (a) VALUES (1)",
)
REFUSED = (
    "INSERT INTO computed_shut VALUES (1)",
    "INSERT INTO defaults_shut VALUES (1)",
    "INSERT INTO indexed_shut VALUES (1)",
    "SELECT * FROM seen_shut",
    "SELECT hidden.open(1)",
    "INSERT INTO defaults_shut DEFAULT VALUES",
    "INSERT INTO defaults_shut VALUES (1, DEFAULT)",
    "INSERT INTO defaults_shut (b) VALUES (2), (DEFAULT)",
    "INSERT INTO defaults_shut SELECT 1",
    "UPDATE defaults_shut SET b = DEFAULT",
    "UPDATE defaults_shut SET (a, b) = (1, DEFAULT)",
    "COPY defaults_shut (a) FROM STDIN",
    "INSERT INTO heir (a) VALUES (1)",
    "INSERT INTO part (a) VALUES (1)",
)
_MERGE = "MERGE INTO defaults_shut d USING indexed i ON d.a = i.a WHEN NOT MATCHED THEN INSERT "
SINCE_15 = {
    f"{_MERGE}VALUES (1, 2)": "allowed",
    f"{_MERGE}(a) VALUES (1)": "denied",
    f"{_MERGE}VALUES (1, DEFAULT)": "denied",
}


@pytest.mark.majors("two")
def test_what_is_stored(make_database: MakeDatabase, invoke_cli: InProcess, major: int) -> None:
    """Each verdict, before the roles exist and afterwards, is what the server says then."""
    database = make_database()
    database.execute("grant usage, create on schema public to legacy")
    database.execute(SCHEMA, "legacy")
    walk = Walk(invoke_cli, database, decided=False).init("--schema", "public")
    accepted = '\n[hazards.accept]\n"view-routines" = "the view that is shut is one of the refused ones"\n'
    walk.config.write_text(walk.config.read_text() + accepted)
    expected = dict.fromkeys(FREE, "allowed") | dict.fromkeys(REFUSED, "denied") | (SINCE_15 if major >= 15 else {})
    file = invoke_cli.cwd / "statements.sql"
    file.write_text(";\n".join(expected))
    for _ in range(2):
        found = walk("rehearse", "--file", str(file), "--json").check(4).json["statements"]
        assert {each["query"]: each["verdict"] for each in found} == expected
        walk.next("--through", "enable-login")
    with walk.connect("app_user") as session:
        for statement, verdict in expected.items():
            said = run(session, statement if not statement.startswith("COPY") else statement.lower())
            assert said == ("42501" if verdict == "denied" else ""), statement
