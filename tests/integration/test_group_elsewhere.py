"""A group in one database of a cluster, and its way back, while another database uses the same roles and logins."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.fixtures.databases import Database
from tests.support.grouping import declare
from tests.support.sharing import two_databases, walk_in, works
from tests.support.snapshot import snapshot
from tests.support.walk import Walk, assert_same

TWINS = ("app_user_a", "app_user_b")

databases = pytest.fixture(two_databases)


def both(databases: tuple[Database, Database], folder: Path) -> tuple[Walk, Walk]:
    """The split done in both, with the same roles."""
    first = walk_in(folder / "first", databases[0])
    first.forward("verify")
    second = walk_in(folder / "second", databases[1], "--adopt")
    second.forward("verify")
    for walk in (first, second):
        walk.next("--through", "revoke-legacy", "--waive", "elsewhere", "--reason", "the other one is as far")
    second.passwords = first.passwords
    return first, second


def group(walk: Walk, upto: str) -> None:
    """Take the group's walk that far; its application is moved."""
    walk("begin", "group", "app_user", "--yes").check()
    walk.next("--walk", "group:app_user", "--through", "open-logins")
    if upto == "open-logins":
        return
    with walk.connect(TWINS[0]):
        walk.next("--walk", "group:app_user", "--through", upto)
    walk.wait_until_gone(TWINS[0])


@pytest.mark.slow
@pytest.mark.majors("two")
def test_the_way_back_beside_another_database(databases: tuple[Database, Database], tmp_path: Path) -> None:
    """The other one's application logs in as the role itself: it is not locked out, there and back."""
    first, second = both(databases, tmp_path)
    before = [snapshot(one.admin) for one in databases]
    declare(first, "app_user", TWINS)
    group(first, "switch-connections")
    with second.connect("app_user") as other:
        said = first.next("--walk", "group:app_user", exit_code=3).stdout
        assert databases[1].name in said
        other.execute("select * from public.t")
    second.wait_until_gone("app_user")
    works(second, "app_user")
    first.rollback("--walk", "group:app_user", "--all")
    works(second, "app_user")
    for one, then in zip(databases, before, strict=True):
        assert_same(then, snapshot(one.admin), "back")


@pytest.mark.slow
@pytest.mark.majors("two")
def test_logins_that_another_database_uses_stay(databases: tuple[Database, Database], tmp_path: Path) -> None:
    """Both applications log in as the twins; the first goes all the way back."""
    first, second = both(databases, tmp_path)
    declare(first, "app_user", TWINS)
    group(first, "switch-connections")
    databases[1].execute(f"alter role app_user_a in database {databases[1].name} set role = app_user")
    databases[1].execute("grant select on public.t to app_user_a")
    works(second, TWINS[0])
    second.wait_until_gone(TWINS[0])
    elsewhere = snapshot(databases[1].admin)
    said = first.rollback("--walk", "group:app_user", "--all").stderr
    assert f"role app_user_a stays: {databases[1].name} uses it" in said
    works(second, TWINS[0])
    left = snapshot(databases[1].admin)
    lost = [row for kind, rows in elsewhere.items() for row in rows - left[kind]]
    assert [row for row in lost if TWINS[1] not in row and databases[0].name not in str(row)] == []


@pytest.mark.slow
@pytest.mark.majors("two")
def test_a_group_that_the_other_database_has_closed(databases: tuple[Database, Database], tmp_path: Path) -> None:
    """Waived too early, it breaks what the second one promises. That one gets there by the same walk, or lets it in."""
    first, second = both(databases, tmp_path)
    waived = ("--waive", "elsewhere", "--reason", "nobody uses the other one")
    declare(first, "app_user", TWINS)
    group(first, "switch-connections")
    first.next("--walk", "group:app_user", "--through", "forget-password", *waived)
    assert [second(command).exit_code for command in ("status", "verify")] == [4, 4]
    declare(second, "app_user", TWINS)
    before = snapshot(databases[1].admin)
    group(second, "switch-connections")
    second.next("--walk", "group:app_user", "--through", "forget-password", *waived)
    assert [second(command, "--walk", "split").exit_code for command in ("status", "verify")] == [0, 0]
    works(second, TWINS[0])
    second.rollback("--walk", "group:app_user", "--all")
    assert_same(before, snapshot(databases[1].admin), "back")
    assert first("verify").exit_code == 0
