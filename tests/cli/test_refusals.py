"""What goes wrong at three in the morning: two lines and the right exit code, whatever it is."""

from __future__ import annotations

import json
import re
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from flatsplit.demo.server import Cluster
from tests.fixtures.cli import InProcess, Process, Result
from tests.fixtures.databases import Database, MakeDatabase
from tests.fixtures.servers import FreshCluster, start_standby

INIT = ("init", "--legacy-role", "legacy", "--yes")
READING = (("doctor",), ("plan",), ("status",), ("verify",), ("runbook",), ("history",))


def refused(result: Result, code: int, what: str, fix: str) -> None:
    """Two lines and nothing on stdout."""
    result.check(code)
    assert result.stdout == ""
    lines = result.stderr.splitlines()
    assert len(lines) == 2, result.stderr
    assert re.search(rf"^error: .*{what}", lines[0]), lines[0]
    assert re.search(rf"^  fix: .*{fix}", lines[1]), lines[1]


@pytest.fixture
def begun(database: Database, invoke_cli: InProcess) -> Database:
    """A database after init."""
    database.execute("CREATE TABLE t (id int PRIMARY KEY)", "legacy")
    invoke_cli(*INIT, dsn=database).check()
    return database


def closed_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
    return port


def test_no_server(invoke_cli: InProcess, begun: Database) -> None:
    dsn = f"host=127.0.0.1 port={closed_port()} dbname=shop user=me"
    for command in (*READING, INIT, ("next", "--yes"), ("rollback", "--yes"), ("repair",), ("observe",), ("forget",)):
        refused(invoke_cli(*command, dsn=dsn), 1, "cannot connect to 127.0.0.1:.*refused", "host and port")


def test_a_connection_string_is_never_repeated(invoke_cli: InProcess) -> None:
    result = invoke_cli(*INIT, dsn="postgresql://me:s3cr3t@w0rd@host/db")
    assert result.exit_code in (1, 2)
    assert "s3cr3t" not in result.stderr
    assert "w0rd" not in result.stderr


def test_wrong_password_and_user(fresh_cluster: FreshCluster, invoke_cli: InProcess) -> None:
    cluster = fresh_cluster(auth="scram")
    wrong = cluster.conninfo("postgres", "postgres", "s3cr3t")
    refused(invoke_cli(*INIT, dsn=wrong), 1, "password authentication failed", "password")
    nobody = cluster.conninfo("nowhere", "postgres")
    refused(invoke_cli(*INIT, dsn=nobody), 1, 'database "nowhere" does not exist', "database name")


@pytest.mark.parametrize(
    ("arguments", "what", "fix"),
    [
        (["--legacy-role", "legaci"], "no role 'legaci'", "did you mean legacy?"),
        (["--legacy-role", "x y\x1b[2J"], "no role", r"\\du"),
        (["--legacy-role", "postgres"], "you are connected as postgres", "make an operator: psql"),
        (["--legacy-role", "pg_monitor"], "pg_monitor is one of PostgreSQL's own roles", "name the role"),
        (["--legacy-role", "legacy", "--schema", "publik"], "no schema 'publik'", "did you mean public?"),
        (["--legacy-role", "legacy", "--owner", "nobody!"], "no role 'nobody!'", "roles"),
    ],
)
def test_wrong_names_at_init(
    invoke_cli: InProcess, database: Database, arguments: list[str], what: str, fix: str
) -> None:
    refused(invoke_cli("init", "--yes", *arguments, dsn=database), 2, what, fix)
    assert not (invoke_cli.cwd / "flatsplit.toml").exists()
    assert database.admin.execute("SELECT to_regnamespace('flatsplit')").fetchone() == (None,)


def test_an_operator_without_rights(invoke_cli: InProcess, make_database: MakeDatabase) -> None:
    database = make_database()
    database.execute("CREATE ROLE nobody_much LOGIN PASSWORD 'x'")
    dsn = database.conninfo("nobody_much", "x")
    refused(invoke_cli(*INIT, dsn=dsn), 1, "nobody_much may not create roles", "CREATEROLE")


def test_before_init(invoke_cli: InProcess, database: Database) -> None:
    invoke_cli(*INIT, dsn=database).check()
    invoke_cli("forget", dsn=database).check()
    assert "findings" in invoke_cli("doctor", "--json", dsn=database).check().json
    for command in (("plan",), ("status",), ("verify",), ("runbook",), ("history",), ("next", "--yes"), ("forget",)):
        refused(invoke_cli(*command, dsn=database), 1, "no tracking schema", "flatsplit init")


