"""A rotation in one database of a cluster whose logins work in another database, too."""

from __future__ import annotations

from tests.fixtures.cli import InProcess
from tests.fixtures.databases import MakeDatabase
from tests.support.rotating import twins
from tests.support.snapshot import snapshot
from tests.support.walk import Walk, assert_same, configure, write_passwords

A, B = "app_user_a", "app_user_b"
NAME = "rotate:app_user"
SECRET = "a key of the application"


def test_the_other_database_is_waited_for_and_left_as_it_was(
    make_database: MakeDatabase, invoke_cli: InProcess
) -> None:
    """Its sessions keep a login open, there and back, and its settings have to be those of the twin, too."""
    first, other = make_database(), make_database(legacy="second_legacy")
    walk = twins(Walk(invoke_cli, first), (A, B))
    other.execute("create table t (id int); grant select on t to app_user")
    other.execute(f"alter role {A} in database {other.name} set role = app_user")
    other.execute(f"alter role {A} in database {other.name} set app.token = '{SECRET}'")
    before = [snapshot(one.admin) for one in (first, other)]
    there = Walk(invoke_cli, other, passwords=walk.passwords)
    walk.passwords[B] = "another password"
    write_passwords(walk.password_file, walk.passwords)

    def take(exit_code: int = 0) -> str:
        return walk.next("--walk", NAME, exit_code=exit_code).stdout

    def works(role: str) -> None:
        with there.connect(role) as session:
            assert session.execute("select current_user::text, count(*) from t").fetchone() == ("app_user", 0)

    walk("begin", "rotate", "app_user", "--yes").check()
    take()
    waiting = walk("next", "--yes", "--json", "--walk", NAME).check(3)
    (gate,) = (gate for step in waiting.json["steps"] for gate in step["gates"] if gate["key"] == "twins-alike")
    assert f'ALTER ROLE "{B}" IN DATABASE "{other.name}" SET "role" TO \'app_user\';' in gate["fix"]
    assert SECRET not in waiting.stdout
    other.execute(gate["fix"])
    take()
    with walk.connect(B):
        works(B)
        take()
    with there.connect(A):
        assert f"{A} is connected to {other.name}" in take(3)
        walk("observe").check()
    walk.wait_until_gone(A, B)
    configure(walk.config, drain="1h")
    assert f"{A} was connected to {other.name} " in take(3), "a job comes and goes, and its rights are the group's"
    configure(walk.config, drain="0s")
    assert f"{A} has rights in {other.name} as app_user" in walk.next("--walk", NAME).stderr
    with there.connect(B):
        works(B)
        walk.rollback("--walk", NAME)
        works(A)
        walk.rollback("--walk", NAME)
        refused = walk.rollback("--walk", NAME, exit_code=5).stderr
        assert f"{B} is still connected to {other.name}" in refused
        works(B)
    walk.wait_until_gone(A, B)
    walk.rollback("--walk", NAME, "--all")
    works(A)
    walk.wait_until_gone(A)
    other.execute(f"alter role {B} in database {other.name} reset all")
    for one, then in zip((first, other), before, strict=True):
        assert_same(then, snapshot(one.admin), "back")
