"""Hot standbys replay ACCESS EXCLUSIVE: one that is behind is waited for, and nothing is lost by it."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import psycopg
import pytest

from flatsplit.demo.server import Cluster
from tests.fixtures.cli import InProcess, Process
from tests.fixtures.databases import Database, MakeDatabase
from tests.fixtures.servers import FreshCluster, start_standby
from tests.support.patience import PATIENCE, until
from tests.support.walk import Walk

OWNERS = "select relname, relowner::regrole::text from pg_class where relname in ('read', 'rest') order by 1"
BEHIND = "select coalesce(max(replay_lag) > '600ms', false) from pg_stat_replication"
CAUGHT_UP = "select coalesce(bool_and(replay_lsn >= pg_current_wal_lsn()), false) from pg_stat_replication"


@pytest.fixture
def followed(make_database: MakeDatabase, fresh_cluster: FreshCluster) -> Iterator[tuple[Database, Cluster]]:
    """A flat database, and a standby that never cancels a query for the sake of replay."""
    primary = fresh_cluster(settings={"max_standby_streaming_delay": "-1"})
    replica = start_standby(primary)
    try:
        database = make_database(cluster=primary)
        database.execute("create table read (id int); create table rest (id int)", database.legacy)
        yield database, replica
    finally:
        replica.remove()


def until_so(database: Database, question: str) -> None:
    """Ask until it is so; the standby answers sooner where something is written."""

    def so() -> bool:
        if database.admin.execute(question).fetchone() == (True,):
            return True
        database.execute("comment on table rest is 'something to replay'")
        return False

    until(so, question)


LOOKS = (
    "doctor",
    "status",
    "plan",
    "verify",
    "verify --password-file passwords.toml",
    "blast-radius",
    "history",
    "people",
)
CHANGES = ("next --yes", "rollback --yes", "repair --yes", "observe", "rehearse", "doctor --rows", "forget --yes")


def looks_or_refuses(walk: Walk, replica: str) -> None:
    """On a standby: what only looks does, what changes anything says in one line where to go."""
    for command in LOOKS:
        result = walk.run(*command.split(), "--json", dsn=replica).check()
        assert "log in to" in result.stdout or "--password-file" not in command
    for command in CHANGES:
        result = walk.run(*command.split(), dsn=replica).check(1)
        assert "is a standby" in result.stderr.splitlines()[0], command
        assert result.stderr.splitlines()[1:] == ["  fix: connect to the primary"], command


@pytest.mark.slow
@pytest.mark.majors("two")
def test_a_standby_that_is_behind_is_waited_for(followed: tuple[Database, Cluster], invoke_cli: InProcess) -> None:
    database, replica = followed
    walk = Walk(invoke_cli, database).init(max_replication_lag="500ms", retry_for="1500ms")
    walk.next("--through", "default-privileges")
    until_so(database, CAUGHT_UP)
    with psycopg.connect(replica.conninfo(database.name)) as report:
        report.execute("select from read")
        database.execute("begin; lock table read in access exclusive mode; commit")
        until_so(database, BEHIND)
        waiting = walk.next(exit_code=3)
        assert "a standby is" in waiting.stderr
        assert "behind" in waiting.stderr.splitlines()[-2]
        assert "pg_stat_replication" in waiting.stderr.splitlines()[-1]
        assert database.admin.execute(OWNERS).fetchall() == [("read", "legacy"), ("rest", "legacy")]
        report.execute("select from read")  # it was never in the way of anything
    walk.step("transfer-ownership")
    until_so(database, CAUGHT_UP)
    with psycopg.connect(replica.conninfo(database.name)) as reader:
        assert reader.execute(OWNERS).fetchall() == [("read", "app_migrator"), ("rest", "app_migrator")]
    walk.step("enable-login")
    until_so(database, CAUGHT_UP)
    looks_or_refuses(walk, replica.conninfo(database.name))
    walk.rollback("--through", "transfer-ownership")


def set_up(database: Database, **settings: str) -> None:
    """Change settings of the server, and wait until sessions see it."""
    for name, value in settings.items():
        database.execute(f"alter system set {name} = '{value}'")
    database.execute("select pg_reload_conf()")
    seen = " and ".join(f"current_setting('{name}') = '{value}'" for name, value in settings.items())
    until(lambda: database.admin.execute(f"select {seen}").fetchone() == (True,), seen)


WAITS_FOR_STANDBY = """
    select exists (select from pg_stat_activity where application_name = 'flatsplit' and wait_event = 'SyncRep')
"""


@pytest.mark.slow
@pytest.mark.majors("one")
def test_nobody_waits_for_a_lock_while_flatsplit_waits_for_a_standby(
    followed: tuple[Database, Cluster], run_cli: Process, invoke_cli: InProcess
) -> None:
    """A query on the standby keeps ALTER OWNER from being replayed, and COMMIT waits for just that."""
    database, replica = followed
    walk = Walk(run_cli, database, aside=invoke_cli).init()
    walk.forward("default-privileges")
    set_up(database, synchronous_standby_names="nobody")
    refused = walk.run("next", "--yes", dsn=database).check(1)
    assert "none is connected" in refused.stderr.splitlines()[0]
    walk.quick("status").check()
    set_up(database, synchronous_standby_names="*", synchronous_commit="remote_apply")
    with ThreadPoolExecutor(1) as pool, psycopg.connect(replica.conninfo(database.name)) as report:
        until_so(database, CAUGHT_UP)
        report.execute("select from read")
        step = pool.submit(walk.next)
        until(lambda: database.admin.execute(WAITS_FOR_STANDBY).fetchone() == (True,), "a commit that waits")
        with database.connect(autocommit=False) as application:
            application.execute("lock table read, rest in access share mode nowait")
            application.rollback()
        report.rollback()
        step.result()
    assert database.admin.execute(OWNERS).fetchall() == [("read", "app_migrator"), ("rest", "app_migrator")]


@pytest.mark.slow
@pytest.mark.majors("two")
def test_a_commit_that_waits_for_a_standby_says_so(
    followed: tuple[Database, Cluster], run_cli: Process, invoke_cli: InProcess
) -> None:
    """The standby falls behind in the middle of a step. Interrupting loses nothing, and the walk goes on from there."""
    database, replica = followed
    walk = Walk(invoke_cli, database).init()
    walk.forward("default-privileges")
    set_up(database, synchronous_standby_names="*", synchronous_commit="remote_apply")
    with psycopg.connect(replica.conninfo(database.name)) as report:
        until_so(database, CAUGHT_UP)
        report.execute("select from read")
        step = run_cli.spawn("next", "--yes", dsn=database)
        assert step.stderr is not None
        until(lambda: database.admin.execute(WAITS_FOR_STANDBY).fetchone() == (True,), "a commit that waits")
        said = next((line for line in step.stderr if "synchronous standby" in line), "")
        assert "none confirms them" in said
        assert database.admin.execute(WAITS_FOR_STANDBY).fetchone() == (True,)
        step.send_signal(signal.SIGINT)
        _, err = step.communicate(timeout=PATIENCE)
        assert (step.returncode, err.splitlines()[-2]) == (1, "stopped")
        assert database.admin.execute(OWNERS).fetchall() == [("read", "app_migrator"), ("rest", "app_migrator")]
        report.rollback()
    walk.next()
    assert walk.states()["transfer-ownership"] == "done"
