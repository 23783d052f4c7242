"""Another password for one login, in place: tried at once, back from memory where it fails, known to everybody."""

from __future__ import annotations

from collections.abc import Iterator
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
from tests.support.walk import Walk, write_passwords

ALICE = 'Alice "%s" :x\nü'
FORMER = "former-secret"
WALK = f"rotate:{ALICE}"


@pytest.fixture(params=["superuser", "createrole"])
def walk(
    request: pytest.FixtureRequest, make_database: MakeDatabase, fresh_cluster: FreshCluster, invoke_cli: InProcess
) -> Walk:
    """The split, begun, on a server that asks for passwords; and a person who logs in."""
    database = make_database(cluster=fresh_cluster(auth="scram"))
    alice = sql.Identifier(ALICE)
    database.admin.execute(sql.SQL("create role {} login password {}").format(alice, sql.Literal(FORMER)))
    kind = Walk
    if request.param == "createrole":
        make_operator(database, SHAPES["createrole"], reach=(ALICE,))
        kind = OperatorsWalk
    return kind(invoke_cli, database).init()


@pytest.fixture
def store(walk: Walk, tmp_path: Path) -> Stored:
    return Stored(walk, tmp_path)


@pytest.fixture
def connected(walk: Walk) -> Iterator[psycopg.Connection[object]]:
    """A client of hers, with the former password."""
    with psycopg.connect(walk.database.conninfo(ALICE, FORMER), application_name="report", autocommit=True) as client:
        yield client


def begin(walk: Walk) -> None:
    walk("begin", "rotate", ALICE, "--in-place", "--yes").check()


def take(walk: Walk, exit_code: int = 0, *options: str) -> Result:
    """The next step, with the store alone."""
    return walk("next", "--yes", "--walk", WALK, *options).check(exit_code)


def states(walk: Walk) -> list[str]:
    return list(journal.states(walk.database.admin, "rotate").values())


@pytest.mark.majors("two")
def test_from_one_password_to_the_next(walk: Walk, store: Stored, connected: psycopg.Connection[object]) -> None:
    before = walk.snapshot()
    begin(walk)
    said = take(walk)
    password = store.password(ALICE)
    assert "logged in with its new password" in said.stderr + said.stdout
    assert (lets_in(walk, ALICE, password), lets_in(walk, ALICE, FORMER)) == (True, False)
    assert store.verbs() == ["get", "pending", "get", "get", "current"]
    assert store.kept[ALICE]["current"]["verifier"] == verifier(walk)
    assert walk.snapshot() == before, "no fact has changed"

    # The report's session began before: nobody knows whether it has the new password
    assert connected.execute("select 1").fetchone() == (1,), "it goes on"
    waiting = take(walk, 3).stdout
    if type(walk) is not Walk:
        assert "is hidden from" in waiting
        grant = next(line.partition("fix: ")[2] for line in waiting.splitlines() if "fix: GRANT" in line)
        walk.database.execute(grant)
        waiting = take(walk, 3).stdout
    assert "report from" in waiting
    connected.close()
    walk.wait_until_gone(ALICE)
    take(walk, 3)
    with psycopg.connect(walk.database.conninfo(ALICE, password), application_name="report"):
        walk("observe").check()  # seen, and remembered
        log = ("--log", str(walk.database.cluster.server_log))
    walk.wait_until_gone(ALICE)
    assert not lets_in(walk, ALICE, FORMER), "somebody who was never seen, with the former password"
    assert "turned away with a password that is not the new one" in take(walk, 3, *log).stdout
    refused = walk("rollback", "--yes", "--walk", WALK, "--all").check(5)
    assert "is gone: this is past the point of no return" in refused.stderr
    assert states(walk) == ["done", "waiting"]
    with psycopg.connect(walk.database.conninfo(ALICE, password), application_name="report"):
        came = take(walk, 0, *log).stderr
    assert "the only client" in came
    assert "turned away since" in came
    assert "somebody was let in later" in came
    assert "better: look whether they are the same" in came
    assert "%h" in came
    assert "nobody was turned away" not in came
    walk.wait_until_gone(ALICE)
    assert states(walk) == [], "it is over, and stands in nobody's way"
    begin(walk)
    take(walk)
    assert not lets_in(walk, ALICE, password)
    assert lets_in(walk, ALICE, store.password(ALICE))
    for secret in (password, store.password(ALICE), FORMER):
        assert secret is not None
        assert secret not in walk("history", "--json").stdout


def verifier(walk: Walk) -> str:
    found = walk.database.admin.execute("select rolpassword from pg_authid where rolname = %s", [ALICE]).fetchone()
    assert found is not None
    return str(found[0])


BROKEN = {
    "refuses the password": "[ $verb != pending ] || { echo no >&2; exit 1; }",
    "loses it": "[ $verb != pending ] || exit 0",
    "prints rubbish": "[ $verb != get ] || { echo '<html>'; exit 0; }",
    "gives another": "[ $verb != get ] || { echo another; exit 0; }",
    "cannot give it out": "[ $verb != current ] || exit 1",
}


