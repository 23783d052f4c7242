"""Traps in logins: of people and programs as legacy, of jobs, and from database to database."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import psycopg
import pytest
from psycopg import sql

from flatsplit.demo.server import Cluster
from tests.fixtures.databases import Database, MakeDatabase
from tests.support.hazards import CRON, SHOP, distributed, doctor, extension, look

PASSWORD = "of-the-new-role"


@pytest.mark.majors("two")
def test_a_password_that_has_ended(strict: Cluster, make_database: MakeDatabase) -> None:
    database = make_database(cluster=strict, legacy="ended")
    assert doctor(database, "valid-until") is None
    database.connect("ended")
    database.execute("alter role ended valid until '2001-01-01 UTC'")
    found = doctor(database, "valid-until")
    assert found
    assert (found.severity, found.objects) == ("warning", ("ended",))
    with pytest.raises(psycopg.OperationalError, match="password authentication failed"):
        database.connect("ended")
    database.execute("alter role ended valid until 'infinity'")
    assert doctor(database, "valid-until") is None
    database.connect("ended")


@pytest.mark.majors("two")
def test_a_driver_that_knows_md5_only(strict: Cluster, make_database: MakeDatabase) -> None:
    """libpq is made as old as the driver: it refuses every other way to log in."""
    database = make_database(cluster=strict, legacy="aged")
    path = strict.data / "pg_hba.conf"
    was = path.read_text()
    path.write_text(f"local all aged,aged_user md5\n{was}")
    database.execute("select pg_reload_conf()")
    old, new = (database.conninfo(role, PASSWORD) for role in ("aged", "aged_user"))
    database.execute(f"create role aged_user login password '{PASSWORD}'")
    assert doctor(database, "md5-password") is None
    with database.admin.transaction():
        database.execute(f"set local password_encryption = 'md5'; alter role aged password '{PASSWORD}'")
    found = doctor(database, "md5-password")
    assert found
    assert found.objects == ("aged",)
    psycopg.connect(old, require_auth="md5").close()
    with pytest.raises(psycopg.OperationalError, match="server requested SASL authentication"):
        psycopg.connect(new, require_auth="md5")
    # The fix is a driver that knows SCRAM, and once legacy has such a password its clients have shown that they do
    psycopg.connect(new, require_auth="scram-sha-256").close()
    database.execute(f"alter role aged password '{PASSWORD}'")
    assert doctor(database, "md5-password") is None
    psycopg.connect(old, require_auth="scram-sha-256").close()
    path.write_text(was)


@pytest.mark.majors("two")
def test_sessions_that_begin_as_another_role(database: Database, major: int) -> None:
    assert doctor(database, "role-setting-role") is None
    database.execute(
        "create role team; create role app_user login; grant team to legacy; alter role legacy set role = 'team'"
    )
    database.execute("grant create, usage on schema public to team, legacy, app_user")
    found = doctor(database, "role-setting-role")
    assert found
    assert found.objects == ("role = team",)
    owner = "select relowner::regrole::text from pg_class where relname = %s"
    database.execute("create table made_by_team (a int)", "legacy")
    assert database.admin.execute(owner, ["made_by_team"]).fetchone() == ("team",)
    # Whatever app_user is given of legacy's: the table is not among it
    database.execute("grant legacy to app_user; revoke team from legacy")
    with database.connect("app_user") as conn, pytest.raises(psycopg.errors.InsufficientPrivilege):
        conn.execute("select * from made_by_team")
    # The fix: a cutover of team's own
    assert "role-setting-role" not in look(database.admin, replace(SHOP, legacy_role="team"))
    database.execute("grant team to app_user")
    with database.connect("app_user") as conn:
        conn.execute("select * from made_by_team")
    database.execute("alter role legacy reset role")
    assert doctor(database, "role-setting-role") is None
    database.execute("create table made_by_legacy (a int)", "legacy")
    assert database.admin.execute(owner, ["made_by_legacy"]).fetchone() == ("legacy",)


def run_jobs(database: Database) -> dict[int, str]:
    """What pg_cron does at the hour: log in as each job's user and run its command. "" for those that succeed."""
    said = {}
    for id_, user, command in database.admin.execute("select jobid, username, command from cron.job").fetchall():
        try:
            with database.connect(user) as conn:
                conn.execute(command.encode())
            said[id_] = ""
        except psycopg.Error as error:
            said[id_] = str(error)
    return said


