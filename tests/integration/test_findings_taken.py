"""What doctor prints as SQL or as a line of configuration is taken as it is printed: the finding is gone."""

from __future__ import annotations

import tomllib
from typing import Any

import pytest

from tests.fixtures.cli import InProcess
from tests.fixtures.databases import Database
from tests.support.operators import SHAPES, OperatorsWalk, make_operator
from tests.support.walk import Walk, assert_same, toml

PLANTED = """
create table public.hidden (a int);
alter table public.hidden enable row level security;
alter table public.hidden owner to legacy;
create table public."Odd ""one" (a int);
alter table public."Odd ""one" enable row level security;
alter table public."Odd ""one" owner to legacy;
grant execute on function pg_catalog.pg_read_file(text) to legacy;
grant pg_signal_backend to legacy;
"""


def findings(walk: Walk) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = walk("doctor", "--json").json["findings"]
    return found


def take(walk: Walk, found: list[dict[str, Any]]) -> set[str]:
    """Do what they print; the ids of those that print something."""
    sections: dict[str, dict[str, list[str]]] = {}
    for each in found:
        for statement in each["sql"]:
            walk.database.admin.execute(statement.encode())
        for line in each["toml"]:
            head, _, value = line.partition("] ")
            sections.setdefault(head, {}).update(tomllib.loads(value))
    lines = [
        line
        for head, words in sections.items()
        for line in (f"{head}]", *(f"{word} = {toml(names)}" for word, names in words.items()))
    ]
    walk.config.write_text("\n".join([walk.config.read_text(), *lines, ""]))
    return {each["id"] for each in found if each["sql"] or each["toml"]}


@pytest.mark.majors("two")
def test_taken_as_printed_they_are_gone(database: Database, invoke_cli: InProcess, major: int) -> None:
    database.execute(PLANTED)
    if major < 16:
        database.execute("alter role legacy noinherit")
    walk = Walk(invoke_cli, database, decided=False).init()
    taken = take(walk, findings(walk))
    expected = {"rls-zero-rows", "restricted-rights", "legacy-predefined-roles"}
    assert taken == expected | ({"bridge-noinherit"} if major < 16 else set())
    assert not taken & {each["id"] for each in findings(walk)}

    before = walk.snapshot()
    walk.next("--through", "enable-login")
    walk("rollback", "--all", "--yes").check()
    assert_same(before, walk.snapshot(), "the way back")


@pytest.mark.majors("two")
def test_what_an_operator_lacks(database: Database, invoke_cli: InProcess, major: int) -> None:
    database.execute("create role team; grant team to legacy")
    make_operator(database, SHAPES["createrole"])
    walk = OperatorsWalk(invoke_cli, database)
    walk.init()
    taken = take(walk, findings(walk))
    assert ("memberships-out-of-reach" in taken) is (major >= 16)
    assert "operator-monitor" in taken
    assert not taken & {each["id"] for each in findings(walk)}
