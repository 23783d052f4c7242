"""Settings that have a session load a library that is not there: told before any role is given them."""

from __future__ import annotations

import psycopg
import pytest

from tests.fixtures.cli import InProcess
from tests.fixtures.databases import Database, MakeDatabase
from tests.support.grouping import declare as declare_group
from tests.support.hazards import doctor
from tests.support.special import declare, flat
from tests.support.walk import Walk, assert_same

ID = "preload-missing"
MISSING = 'no "such"\\ lib, other'
NAMES = ("session_preload_libraries", "local_preload_libraries")


def lets_in(database: Database, role: str) -> bool:
    try:
        psycopg.connect(database.conninfo(role)).close()
    except psycopg.OperationalError:
        return False
    return True


@pytest.mark.majors("two")
@pytest.mark.parametrize("name", NAMES)
def test_the_old_role_s(database: Database, name: str) -> None:
    """It breaks logins, is found, and is gone when the advice is taken; a library that is there is no matter."""
    database.execute("alter role legacy set session_preload_libraries = 'auto_explain'")
    assert lets_in(database, "legacy")
    assert doctor(database, ID) is None
    for where in ("", f'in database "{database.name}"'):
        database.execute(f"alter role legacy {where} set {name} = 'no_such'")
        assert not lets_in(database, "legacy"), "the trap"
        found = doctor(database, ID)
        assert found is not None
        assert found.blocks
        assert "no_such" in found.title
        for statement in found.sql:
            database.execute(statement)
        assert lets_in(database, "legacy"), "the cure"
        assert doctor(database, ID) is None


@pytest.mark.majors("two")
def test_where_a_walk_gives_it(make_database: MakeDatabase, invoke_cli: InProcess) -> None:
    database = make_database()
    flat(database)
    walk = Walk(invoke_cli, database).init()
    walk.forward()
    before, text = walk.snapshot(), walk.config.read_text()
    for name in NAMES:
        declare(walk, "app_jobs", {"role": {"settings": {name: MISSING}}, "grants": {"select": ["public.jobs"]}})
        refused = walk("begin", "role", "app_jobs", "--yes").check(2).stderr
        assert "app_jobs could not log in then" in refused
        assert f"correct {name} in the settings of [role.app_jobs]" in refused
        walk.config.write_text(text)
        database.execute(f"alter role app_user set {name} = 'no_such'")
        declare_group(walk, "app_user", ("web a", "web b"))
        refused = walk("begin", "group", "app_user", "--yes").check(2).stderr
        assert "is to take it over from app_user: correct it there" in refused
        walk.config.write_text(text)
        database.execute(f"alter role app_user reset {name}")
    assert_same(before, walk.snapshot(), "after all that was refused")
    declare(walk, "app_jobs", {"role": {"settings": {NAMES[0]: "auto_explain"}}, "grants": {"select": ["public.jobs"]}})
    walk("begin", "role", "app_jobs", "--yes").check()
    walk.next("--walk", "role:app_jobs")
    walk.wait_until_gone("app_jobs")
