"""What app_user makes for itself: large objects are the ones that it may, beside temporary tables."""

from __future__ import annotations

import pytest

from tests.fixtures.cli import InProcess
from tests.fixtures.databases import MakeDatabase
from tests.support.snapshot import snapshot
from tests.support.walk import Walk, assert_same


@pytest.mark.slow
@pytest.mark.majors("two")
@pytest.mark.parametrize("step", ["enable-login", "revoke-legacy"])
def test_large_objects_of_the_application(
    make_database: MakeDatabase, invoke_cli: InProcess, major: int, step: str
) -> None:
    database = make_database()
    database.execute(f"alter database {database.name} owner to legacy; grant usage, create on schema public to legacy")
    database.execute("create table blobs (id oid); insert into blobs select lo_from_bytea(0, 'old')", "legacy")
    before = snapshot(database.admin)
    walk = Walk(invoke_cli, database).init()
    walk.forward("enable-login")
    made = "insert into blobs select lo_from_bytea(0, 'new') from generate_series(1, 3)"
    database.execute(made, "app_user")
    if step != "enable-login":
        walk.forward(step)  # so that they were seen with the owner that they had
        database.execute(made, "app_user")
    walk("verify").check()
    walk.rollback("--all")
    database.execute("select lo_unlink(id) from (select id from blobs offset 1) as new", "legacy")
    assert_same(before, snapshot(database.admin), "after the way back, and without what is new")
