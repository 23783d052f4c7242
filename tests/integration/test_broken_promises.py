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

GIVEN = (
    "GRANT TRUNCATE ON t TO app_user",
    "GRANT TRIGGER ON t TO app_readonly",
    "GRANT SELECT ON t TO app_user WITH GRANT OPTION",
    "GRANT CREATE ON SCHEMA public TO app_user",
    "GRANT EXECUTE ON FUNCTION pg_ls_dir(text) TO app_user",
    "GRANT pg_monitor TO app_migrator",
)
"""What no role of a program is to have."""


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


@pytest.mark.majors("two")
def test_what_somebody_gave_is_told_alike_with_what_takes_it_away(database: Database, invoke_cli: InProcess) -> None:
    database.execute("CREATE TABLE t (a serial)", database.legacy)
    walk = Walk(invoke_cli, database).init()
    walk.forward("enable-login")
    for statement in GIVEN:
        database.execute(f"SET search_path = public; {statement}")
        told, found = (walk(word, "--json").check(4).json["surplus"] for word in ("status", "verify"))
        assert told == found
        for one in told:
            database.execute(one["sql"])
        assert walk("status", "--json").check().json["surplus"] == [], statement
        walk("verify").check()
    database.execute("GRANT TRUNCATE ON t TO PUBLIC")
    (broken,) = {each["what"].partition(" can ")[0] for each in walk.status()["broken"]} - {"app_readonly"}
    assert broken == "app_user"
    walk("verify").check(4)


@pytest.mark.majors("two")
@pytest.mark.parametrize(("last", "owner"), [("default-privileges", "legacy"), ("transfer-ownership", "app_migrator")])
def test_an_object_given_away_comes_back_by_what_is_printed(
    database: Database, invoke_cli: InProcess, last: str, owner: str
) -> None:
    database.execute("CREATE TABLE t (a serial); CREATE TYPE mood AS ENUM ('good')", database.legacy)
    database.execute("CREATE ROLE stranger")
    walk = Walk(invoke_cli, database).init()
    walk.forward(last)
    database.execute("SET search_path = public; ALTER TABLE t OWNER TO stranger; ALTER TYPE mood OWNER TO stranger")
    assert f"{owner} can no longer change or drop them" in walk("verify").check(4).stdout
    assert f"to decide: {owner} can no longer change them" in walk("status").check(4).stdout
    (broken,) = walk("status", "--json").check(4).json["broken"]
    database.execute(broken["fix"].partition(" then flatsplit repair.")[0])
    walk("repair", "--yes").check()
    walk("status").check()
    walk("verify").check()


def test_a_schema_that_was_dropped_wants_nothing(database: Database, invoke_cli: InProcess) -> None:
    database.execute(f'GRANT CREATE ON DATABASE "{database.name}" TO legacy')
    database.execute("CREATE SCHEMA aux; CREATE TABLE aux.t (a int); CREATE TABLE t (a int)", database.legacy)
    walk = Walk(invoke_cli, database).init()
    walk.forward("default-privileges")
    database.execute("DROP SCHEMA aux CASCADE")
    said = walk("status", "--json").check().json
    assert (said["broken"], said["catch_up"]) == ([], [])
    assert [one["objects"] for one in said["misnamed"]] == [["schema aux"]]
    walk("verify").check()
    walk.forward()
    walk.rollback("--all")
