"""Settings that not everybody is shown: what is said of reading them, and what the server answers."""

from __future__ import annotations

from pathlib import Path

import psycopg
import pytest

from flatsplit.rehearsal.protected_settings import HIDDEN
from tests.fixtures.cli import InProcess
from tests.fixtures.databases import MakeDatabase
from tests.support.walk import Walk

SAID = {
    "SHOW data_directory": "denied",
    "SELECT current_setting('Config_File', true)": "denied",
    "SELECT * FROM pg_settings": "silent",
    "SELECT setting FROM pg_settings WHERE name = 'hba_file'": "silent",
    "SELECT setting FROM pg_settings WHERE name IN ('work_mem', 'server_version')": "allowed",
    "SHOW ALL": "silent",
    "SELECT * FROM paths": "silent",
    "SHOW work_mem": "allowed",
    "SELECT current_setting('server_version_num')": "allowed",
}


@pytest.mark.majors("all")
def test_which_are_hidden(make_database: MakeDatabase) -> None:
    database = make_database()
    every = {name for (name,) in database.admin.execute("select name from pg_settings")}
    with psycopg.connect(database.conninfo("legacy")) as connection:
        mine = {name for (name,) in connection.execute("select name from pg_settings")}
    assert every - mine == HIDDEN & every


@pytest.mark.majors("two")
def test_as_a_superuser_and_as_app_user(make_database: MakeDatabase, invoke_cli: InProcess, tmp_path: Path) -> None:
    database = make_database()
    database.execute("grant usage, create on schema public to legacy; alter role legacy superuser")
    database.execute("create view public.paths as select * from pg_settings where name = 'data_directory'", "legacy")
    walk = Walk(invoke_cli, database).init()
    file = tmp_path / "settings.sql"
    file.write_text(";\n".join(SAID))

    def said(exit_code: int) -> dict[str, str]:
        found = walk("rehearse", "--file", str(file), "--json").check(exit_code).json
        return {each["query"]: each["verdict"] for each in found["statements"]}

    assert said(4) == SAID
    walk.next("--through", "enable-login", "--waive", "no-blockers", "--reason", "to see")
    assert said(4) == SAID
    for query, verdict in SAID.items():
        answers = []
        for role in ("legacy", "app_user"):
            with psycopg.connect(database.conninfo(role)) as connection:
                try:
                    answers.append(len(connection.execute(query.encode()).fetchall()))
                except psycopg.errors.InsufficientPrivilege:
                    answers.append(-1)
        assert answers[0] > 0
        assert (answers[1] == -1, answers[0] == answers[1]) == (verdict == "denied", verdict == "allowed"), query
    database.execute("grant pg_read_all_settings to app_user")
    assert set(said(0).values()) == {"allowed"}


ROUTINES = """
create function f() returns int language plpgsql set session_replication_role = replica as 'begin return 1; end';
create function log_less() returns trigger language plpgsql set log_statement = 'none' as 'begin return new; end';
create function speak() returns int language sql set lc_messages = 'C' as 'select 1';
create function free() returns int language sql set work_mem = '1MB' set app.tenant = 'a' as 'select 1';
create table watched (a int);
create trigger log_less before insert on watched for each row execute function log_less();
create table spoken (a int default speak(), b int default free());
create view seen as select f();
"""
SET_BY = {
    "SELECT f()": "denied",
    "INSERT INTO watched VALUES (1)": "denied",
    "INSERT INTO spoken DEFAULT VALUES": "denied",
    "SELECT * FROM seen": "denied",
    "SELECT free()": "allowed",
}


@pytest.mark.slow
@pytest.mark.majors("two")
def test_routines_that_set_what_only_superusers_may(make_database: MakeDatabase, invoke_cli: InProcess) -> None:
    """A routine's own settings are set with the rights of whoever calls it, and the call fails where they do not do."""
    database = make_database()
    database.execute("grant usage, create on schema public to legacy; alter role legacy superuser")
    database.execute(ROUTINES, "legacy")
    walk = Walk(invoke_cli, database).init()
    file = invoke_cli.cwd / "settings.sql"
    file.write_text(";\n".join(SET_BY))
    for step in ("", "enable-login"):
        if step:
            walk.forward(step)
        found = walk("rehearse", "--file", str(file), "--json").check(4).json["statements"]
        assert {each["query"]: each["verdict"] for each in found} == SET_BY
    with psycopg.connect(database.conninfo("app_user", walk.passwords["app_user"]), autocommit=True) as session:
        for query, verdict in SET_BY.items():
            if verdict == "allowed":
                session.execute(query.encode())
            else:
                with pytest.raises(psycopg.errors.InsufficientPrivilege, match="permission denied to set parameter"):
                    session.execute(query.encode())