def test_a_configuration_for_another_role(invoke_cli: InProcess, begun: Database) -> None:
    path = invoke_cli.cwd / "flatsplit.toml"
    path.write_text(path.read_text().replace('legacy_role = "legacy"', 'legacy_role = "other"'))
    refused(invoke_cli("status", dsn=begun), 1, "is about role other", "flatsplit.toml")


def test_a_configuration_by_another_name_is_named_as_it_is(
    invoke_cli: InProcess, begun: Database, tmp_path: Path
) -> None:
    text = (tmp_path / "flatsplit.toml").read_text().replace('app_user = "app_user"', 'app_user = "taken"')
    (tmp_path / "prod.toml").write_text(text)
    begun.execute("CREATE ROLE taken")
    result = invoke_cli("next", "--yes", "--config", "prod.toml", dsn=begun)
    refused(result, 1, r'prod.toml: \[roles\] app_user = "taken" is a role that exists already', "--adopt")
    assert "flatsplit.toml" not in result.stderr


def test_a_second_operator(run_cli: Process, invoke_cli: InProcess, begun: Database) -> None:
    begun.execute("SELECT 1")
    from flatsplit.connection import open_session, operator_lock

    with open_session(begun.dsn) as session, operator_lock(session):
        result = invoke_cli("next", "--yes", dsn=begun)
        refused(result, 3, "another operator|is at work", "")
        for command in (("status",), ("plan",), ("history",)):
            invoke_cli(*command, dsn=begun).check()


@pytest.fixture
def standby(fresh_cluster: FreshCluster) -> Iterator[tuple[Cluster, Cluster]]:
    primary = fresh_cluster()
    replica = start_standby(primary)
    try:
        yield primary, replica
    finally:
        replica.remove()


def test_a_read_only_replica(
    standby: tuple[Cluster, Cluster], make_database: MakeDatabase, invoke_cli: InProcess
) -> None:
    primary, replica = standby
    database = make_database(cluster=primary)
    invoke_cli(*INIT, dsn=database).check()
    invoke_cli("next", "--yes", dsn=database).check()
    (lsn,) = database.admin.execute("SELECT pg_current_wal_lsn()").fetchone() or ("",)
    with_standby = Database(replica, database.name, "legacy", "postgres")
    for _ in range(200):
        (there,) = with_standby.admin.execute("SELECT pg_last_wal_replay_lsn() >= %s", (lsn,)).fetchone() or (False,)
        if there:
            break
    dsn = with_standby.dsn
    for command in (INIT, ("next", "--yes"), ("rollback", "--yes"), ("repair",), ("observe",), ("forget",)):
        refused(invoke_cli(*command, dsn=dsn), 1, "the server is a standby", "connect to the primary")
    for command in READING:
        invoke_cli(*command, dsn=dsn).check()
    with_standby.close()


def test_a_gate_is_not_an_error(invoke_cli: InProcess, begun: Database) -> None:
    passwords = ("--generate-passwords", "pw.toml")
    invoke_cli("next", "--yes", "--through", "enable-login", *passwords, dsn=begun).check()
    waiting = invoke_cli("next", "--yes", dsn=begun).check(3)
    assert "waiting for rehearsed: nobody rehearsed as app_user" in waiting.stdout
    assert "flatsplit rehearse --file FILE" in waiting.stdout
    assert "waiting for seen: app_user and app_migrator have not been seen" in waiting.stdout
    assert "waiting for drained: " in waiting.stdout
    assert 'flatsplit next --waive rehearsed --waive seen --waive drained --reason "…"' in waiting.stdout
    found = invoke_cli("next", "--yes", "--json", dsn=begun).check(3).json
    assert [gate["key"] for gate in found["waiting"]] == ["rehearsed", "seen", "drained"]
    status = invoke_cli("status", "--json", dsn=begun).check().json
    assert status["next"] == "switch-connections"
    (step,) = [step for step in status["steps"] if step["key"] == "switch-connections"]
    assert (step["state"], step["blocked_by"]) == ("waiting", ["rehearsed", "seen", "drained"])


def test_no_password_and_nobody_to_ask(invoke_cli: InProcess, begun: Database) -> None:
    invoke_cli("next", "--yes", "--through", "transfer-ownership", dsn=begun).check()
    result = invoke_cli("next", "--yes", dsn=begun).check(2)
    first, second = result.stderr.splitlines()[-2:]
    assert first == "error: no password for app_migrator, app_readonly, app_user, dba"
    assert second == "  fix: give --password-file FILE or --generate-passwords FILE"
    path = invoke_cli.cwd / "pw.toml"
    path.write_text('app_user = "x"\n')
    path.chmod(0o644)
    result = invoke_cli("next", "--yes", "--password-file", "pw.toml", dsn=begun).check(2)
    assert "others may read the password file" in result.stderr


