"""Traps in the server around the database: transactions, connections, slots, standbys, pg_hba.conf."""

from __future__ import annotations

from contextlib import ExitStack
from dataclasses import replace
from datetime import timedelta
from typing import Any

import psycopg
import pytest

from flatsplit.config import Locks
from flatsplit.demo.server import Cluster
from flatsplit.hazards.hba_match import Client, Rule, Unsure, first_match
from tests.fixtures.databases import Database, MakeDatabase
from tests.fixtures.servers import FreshCluster
from tests.support.hazards import SHOP, look
from tests.support.patience import until

IMPATIENT = replace(SHOP, locks=Locks(retry_for=timedelta(milliseconds=1)))


def refused(database: Database, statement: str) -> bool:
    """Whether it does not get its lock within flatsplit's patience."""
    try:
        with database.connect() as conn:
            conn.execute("set lock_timeout = '100ms'")
            conn.execute(statement.encode())
    except psycopg.errors.LockNotAvailable:
        return True
    return False


@pytest.mark.majors("two")
def test_transactions_that_hold_locks(database: Database, major: int) -> None:
    database.execute("create table t (a int); alter table t owner to legacy")
    database.execute(
        "create role app_migrator; grant create on schema public to app_migrator; grant all on t to legacy"
    )
    assert not {"prepared-transactions", "long-transactions"} & look(database.admin, IMPATIENT).keys()
    database.execute("begin; select count(*) from t; prepare transaction 'forgotten %'", "legacy")
    found = look(database.admin, IMPATIENT)["prepared-transactions"]
    assert [name.split(",")[0] for name in found.objects] == ["forgotten % of legacy"]
    assert refused(database, "alter table t owner to app_migrator")
    database.execute("rollback prepared 'forgotten %'")
    with database.connect("legacy", autocommit=False, application_name="report") as idle:
        idle.execute("select count(*) from t")
        said = look(database.admin, IMPATIENT)
        assert "prepared-transactions" not in said
        (line,) = said["long-transactions"].objects
        assert line.startswith(f"pid {idle.info.backend_pid}, legacy (report): idle in transaction for ")
        assert "long-transactions" not in look(database.admin)  # younger than a minute
        assert refused(database, "alter table t owner to app_migrator")
        idle.rollback()
        assert "long-transactions" not in look(database.admin, IMPATIENT)
    assert not refused(database, "alter table t owner to app_migrator")


def test_two_pools_side_by_side(database: Database) -> None:
    database.execute(f"alter database {database.name} connection limit 4; create role app_user login")
    with ExitStack() as stack:
        for _ in range(2):
            stack.enter_context(database.connect("legacy"))
        admin = database.admin
        here = f"database {database.name}: 3 now and 2 more, of 4"
        assert look(admin)["connection-arithmetic"].objects == (here,)
        stack.enter_context(database.connect("app_user"))
        with pytest.raises(psycopg.OperationalError, match="too many connections for database"):
            database.connect("app_user")
        database.execute(f"alter database {database.name} connection limit -1")
        assert "connection-arithmetic" not in look(admin)
        stack.enter_context(database.connect("app_user"))


def test_who_takes_the_backup(database: Database) -> None:
    with database.connect("legacy", application_name="pg_dump"):
        found = look(database.admin)["backup-role"]
        assert (found.severity, found.objects) == ("warning", ("pg_dump as legacy",))
        database.execute("alter role legacy nologin")
        with pytest.raises(psycopg.OperationalError, match="not permitted to log in"):
            database.connect("legacy", application_name="pg_dump")
        database.execute("alter role legacy login; create role night login")
    with database.connect("night", application_name="pg_dump"):
        found = look(database.admin)["backup-role"]
        assert (found.severity, found.objects) == ("note", ("pg_dump as night",))


@pytest.fixture
def odd(fresh_cluster: FreshCluster, make_database: MakeDatabase) -> tuple[Cluster, Database]:
    """A server with other settings, and a database of legacy's in it."""
    settings = {
        "wal_level": "logical",
        "max_connections": "20",
        "max_locks_per_transaction": "10",
        "max_wal_senders": "5",
    }
    cluster = fresh_cluster(settings=settings, auth="scram", loopback=True)
    return cluster, make_database(cluster=cluster)


