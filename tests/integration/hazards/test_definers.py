"""Taking SECURITY DEFINER routines from everybody leaves app_user what it calls, however far the walk is."""

from __future__ import annotations

import pytest

from tests.fixtures.cli import InProcess
from tests.fixtures.databases import Database
from tests.support.walk import Walk

ROUTINES = """
create function "F %s" (a int) returns int language sql security definer set search_path = pg_catalog as 'select a';
create procedure p() language sql security definer set search_path = pg_catalog as 'select 1';
"""


@pytest.mark.majors("two")
@pytest.mark.parametrize("upto", ["", "create-roles", "grant-existing", "transfer-ownership"])
def test_app_user_may_call_them_before_and_after(database: Database, invoke_cli: InProcess, upto: str) -> None:
    database.execute(ROUTINES, database.legacy)
    walk = Walk(invoke_cli, database).init()
    if upto:
        walk.forward(upto)

    found = {each["id"]: each for each in walk("doctor", "--json").json["findings"]}["definer-open"]
    for statement in found["fix"].splitlines()[1:]:
        database.execute(statement)
        assert upto in ("", "create-roles") or may_call(database, walk.app_user)
    assert not walk.status()["catch_up"]
    if upto in ("", "create-roles"):
        walk.forward("grant-existing")
    assert may_call(database, walk.app_user)
    assert not may_call(database, walk.app_readonly)


def may_call(database: Database, role: str) -> bool:
    row = database.admin.execute(
        "select bool_and(has_function_privilege(%s, oid, 'execute')) from pg_proc where prosecdef and oid > 16384",
        [role],
    ).fetchone()
    assert row is not None
    return bool(row[0])
