"""Each remedy that a rehearsal prints as SQL or as a line of configuration is taken as it is printed, and works."""

from __future__ import annotations

import tomllib
from typing import Any

import pytest

from tests.fixtures.cli import InProcess
from tests.fixtures.databases import Database, MakeDatabase
from tests.support.administrators import PRINTED
from tests.support.operators import SHAPES, OperatorsWalk, as_if_granted_by_operator, make_operator
from tests.support.snapshot import difference, snapshot
from tests.support.traps import SCHEMA, traps
from tests.support.walk import Walk, toml

ROWS = """
create table public.mine (id int, tenant text, at date);
alter table public.mine enable row level security;
create table public.tenants (id int, tenant text);
alter table public.tenants enable row level security;
create policy by_tenant on public.tenants using (tenant = current_setting('app.tenant', true));
create table public.strict (id int, tenant text);
alter table public.strict enable row level security;
create policy all_of_it on public.strict using (true);
create policy but_some on public.strict as restrictive using (tenant <> 'hidden');
create schema "Odd ""one";
create table "Odd ""one"."%s; DROP" (id serial, a text);
create sequence "Odd ""one"."Ticket";
alter table "Odd ""one"."%s; DROP" enable row level security;
"""
STATEMENTS = (
    "SELECT * FROM mine",
    "INSERT INTO mine VALUES (1)",
    "SELECT * FROM tenants",
    "UPDATE tenants SET id = 2",
    "DELETE FROM strict",
    "COPY mine FROM STDIN",
    'SELECT * FROM "Odd ""one"."%s; DROP"',
    'TRUNCATE "Odd ""one"."%s; DROP"',
    """SELECT setval('"Odd ""one"."Ticket"', 3)""",
    "SELECT setval($1, 3)",
)
PRIVILEGED = ("lc_messages", "log_min_duration_statement")


@pytest.fixture
def walk(make_database: MakeDatabase, invoke_cli: InProcess) -> Walk:
    database: Database = make_database()
    database.execute(f"alter database {database.name} owner to legacy; grant usage, create on schema public to legacy")
    database.execute(SCHEMA, "legacy")
    database.execute(ROWS, "legacy")
    return Walk(invoke_cli, database)


def followed(walk: Walk, *words: str) -> None:
    """Run this command; what the operator may not do is printed, and run by a superuser."""
    for _ in range(10):
        said = walk(*words, "--yes")
        if not said.exit_code:
            return
        printed = PRINTED.search(said.stderr)
        assert printed is not None, said.stderr
        walk.database.execute(printed[1])
    said.check()


def rehearse(walk: Walk) -> Any:
    found = walk("rehearse", "--file", str(walk.run.cwd / "statements.sql"), "--json")
    assert found.exit_code in (0, 4), found.stderr
    return found.json


def take(walk: Walk, found: Any, taken: set[str]) -> None:
    """Run what is printed, and put the lines of configuration at its end, those of a section together."""
    for statement in dict.fromkeys(one for each in found["statements"] for one in each["sql"]):
        if statement not in taken:
            walk.database.admin.execute(statement.encode())
    taken.update(one for each in found["statements"] for one in each["sql"])
    text = walk.config.read_text().partition("[grants")[0]
    for each in found["statements"]:
        for line in each["toml"]:
            head, _, value = line.partition("] ")
            tomllib.loads(f"{head}]\n{value}")
            taken.add(line)
    sections: dict[str, dict[str, set[str]]] = {}
    for line in taken:
        if line.startswith("["):
            head, _, value = line.partition("] ")
            for word, names in tomllib.loads(value).items():
                sections.setdefault(head, {}).setdefault(word, set()).update(names)
    lines = [
        line
        for head, words in sections.items()
        for line in (f"{head}]", *(f"{word} = {toml(sorted(names))}" for word, names in words.items()))
    ]
    walk.config.write_text("\n".join([text, *lines, ""]))
    followed(walk, "repair")


@pytest.mark.majors("two")
def test_taken_as_printed_each_works_and_rolls_back(walk: Walk, major: int) -> None:
    there_and_back(walk, major)


@pytest.mark.slow
@pytest.mark.majors("two")
@pytest.mark.parametrize("shape", ["createrole", "small-host"])
def test_by_an_operator_without_superuser_rights(walk: Walk, invoke_cli: InProcess, shape: str, major: int) -> None:
    database = walk.database
    make_operator(database, SHAPES[shape])
    as_if_granted_by_operator(database)
    there_and_back(OperatorsWalk(invoke_cli, database), major)


def there_and_back(walk: Walk, major: int) -> None:
    """Rehearse, take what is proposed, rehearse again: what was proposed works; then back to where it began."""
    before = snapshot(walk.database.admin)
    walk.init()
    walk.next("--through", "enable-login", "--waive", "no-blockers", "--reason", "the remedies come later")
    statements = [trap.statement for trap in traps(major) if trap.verdict != "migrator" and len(trap.statement) < 400]
    statements += [*STATEMENTS, *(f"SET {name} = '0'" for name in PRIVILEGED if major >= 15)]
    (walk.run.cwd / "statements.sql").write_text(";\n".join(statements))
    found = rehearse(walk)
    first = {each["query"]: each for each in found["statements"] if each["sql"] or each["toml"]}
    assert len(first) >= 14
    for each in found["statements"]:
        if each["query"] not in first and each["remedy"]:  # what cannot be done as it stands does not look as if
            assert not each["remedy"].startswith(("ALTER ", "CREATE ", "GRANT ", "[")), each
        assert "…" not in "".join([*each["sql"], *each["toml"]])
    taken: set[str] = set()
    for _ in range(3):  # what fails at once hides what comes after it
        take(walk, found, taken)
        found = rehearse(walk)
    left = {
        each["query"]: (each["verdict"], each["reason"], each["remedy"], first[each["query"]]["remedy"])
        for each in found["statements"]
        if each["query"] in first and each["verdict"] != "allowed"
    }
    assert left == {}
    followed(walk, "rollback", "--all")
    lines = [line for line in difference(before, snapshot(walk.database.admin)) if "as_before" not in line]
    assert lines == []
