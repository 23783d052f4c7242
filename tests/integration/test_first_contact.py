"""In a container the only role that can log in is the old one: what init says then is executed as printed."""

from __future__ import annotations

import os
import re
import subprocess
from pathlib import Path

import pytest

from tests.fixtures.cli import InProcess
from tests.fixtures.databases import Database, MakeDatabase
from tests.fixtures.servers import tool


def told(database: Database, invoke_cli: InProcess) -> str:
    result = invoke_cli("init", "--legacy-role", database.legacy, "--yes", dsn=database.conninfo(database.legacy))
    result.check(2)
    assert f"you are connected as {database.legacy}" in result.stderr
    return result.stderr


def make_operator(database: Database, said: str) -> None:
    """Run the command in a shell, without a terminal, so that psql reads the new password from its input."""
    found = re.search(r"make an operator: (psql .*?); then run flatsplit with user=flatsplit_operator", said)
    assert found, said
    folder = Path(tool("psql")).parent
    env = {"PATH": f"{folder}:{os.environ['PATH']}", "PGPASSWORD": database.passwords.get(database.legacy, "")}
    done = subprocess.run(
        ["bash", "-c", found[1]], input="op-secret\nop-secret\n", capture_output=True, text=True, env=env,
        start_new_session=True,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr


def begin_as_operator(database: Database, invoke_cli: InProcess) -> None:
    dsn = database.conninfo("flatsplit_operator", "op-secret")
    invoke_cli("init", "--legacy-role", database.legacy, "--yes", dsn=dsn).check()
    found = invoke_cli("doctor", dsn=dsn)
    assert found.exit_code == 0, found.stdout
    invoke_cli("next", "--yes", dsn=dsn).check()
    invoke_cli("rollback", "--yes", "--all", dsn=dsn).check()
    invoke_cli("forget", "--yes", dsn=dsn).check()


@pytest.mark.majors("two")
@pytest.mark.parametrize("options", ["SUPERUSER", "CREATEROLE", ""])
def test_the_command_makes_an_operator(options: str, make_database: MakeDatabase, invoke_cli: InProcess) -> None:
    database = make_database(legacy="old 'one", legacy_options=options)
    database.execute("CREATE TABLE t (a int)", database.legacy)
    said = told(database, invoke_cli)
    try:
        if options == "SUPERUSER" or (options and database.cluster.major < 16):
            make_operator(database, said)
        else:
            found = re.search(r"have a superuser run: (.*?); and \\password", said)
            assert found, said
            database.execute(f"{found[1]}; ALTER ROLE flatsplit_operator PASSWORD 'op-secret'")
        begin_as_operator(database, invoke_cli)
    finally:
        database.execute("DROP OWNED BY flatsplit_operator CASCADE; DROP ROLE flatsplit_operator")


def test_a_name_that_is_taken(database: Database, invoke_cli: InProcess) -> None:
    database.execute("CREATE ROLE flatsplit_operator; CREATE TABLE t (a int)")
    try:
        assert "user=flatsplit_operator_2" in told(database, invoke_cli)
    finally:
        database.execute("DROP ROLE flatsplit_operator")


@pytest.mark.majors("two")
@pytest.mark.parametrize("owner", ["", "the operators"])
def test_an_operator_who_may_create_no_schema(owner: str, make_database: MakeDatabase, invoke_cli: InProcess) -> None:
    """The owner of the database lets it, as init prints it; with --owner also into that role."""
    database = make_database(legacy="old 'one")
    names = [name for name in ("An operator", owner) if name]
    database.execute("".join(f'CREATE ROLE "{name}" LOGIN CREATEROLE; ' for name in names))
    if database.cluster.major >= 16:  # CREATEROLE alone administers nobody
        database.execute("""GRANT "old 'one" TO "An operator" WITH ADMIN TRUE, INHERIT FALSE, SET FALSE""")
    try:
        dsn = database.conninfo("An operator")
        command = ["init", "--legacy-role", database.legacy, "--yes", *(["--owner", owner] if owner else [])]
        said = invoke_cli(*command, dsn=dsn).check(1).stderr
        found = re.search(r"have the database's owner or a superuser run: (.*;)$", said, re.MULTILINE)
        assert found, said
        if not owner:
            database.execute(found[1], database.legacy)
        else:
            database.execute(found[1])
        invoke_cli(*command, dsn=dsn).check()
        invoke_cli("forget", "--yes", dsn=dsn).check()
    finally:
        for name in names:
            database.execute(f'DROP OWNED BY "{name}" CASCADE; DROP ROLE "{name}"')
