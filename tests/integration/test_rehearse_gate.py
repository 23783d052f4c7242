"""The switch waits for a rehearsal that found nothing, as far as there is one."""

from __future__ import annotations

import re
import tomllib
from typing import Any

import pytest

from flatsplit.config import load
from tests.fixtures.cli import InProcess
from tests.fixtures.databases import Database, MakeDatabase
from tests.support.walk import Walk, configure


def shop(make_database: MakeDatabase) -> Database:
    database = make_database()
    database.execute("grant usage, create on schema public to legacy")
    database.execute("create table public.sessions (id serial, data text)", "legacy")
    return database


def standing(walk: Walk) -> Any:
    """The gate as status shows it; None where it is open and has nothing to say."""
    step = next(step for step in walk.status()["steps"] if step["key"] == "switch-connections")
    return next((found for found in step["gates"] if found["key"] == "rehearsed"), None)


@pytest.mark.majors("two")
def test_the_switch(make_database: MakeDatabase, invoke_cli: InProcess) -> None:
    database = shop(make_database)
    walk = Walk(invoke_cli, database).init()
    file = walk.run.cwd / "statements.sql"
    file.write_text("TRUNCATE sessions; SELECT * FROM sessions; CREATE TABLE more (id int)")

    def rehearse(exit_code: int) -> None:
        walk("rehearse", "--file", str(file)).check(exit_code)

    walk.next("--through", "enable-login")
    with walk.switched():
        # Nobody rehearsed: it is said, and the switch goes on
        found = standing(walk)
        assert (found["open"], found["notice"]) == (True, True)
        assert "pg_stat_statements is not installed in this database" in found["reason"]
        said = walk("next", "--dry-run").check(0)
        assert "gate rehearsed: open, nobody rehearsed as app_user" in said.stderr
        assert "better: give flatsplit the application's statements" in said.stderr
        assert "rehearsed: nobody rehearsed" in walk("status").check(0).stdout
        # Where it is required, it waits
        configure(walk.config, rehearsal="required")
        said = walk.next(exit_code=3)
        assert "waiting for rehearsed: nobody rehearsed as app_user" in said.stdout
        assert "--waive rehearsed" in said.stdout
        assert "rehearse --file FILE" in said.stdout
        configure(walk.config, rehearsal="advised")
        # Somebody did, and TRUNCATE would fail
        rehearse(4)
        said = walk.next(exit_code=3)
        assert "waiting for rehearsed: 3 statements rehearsed" in said.stdout
        assert "1 denied" in said.stdout
        assert f"flatsplit rehearse --file {file}" in said.stdout
        assert "rehearsed" in next(s for s in walk.status()["steps"] if s["state"] == "waiting")["blocked_by"]
        configure(walk.config, rehearsal="off")
        assert standing(walk) is None
        configure(walk.config, rehearsal="required")
        # The remedy is taken; DDL does not keep it closed
        walk.config.write_text(walk.config.read_text() + '\n[grants.app_user]\ntruncate = ["public.sessions"]\n')
        walk("repair", "--yes").check()
        rehearse(4)
        assert standing(walk) is None
        # It ages
        database.execute("update flatsplit.event set at = at - interval '8 days' where kind = 'rehearsed'")
        assert "before ownership moved" in standing(walk)["reason"]
        database.execute("update flatsplit.step set finished_at = finished_at - interval '9 days'")
        assert "longer than 7d" in standing(walk)["reason"]
        configure(walk.config, rehearsal_age="9d")
        assert standing(walk) is None
        said = walk.next()
        assert "gate rehearsed: open, 3 statements rehearsed 8d" in said.stderr
    assert walk.states()["switch-connections"] == "done"


def test_what_init_writes_waits_for_one(make_database: MakeDatabase, invoke_cli: InProcess) -> None:
    """Without the key, as in a file of before, the gate only says so."""
    walk = Walk(invoke_cli, shop(make_database))
    walk("init", "--legacy-role", walk.database.legacy, "--yes").check()
    text = walk.config.read_text()
    assert tomllib.loads(text)["gates"]["rehearsal"] == "required"
    walk.config.write_text(re.sub(r"^rehearsal = .*$", "", text, flags=re.MULTILINE))
    assert load(walk.config).gates.rehearsal == "advised"


def test_a_waiver_goes_on_record(make_database: MakeDatabase, invoke_cli: InProcess) -> None:
    walk = Walk(invoke_cli, shop(make_database)).init()
    file = walk.run.cwd / "statements.sql"
    file.write_text("TRUNCATE sessions")
    walk("rehearse", "--file", str(file)).check(4)  # before there is a role: it counts, for it is bad news
    walk.next("--through", "enable-login")
    with walk.switched():
        walk.next(exit_code=3)
        walk.next("--waive", "rehearsed", "--reason", "nobody truncates by night")
    assert walk.states()["switch-connections"] == "done"
    waived = [each for each in walk("history", "--json").json if each.get("kind") == "waived"]
    assert waived[0]["details"]["gate"] == "rehearsed"
    assert "1 denied" in waived[0]["details"]["closed"]
