"""``status`` first reports what somebody undid, with exit code 4; objects that are merely new do not count as that."""

from __future__ import annotations

import pytest

from tests.fixtures.cli import InProcess
from tests.fixtures.databases import Database
from tests.support.walk import Walk

UNDONE = {
    "REVOKE app_migrator FROM legacy": "legacy is not a member of app_migrator",
    "ALTER ROLE app_user NOLOGIN": "app_user may not log in",
    "ALTER ROLE legacy NOLOGIN": "legacy may not log in",
    "REVOKE SELECT ON t FROM app_readonly": "the privilege was taken away from app_readonly",
    "ALTER DEFAULT PRIVILEGES FOR ROLE app_migrator IN SCHEMA public REVOKE ALL ON TABLES FROM app_user": (
        "default privileges were taken away"
    ),
}


@pytest.mark.majors("two")
def test_what_was_undone_comes_first(database: Database, invoke_cli: InProcess) -> None:
    database.execute("CREATE TABLE t (a serial)", database.legacy)
    walk = Walk(invoke_cli, database).init()
    assert walk.status()["broken"] == []
    walk.forward("enable-login")
    database.execute("CREATE TABLE later (a serial)", database.legacy)
    assert walk.status()["broken"] == []
    for statement, said in UNDONE.items():
        database.execute(f"RESET ROLE; SET search_path = public; {statement}")
        result = walk("status").check(4)
        lines = result.stdout.splitlines()
        assert lines[0].startswith("broken: "), statement
        assert said in lines[0], (statement, lines[0])
        fix = lines[1].removeprefix("  fix: ")
        found = walk("status", "--json").check(4).json["broken"]
        assert found[0]["fix"] == fix
        if fix == "flatsplit repair":
            walk("repair", "--yes").check()
        else:
            database.execute(fix)
        assert walk.status()["broken"] == [], statement


def test_what_is_new_hides_nothing_that_was_undone(database: Database, invoke_cli: InProcess) -> None:
    """One GRANT gives both back, and only one of them is somebody's deed."""
    database.execute("CREATE TABLE t (a serial)", database.legacy)
    walk = Walk(invoke_cli, database).init()
    walk.forward("transfer-ownership")
    database.execute("CREATE TABLE later (a int); ALTER TABLE later OWNER TO app_migrator")
    assert walk.status()["broken"] == []
    database.execute("REVOKE SELECT ON t FROM app_readonly")
    (broken,) = walk("status", "--json").check(4).json["broken"]
    assert broken["what"].startswith("the privilege was taken away from app_readonly: wanted again is")
    assert "public.t " in broken["what"]
    causes = [one["cause"] for one in walk("verify", "--json").check(4).json["drift"]]
    assert sum("; and the privilege was taken away from app_readonly" in cause for cause in causes) == 1
    walk("repair", "--yes").check()
    assert walk.status()["broken"] == []


def test_ownership_moved_by_hand_before_the_bridge(database: Database, invoke_cli: InProcess) -> None:
    """REASSIGN OWNED too early cuts the application off: the membership that helps is told first, and is enough."""
    database.execute("CREATE TABLE t (a serial)", database.legacy)
    walk = Walk(invoke_cli, database).init()
    walk.forward("default-privileges")
    database.execute("REASSIGN OWNED BY legacy TO app_migrator")
    (broken,) = walk("status", "--json").check(4).json["broken"]
    database.execute(broken["fix"])
    database.execute("INSERT INTO t DEFAULT VALUES", database.legacy)
    assert walk.status()["broken"] == []
    walk.forward()


def test_an_old_role_that_is_still_locked_after_everything_is_rolled_back(
    database: Database, invoke_cli: InProcess
) -> None:
    """As after restoring the database alone from before lock-legacy: the journal does not know who locked it."""
    walk = Walk(invoke_cli, database).init()
    walk.forward("create-roles")
    database.execute("ALTER ROLE legacy NOLOGIN")
    walk.rollback("--all")
    (broken,) = walk("status", "--json").check(4).json["broken"]
    assert broken["what"].startswith("legacy may not log in")
    database.execute(broken["fix"])
    assert walk.status()["broken"] == []