@pytest.mark.slow
@pytest.mark.majors("two")
def test_slots_locks_and_lines(odd: tuple[Cluster, Database], major: int) -> None:
    cluster, database = odd
    quiet = look(database.admin)
    ids = {"replication-slots", "logical-decoding", "max-locks", "hba-app-user", "hba-names-legacy", "hba-errors"}
    assert not ids & quiet.keys()
    slots(database)
    receivers(database)
    locks(database)
    lines(cluster, database)


def slots(database: Database) -> None:
    database.execute("select pg_create_physical_replication_slot('forgotten', true)")
    database.execute("select pg_create_logical_replication_slot('capture', 'test_decoding')")
    said = look(database.admin)
    assert [name.split(",")[0] for name in said["replication-slots"].objects] == ["capture", "forgotten"]
    # In the raw: no checkpoint removes what was written since
    first = "select pg_walfile_name(restart_lsn) from pg_replication_slots where slot_name = 'forgotten'"
    (oldest,) = database.admin.execute(first).fetchone() or ("",)
    write(database)
    assert kept(database, oldest)
    assert said["logical-decoding"].objects == ("capture",)
    # In the raw: what a consumer gets of a GRANT is nothing
    database.execute("create table t (a int); select pg_logical_slot_get_changes('capture', null, null)")
    database.execute("grant select on t to legacy")
    changes = database.admin.execute("select data from pg_logical_slot_get_changes('capture', null, null)").fetchall()
    assert all(data.startswith(("BEGIN", "COMMIT")) for (data,) in changes)
    database.execute("select pg_drop_replication_slot(slot_name) from pg_replication_slots; drop table t")
    assert not {"replication-slots", "logical-decoding"} & look(database.admin).keys()
    write(database)
    assert not kept(database, oldest)


def kept(database: Database, file: str) -> bool:
    """Whether a file of WAL is still there."""
    return database.admin.execute("select from pg_ls_waldir() where name = %s", [file]).rowcount == 1


def write(database: Database) -> None:
    """Fill files of WAL, and let a checkpoint remove those that nobody needs."""
    for _ in range(2):
        database.execute("create table wal (a int); drop table wal; select pg_switch_wal()")
    database.execute("checkpoint")


def receivers(database: Database) -> None:
    """Somebody streams as legacy, which ends when legacy is locked."""
    database.execute("alter role legacy replication")
    walsender = f"{database.conninfo('legacy')} replication=database application_name=standby"
    with psycopg.connect(walsender, autocommit=True):
        said = look(database.admin)
        assert said["replication-as-legacy"].objects == ("standby: startup",)
        assert said["hot-standbys"].objects == ("standby: startup",)
        database.execute("alter role legacy nologin")
    with pytest.raises(psycopg.OperationalError, match="not permitted to log in"):
        psycopg.connect(walsender, autocommit=True)
    database.execute("alter role legacy login noreplication; create role replicator login replication password 'right'")
    with psycopg.connect(f"{database.conninfo('replicator', 'right')} replication=database", autocommit=True):
        said = look(database.admin)
        assert "replication-as-legacy" not in said
        assert "hot-standbys" in said


def locks(database: Database) -> None:
    database.execute("create role heir; grant create, usage on schema public to heir, legacy")
    database.execute("".join(f"create table t{n} (a int);" for n in range(200)), "legacy")
    assert "max-locks" not in look(database.admin)
    for first in range(200, 2000, 200):  # more than the part of shared memory that is spare
        database.execute("".join(f"create table t{n} ();" for n in range(first, first + 200)), "legacy")
    assert "2,000 relations" in look(database.admin)["max-locks"].title
    with pytest.raises(psycopg.errors.OutOfMemory, match="out of shared memory"):
        database.execute("reassign owned by legacy to heir")
    for first in range(0, 2000, 100):  # in batches
        database.execute("".join(f"alter table t{n} owner to heir;" for n in range(first, first + 100)))
    assert "max-locks" not in look(database.admin)


