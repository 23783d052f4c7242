"""Names that try to get out of where they are written, in everything that doctor says."""

from __future__ import annotations

import pytest

from tests.fixtures.cli import InProcess
from tests.fixtures.databases import MakeDatabase
from tests.support.walk import Walk

LEGACY = "le\"ga'cy %s :x ü\n--"
TABLE = "t \"x' % :y\n| <b>`` \\"


@pytest.mark.majors("two")
def test_doctor(make_database: MakeDatabase, invoke_cli: InProcess, major: int) -> None:
    database = make_database(legacy=LEGACY)
    legacy, table = (name.replace('"', '""') for name in (LEGACY, TABLE))
    database.execute(
        f'create schema "{legacy}"; create table "{legacy}"."{table}" ("{table}" text default current_user); '
        f'create policy "{table}" on "{legacy}"."{table}" using ("{table}" = current_user); '
        f'alter table "{legacy}"."{table}" enable row level security; '
        f'create function "{legacy}"."{table}"() returns trigger language plpgsql security definer as $f$ '
        f"begin execute format('truncate %I', '{TABLE.replace(chr(39), chr(39) * 2)}'); return current_user; end "
        f"$f$; "
        f'create publication "{table}" for all tables; alter schema "{legacy}" owner to "{legacy}"; '
        f'alter table "{legacy}"."{table}" owner to "{legacy}"; '
        f'alter function "{legacy}"."{table}"() owner to "{legacy}"; '
        f'create role "{table}"; grant "{table}" to "{legacy}"; alter role "{legacy}" set "app.key" = \'{table[:2]}\'; '
        f'grant select on "{legacy}"."{table}" to public'
    )
    walk = Walk(invoke_cli, database).init()
    said = walk("doctor", "--json").check(5).json
    found = {one["id"]: one["objects"] for one in said["findings"]}
    named = f"{LEGACY}.{TABLE}"
    assert found["rls-fewer-rows"] == [named]
    assert found["current-user-defaults"] == [f"default {named}.{TABLE}"]
    assert found["current-user-policies"] == [f"policy {TABLE} on {named}"]
    assert found["policies-ask-who"] == [f"{TABLE} on {named}"]
    assert found["all-tables-publication"] == [TABLE]
    assert found["legacy-memberships"] == [TABLE]
    assert found["role-settings"] == ["app.key"]
    assert {
        "definer-search-path",
        "definer-open",
        "current-user-routines",
        "user-schema",
        "public-reads",
    } <= found.keys()
    text = walk("doctor").check(5).stdout
    shown = [line for line in text.splitlines() if line.startswith(("warning: ", "note: ", "blocker: "))]
    assert len(shown) == len(said["findings"])  # no name begins a line of its own
    markdown = walk("doctor", "--format", "md").check(5).stdout
    rows = [line for line in markdown.splitlines() if line.startswith("| ") and "hazard" not in line]
    assert len(rows) == len(said["findings"])
    assert all(line.count(" | ") == 4 for line in rows)
