"""Memberships that the operator can neither pass on nor take away: left behind by configuration, not by a failure."""

from __future__ import annotations

from typing import Any

import pytest
from psycopg import sql

from tests.fixtures.cli import InProcess
from tests.fixtures.databases import Database
from tests.support.operators import OPERATOR, SHAPES, OperatorsWalk, make_operator
from tests.support.walk import assert_same

NAMES = ("memberships-out-of-reach", "legacy-predefined-roles")


def findings(walk: OperatorsWalk) -> dict[tuple[str, str], dict[str, Any]]:
    found = walk("doctor", "--json").json["findings"]
    return {(each["id"], each["step"]): each for each in found}


def planted(database: Database, invoke_cli: InProcess) -> OperatorsWalk:
    database.execute("create table public.shared (a int)")
    database.execute(
        'create role "the Team"; grant select on public.shared to "the Team"; create role "avnadmin" createrole; '
        'grant "the Team", "avnadmin" to legacy'
    )
    make_operator(database, SHAPES["createrole"])
    walk = OperatorsWalk(invoke_cli, database)
    walk.init()
    return walk


def about(found: dict[tuple[str, str], dict[str, Any]], *roles: str) -> set[tuple[str, str]]:
    """What the operator lacks that has to do with these roles."""
    return {
        key
        for key, each in found.items()
        if key[0].startswith("operator-") and any(role in line for line in each["objects"] for role in roles)
    }


@pytest.mark.majors("two")
def test_left_behind_by_configuration(database: Database, invoke_cli: InProcess, major: int) -> None:
    walk = planted(database, invoke_cli)
    found = findings(walk)
    if major < 16:  # CREATEROLE is enough
        assert ("memberships-out-of-reach", "grant-existing") not in found
        return
    finding = found["memberships-out-of-reach", "grant-existing"]
    assert finding["severity"] == "blocker"
    assert finding["objects"] == ["the Team"]
    assert about(found, "the Team", "avnadmin")

    text = walk.config.read_text()
    heading = "" if "[hazards.accept]" in text else "[hazards.accept]\n"
    lines = heading + "".join(f'"{name}" = "nobody needs it"\n' for name in NAMES)
    walk.config.write_text(
        text.replace("[hazards.accept]\n", f"[hazards.accept]\n{lines}") if not heading else f"{text}\n{lines}"
    )
    assert not about(findings(walk), "the Team", "avnadmin")

    before = walk.snapshot()
    walk.next("--through", "grant-existing")
    role = database.admin.execute("select pg_has_role('app_migrator', 'the Team', 'member')").fetchone()
    assert role == (False,)
    walk("rollback", "--all", "--yes").check()
    assert_same(before, walk.snapshot(), "the way back")


@pytest.mark.majors("two")
def test_with_what_is_printed_it_is_passed_on(database: Database, invoke_cli: InProcess, major: int) -> None:
    if major < 16:
        return
    walk = planted(database, invoke_cli)
    fix = findings(walk)["memberships-out-of-reach", "grant-existing"]["fix"]
    grants = [line for line in fix.splitlines() if line.startswith("GRANT ")]
    assert grants == [f'GRANT "the Team" TO {sql.Identifier(OPERATOR).as_string(None)} WITH ADMIN OPTION;']
    database.execute(grants[0])
    assert ("memberships-out-of-reach", "grant-existing") not in findings(walk)