def lines(cluster: Cluster, database: Database) -> None:
    """pg_hba.conf as an administrator would have tightened it."""
    path = cluster.data / "pg_hba.conf"
    was = path.read_text()
    database.execute("create role app_user login password 'right'")
    with psycopg.connect(database.conninfo("legacy", tcp=True), autocommit=True):
        assert "hba-app-user" not in look(database.admin)
        path.write_text(
            "local all all scram-sha-256\n"
            f'host "{database.name}" legacy 127.0.0.1/32 scram-sha-256\n'
            "host all all all reject\n"
        )
        database.execute("select pg_reload_conf()")
        said = look(database.admin)
        assert said["hba-app-user"].severity == "blocker"
        assert said["hba-app-user"].objects == ("app_user from 127.0.0.1: line 3: host all all all reject",)
        line = f"line 2: host {database.name} legacy 127.0.0.1 255.255.255.255 scram-sha-256"
        assert said["hba-names-legacy"].objects == (line,)
        enter = database.conninfo("app_user", "right", tcp=True)
        with pytest.raises(psycopg.OperationalError, match=r"pg_hba\.conf rejects connection"):
            psycopg.connect(enter)
        # The fix; and a line that cannot be read
        path.write_text(path.read_text().replace("legacy", "legacy,app_user"))
        database.execute("select pg_reload_conf()")
        with psycopg.connect(enter):
            assert not {"hba-app-user", "hba-names-legacy"} & look(database.admin).keys()
        # In the raw: with a line that cannot be read no line that is new takes effect
        good = path.read_text()
        rest = good.replace("legacy,app_user", "legacy,app_user,app_readonly")
        path.write_text("host nonsense\n" + rest)
        database.execute("create role app_readonly login password 'right'; select pg_reload_conf()")
        assert look(database.admin)["hba-errors"].objects[0].startswith("line 1: ")
        reads = database.conninfo("app_readonly", "right", tcp=True)
        until(lambda: "pg_hba.conf was not reloaded" in cluster.server_log.read_text())
        with pytest.raises(psycopg.OperationalError, match=r"pg_hba\.conf rejects connection"):
            psycopg.connect(reads)
        path.write_text(rest)
        assert "hba-errors" not in look(database.admin)
        database.execute("select pg_reload_conf()")
        until(lambda: enters(reads))
        path.write_text(
            "local all all scram-sha-256\nhost all legacy all scram-sha-256\nhost all all 127.0.0.1/32 ident\n"
        )
        assert look(database.admin)["hba-app-user"].severity == "warning"
    path.write_text(was)


def enters(conninfo: str) -> bool:
    """Whether a login succeeds."""
    try:
        psycopg.connect(conninfo).close()
    except psycopg.OperationalError:
        return False
    return True


def rule(
    kind: str, users: str, address: str | None, method: str, netmask: str | None = None, databases: str = "all"
) -> Rule:
    return Rule(1, kind, tuple(databases.split(",")), tuple(users.split(",")), address, netmask, method)


LOCAL, NEAR, FAR = Client(None), Client("10.1.2.3"), Client("2001:db8::7", ssl=True)
NET = rule("host", "all", "10.0.0.0", "md5", "255.0.0.0")
SIX = rule("hostssl", "all", "2001:db8::", "md5", "ffff:ffff::")
NAMED = rule("host", "all", "app.example.org", "md5")
REJECT = rule("host", "all", "all", "reject")