def test_a_password_that_is_missing_at_the_end_is_missed_at_the_beginning(
    invoke_cli: InProcess, begun: Database, tmp_path: Path
) -> None:
    through = ("next", "--yes", "--through", "switch-connections")
    refused(
        invoke_cli(*through, dsn=begun), 2, "no password for app_migrator, app_readonly, app_user, dba", "--password"
    )
    given = tmp_path / "given.toml"
    given.write_text('app_user = "a"\napp_readonly = "b"\ndba = "c"\n')
    file = ("--password-file", str(given))
    refused(invoke_cli(*through, *file, dsn=begun), 2, "others may read the password file", "chmod 600")
    given.chmod(0o600)
    refused(invoke_cli(*through, *file, dsn=begun), 2, "no password for app_migrator", "add a line")
    nowhere = ("--generate-passwords", str(tmp_path / "missing" / "made.toml"))
    refused(invoke_cli(*through, *nowhere, dsn=begun), 2, "cannot be made .No such file", "name a place")
    status = json.loads(invoke_cli("status", "--json", dsn=begun).check().stdout)
    assert {step["state"] for step in status["steps"]} == {"pending"}


def test_another_plan_than_the_approved_one(invoke_cli: InProcess, begun: Database) -> None:
    result = invoke_cli("next", "--yes", "--approved", "0123456789abcdef", dsn=begun).check(5)
    assert "is not the approved one" in result.stderr
    digest = invoke_cli("plan", "--json", dsn=begun).check().json["digest"]
    invoke_cli("next", "--yes", "--approved", digest, dsn=begun).check()


def test_drift(invoke_cli: InProcess, begun: Database) -> None:
    invoke_cli("next", "--yes", "--through", "grant-existing", dsn=begun).check()
    begun.execute("REVOKE SELECT ON t FROM app_user")
    result = invoke_cli("verify", dsn=begun).check(4)
    assert 'GRANT SELECT ON TABLE "public"."t" TO "app_user";' in result.stdout
    assert "`flatsplit repair` runs them." in result.stdout
    assert invoke_cli("verify", "--json", dsn=begun).check(4).json["ok"] is False
    invoke_cli("repair", dsn=begun).check()
    invoke_cli("verify", dsn=begun).check()
    assert "Nothing to repair" in invoke_cli("repair", dsn=begun).check().stdout


def test_blockers(invoke_cli: InProcess, begun: Database) -> None:
    findings = invoke_cli("doctor", "--json", dsn=begun).check().json
    assert findings["blockers"] == 0
    assert findings.keys() == {"findings", "blockers", "warnings", "notes", "toml"}


def test_forgetting_on_the_way(invoke_cli: InProcess, begun: Database, tmp_path: Path) -> None:
    invoke_cli("next", "--yes", dsn=begun).check()
    refused(invoke_cli("forget", dsn=begun), 5, "the cutover is under way", "--yes")
    invoke_cli("forget", "--yes", "--export", "j.json", dsn=begun).check()
    first = (tmp_path / "j.json").read_text().splitlines()[0]
    assert json.loads(first)


def test_history_and_its_json(invoke_cli: InProcess, begun: Database) -> None:
    invoke_cli("next", "--yes", dsn=begun).check()
    text = invoke_cli("history", dsn=begun).check().stdout
    assert "ran 4 statements of create-roles" in text
    every = invoke_cli("history", "--statements", dsn=begun).check().stdout
    assert "create role app_user" in every
    records = invoke_cli("history", "--json", dsn=begun).check().json
    assert [record["type"] for record in records].count("action") == 4
    assert any(record.get("kind") == "init" for record in records)


def test_observe(invoke_cli: InProcess, begun: Database) -> None:
    with begun.connect("legacy", application_name="shop\x1b[2J"):
        text = invoke_cli("observe", dsn=begun).check().stdout
        assert "legacy" in text
        assert "\x1b" not in text
        assert invoke_cli("observe", "--json", dsn=begun).check().json[0]["role"] == "legacy"


def test_runbook_and_what_it_wrote(invoke_cli: InProcess, begun: Database) -> None:
    found = invoke_cli("runbook", "--out", "book", "--json", dsn=begun).check().json
    assert all((invoke_cli.cwd / path).is_file() for path in found["files"])
    assert found["files"][0] == "book/index.html"
    refused(invoke_cli("runbook", "--templates", "none", dsn=begun), 2, "no such folder of templates", "--templates")
