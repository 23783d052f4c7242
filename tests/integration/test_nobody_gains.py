"""No new role but dba can do what an ordinary owner could not, unless the configuration says so."""

from typing import Any

import pytest

from tests.fixtures.cli import InProcess
from tests.fixtures.databases import Database, MakeDatabase
from tests.fixtures.servers import FreshCluster
from tests.support.gains import INSTALL, beyond
from tests.support.walk import Walk, assert_same

TABLE = "create table thing (id int primary key)"
DECIDED = ("--waive", "no-blockers", "--reason", "looked at")
OURS = ("app_user", "app_migrator", "app_readonly")

HELD = """
grant execute on function pg_read_file(text) to legacy;
grant execute on function pg_ls_dir(text) to legacy with grant option;
grant execute on function lo_import(text), lo_export(oid, text) to legacy;
grant select on pg_authid to legacy; grant update on pg_database to legacy;
grant select (passwd) on pg_shadow to legacy;
create extension dblink; grant execute on function dblink_connect_u(text) to legacy;
"""
"""Restricted rights by a grant."""

NAMED = {
    "function pg_catalog.pg_read_file(text)",
    "function pg_catalog.pg_ls_dir(text)",
    "function pg_catalog.lo_import(text)",
    "function pg_catalog.lo_export(oid, text)",
    "table pg_catalog.pg_authid",
    "table pg_catalog.pg_database",
    "column pg_catalog.pg_shadow.passwd",
    "function public.dblink_connect_u(text)",
}

GROUPS = """
grant pg_execute_server_program to legacy; grant pg_write_server_files to legacy with admin option;
grant pg_signal_backend, pg_read_all_data to legacy;
create role ops; grant pg_execute_server_program to ops; grant ops to legacy;
create role a; create role b; grant pg_monitor to a; grant a to b; grant b to legacy;
create role chief superuser; grant chief to legacy;
create role maker createrole; grant maker to legacy;
create role team; grant select on pg_authid to team; grant team to legacy;
create role ordinary; create table theirs (); alter table theirs owner to ordinary; grant ordinary to legacy;
create table told (); grant select on told to team;
"""
"""Memberships that lead there, and one that does not."""


@pytest.fixture
def container(fresh_cluster: FreshCluster, make_database: MakeDatabase) -> Database:
    """As container images make it: legacy is the bootstrap superuser."""
    return make_database(cluster=fresh_cluster(superuser="legacy"), operator="operator")


def gained(database: Database) -> dict[str, set[str]]:
    """What the new roles could do beyond an ordinary owner; none that could do nothing."""
    return {role: found for role in OURS if (found := beyond(database.admin, role))}


def grant(walk: Walk, text: str) -> None:
    """Add sections to the configuration."""
    walk.config.write_text(walk.config.read_text() + f"\n{text}\n")


def decisions(walk: Walk) -> dict[str, dict[str, Any]]:
    """The blockers that doctor finds, by id."""
    found = walk("doctor", "--json").json["findings"]
    return {one["id"]: one for one in found if one["severity"] == "blocker"}


@pytest.mark.slow
@pytest.mark.majors("two")
@pytest.mark.parametrize("kind", ["superuser", "bootstrap"])
def test_every_extension_of_a_superuser(
    kind: str, make_database: MakeDatabase, invoke_cli: InProcess, request: pytest.FixtureRequest
) -> None:
    """The law: whatever the server brings, installed by legacy."""
    if kind == "bootstrap":
        database: Database = request.getfixturevalue("container")
    else:
        database = make_database(legacy_options="superuser")
    database.execute(f"{TABLE}; {INSTALL}", database.legacy)
    walk = Walk(invoke_cli, database, decided=False).init()
    untouched = walk.snapshot()
    assert "restricted-rights" in decisions(walk)

    walk.next("--through", "enable-login", *DECIDED)

    assert gained(database) == {}
    walk("verify").check()
    walk.rollback("--all")
    assert_same(untouched, walk.snapshot(), "rolled back everything")