@pytest.mark.majors("two")
def test_jobs_of_a_role_that_is_locked(database: Database, major: int) -> None:
    """The table is like pg_cron's, which cannot be had here; the logins are real."""
    assert doctor(database, "cron-jobs") is None
    database.execute("create role vendor login; create role app_user login; create table sessions (a int)")
    database.execute("alter table sessions owner to legacy; grant delete on sessions to app_user, vendor")
    database.execute(
        f"{CRON}; update cron.job set command = 'delete from sessions'; {extension('pg_cron', 'cron.job')}"
    )
    found = doctor(database, "cron-jobs")
    assert found
    assert found.objects == ("job 1 nightly: 0 3 * * * in shop", "job 3: * * * * * in shop")
    assert run_jobs(database) == {1: "", 2: "", 3: ""}
    database.execute("alter role legacy nologin")
    said = run_jobs(database)
    assert [id_ for id_ in said if 'role "legacy" is not permitted to log in' in said[id_]] == [1, 3]
    database.execute("update cron.job set username = 'app_user' where username = 'legacy'")
    assert doctor(database, "cron-jobs") is None
    assert set(run_jobs(database).values()) == {""}


@pytest.mark.majors("two")
def test_dblink(strict: Cluster, make_database: MakeDatabase) -> None:
    far = make_database(cluster=strict, legacy="caller")
    far.execute("create role calling login password 'of-the-link'; grant caller to calling")
    far.execute("create table far_away as select 42 as a; alter table far_away owner to caller")
    database = make_database(cluster=strict, legacy="caller", legacy_options="superuser")
    database.passwords |= far.passwords
    database.execute(f"create extension dblink; create role caller_user login password '{PASSWORD}'")
    database.execute("grant create, usage on schema public to caller")
    found = doctor(database, "dblink")
    assert found
    assert (found.severity, found.objects) == ("note", ("extension dblink",))

    def call(login: str) -> Any:
        link = sql.Literal(f"host={strict.folder} port={strict.port} dbname={far.name} {login}")
        body = sql.SQL("select a from dblink({}, 'select a from far_away') as t (a int)").format(link)
        made = sql.SQL("create or replace function f() returns int language sql as {}").format(
            sql.Literal(body.as_string(None))
        )
        database.admin.execute(sql.SQL("set role caller; {}; reset role").format(made))
        named = doctor(database, "dblink")
        assert named
        assert (named.severity, named.objects) == ("warning", ("public.f()",))
        with database.connect("caller_user", PASSWORD) as conn:
            return conn.execute("select f()").fetchone()

    with pytest.raises(psycopg.errors.ProhibitedSqlStatementAttempted, match="password"):
        call("user=caller")
    as_legacy = f"user=caller password={far.passwords['caller']}"
    assert call(as_legacy) == (42,)
    database.execute("alter role caller nologin")
    with pytest.raises(psycopg.OperationalError, match='role "caller" is not permitted to log in'):
        call(as_legacy)
    assert call("user=calling password=of-the-link") == (42,)
    database.execute("drop function f(); drop extension dblink")
    assert doctor(database, "dblink") is None


@pytest.mark.majors("two")
def test_a_worker_that_has_not_heard(strict: Cluster, make_database: MakeDatabase) -> None:
    """Citus cannot be had here: a table on another server stands for its shards, reached as whoever asks."""
    worker = make_database(cluster=strict, legacy="sharded")
    worker.execute("create table readings (a int)", "sharded")
    database = make_database(legacy="sharded")
    database.execute(f"create extension postgres_fdw; create role sharded_user login password '{PASSWORD}'")
    where = f"host '{strict.folder}', port '{strict.port}', dbname '{worker.name}'"
    database.execute(f"create server worker foreign data wrapper postgres_fdw options ({where})")
    for role, password in (("sharded", worker.passwords["sharded"]), ("sharded_user", PASSWORD)):
        login = f"user '{role}', password '{password}'"
        database.execute(f"create user mapping for {role} server worker options ({login})")
    database.execute("create foreign table readings (a int) server worker; alter table readings owner to sharded")
    database.execute("grant usage on schema public to sharded_user; grant select on readings to sharded_user")
    assert doctor(database, "citus") is None
    database.execute(distributed("readings"))
    found = doctor(database, "citus")
    assert found
    assert (found.severity, found.objects) == ("warning", ("public.readings",))

    def reads(role: str) -> Any:
        with database.connect(role) as conn:
            return conn.execute("select count(*) from readings").fetchone()

    assert reads("sharded") == (0,)
    with pytest.raises(psycopg.OperationalError, match='password authentication failed for user "sharded_user"'):
        reads("sharded_user")
    worker.execute(f"create role sharded_user login password '{PASSWORD}'")
    with pytest.raises(psycopg.errors.InsufficientPrivilege, match="permission denied for table readings"):
        reads("sharded_user")
    worker.execute("grant select on readings to sharded_user")  # each step on each node
    assert reads("sharded_user") == (0,)
