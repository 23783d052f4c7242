"""Roles are the cluster's: what another database uses is neither dropped, nor re-passworded, nor demoted from here."""

from pathlib import Path

import pytest

from tests.fixtures.cli import InProcess
from tests.fixtures.databases import MakeDatabase
from tests.support.snapshot import verifier
from tests.support.walk import NEW_ROLES, Walk, assert_same


@pytest.fixture
def first(make_database: MakeDatabase, tmp_path: Path) -> Walk:
    """A database whose walk has come to its end: the roles are in use."""
    database = make_database("chinook", legacy="first_legacy")
    folder = tmp_path / "first"
    folder.mkdir()
    walk = Walk(InProcess(folder), database).init()
    walk.forward()
    return walk


def second_walk(make_database: MakeDatabase, tmp_path: Path, roles: tuple[str, ...]) -> Walk:
    folder = tmp_path / "second"
    folder.mkdir()
    return Walk(InProcess(folder), make_database("northwind", legacy="second_legacy"), roles=roles)


@pytest.mark.slow
@pytest.mark.majors("two")
def test_adopted_roles_stay_as_they_are(first: Walk, make_database: MakeDatabase, tmp_path: Path) -> None:
    second = second_walk(make_database, tmp_path, NEW_ROLES)
    conn = second.database.admin
    passwords = {role: verifier(conn, role) for role in NEW_ROLES}
    before, of_first = second.snapshot(), first.snapshot()

    second.init("--adopt")
    second.passwords = dict.fromkeys(NEW_ROLES, "another-password")
    second.forward()
    assert {role: verifier(conn, role) for role in NEW_ROLES} == passwords
    second("verify").check()
    second.rollback("--all")

    assert {role: verifier(conn, role) for role in NEW_ROLES} == passwords
    assert_same(before, second.snapshot(), "the second database, there and back")
    assert_same(of_first, first.snapshot(), "the first database")
    first("verify").check()


@pytest.mark.slow
@pytest.mark.majors("two")
def test_without_adopting_other_names_are_proposed(first: Walk, make_database: MakeDatabase, tmp_path: Path) -> None:
    second = second_walk(make_database, tmp_path, NEW_ROLES)
    second("init", "--legacy-role", "second_legacy", "--yes").check()
    text = second.config.read_text()
    for role in NEW_ROLES:
        assert f'{role} = "{role}"' not in text


@pytest.mark.slow
@pytest.mark.majors("two")
def test_rollback_does_not_drop_what_another_database_uses(
    first: Walk, make_database: MakeDatabase, tmp_path: Path
) -> None:
    """The first made the roles, the second adopted them: the first may go back, but not take them along."""
    second = second_walk(make_database, tmp_path, NEW_ROLES).init("--adopt")
    second.forward()
    conn = first.database.admin
    passwords = {role: verifier(conn, role) for role in NEW_ROLES}
    logins = "select rolname, rolcanlogin from pg_roles where rolname = any (%s) order by 1"
    before = conn.execute(logins, [list(NEW_ROLES)]).fetchall()

    first("rollback", "--all", "--yes")

    assert conn.execute(logins, [list(NEW_ROLES)]).fetchall() == before
    assert {role: verifier(conn, role) for role in NEW_ROLES} == passwords
    second("verify").check()


@pytest.mark.majors("two")
def test_rollback_does_not_drop_a_role_that_somebody_gave_rights_elsewhere(
    make_database: MakeDatabase, invoke_cli: InProcess
) -> None:
    walk = Walk(invoke_cli, make_database("chinook")).init()
    other = make_database("northwind", legacy="second_legacy")
    walk.forward("enable-login")
    other.admin.execute("grant select on all tables in schema public to app_readonly")

    walk("rollback", "--all", "--yes")

    count = "select count(*) from pg_roles where rolname = 'app_readonly'"
    assert other.admin.execute(count).fetchone() == (1,)
    may = "select has_table_privilege('app_readonly', 'orders', 'select')"
    assert other.admin.execute(may).fetchone() == (True,)


@pytest.mark.slow
@pytest.mark.majors("two")
def test_legacy_owns_another_database_too(make_database: MakeDatabase, invoke_cli: InProcess) -> None:
    """REASSIGN OWNED would take the other database along; the end of legacy here is not its end there."""
    other = make_database("northwind")
    other.execute("create extension citext", other.legacy)
    other.admin.execute("alter role legacy in database template1 set work_mem = '8MB'")
    walk = Walk(invoke_cli, make_database("chinook"), retire="revoke").init()
    walk.database.execute("create extension citext", walk.database.legacy)
    before = Walk(invoke_cli, other).snapshot()

    walk.forward("verify")

    owner = "select pg_get_userbyid(datdba) from pg_database where datname = %s"
    assert other.admin.execute(owner, [other.name]).fetchone() == ("legacy",)
    owners = "select distinct pg_get_userbyid(relowner) from pg_class where relnamespace = 'public'::regnamespace"
    assert other.admin.execute(owners).fetchall() == [("legacy",)]
    walk.rollback("--all")
    assert_same(before, Walk(invoke_cli, other).snapshot(), "the other database")


@pytest.mark.majors("two")
@pytest.mark.parametrize("retire", ["revoke", "drop"])
def test_the_end_of_legacy_waits_for_the_other_database(
    retire: str, make_database: MakeDatabase, invoke_cli: InProcess
) -> None:
    """Locking legacy ends it everywhere, so the other database is named; a waiver does not drop what it owns there."""
    other = make_database("northwind")
    walk = Walk(invoke_cli, make_database("chinook"), retire=retire).init()
    walk.forward("verify")

    said = walk("next", "--yes").check(3)
    assert other.name in said.stdout + said.stderr
    assert walk.next_step() == "lock-legacy"

    waived = ("--waive", "elsewhere", "--reason", "it is archived")
    walk("next", "--yes", *waived).check()
    ended = walk("next", "--yes", *waived)
    assert walk.database.admin.execute("select from pg_roles where rolname = 'legacy'").rowcount == 1
    owner = "select pg_get_userbyid(datdba) from pg_database where datname = %s"
    assert other.admin.execute(owner, [other.name]).fetchone() == ("legacy",)
    if retire == "drop":
        assert ended.exit_code in {1, 3, 5}
        assert other.name in ended.stdout + ended.stderr
        assert walk.states()["revoke-legacy"] != "done"
    else:
        assert ended.exit_code == 0
