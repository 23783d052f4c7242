"""What app_user tries in vain is found by ``who`` and shown by ``status``, and ``verify --canary`` tests that."""

from __future__ import annotations

from pathlib import Path

import psycopg
import pytest

from tests.fixtures.cli import InProcess
from tests.fixtures.databases import MakeDatabase
from tests.fixtures.servers import FreshCluster
from tests.support.walk import Walk

LOGGING = {"logging_collector": "on", "log_destination": "csvlog", "log_directory": "log"}


@pytest.mark.slow
@pytest.mark.majors("two")
def test_a_canary_is_found_and_status_tells_what_is_refused(
    make_database: MakeDatabase, fresh_cluster: FreshCluster, invoke_cli: InProcess
) -> None:
    database = make_database(cluster=fresh_cluster(settings=LOGGING))
    database.execute("CREATE TABLE t (i int); CREATE TABLE secrets (i int)", "legacy")
    walk = Walk(invoke_cli, database).init()
    walk.forward("enable-login")
    assert walk.status()["refused"] == []
    assert "--password-file" in walk("verify", "--canary").check(2).stderr
    sung = walk("verify", "--canary", "--password-file", str(walk.password_file), "--json").check().json["canary"]
    assert sung["refused"]
    assert (sung["found"]["login"], sung["found"]["judgement"]) == ("app_user", "suspicious")
    assert sung["found"]["object"].startswith("flatsplit_canary_")
    shown = walk("verify", "--canary", "--password-file", str(walk.password_file)).check().stdout
    assert "canary: CREATE ROLE by app_user from local at " in shown
    database.execute("REVOKE SELECT ON secrets FROM app_user")
    with walk.connect("app_user") as connection:
        for statement in ("SELECT * FROM secrets WHERE i = 987654321", "DROP TABLE t", "DROP TABLE t"):
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                connection.execute(statement.encode())
    told = walk.status()["refused"]
    assert len(told) == 2, "what verify itself tried is known by process and time, and none of it"
    assert [(one["times"], one["act"], one["object"], one["judgement"]) for one in told[:2]] == [
        (2, "DROP TABLE", "t", "suspicious"),
        (1, "SELECT", "secrets", "look"),
    ]
    assert "987654321" not in str([one["statement"] for one in told])
    shown = walk("status").stdout
    assert "2 × DROP TABLE t by app_user from local" in shown
    assert "2 × DROP TABLE t by app_user from local" in walk("watch", "--count", "1").check().stdout
    # An operator who may not read the log is told nothing here, and the canary says what is missing
    database.execute("CREATE ROLE blind LOGIN; GRANT legacy TO blind; GRANT USAGE ON SCHEMA flatsplit TO blind")
    database.execute("GRANT SELECT ON ALL TABLES IN SCHEMA flatsplit TO blind")
    database.operator = "blind"
    failed = walk("verify", "--canary", "--password-file", str(walk.password_file))
    assert failed.exit_code in (1, 4)
    assert "nobody would know" in failed.stdout or failed.stderr


@pytest.mark.slow
def test_a_canary_that_nobody_hears(
    make_database: MakeDatabase, fresh_cluster: FreshCluster, invoke_cli: InProcess, tmp_path: Path
) -> None:
    """A log that does not say who it was proves nothing; neither does one that is somebody else's."""
    database = make_database(cluster=fresh_cluster(settings={"log_line_prefix": "%m [%p] "}))
    walk = Walk(invoke_cli, database).init()
    walk.forward("enable-login")
    command = ("verify", "--canary", "--password-file", str(walk.password_file))
    shown = walk(*command).check(4).stdout
    assert "nobody would know" in shown
    assert "--log" in shown
    shown = walk(*command, "--log", str(database.cluster.server_log)).check(4).stdout
    assert "canary: CREATE ROLE" not in shown
