"""Old roles that are groups, as Terraform usually makes them: they stay groups, and their logins count as them."""

from __future__ import annotations

import re

import pytest

from tests.fixtures.cli import InProcess
from tests.fixtures.databases import Database
from tests.integration.test_members import finding, gate, observed
from tests.support.grouping import ignored
from tests.support.walk import Walk, assert_same, configure

LAYOUT = """
create role app_user nologin; create role app_migrator nologin; create role app_readonly nologin;
create role app_user_a login in role app_user; create role app_user_b login in role app_user;
create role deploy login in role app_migrator;
"""


@pytest.mark.slow
@pytest.mark.majors("two")
def test_groups_stay_groups(database: Database, invoke_cli: InProcess) -> None:
    database.execute("create table thing (id int primary key)", database.legacy)
    database.execute(LAYOUT)
    walk = Walk(invoke_cli, database).init("--adopt")
    text = walk.config.read_text()
    assert '[group.app_user]\nlogins = ["app_user_a", "app_user_b"]' in text
    assert '[group.app_migrator]\nlogins = ["deploy"]' in text
    assert "[group.app_readonly]" not in text
    told = finding(walk, "group-logins")
    assert told["objects"] == ["deploy"]
    fix = told["fix"]
    database.execute(fix[fix.index("ALTER ROLE") :])
    after = finding(walk, "group-logins")
    assert (after is not None) == ignored(walk), "a setting that the server ignores is no cure"
    tool = re.search("Until then each session has to begin with (SET ROLE .*;)", fix)
    before = walk.snapshot()

    walk.forward("enable-login")
    log_in = "select rolname from pg_roles where rolcanlogin and rolname like 'app%' order by 1"
    assert [row[0] for row in database.admin.execute(log_in)] == ["app_readonly", "app_user_a", "app_user_b"]
    assert walk.status()["broken"] == [], "a group that stays one breaks no promise"
    assert "app_user_a, app_user_b" in gate(walk, "seen")["reason"]
    with database.connect("app_user_a") as app, database.connect("deploy") as migrator:
        assert observed(walk) == {"app_user_a": ["app_user"], "deploy": ["app_migrator"]}
        migrator.execute(f"{tool[1] if tool else ''} create table made (a int)")
        app.execute("insert into made values (1); select * from thing")
        walk.next()
    walk.forward()
    assert walk("verify").exit_code == 0
    assert walk.status()["not_begun"] == [], "no walk has to make them groups"
    page = walk("runbook", "--out", "runbook", "--format", "md").check()
    assert page.exit_code == 0
    written = (walk.run.cwd / "runbook" / "runbook.md").read_text()
    assert "app_user_a" in written
    walk.wait_until_gone("app_user_a", "deploy")
    walk.rollback("--all")
    database.execute("drop table made")
    assert_same(before, walk.snapshot(), "after rollback")


@pytest.mark.majors("two")
def test_what_logins_of_a_group_do_not_have(database: Database, invoke_cli: InProcess) -> None:
    """Legacy's settings, and rights that they would have to SET ROLE for."""
    legacy = database.legacy
    database.execute("create schema shop; create table shop.thing (id int primary key)", legacy)
    database.execute(f"alter role {legacy} in database {database.name} set search_path = shop, public")
    database.execute(LAYOUT)
    inherits = "with inherit false" if database.admin.info.server_version >= 160000 else ""
    database.execute(f"create role shy login noinherit; grant app_user to shy {inherits}")
    # In the raw: a policy for the group is none for who does not inherit, and nobody says so
    database.execute("insert into shop.thing values (1); alter table shop.thing enable row level security", legacy)
    database.execute("create policy theirs on shop.thing to app_user using (true)", legacy)
    database.execute("grant usage on schema shop to shy, app_user; grant select on shop.thing to shy, app_user", legacy)
    count = "select count(*) from shop.thing"
    with database.connect("shy") as shy:
        assert shy.execute(count).fetchone() == (0,)
    walk = Walk(invoke_cli, database).init("--adopt")
    findings = [each for each in walk("doctor", "--json").json["findings"] if each["id"] == "group-logins"]
    assert sorted(tuple(each["objects"]) for each in findings) == [
        ("app_user_a", "app_user_b", "deploy", "shy"),
        ("deploy",),
        ("shy",),
    ]
    for each in findings:
        for statement in re.findall("(?:ALTER ROLE|GRANT) .*;", each["fix"]):
            database.execute(statement)
    after = finding(walk, "group-logins")
    assert (after["objects"] if after else None) == (["deploy"] if ignored(walk) else None)
    with database.connect("shy") as shy:
        assert shy.execute(count).fetchone() == (1,)


def test_groups_in_the_configuration(database: Database, invoke_cli: InProcess) -> None:
    """What is written wrong is said; a role that is no group yet logs in until a walk of its own has made it one."""
    database.execute("create table thing (id int primary key)", database.legacy)
    walk = Walk(invoke_cli, database).init()
    text = walk.config.read_text()
    for wrong, said in (
        ("[group.app_users]\nlogins = []", "did you mean [group.app_user]?"),
        ("[group.app_user]\nlogin = []", "unknown key [group.app_user] login"),
        ('[group.app_user]\nlogins = ["legacy"]', "a role of the cutover"),
        ('[group.app_user]\nlogins = ["a", "a"]', 'names "a", twice'),
        ('[group.app_user]\nlogins = ["a"]\n[group.app_migrator]\nlogins = ["a"]', "a login of app_user already"),
        ('[group.app_user]\nlogins = ["pg_a"]', "is reserved"),
        ("[group.app_user]\nas_group = 1", "neither true nor false"),
        ("[group.app_user]\nconnection_limit = -1", "not a number of connections"),
        ('[members]\nweb = "owner"', "none of the new roles"),
        ('[members]\napp_user = "app_user"', "is itself a role of the cutover"),
    ):
        walk.config.write_text(f"{text}\n{wrong}\n")
        assert said in walk("status").check(1).stderr
    walk.config.write_text(f'{text}\n[group.app_user]\nlogins = ["a", "b"]\n')
    configure(walk.config, drain="0s")
    walk.forward("enable-login")
    assert database.admin.execute("select rolcanlogin from pg_roles where rolname = 'app_user'").fetchone() == (True,)
    walk.rollback("--all")