@pytest.mark.parametrize(
    ("rules", "client", "expected"),
    [
        ([NET], NEAR, NET),
        ([NET], FAR, None),
        ([NET], LOCAL, None),
        ([NET, REJECT], FAR, REJECT),
        ([REJECT, NET], NEAR, REJECT),
        ([SIX], FAR, SIX),
        ([SIX], FAR._replace(ssl=False), None),
        ([SIX], FAR._replace(address="2002:db8::7"), None),
        ([rule("hostnossl", "all", "all", "md5"), REJECT], FAR, REJECT),
        ([NAMED, REJECT], NEAR, Unsure(NAMED)),
        ([rule("local", "all", None, "peer")], LOCAL, rule("local", "all", None, "peer")),
        ([rule("host", "legacy", "all", "md5"), REJECT], NEAR, REJECT),
        ([rule("host", "+team", "all", "md5"), REJECT], NEAR, rule("host", "+team", "all", "md5")),
        ([rule("host", "+crew", "all", "md5"), REJECT], NEAR, REJECT),
        ([rule("host", "/^app_", "all", "md5"), REJECT], NEAR, rule("host", "/^app_", "all", "md5")),
        ([rule("host", "/(", "all", "md5"), REJECT], NEAR, REJECT),
        ([rule("host", "all", "all", "md5", databases="replication"), REJECT], NEAR, REJECT),
        ([rule("host", "all", "all", "md5", databases="sameuser"), REJECT], NEAR, REJECT),
        ([rule("host", "all", "all", "md5", databases="samerole"), REJECT], NEAR, REJECT),
        (
            [rule("host", "all", "all", "md5", databases="a,shop")],
            NEAR,
            rule("host", "all", "all", "md5", databases="a,shop"),
        ),
    ],
)
def test_the_first_line_that_matches(rules: list[Rule], client: Client, expected: Any) -> None:
    assert first_match(rules, "app_user", {"team"}, "shop", client) == expected


@pytest.mark.slow
@pytest.mark.majors("two")
def test_standbys(standby: tuple[Cluster, Cluster], make_database: MakeDatabase, major: int) -> None:
    primary, replica = standby
    database = make_database(cluster=primary)
    assert "standby" not in look(database.admin)
    found = look(database.admin)["hot-standbys"]
    assert found.severity == "note"
    assert len(found.objects) == 1
    assert "replication-as-legacy" not in look(database.admin)
    primary_name = database.name
    with psycopg.connect(replica.conninfo(primary_name), autocommit=True) as conn:
        for _ in range(100):
            if conn.execute("select 1 from pg_database where datname = %s", [primary_name]).fetchone():
                break
        assert look(conn)["standby"].severity == "warning"
        with pytest.raises(psycopg.errors.ReadOnlySqlTransaction):
            conn.execute("create role x")
        reports(database, conn, replica)


def reports(database: Database, standby: psycopg.Connection[Any], replica: Cluster) -> None:
    """In the raw: a report on the standby holds up all of its replay, or is ended by it."""
    conninfo = replica.conninfo(database.name)
    database.execute("create table t (a int); create table other (a int); create role heir")
    until(lambda: standby.execute("select to_regclass('other')").fetchone() != (None,))
    waits = "select count(*) from pg_locks where not granted and mode = 'AccessExclusiveLock'"
    with psycopg.connect(conninfo) as report:
        report.execute("select count(*) from t")
        database.execute("alter table t owner to heir; insert into other values (1)")  # done at once
        until(lambda: standby.execute(waits).fetchone() == (1,), "the replay that waits")
        assert standby.execute("select count(*) from other").fetchone() == (0,)
        report.rollback()
        until(lambda: standby.execute("select count(*) from other").fetchone() == (1,))
        standby.execute("alter system set max_standby_streaming_delay = 0")
        standby.execute("select pg_reload_conf()")
        until(lambda: standby.execute("show max_standby_streaming_delay").fetchone() == ("0",))
        report.execute("select count(*) from t")
        assert "conflict with recovery" not in replica.server_log.read_text()
        database.execute("alter table t owner to postgres")
        until(lambda: broken(report, replica))
    # The fix: at an hour without reports nobody is held up, and who reads afterwards is not disturbed
    database.execute("alter table t owner to heir; insert into other values (2)")
    until(lambda: standby.execute("select count(*) from other").fetchone() == (2,))
    with psycopg.connect(conninfo) as report:
        report.execute("select count(*) from t")


def broken(report: psycopg.Connection[Any], replica: Cluster) -> bool:
    """Whether replay has ended its transaction."""
    try:
        report.execute("select count(*) from other")
    except psycopg.OperationalError:
        # In the standby's own words: what it says to the client can be lost when it crosses a statement on its way
        assert "conflict with recovery" in replica.server_log.read_text()
        return True
    return False