@pytest.mark.majors("two")
def test_what_legacy_holds_is_left_behind(database: Database, invoke_cli: InProcess, major: int) -> None:
    """Each is a decision: named by doctor, in the way until it is taken."""
    held = HELD if major >= 14 else HELD.replace("pg_read_all_data", "pg_monitor")
    groups = GROUPS if major >= 14 else GROUPS.replace("pg_read_all_data", "pg_monitor")
    database.execute(f"{TABLE}; alter table thing owner to legacy; {held}; {groups}")
    walk = Walk(invoke_cli, database, decided=False).init()
    walk.next("--through", "create-roles", exit_code=5)
    found = decisions(walk)
    assert set(found["restricted-rights"]["objects"]) == NAMED
    assert {"ops", "b", "chief", "maker", "team", "pg_signal_backend"} < set(
        found["legacy-predefined-roles"]["objects"]
    )
    assert "ordinary" not in found["legacy-predefined-roles"]["objects"]

    grant(walk, "[hazards.accept]\n" + "\n".join(f'"{hazard}" = "nobody needs it"' for hazard in found))
    untouched = walk.snapshot()
    walk.next("--through", "enable-login")

    assert gained(database) == {}
    with walk.connect("app_migrator") as session:
        session.execute("select from theirs; select from told")  # what an ordinary group gives is not lost
    walk("verify").check()
    walk.rollback("--all")
    assert_same(untouched, walk.snapshot(), "rolled back everything")


@pytest.mark.majors("two")
def test_what_doctor_prints_is_the_way_out(database: Database, invoke_cli: InProcess) -> None:
    """The lines of configuration as they are printed: with them the walk goes on, and verify expects what they say."""
    database.execute(f"{TABLE}; alter table thing owner to legacy; {HELD}; grant pg_signal_backend to legacy")
    walk = Walk(invoke_cli, database, decided=False).init()
    untouched = walk.snapshot()
    for found in decisions(walk).values():
        given = str(found["fix"]).partition("\n")[2].partition("\nor leave")[0]
        grant(walk, given)
    assert decisions(walk) == {}

    walk.next("--through", "enable-login")

    may = gained(database)
    assert may["app_user"] == {
        "execute dblink_connect_u(text)",
        *("execute pg_read_file(text)", "execute pg_ls_dir(text)"),
        *("execute lo_import(text)", "execute lo_export(oid,text)"),
        *("select pg_authid", "select pg_shadow"),
    }
    assert may["app_migrator"] == {"is pg_signal_backend"}
    checks = walk("verify", "--json").check().json["checks"]
    assert {"execute, as [grants] says", "select, as [grants] says"} < {each["act"] for each in checks}
    database.execute(
        "revoke execute on function pg_read_file(text) from app_user; revoke pg_signal_backend from app_migrator"
    )
    missing = walk("verify").check(4).stdout
    assert "pg_read_file" in missing
    assert "pg_signal_backend" in missing
    walk("repair", "--yes").check()
    assert gained(database) == may
    walk.rollback("--all")
    assert_same(untouched, walk.snapshot(), "rolled back everything")


def test_what_somebody_gave_by_hand_is_seen(database: Database, invoke_cli: InProcess) -> None:
    """verify and blast-radius know routines and groups that lead to files, programs and other roles."""
    database.execute(f"{TABLE}; alter table thing owner to legacy; create extension dblink; create role ops")
    database.execute("grant pg_execute_server_program to ops")
    walk = Walk(invoke_cli, database, decided=False).init()
    walk.forward("enable-login")
    walk("verify").check()
    database.execute("grant execute on function pg_read_file(text), dblink_connect_u(text) to app_user")
    database.execute("grant ops to app_migrator")

    said = walk("verify").check(4).stdout

    assert "pg_read_file" in said
    assert "dblink_connect_u" in said
    assert "ops" in said
    radius = walk("blast-radius", "--json").check().json["after"]
    reach = {(role, key) for role in OURS for key, one in radius[role]["abilities"].items() if one["can"]}
    assert {("app_user", "files"), ("app_user", "superuser"), ("app_migrator", "programs")} <= reach
    assert ("app_readonly", "files") not in reach
