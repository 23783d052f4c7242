"""Where the statements come from: pg_stat_statements, and files of every kind."""

from __future__ import annotations

import csv
import json
from pathlib import Path
from typing import Any

import psycopg
import pytest
from psycopg import sql

from flatsplit.rehearsal.sources.statistics import read_statistics
from flatsplit.server.counters import read_counters
from tests.fixtures.cli import InProcess
from tests.fixtures.databases import Database, MakeDatabase
from tests.fixtures.servers import FreshCluster
from tests.support.operators import SHAPES, OperatorsWalk, as_if_granted_by_operator, make_operator
from tests.support.walk import Walk

LOGGING = {
    "shared_preload_libraries": "pg_stat_statements",
    "pg_stat_statements.track": "all",
    "log_statement": "all",
    "logging_collector": "on",
    "log_destination": "stderr,csvlog",
    "log_line_prefix": "%m [%p] user=%u,db=%d,app=%a ",
    "log_directory": "log",
    "log_filename": "all.log",
    "log_file_mode": "0644",
}

SCHEMA = """
create table public.t (id serial, "Odd ""name" text);
create function public.touch() returns void language plpgsql as $$ begin truncate public.t; end $$;
"""

APPLICATION = (
    ("web", "select * from t where id = 1"),
    ("web", "select * from t where id = 2"),
    ("web", """insert into t ("Odd ""name") values ('it''s; secret')"""),
    ("jobs", "truncate t"),
    ("jobs", "select public.touch()"),
    ("migrate", "create table if not exists t2 (id int)"),
    ("jobs", "select setval('t_id_seq', 5)"),
)


def worked(make_database: MakeDatabase, fresh_cluster: FreshCluster, major: int) -> Database:
    settings = {**LOGGING, "log_destination": LOGGING["log_destination"] + (",jsonlog" if major >= 15 else "")}
    database = make_database(cluster=fresh_cluster(settings=settings))
    database.execute("grant usage, create on schema public to legacy; create extension pg_stat_statements")
    database.execute(SCHEMA, "legacy")
    database.execute("select pg_stat_statements_reset()")
    for application, statement in APPLICATION:
        with psycopg.connect(database.conninfo("legacy"), autocommit=True, application_name=application) as connection:
            connection.execute(statement.encode())
    database.execute("select 'the operator''s own'")
    return database


def summary(walk: Walk, *arguments: str) -> dict[str, Any]:
    found: dict[str, Any] = walk("rehearse", "--json", *arguments).check(4).json
    return found


@pytest.mark.majors("all")
def test_statistics_and_logs(
    make_database: MakeDatabase, fresh_cluster: FreshCluster, invoke_cli: InProcess, major: int, tmp_path: Path
) -> None:
    database = worked(make_database, fresh_cluster, major)
    walk = Walk(invoke_cli, database).init()
    found = summary(walk)
    said = {each["query"].lower(): each for each in found["statements"]}
    assert said["select * from t where id = $1"]["calls"] == 2
    assert said["truncate t"]["verdict"] == "denied"
    assert said["truncate public.t"]["verdict"] == "denied"  # nested
    assert said["select public.touch()"]["verdict"] == "denied"
    assert said["create table if not exists t2 (id int)"]["verdict"] == "migrator"
    assert not [query for query in said if "operator" in query]
    assert not [each for each in said.values() if each["verdict"] == "unknown"]
    rows = [
        {"query": each["query"], "calls": each["calls"], "toplevel": "t", "rolname": "legacy"}
        for each in found["statements"]
    ]
    exports = tmp_path / "statements.csv", tmp_path / "statements.json"
    with exports[0].open("w", newline="") as file:
        writer = csv.DictWriter(file, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)
    exports[1].write_text(json.dumps([*rows, {"query": "select 'others'", "calls": 1, "rolname": "else"}]))
    for export in exports:
        again = summary(walk, "--file", str(export))
        assert again["summary"] == found["summary"]
        assert sum(each["calls"] for each in again["statements"]) == sum(row["calls"] for row in rows)
    logs = [database.cluster.data / "log" / name for name in ("all.log", "all.csv", "all.json")]
    for log in logs if major >= 15 else logs[:2]:
        copy = tmp_path / log.name
        copy.write_bytes(log.read_bytes())
        logged = summary(walk, "--file", str(copy))
        assert "server log" in logged["source"]
        verdicts = {each["query"].lower(): each["verdict"] for each in logged["statements"]}
        assert verdicts["select * from t where id = $1"] == "allowed"
        assert verdicts["truncate t"] == verdicts["select public.touch()"] == "denied"
        setval = next(each for each in logged["statements"] if "setval" in each["query"])
        assert setval["object"] == "public.t_id_seq"  # the log has the constant, and it is used but not shown
        assert "secret" not in json.dumps(logged)
        assert set(logged["applications"]) >= {"web", "jobs", "migrate"}
        assert logged["applications"]["web"]["denied"] == 0
        assert logged["applications"]["migrate"]["migrator"] == 1
        assert logged["applications"]["jobs"]["denied"] == 3


