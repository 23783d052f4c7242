"""Owners that legacy becomes: what runs as them is judged as what runs as legacy is, and their extensions go along."""

from __future__ import annotations

import pytest

from tests.fixtures.cli import InProcess
from tests.fixtures.databases import Database
from tests.integration.test_members import finding, gate
from tests.integration.test_owners import NAME, OWNER, cube, decided
from tests.support.walk import Walk, assert_same


def granted(walk: Walk) -> Walk:
    """Initialised, decided that the owner goes legacy's way, and with all rights given."""
    walk.init()
    decided(walk, f'["{NAME}"]')
    walk.forward("default-privileges")
    return walk


@pytest.mark.majors("two")
def test_what_a_view_of_the_owner_reads(database: Database, invoke_cli: InProcess) -> None:
    cube(database, "set role")
    database.execute("create schema far; create table far.t (a int)")
    database.execute(f"grant usage on schema far to {OWNER}; grant select on far.t to {OWNER}")
    database.execute(f"set role {OWNER}; create view cube.reads as select * from far.t", database.legacy)
    walk = granted(Walk(invoke_cli, database))
    told = gate(walk, "reach")
    assert "cube.reads reads far.t" in told["reason"]
    database.execute(told["fix"][told["fix"].index("GRANT") : told["fix"].rindex(";") + 1])
    assert gate(walk, "reach") is None
    walk.forward("transfer-ownership")
    assert database.admin.execute("select count(*) from cube.reads").fetchone() == (0,)


@pytest.mark.majors("two")
@pytest.mark.parametrize("both", [False, True], ids=["owner alone", "legacy too"])
def test_extensions_of_the_owner(database: Database, invoke_cli: InProcess, both: bool) -> None:
    cube(database, "set role")
    database.execute(f"alter role {OWNER} superuser; set role {OWNER}; create extension hstore schema cube; reset role")
    database.execute(f"alter role {OWNER} nosuperuser")
    if both:
        legacy = database.legacy
        database.execute(
            f"alter role {legacy} superuser; set role {legacy}; create extension citext schema cube; reset role"
        )
        database.execute(f"alter role {legacy} nosuperuser")
    walk = Walk(invoke_cli, database).init()
    decided(walk, f'["{NAME}"]')
    before = walk.snapshot()
    walk.forward("transfer-ownership")
    owners = "select extname, pg_get_userbyid(extowner) from pg_extension where extname <> 'plpgsql' order by 1"
    moved = [("citext", "app_migrator"), ("hstore", NAME)] if both else [("hstore", "app_migrator")]
    assert database.admin.execute(owners).fetchall() == moved
    assert (finding(walk, "owners-extensions") is not None) is both
    walk.rollback("--all")
    assert_same(before, walk.snapshot(), "after rollback")
