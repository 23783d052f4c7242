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
