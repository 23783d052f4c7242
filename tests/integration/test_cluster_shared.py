"""Two databases of one cluster and one legacy role: what one walk takes back is still there for the other."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.fixtures.databases import Database
from tests.support.sharing import two_databases, walk_in, works
from tests.support.snapshot import snapshot
from tests.support.special import declare
from tests.support.thinned import slow_but
from tests.support.walk import NEW_ROLES, assert_same

OWN = ("second_user", "second_migrator", "second_readonly", "second_dba")
MARK = "select shobj_description(oid, 'pg_authid') from pg_roles where rolname = %s"


databases = pytest.fixture(two_databases)


@pytest.mark.slow
@pytest.mark.majors("two")
def test_what_the_other_database_uses_stays(databases: tuple[Database, Database], tmp_path: Path) -> None:
    start = snapshot(databases[0].admin)
    first = walk_in(tmp_path / "first", databases[0])
    first.forward("verify")
    second = walk_in(tmp_path / "second", databases[1], "--adopt")
    second.forward("verify")
    second.passwords = first.passwords

    text = first("plan", "revoke-legacy").stdout
    assert f"membership of legacy in app_migrator stays: {databases[1].name} uses it" in text
    said = first.rollback("--all", "--json")
    assert f"role app_user stays: {databases[1].name} uses it" in said.stderr
    stays = [note for step in said.json["steps"] for note in step["notes"]]
    assert any(f"app_user stays LOGIN, PASSWORD: {databases[1].name} uses it" in note["objects"] for note in stays)
    for role in ("app_user", "app_migrator", "legacy"):
        works(second, role)
    second("verify").check()
    assert second("status", "--json").json["catch_up"] == []
    assert databases[1].admin.execute(MARK, ["app_user"]).fetchone() == (
        f'made by flatsplit for database "{databases[1].name}"',
    )

    second.rollback("--all")
    assert_same(start, snapshot(databases[0].admin), "when both are back")


@pytest.mark.slow
@pytest.mark.majors("two")
def test_the_maker_goes_last_and_takes_its_roles_along(databases: tuple[Database, Database], tmp_path: Path) -> None:
    start = snapshot(databases[0].admin)
    first = walk_in(tmp_path / "first", databases[0])
    first.next()
    second = walk_in(tmp_path / "second", databases[1], "--adopt")
    second.forward("enable-login")
    second.rollback("--all")
    assert first.next_step() == "grant-existing"
    first.next()
    works(first, "legacy")
    first.rollback("--all")
    assert_same(start, snapshot(databases[0].admin), "when both are back")


@pytest.mark.slow
def test_going_again_where_the_roles_have_stayed(databases: tuple[Database, Database], tmp_path: Path) -> None:
    """A walk that went back and left its roles to the other one goes on with them, and leaves nothing in the end."""
    start = snapshot(databases[0].admin)
    first = walk_in(tmp_path / "first", databases[0])
    first.forward("enable-login")
    second = walk_in(tmp_path / "second", databases[1], "--adopt")
    second.forward("enable-login")
    second.passwords = first.passwords
    first.rollback("--all")
    first.forward("verify")
    works(first, "app_user")
    second.rollback("--all")
    works(first, "app_user")
    first.rollback("--all")
    assert_same(start, snapshot(databases[0].admin), "when both are back")


@pytest.mark.slow
@pytest.mark.majors("two")
def test_another_walks_role_was_not_made_by_hand(databases: tuple[Database, Database], tmp_path: Path) -> None:
    second = walk_in(tmp_path / "second", databases[1])
    first = walk_in(tmp_path / "first", databases[0])
    first.forward("grant-existing")
    said = second("next", "--yes").check(1)
    assert "--adopt" in said.stderr
    assert second.states()["create-roles"] == "pending"
    second("init", "--legacy-role", "legacy", "--adopt", "--yes").check()
    second.forward("verify")
    first.rollback("--all")
    second("verify").check()
    second.rollback("--all")
    assert not databases[0].admin.execute("select from pg_roles where rolname = any (%s)", [list(NEW_ROLES)]).fetchall()


def test_a_role_that_is_in_use_elsewhere_was_not_made_by_hand(
    databases: tuple[Database, Database], tmp_path: Path
) -> None:
    walk = walk_in(tmp_path / "first", databases[0])
    databases[1].execute("create role app_user; grant select on t to app_user")
    assert "--adopt" in walk("next", "--yes").check(1).stderr
    databases[1].execute("revoke select on t from app_user")
    walk.next()
    assert databases[1].admin.execute(MARK, ["app_user"]).fetchone() == (None,)


def test_a_comment_of_somebody_elses_stays(databases: tuple[Database, Database], tmp_path: Path) -> None:
    databases[0].execute("create role app_user; comment on role app_user is 'managed by Terraform'")
    start = snapshot(databases[0].admin)
    walk = walk_in(tmp_path / "first", databases[0], "--adopt")
    walk.forward("enable-login")
    databases[0].execute("comment on role app_user is 'ours'")
    walk.rollback("--all")
    assert databases[0].admin.execute(MARK, ["app_user"]).fetchone() == ("ours",)
    databases[0].execute("comment on role app_user is 'managed by Terraform'")
    assert_same(start, snapshot(databases[0].admin), "back")


def test_roles_that_were_in_use_here_before_are_not_dropped(
    databases: tuple[Database, Database], tmp_path: Path
) -> None:
    """A former walk's roles carry its mark; a new walk that adopts them does not take them for its own."""
    walk = walk_in(tmp_path / "first", databases[0])
    walk.forward("grant-existing")
    walk("forget", "--yes").check()
    walk.config.unlink()
    start = snapshot(databases[0].admin)
    walk.init("--adopt")
    walk.forward("enable-login")
    walk.rollback("--all")
    assert_same(start, snapshot(databases[0].admin), "back")


