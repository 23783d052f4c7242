"""The server dies under flatsplit, as in a power failure: after its recovery, ``next`` goes on from there."""

import random
import re
import time

import pytest

from flatsplit.demo.server import Cluster
from flatsplit.walks.split import STEP_KEYS
from tests.fixtures.cli import InProcess, Process
from tests.fixtures.databases import MakeDatabase
from tests.fixtures.servers import FreshCluster
from tests.integration.test_kill_tool import Attempts
from tests.support import journal
from tests.support.patience import PATIENCE
from tests.support.snapshot import Snapshot
from tests.support.walk import Walk, assert_same
from tests.support.world import trap_world

WORTH_KILLING = ("grant-existing", "transfer-ownership", "enable-login", "revoke-legacy", "create-roles")


def server_killed(walk: Walk, run: Process, cluster: Cluster, *, keys: tuple[str, ...], kills: int, seed: int) -> None:
    """Forward with the server killed under these steps, again and again until it was killed so many times."""
    attempts = Attempts(walk, run, seed)
    chance = random.Random(seed)
    expected: dict[str, Snapshot] = {}
    for key in STEP_KEYS:
        attempts.undisturbed(key, forward=True)
        expected[key] = walk.snapshot()
    killed = 0
    while killed < kills:
        walk.quick("rollback", "--yes", "--all").check()
        for key in STEP_KEYS:
            if key in keys and killed < kills:
                process = run.spawn(*attempts.command(key, forward=True), dsn=walk.database)
                time.sleep(chance.uniform(0.3, 0.9) * attempts.lasts[key, True])
                cluster.kill()
                killed += 1
                _, stderr = process.communicate(timeout=PATIENCE)
                assert process.returncode in {0, 1}, stderr
                assert "Traceback" not in stderr
                cluster.start()
            if not attempts.done(key, forward=True):
                with attempts.sessions(key, forward=True):
                    walk.quick(*attempts.command(key, forward=True)).check()
            assert_same(expected[key], walk.snapshot(), f"{key}, with the server killed")
            assert not journal.problems(walk.database.admin)
        walk.quick("verify").check()


def in_a_cluster_of_its_own(
    make_database: MakeDatabase, fresh_cluster: FreshCluster, run: Process, aside: InProcess
) -> tuple[Walk, Cluster]:
    # What was committed must be there after a crash, so no asynchronous commits here
    cluster = fresh_cluster(settings={"synchronous_commit": "on", "full_page_writes": "on"})
    database = make_database(cluster=cluster)
    trap_world(database.admin, database.legacy)
    return Walk(run, database, aside=aside).init(), cluster


@pytest.mark.slow
def test_the_server_dies(
    make_database: MakeDatabase, fresh_cluster: FreshCluster, run_cli: Process, invoke_cli: InProcess, kills: int
) -> None:
    walk, cluster = in_a_cluster_of_its_own(make_database, fresh_cluster, run_cli, invoke_cli)

    server_killed(walk, run_cli, cluster, keys=WORTH_KILLING, kills=max(2, kills // 10), seed=7)


@pytest.mark.majors("two")
def test_temporary_tables_that_a_crash_has_left(
    make_database: MakeDatabase, fresh_cluster: FreshCluster, invoke_cli: InProcess
) -> None:
    """Autovacuum finds them after a while; until then DROP ROLE is refused, and there is no session to be ended."""
    cluster = fresh_cluster(settings={"autovacuum": "off"})
    database = make_database(cluster=cluster)
    database.execute("alter default privileges revoke execute on routines from public", database.legacy)
    database.connect(database.legacy).execute("create temp table mine (id serial)")
    cluster.kill()
    cluster.start()
    walk = Walk(invoke_cli, database, retire="drop").init()
    walk.forward("lock-legacy")

    waiting = walk.next(exit_code=3).stdout

    assert "temporary objects of legacy: " in waiting
    drop = re.search(r'DROP SCHEMA "pg_temp_\d+" CASCADE;', waiting)
    assert drop, waiting
    database.execute(drop[0])
    walk.step("revoke-legacy")