@pytest.mark.slow
def test_a_hook_that_goes_wrong_costs_nothing(walk: Walk, store: Stored) -> None:
    """Whoever may read verifiers has the former one back at once; else the new one stays, and the store has it."""
    begin(walk)
    pending = None
    for how, lines in BROKEN.items():
        store.spoil(lines)
        failed = take(walk, 1)
        assert "the same command again" in failed.stderr, how
        stays = type(walk) is not Walk and how == "cannot give it out"
        assert lets_in(walk, ALICE, FORMER) is not stays, how
        pending = store.password(ALICE, "pending")
    store.spoil("")
    take(walk)
    assert states(walk)[0] == "done"
    assert store.password(ALICE) == pending
    assert lets_in(walk, ALICE, pending)


def test_a_password_that_does_not_work_is_taken_back(walk: Walk, store: Stored) -> None:
    """She may not be let in from here at all."""
    begin(walk)
    limit = sql.SQL("alter role {} connection limit {}").format
    walk.database.admin.execute(limit(sql.Identifier(ALICE), 0))
    failed = take(walk, 3)
    assert "cannot log in with its new password" in failed.stderr
    walk.database.admin.execute(limit(sql.Identifier(ALICE), -1))
    superuser = type(walk) is Walk
    assert ("the former password of" in failed.stderr) is superuser
    assert lets_in(walk, ALICE, FORMER) is superuser
    password = store.password(ALICE, "pending")
    take(walk)
    assert lets_in(walk, ALICE, password)
    assert store.password(ALICE) == password


@pytest.mark.slow
@pytest.mark.parametrize("walk", ["superuser"], indirect=True)
def test_killed_between_verbs_it_goes_on_with_the_same_password(walk: Walk, store: Stored, run_cli: Process) -> None:
    """The hook ends its caller, before and after it has done what it was asked."""
    begin(walk)
    killed = Walk(run_cli, walk.database)
    run_cli.cwd.joinpath("flatsplit.toml").write_text(walk.config.read_text())
    seen = set()
    for verb in ("get", "pending", "current"):
        for lines in ("kill -9 $PPID; exit 1", "hook; kill -9 $PPID; exit 0"):
            store.spoil(f"[ $verb != {verb} ] || {{ {lines}; }}")
            assert killed("next", "--yes", "--walk", WALK).exit_code == -9
            seen.add(store.password(ALICE, "pending") or store.password(ALICE))
    store.spoil("")
    # What she had before is lost by now: that it is back is not to be said of the one that is there
    limit = sql.SQL("alter role {} connection limit {}").format
    walk.database.admin.execute(limit(sql.Identifier(ALICE), 0))
    failed = take(walk, 3).stderr
    assert "cannot log in with its new password" in failed
    assert "the former password of" not in failed
    walk.database.admin.execute(limit(sql.Identifier(ALICE), -1))
    take(walk)
    password = store.password(ALICE)
    assert lets_in(walk, ALICE, password)
    assert seen == {None, password}


def test_by_a_password_file(walk: Walk) -> None:
    walk.passwords[ALICE] = "from-a-file"
    write_passwords(walk.password_file, walk.passwords)
    begin(walk)
    assert "no password for" in take(walk, 2).stderr
    walk.next("--walk", WALK)
    assert lets_in(walk, ALICE, "from-a-file")
    done = walk("next", "--yes", "--walk", WALK).check()
    assert "nobody was seen" in done.stderr + done.stdout


@pytest.mark.parametrize("walk", ["superuser"], indirect=True)
def test_who_else_holds_the_password_is_named(walk: Walk, store: Stored) -> None:
    """A foreign server's connection, and one that sends WAL: no deploy reaches them."""
    alice = sql.Identifier(ALICE)
    begin(walk)
    with psycopg.connect(walk.database.conninfo(ALICE, FORMER), application_name="postgres_fdw"):
        assert "foreign tables logs in as" in take(walk, 5).stderr
    walk.wait_until_gone(ALICE)
    walk.database.admin.execute(sql.SQL("alter role {} replication").format(alice))
    info = f"{walk.database.conninfo(ALICE, FORMER)} replication=database application_name=sub"
    with psycopg.connect(info, autocommit=True):
        assert "replication logs in as" in take(walk, 5).stderr
        walk(
            "next", "--yes", "--walk", WALK, "--waive", "no-blockers", "--reason", "the subscription is dropped"
        ).check()


def test_what_is_refused(walk: Walk) -> None:
    def refused(*arguments: str) -> str:
        return walk("begin", "rotate", *arguments, "--yes").check(2).stderr

    assert "--in-place" in refused(ALICE)
    assert "exclude each other" in refused(ALICE, "--leaked", "--in-place")
    assert "there is no role" in refused("nobody", "--in-place")
    assert "to be replaced" in refused(walk.database.legacy, "--in-place")
    walk.database.admin.execute(sql.SQL("alter role {} nologin").format(sql.Identifier(ALICE)))
    assert "does not log in" in refused(ALICE, "--in-place")