def test_what_the_operator_may_not_see(
    make_database: MakeDatabase, fresh_cluster: FreshCluster, invoke_cli: InProcess, major: int
) -> None:
    database = worked(make_database, fresh_cluster, major)
    database.execute("create role operator login createrole; grant legacy to operator with admin option")
    database.execute(f"grant create on database {database.name} to operator; alter schema public owner to legacy")
    database.operator = "operator"
    walk = Walk(invoke_cli, database).init()
    assert "pg_read_all_stats" in walk("rehearse").check(1).stderr
    with psycopg.connect(database.conninfo("postgres"), autocommit=True) as admin:
        admin.execute("grant pg_read_all_stats to operator")
    assert walk("rehearse").check(4).stdout


@pytest.mark.majors("all")
@pytest.mark.parametrize("superuser", [True, False])
def test_what_a_rehearsal_itself_ran_is_nobodys_statement(
    make_database: MakeDatabase, fresh_cluster: FreshCluster, invoke_cli: InProcess, major: int, superuser: bool
) -> None:
    """Before create-roles it tries statements as legacy, which pg_stat_statements counts as legacy's."""
    database = worked(make_database, fresh_cluster, major)
    if not superuser:
        database.execute("create role operator login createrole; grant legacy to operator with admin option")
        database.execute(f"grant create on database {database.name} to operator; grant pg_read_all_stats to operator")
        database.execute("alter schema public owner to legacy")
        database.operator = "operator"
    walk = Walk(invoke_cli, database).init()

    def kept() -> list[tuple[Any, ...]]:
        with psycopg.connect(database.conninfo("postgres")) as admin:
            admin.execute("set pg_stat_statements.track = none")
            return admin.execute(
                "select query, calls from pg_stat_statements where userid = 'legacy'::regrole order by 1, 2"
            ).fetchall()

    before = kept()
    first = summary(walk)
    again = summary(walk)
    if major == 13 and not superuser:  # which counts a plan under its statement, nested or not
        for each in (*first["statements"], *again["statements"]):
            del each["calls"]
    assert again["statements"] == first["statements"]
    if superuser:
        assert kept() == before  # nor does it push others out of there
    rows = [{"query": query, "calls": calls, "rolname": "legacy"} for query, calls in kept()]
    export = walk.run.cwd / "export.json"
    export.write_text(json.dumps(rows))
    assert summary(walk, "--file", str(export))["summary"] == first["summary"]


