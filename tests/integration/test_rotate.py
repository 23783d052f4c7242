"""Rotation between twins: nobody is without a password that works, and the former one is dead at the end."""

from __future__ import annotations

from pathlib import Path

import psycopg
import pytest
from psycopg import sql

from tests.fixtures.cli import InProcess, Process, Result
from tests.fixtures.databases import MakeDatabase
from tests.fixtures.servers import FreshCluster
from tests.support import journal
from tests.support.operators import SHAPES, OperatorsWalk, make_operator
from tests.support.rotating import Stored, lets_in
from tests.support.rotating import twins as with_twins
from tests.support.snapshot import difference
from tests.support.walk import Walk, assert_same

A, B = 'Web %s "a" :x', "web\nb ü"
FIRST = "password of 0"
NAME = "rotate:app_user"
STATES = """
select r.rolcanlogin, r.rolpassword is not null from pg_authid r where r.rolname = any (%s)
order by array_position(%s, r.rolname::text)
"""
UNENDED = """
with last as (update flatsplit.cutover set state = 'active' where id = (select max(id) from flatsplit.cutover)
              returning id)
update flatsplit.step set state = 'running', finished_at = null where key = 'retire' and cutover_id in (table last)
"""


@pytest.fixture(params=["superuser", "createrole"])
def walk(
    request: pytest.FixtureRequest, make_database: MakeDatabase, fresh_cluster: FreshCluster, invoke_cli: InProcess
) -> Walk:
    """The split and the walk of a group, done, on a server that asks for passwords; app_user has twins."""
    database = make_database(cluster=fresh_cluster(auth="scram"))
    kind = Walk
    if request.param == "createrole":
        make_operator(database, SHAPES["rds"])
        kind = OperatorsWalk
    return with_twins(kind(invoke_cli, database), (A, B))


@pytest.fixture
def store(walk: Walk, tmp_path: Path) -> Stored:
    return Stored(walk, tmp_path)


def begin(walk: Walk, *options: str) -> Result:
    return walk("begin", "rotate", "app_user", *options, "--yes").check()


def take(walk: Walk, exit_code: int = 0, *options: str) -> Result:
    """The next step, with the store alone."""
    return walk("next", "--yes", "--walk", NAME, *options).check(exit_code)


def back(walk: Walk, exit_code: int = 0) -> Result:
    return walk("rollback", "--yes", "--walk", NAME).check(exit_code)


def twins(walk: Walk) -> list[tuple[bool, bool]]:
    """Of each whether it may log in, and whether it has a password."""
    return walk.database.admin.execute(STATES, [[A, B], [A, B]]).fetchall()


def connect(walk: Walk, login: str, password: str | None) -> psycopg.Connection[object]:
    info = walk.database.conninfo(login, password or "none")
    return psycopg.connect(info, application_name="puma", autocommit=True)


def on_a_line(name: str) -> str:
    return name.replace("\n", " ")


def rotate(walk: Walk, store: Stored, coming: str, leaving: str, former: str) -> str:
    """All of it, with an application that is moved in time; the new password."""
    begin(walk)
    take(walk)
    take(walk)
    with connect(walk, leaving, former) as old:
        assert f"{on_a_line(coming)} has not been seen" in take(walk, 3).stdout
        password = store.password("app_user")
        assert password is not None
        with connect(walk, coming, password) as new:
            starts = "select current_user::text, current_setting('work_mem')"
            assert new.execute(starts).fetchone() == ("app_user", "7MB")
            assert "current" in store.verbs()
            waiting = take(walk, 3).stdout
            assert "current" not in store.verbs(), "it is given out once"
            assert f"1 session of {on_a_line(leaving)} itself" in waiting, waiting
            old.close()
            walk.wait_until_gone(leaving)
            take(walk)
            take(walk)
            assert not lets_in(walk, leaving, former)
            log = ("--log", str(walk.database.cluster.server_log))
            assert f"somebody still asks for {on_a_line(leaving)}" in take(walk, 3, *log).stdout
            unheard = take(walk).stderr
            unknown = f"whether somebody asks for {on_a_line(leaving)}, or is refused what he needs, is not known: "
            assert f"{unknown}the server's log is not where SQL can read it" in unheard
            assert f"better: flatsplit next --walk {NAME} --log FILE" in unheard
            assert new.execute("select 1").fetchone() == (1,)
    walk.wait_until_gone(coming)
    return password


