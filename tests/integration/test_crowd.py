"""A table with as many grantees as there is room for: stopped before the walk, and then there and back."""

from __future__ import annotations

import pytest

from tests.fixtures.cli import InProcess
from tests.fixtures.databases import Database
from tests.support.crowd import CREATE, DROP, crowd
from tests.support.walk import Walk, assert_same


@pytest.mark.slow
def test_there_and_back_with_a_crowd(database: Database, invoke_cli: InProcess) -> None:
    """What the crowd may not read keeps it out of the tracking schema, where it would fill the lists too."""
    database.execute("CREATE TABLE crowded (a int); CREATE TABLE closed ()", database.legacy)
    database.execute(CREATE)
    try:
        crowd(database.admin, "GRANT SELECT ON crowded")
        walk = Walk(invoke_cli, database).init()
        refusal = walk.next(exit_code=5).stderr
        assert "no room in the list of rights of table public.crowded" in refusal
        said_all = walk("doctor", "--json").check(5).json["findings"]
        found = next(each for each in said_all if each["id"] == "rights-list-full")
        database.execute(found["fix"].split("\n", 1)[1])
        before = walk.snapshot()
        walk.forward("enable-login")
        walk.rollback("--all")
        assert_same(before, walk.snapshot(), "after the way back")
        walk("forget", "--yes").check()
    finally:
        database.execute(
            "DROP TABLE crowded; DROP SCHEMA IF EXISTS flatsplit CASCADE; DROP ROLE IF EXISTS users_of_crowded"
        )
        database.execute(DROP)