@pytest.mark.majors("two")
def test_what_flatsplit_asked_as_the_old_role_is_nobodys_statement(
    make_database: MakeDatabase, fresh_cluster: FreshCluster, invoke_cli: InProcess, major: int
) -> None:
    """A first look in a container is made as the only role that there is."""
    database = worked(make_database, fresh_cluster, major)
    database.execute("alter role legacy superuser")
    walk = Walk(invoke_cli, database).init()
    before = summary(walk)
    log = (database.cluster.data / "log" / "all.log").stat().st_size
    container = database.conninfo("legacy")
    for command, exit_code in (("doctor", 5), ("plan", 0), ("status", 0), ("blast-radius", 0)):
        told = walk.run(command, "--json", dsn=container)
        assert told.exit_code in (0, 2, exit_code), told.stderr
    refused = walk.run("init", "--legacy-role", "legacy", "--yes", dsn=container)
    assert refused.exit_code != 0
    with psycopg.connect(database.conninfo("postgres")) as admin:
        kept = (
            "select count(*) from pg_stat_statements where userid = 'legacy'::regrole and query ~ 'asked by flatsplit'"
        )
        assert (admin.execute(kept).fetchone() or [0])[0] > 20
    settings = {"SET", "BEGIN", "COMMIT", "ROLLBACK", "SAVEPOINT", "RELEASE"}

    def of_the_application(found: dict[str, Any]) -> list[Any]:
        return [each for each in found["statements"] if each["query"].split()[0].upper() not in settings]

    def texts(found: dict[str, Any]) -> list[Any]:
        return sorted((each["query"], each["verdict"]) for each in of_the_application(found))

    assert texts(summary(walk)) == texts(before)
    tail = walk.run.cwd / "tail.log"
    tail.write_bytes((database.cluster.data / "log" / "all.log").read_bytes()[log:])
    said = walk("rehearse", "--json", "--file", str(tail))
    assert said.exit_code == 2 or not of_the_application(said.json), said.stdout


@pytest.mark.majors("two")
def test_what_a_plan_does_in_the_old_roles_name_is_nobodys_statement(
    make_database: MakeDatabase, fresh_cluster: FreshCluster, invoke_cli: InProcess, major: int
) -> None:
    """An operator without superuser rights has to become whoever is to be recorded as the grantor."""
    database = worked(make_database, fresh_cluster, major)
    database.execute('create role "Bi ""x"; create role bi2')
    database.execute('grant select on t to "Bi ""x" with grant option; grant update (id) on t to bi2', "legacy")
    operator = make_operator(database, SHAPES["createrole"], reach=('Bi "x',))
    as_if_granted_by_operator(database)
    database.execute(f"grant pg_monitor to {sql.Identifier(operator).as_string()}")
    walk = OperatorsWalk(invoke_cli, database)
    walk.init()

    def heard(role: str) -> tuple[list[str], int]:
        """What a rehearsal heard, and how many statements are a sign of life."""
        with psycopg.connect(database.conninfo("postgres"), autocommit=True) as admin:
            counted = sum(one.calls for one in read_counters(admin, {role: (role,)}))
            texts = [one.text for one in read_statistics(admin, [role])] if counted else []
        return sorted(texts), counted

    def in_its_name() -> int:
        """How many statements the server has counted."""
        with psycopg.connect(database.conninfo("postgres")) as admin:
            raw = "select count(*)::int from pg_stat_statements where userid = 'legacy'::regrole"
            return int((admin.execute(raw).fetchone() or [0])[0])

    legacy, before = heard("legacy"), in_its_name()
    walk.next("--through", "transfer-ownership")
    database.execute("create table later (a int); grant select on later to bi2 with grant option", "legacy")
    made = heard("legacy")
    assert len(made[0]) == len(legacy[0]) + 2
    walk("repair", "--yes").check()
    walk("rollback", "--all", "--yes").check()
    assert in_its_name() >= before + 2 + 4
    assert heard("legacy") == made


def test_no_statements(make_database: MakeDatabase, invoke_cli: InProcess, tmp_path: Path) -> None:
    database = make_database()
    walk = Walk(invoke_cli, database).init()
    assert "is not installed" in walk("rehearse").check(1).stderr
    # A function of that name which is not the extension's is not called
    database.execute(
        "create function public.pg_stat_statements(boolean) returns int language sql as 'select 1'", "legacy"
    )
    assert "is not installed" in walk("rehearse").check(1).stderr
    empty = tmp_path / "empty.sql"
    empty.write_text("-- nothing\n")
    assert "holds no statement" in walk("rehearse", "--file", str(empty)).check(2).stderr
    assert "cannot be read" in walk("rehearse", "--file", str(tmp_path / "none.sql")).check(2).stderr
    broken = tmp_path / "broken.json"
    broken.write_text("[1, 2")
    assert "broken JSON" in walk("rehearse", "--file", str(broken)).check(2).stderr
    assert "there is no role" in walk("rehearse", "--file", str(empty), "--as", "nobody").check(2).stderr