@pytest.mark.slow
@pytest.mark.majors("two")
@pytest.mark.parametrize("waited", slow_but([False, True], True))
def test_what_another_walk_has_locked_is_not_opened(
    waited: bool, databases: tuple[Database, Database], tmp_path: Path
) -> None:
    """NOLOGIN that another database's walk set was not done by hand here, nor by a step that waits at its gates."""
    start = snapshot(databases[0].admin)
    first = walk_in(tmp_path / "first", databases[0])
    second = walk_in(tmp_path / "second", databases[1], roles=OWN)
    first.forward("verify")
    if waited:
        first.next(exit_code=3)
    second.forward("verify")
    second.next("--waive", "elsewhere", "--reason", "both are there")
    said = first.rollback("--through", "enable-login", exit_code=5)
    assert "take lock-legacy back there first" in said.stderr
    assert first.states()["verify"] == "done"
    login = "select rolcanlogin from pg_roles where rolname = 'legacy'"
    assert databases[0].admin.execute(login).fetchone() == (False,)
    second.rollback()
    first.rollback("--all")
    works(first, "legacy")
    second.rollback("--all")
    assert_same(start, snapshot(databases[0].admin), "when both are back")


@pytest.mark.majors("two")
@pytest.mark.parametrize("order", [(0, 1), pytest.param((1, 0), marks=pytest.mark.slow)])
def test_the_bridge_of_another_walk_was_not_there_before(
    order: tuple[int, int], databases: tuple[Database, Database], tmp_path: Path
) -> None:
    """Roles that somebody made by hand carry no mark; the second walk begins when the first has its bridge."""
    databases[0].execute("".join(f"create role {role}; " for role in NEW_ROLES))
    start = snapshot(databases[0].admin)
    walks = [walk_in(tmp_path / "first", databases[0], "--adopt")]
    walks[0].forward("transfer-ownership")
    walks.append(walk_in(tmp_path / "second", databases[1], "--adopt"))
    walks[1].forward("transfer-ownership")
    for place in order:
        walks[place].rollback("--all")
        for each in walks:
            works(each, "legacy")
    assert_same(start, snapshot(databases[0].admin), "when both are back")


@pytest.mark.slow
@pytest.mark.majors("two")
def test_a_special_role_is_the_cluster_s_and_what_it_may_is_a_database_s(
    databases: tuple[Database, Database], tmp_path: Path
) -> None:
    """Declared in both, it rides along with the first; back there, nothing of it is left there, and all elsewhere."""
    first = walk_in(tmp_path / "first", databases[0])
    first.forward("transfer-ownership")
    second = walk_in(tmp_path / "second", databases[1], "--adopt")
    second.forward("transfer-ownership")
    for walk in (first, second):
        declare(walk, "app_jobs", {"role": {"settings": {"work_mem": "8MB"}}, "grants": {"select": ["public.t"]}})
    before = snapshot(databases[0].admin)
    first.next()
    with first.connect("app_jobs") as session:
        session.execute("select * from public.t")
    first.wait_until_gone("app_jobs")

    (note,) = (one for one in second("plan", "--json").json["notes"] if one["id"] == "stays-behind")
    assert f"flatsplit made it for database {databases[0].name}; give the special role another name" in str(note)
    assert "drop" not in str(note)
    second.next()
    assert "made it for database" in second("begin", "role", "app_jobs", "--yes").check(2).stderr

    databases[1].execute("grant select on public.t to app_jobs")
    said = first.rollback("--walk", "split").stderr
    assert f"role app_jobs stays: {databases[1].name} uses it" in said
    left = {kind: rows for kind, rows in snapshot(databases[0].admin).items() if kind not in ("role", "password")}
    assert {kind: rows - before[kind] for kind, rows in left.items() if rows - before[kind]} == {}
    second.passwords = first.passwords
    with second.connect("app_jobs") as session:
        session.execute("select * from public.t")
    assert "another name" in second("begin", "role", "app_jobs", "--yes").check(2).stderr


@pytest.mark.slow
@pytest.mark.majors("two")
def test_roles_that_ride_along_in_both(databases: tuple[Database, Database], tmp_path: Path) -> None:
    """Over the bridge each reaches both databases, which is told before; nobody is advised to cut the other one off."""
    walks = walk_in(tmp_path / "first", databases[0]), walk_in(tmp_path / "second", databases[1], "--adopt")
    start = snapshot(databases[0].admin)
    for walk, name in zip(walks, ("jobs_a", "jobs_b"), strict=True):
        walk.forward("transfer-ownership")
        declare(walk, name, {"role": {"like": "app_user"}})
    said = []
    for walk in walks:
        (note,) = (one for one in walk("plan", "--json").json["notes"] if one["id"] == "rides-along")
        said.append(" ".join(note["objects"]))
        walk.next()
    assert f"may do what app_user may in other databases too: {databases[1].name}" in said[0]
    assert f"may do what app_user may in other databases too: {databases[0].name}" in said[1]
    for name in ("jobs_a", "jobs_b"):
        for walk in walks:
            walk.passwords[name] = "password of 4"
            works(walk, name)

    (stray,) = walks[0]("verify", "--json").check(4).json["strays"]
    assert stray["title"] == "jobs_b became a member of app_user"
    assert stray["fix"].startswith(f"A walk of database {databases[1].name} made jobs_b")
    walks[0].wait_until_gone("jobs_a", "jobs_b")
    for walk in walks:
        walk.rollback("--all", "--walk", "split")
    assert_same(start, snapshot(databases[0].admin), "both back")
