"""A membership that nobody asked for is told by status and verify until it is ended as they print, or written down."""

from __future__ import annotations

import tomllib

import pytest

from flatsplit.walks import group, role
from tests.fixtures.cli import InProcess
from tests.fixtures.databases import Database
from tests.support.grouping import declare as declare_group
from tests.support.operators import OPERATOR, SHAPES, OperatorsWalk, as_if_granted_by_operator, make_operator
from tests.support.snapshot import difference
from tests.support.special import JOBS, SCHEMAS, declare, flat, quoted
from tests.support.walk import Walk

NIGHT = 'Night: "job" %s'

NEW = {
    "legacy to one": '[members] "one" = "app_user"',
    "app_user to two": '[people] "two" = ["app_user"]',
    "app_migrator to three": '[people] "three" = ["app_migrator"]',
    "app_readonly to four": '[people] "four" = ["app_readonly"]',
    "dba to five": '[people] "five" = ["dba"]',
    "six to app_user": '[grants.app_user] member = ["six"]',
    "app_migrator to app_user": "",
}
"""What is granted, and the line of flatsplit.toml by which it is meant."""
ROLES = ("one", "two", "three", "four", "five", "six")


def told(walk: Walk, exit_code: int) -> dict[str, tuple[str, ...]]:
    """The memberships that verify tells, each with what it prints; status tells the same and ends alike."""
    strays = walk("verify", "--json").check(exit_code).json["strays"]
    found = {stray["title"]: (stray["fix"], *stray["sql"]) for stray in strays}
    said = walk("status", "--json").check(exit_code).json
    broken = {one["what"]: one["fix"] for one in said["broken"]}  # with what app_user may do by them
    assert broken.items() >= {(title, fix) for title, (fix, *_) in found.items()}
    assert all(what in found or what.startswith("app_user can ") for what in broken)
    decide = [item for item in said["away"]["items"] if item["then"] == "decision"]
    assert sum(item["count"] for item in decide) == len(found)
    return found


@pytest.mark.majors("two")
@pytest.mark.parametrize("step", ["grant-existing", "enable-login"])
def test_until_it_is_ended_or_meant(database: Database, invoke_cli: InProcess, step: str) -> None:
    database.execute("create table t (a int); alter table t owner to legacy")
    for each in ROLES:
        database.execute(f"create role {each}")
    walk = Walk(invoke_cli, database).init()
    walk.forward(step)
    for membership in NEW:
        database.execute(f"grant {membership}")
    first = told(walk, 4)
    assert len(first) == len(NEW)

    database.execute("revoke select on t from app_user")  # what is repaired meanwhile decides nothing about them
    walk("repair", "--yes").check()
    assert told(walk, 4) == first

    text = walk.config.read_text()
    for line in filter(None, NEW.values()):
        assert any(line in fix for fix, *_ in first.values()), line
        head, _, value = line.partition("] ")
        before, found, after = text.partition(f"{head}]\n")
        text = f"{before}{found}{value}\n{after}" if found else f"{text}\n{head}]\n{value}\n"
    tomllib.loads(text)
    walk.config.write_text(text)
    left = told(walk, 4)
    assert list(left) == ["app_user became a member of app_migrator"]
    database.execute(next(iter(left.values()))[1])
    assert told(walk, 0) == {}


@pytest.mark.majors("two")
def test_by_an_operator_who_may_not_end_all(database: Database, invoke_cli: InProcess, major: int) -> None:
    database.execute("create role one; create role two")
    make_operator(database, SHAPES["createrole"])
    as_if_granted_by_operator(database)
    walk = OperatorsWalk(invoke_cli, database).init()
    walk.forward("enable-login")
    database.execute("grant app_user to one")
    database.execute("grant app_migrator to two", OPERATOR)
    found = told(walk, 4)
    superusers = {title for title, (fix, *_) in found.items() if fix.startswith("have a superuser run: ")}
    assert superusers == ({"one became a member of app_user"} if major >= 16 else set())
    for title, (_, *statements) in found.items():
        for statement in statements:
            database.execute(statement, None if title in superusers else OPERATOR)
    assert told(walk, 0) == {}


@pytest.mark.majors("two")
@pytest.mark.parametrize("by_operator", [False, True])
@pytest.mark.parametrize("step", ["enable-login", "revoke-legacy"])
def test_what_a_new_role_granted_outlives_it(
    database: Database, invoke_cli: InProcess, step: str, by_operator: bool
) -> None:
    """Since 16 a membership keeps its grantor's own from being revoked, and the grantor from being dropped."""
    database.execute("create role readers; grant readers to legacy with admin option")
    for each in ("one", "two"):
        database.execute(f"create role {each} login")
    if by_operator:
        make_operator(database, SHAPES["createrole"], reach=("readers",))
        as_if_granted_by_operator(database)
    walk = (OperatorsWalk if by_operator else Walk)(invoke_cli, database).init()
    before = walk.snapshot()
    walk.forward(step)
    with walk.connect("app_migrator") as session:
        session.execute("grant readers to one with admin option")
    with walk.connect("one") as session:
        session.execute("grant readers to two")
    walk.wait_until_gone("app_migrator", "one")
    walk.rollback("--all")
    found = difference(before, walk.snapshot())
    assert len(found) == 2, found
    assert all(line.startswith("+ member: readers") for line in found)
    query = "select member::regrole::text, admin_option from pg_auth_members where roleid = 'readers'::regrole"
    assert {("one", True), ("two", False)} <= set(database.admin.execute(query).fetchall())


@pytest.mark.slow
@pytest.mark.share(4)
@pytest.mark.majors("two")
@pytest.mark.parametrize("by_operator", [False, True])
@pytest.mark.parametrize("name", [f"role:{NIGHT}", "group:app_user"])
def test_what_a_role_of_a_later_walk_granted_outlives_it(
    database: Database, invoke_cli: InProcess, name: str, by_operator: bool
) -> None:
    """A special role's, or a login's of a group, which are dropped when their walk is rolled back."""
    flat(database)
    for each in ("readers", "one", "two"):
        database.execute(f"create role {each} login")
    if by_operator:
        make_operator(database, SHAPES["createrole"], reach=("readers", "one", "two"))
        as_if_granted_by_operator(database)
    walk = (OperatorsWalk if by_operator else Walk)(invoke_cli, database).init(schemas=list(SCHEMAS))
    walk.forward()
    declare_group(walk, "app_user", ("web_a", "web_b"))
    declare(walk, NIGHT, JOBS)
    before = walk.snapshot()
    kind, _, subject = name.partition(":")
    maker = NIGHT if kind == "role" else "web_a"
    walk("begin", kind, subject, "--yes").check()
    upto = role.OPEN if kind == "role" else group.OPEN_LOGINS
    taken = ("--yes", "--walk", name, "--through", upto, "--password-file", str(walk.password_file))
    walk("next", *taken, "--waive", "no-blockers", "--reason", "a test").check()
    database.execute(f"grant readers to {quoted(maker)} with admin option")
    with walk.connect(maker) as session:
        session.execute("set role none; grant readers to one with admin option")
    with walk.connect("one") as session:
        session.execute("grant readers to two")
    walk.wait_until_gone(maker, "one")
    walk("rollback", "--all", "--yes", "--walk", name).check()
    found = difference(before, walk.snapshot())
    assert len(found) == 2, found
    assert all(line.startswith("+ member: readers") for line in found)
    query = "select member::regrole::text, admin_option from pg_auth_members where roleid = 'readers'::regrole"
    assert {("one", True), ("two", False)} <= set(database.admin.execute(query).fetchall())