@pytest.mark.slow
@pytest.mark.majors("two")
def test_back_from_every_step_and_there(walk: Walk, store: Stored) -> None:
    before = walk.snapshot()
    begin(walk)
    assert not difference(before, walk.snapshot()), "begin takes no step"
    seen = [before]
    for step in range(4):
        if step == 2:
            take(walk, 3)
            with connect(walk, B, store.password("app_user")):
                take(walk)
        else:
            take(walk)
        seen.append(walk.snapshot())
    walk.wait_until_gone(B)
    for expected in reversed(seen[1:-1]):
        back(walk)
        assert_same(expected, walk.snapshot(), "taken back")
    # What was given out before that does not count as given out: another password was made meanwhile
    take(walk)
    take(walk, 3)
    assert lets_in(walk, B, store.password("app_user"))
    walk.wait_until_gone(B)
    back(walk)
    with connect(walk, B, store.password("app_user")):
        assert f"{on_a_line(B)} is still connected (puma from local" in back(walk, 5).stderr
    walk.wait_until_gone(B)
    for expected in reversed(seen[:2]):
        back(walk)
        assert_same(expected, walk.snapshot(), "taken back")
    assert twins(walk) == [(True, True), (False, False)]
    assert lets_in(walk, A, FIRST)
    assert not journal.problems(walk.database.admin)

    second = rotate(walk, store, B, A, FIRST)
    ages = {one["role"]: one for one in walk("status", "--json").check().json["passwords"]}
    assert (ages[B]["walk"], ages[B]["old"], A in ages) == (NAME, True, False)
    said = walk("status").check().stdout
    assert f"password of {on_a_line(B)}: set" in said
    assert "older than max_age: `flatsplit begin rotate app_user` changes it" in said
    assert "older than max_age" in walk("verify").check().stdout
    assert twins(walk) == [(False, False), (True, True)]
    assert walk("verify").check().exit_code == 0
    third = rotate(walk, store, A, B, second)
    assert twins(walk) == [(True, True), (False, False)]
    assert_same(before, walk.snapshot(), "after two rotations")
    assert walk("verify").check().exit_code == 0
    assert len({FIRST, second, third}) == 3
    assert [one["walk"] for one in walk("status", "--json").check().json["walks"]] == ["split", "group:app_user"]
    told = walk("history", "--json").check().stdout
    assert [secret for secret in (FIRST, second, third) if secret in told] == []

    # As if killed just before its last word: it cannot go back, so what it stands on waits until it is through
    walk.database.execute(UNENDED)
    refused = walk("rollback", "--yes", "--walk", "split").check(5).stderr
    assert "rotate app_user began later and stands on" in refused
    assert f"finish it first, since it cannot go back any more: flatsplit next --walk {NAME}" in refused
    take(walk)
    assert (
        "flatsplit rollback --walk group:app_user --all" in walk("rollback", "--yes", "--walk", "split").check(5).stderr
    )


@pytest.mark.slow
@pytest.mark.parametrize("walk", ["superuser"], indirect=True)
def test_mishaps(walk: Walk, store: Stored, run_cli: Process) -> None:
    """What is refused, what is named, kills between two verbs; then a password that somebody else knows."""
    run, a, b = walk.database.admin.execute, sql.Identifier(A), sql.Identifier(B)

    def refused(*arguments: str) -> str:
        return walk("begin", "rotate", *arguments, "--yes").check(2).stderr

    assert "is one of the two logins of app_user" in refused(A)
    run(sql.SQL("alter role {} password 'left'").format(b))
    assert "rests and has a password all the same" in refused("app_user")
    run(sql.SQL("alter role {} login").format(b))
    assert "none of them rests" in refused("app_user")
    run(sql.SQL("alter role {} nologin password null").format(b))
    assert "flatsplit begin group app_readonly" in refused("app_readonly")

    begin(walk)
    take(walk)
    run(sql.SQL("grant truncate on thing to {}").format(a))
    assert "rights on table public.thing" in take(walk, 3).stdout
    run(sql.SQL("revoke truncate on thing from {}").format(a))

    killed = Walk(run_cli, walk.database)
    run_cli.cwd.joinpath("flatsplit.toml").write_text(walk.config.read_text())
    seen = set()
    for verb in ("pending", "get", "current"):
        for lines in ("kill -9 $PPID; exit 1", "hook; kill -9 $PPID; exit 0"):
            if verb == "current" and journal.states(walk.database.admin, "rotate")["open"] != "done":
                store.spoil("")
                take(walk)
                # What the store gives out does not work: applications do not get it
                run(sql.SQL("alter role {} connection limit 0").format(b))
                store.verbs()
                assert "cannot log in with its new password" in take(walk, 3).stdout
                assert "current" not in store.verbs()
                run(sql.SQL("alter role {} connection limit 30").format(b))
            store.spoil(f"[ $verb != {verb} ] || {{ {lines}; }}")
            assert killed("next", "--yes", "--walk", NAME).exit_code == -9
            seen.add(store.password("app_user", "pending") or store.password("app_user"))
    store.spoil("")
    take(walk, 3)
    password = store.password("app_user")
    assert (lets_in(walk, A, FIRST), lets_in(walk, B, password)) == (True, True)
    assert seen == {None, password}
    with connect(walk, B, password):
        walk.next("--walk", NAME, "--through", "retire")
    assert lets_in(walk, B, password)

    begin(walk, "--leaked")
    take(walk)
    take(walk)
    with connect(walk, B, password) as thief:
        take(walk, 3)
        with connect(walk, A, store.password("app_user")):
            take(walk)
        said = take(walk).stderr
        assert "puma from local" in said, said
        with pytest.raises(psycopg.OperationalError):
            thief.execute("select 1")
    take(walk)
    assert twins(walk) == [(True, True), (False, False)]
    assert walk("history").check().stdout.count("sessions are ended") == 1
