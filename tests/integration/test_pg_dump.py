"""The backups go on: pg_dump of the whole database works after every step.

As legacy until its login ends, and as app_migrator from the moment it owns things (before it may log in, through
``--role``, as the operator would). A tracking schema that the dumping role may not read would break this at once.
"""

import subprocess

import pytest

from flatsplit.model import STEP_KEYS
from tests.fixtures.cli import InProcess
from tests.fixtures.databases import Database, MakeDatabase, shared_schemas
from tests.fixtures.servers import tool
from tests.support.walk import Walk
from tests.support.world import trap_world

NOT_ITS_OWN = ["vendor", "public_vendor", "on_vendors_tables", "passed_on_by_legacy", "row_security", "event_trigger"]
"""Parts of the world that make a dump as legacy fail from the start, whatever flatsplit does."""


def dump(walk: Walk, role: str, *, by_operator: bool = False) -> str:
    """A dump of everything as this role: with data, large objects and the tracking schema."""
    who = None if by_operator else role
    done = subprocess.run(
        [
            tool("pg_dump"),
            *("--no-password", "--no-sync"),
            *(("--role", role) if by_operator else ()),
            walk.database.conninfo(who, walk.passwords.get(role) if who else None),
        ],
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, f"pg_dump as {role} after {walk.states()}: {done.stderr}"
    return done.stdout


def dump_all_the_way(walk: Walk) -> None:
    steps = dict(zip(STEP_KEYS, range(len(STEP_KEYS)), strict=True))
    tables = dump(walk, walk.database.legacy).count("CREATE TABLE ")
    for key, number in steps.items():
        walk.step(key)
        if number < steps["lock-legacy"]:
            assert dump(walk, walk.database.legacy).count("CREATE TABLE ") >= tables
        if number >= steps["transfer-ownership"]:
            early = number < steps["enable-login"]
            assert dump(walk, walk.app_migrator, by_operator=early).count("CREATE TABLE ") >= tables
        walk.wait_until_gone(*walk.roles, walk.database.legacy)
    for key in reversed(steps):
        walk.rollback()
        if steps[key] <= steps["lock-legacy"]:
            assert dump(walk, walk.database.legacy).count("CREATE TABLE ") >= tables
        walk.wait_until_gone(walk.database.legacy)


@pytest.mark.majors("two")
@pytest.mark.parametrize("schema", ["pagila", pytest.param("kea", marks=pytest.mark.slow)])
def test_a_real_schema(schema: str, make_database: MakeDatabase, invoke_cli: InProcess) -> None:
    dump_all_the_way(Walk(invoke_cli, make_database(schema)).init())


@pytest.mark.slow
@pytest.mark.parametrize("schema", [schema for schema in shared_schemas() if schema not in ("pagila", "kea")])
def test_every_other_schema(schema: str, make_database: MakeDatabase, invoke_cli: InProcess) -> None:
    dump_all_the_way(Walk(invoke_cli, make_database(schema)).init())


@pytest.mark.majors("two")
def test_the_world_of_traps(database: Database, invoke_cli: InProcess) -> None:
    trap_world(database.admin, database.legacy, leave_out=NOT_ITS_OWN)
    dump_all_the_way(Walk(invoke_cli, database).init())
