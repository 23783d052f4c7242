"""The backups go on: pg_dump of the whole database works after every step.

As legacy until its login ends, and as app_migrator from the moment it owns things (before it may log in, through
``--role``, as the operator would). A tracking schema that the dumping role may not read would break this at once.
"""

import subprocess
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from flatsplit.walks.split import STEP_KEYS
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


@pytest.mark.slow
@pytest.mark.majors("two")
@pytest.mark.parametrize("schema", ["pagila", pytest.param("kea", marks=pytest.mark.slow)])
def test_a_real_schema(schema: str, make_database: MakeDatabase, invoke_cli: InProcess) -> None:
    dump_all_the_way(Walk(invoke_cli, make_database(schema)).init())


@pytest.mark.slow
@pytest.mark.parametrize("schema", [schema for schema in shared_schemas() if schema not in ("pagila", "kea")])
def test_every_other_schema(schema: str, make_database: MakeDatabase, invoke_cli: InProcess) -> None:
    dump_all_the_way(Walk(invoke_cli, make_database(schema)).init())


@pytest.mark.slow
@pytest.mark.majors("two")
def test_the_world_of_traps(database: Database, invoke_cli: InProcess) -> None:
    trap_world(database.admin, database.legacy, leave_out=NOT_ITS_OWN)
    dump_all_the_way(Walk(invoke_cli, database).init())


READS_ALL = """
GRANT USAGE ON SCHEMA public, "Odd ""one" TO {0};
GRANT SELECT ON ALL TABLES IN SCHEMA public TO {0}; GRANT SELECT ON ALL TABLES IN SCHEMA "Odd ""one" TO {0};
"""


@contextmanager
def backup_roles(database: Database) -> Iterator[dict[str, str]]:
    """Every way to be allowed to read everything, and how each logs in; one that may not is among them."""
    database.execute(
        'CREATE SCHEMA "Odd ""one"; CREATE TABLE public.t (a serial); CREATE TABLE "Odd ""one".u ()', database.legacy
    )
    roles = {
        '"Nightly ""dump"': "CREATE ROLE {0} LOGIN; " + READS_ALL,
        "by_group": "CREATE ROLE readers; CREATE ROLE {0} LOGIN IN ROLE readers; "
        + READS_ALL.replace("{0}", "readers"),
        "in_two": "CREATE ROLE half; CREATE ROLE {0} LOGIN IN ROLE half; GRANT SELECT ON t TO half; "
        'GRANT SELECT ON "Odd ""one".u TO {0}; GRANT USAGE ON SCHEMA public, "Odd ""one" TO half',
        "as_member": f"CREATE ROLE {{0}} LOGIN IN ROLE {database.legacy}",
        "nobody_much": "CREATE ROLE {0} LOGIN; GRANT SELECT ON t TO {0}",
    }
    if database.cluster.major >= 14:
        roles["reads_all"] = "CREATE ROLE {0} LOGIN IN ROLE pg_read_all_data"
    for name, text in roles.items():
        database.execute(text.format(name))
    try:
        yield {name: name.strip('"').replace('""', '"') for name in roles}
    finally:
        names = ", ".join([*roles, "readers", "half"])
        database.execute(f"DROP OWNED BY {names}; DROP ROLE {names}")


def dumps(database: Database, role: str) -> str:
    """What pg_dump of the definitions says against it."""
    done = subprocess.run(
        [tool("pg_dump"), "--no-password", "--schema-only", database.conninfo(role)], capture_output=True, text=True
    )
    return done.stderr


@pytest.mark.slow
@pytest.mark.majors("two")
def test_who_could_dump_can_from_init_to_forget(database: Database, invoke_cli: InProcess) -> None:
    with backup_roles(database) as roles:
        able = {name for name in roles if not dumps(database, roles[name])}
        assert able == roles.keys() - {"nobody_much"}
        walk = Walk(invoke_cli, database).init()

        def all_still_able() -> None:
            found = {name for name in roles if not dumps(database, roles[name])}
            assert found == able, walk.states()

        all_still_able()
        reads = "SELECT count(*) FROM pg_class WHERE relnamespace = 'flatsplit'::regnamespace AND relacl::text ~ %s"
        for apart in ("nobody_much", "by_group", "app_user", "{=|,="):  # a group's members by the group; PUBLIC not
            assert database.admin.execute(reads, [apart]).fetchone() == (0,), apart
        walk.forward("default-privileges")
        all_still_able()
        database.execute("CREATE ROLE late LOGIN; " + READS_ALL.format("late"))
        walk.forward("enable-login")
        all_still_able()
        assert not dumps(database, "late")
        assert not subprocess.run(
            [tool("pg_dump"), "-s", database.conninfo("app_readonly", walk.passwords["app_readonly"])],
            capture_output=True,
        ).stderr
        walk.rollback("--all")
        all_still_able()
        walk("forget", "--yes").check()
        all_still_able()
        left = "SELECT count(*) FROM pg_shdepend WHERE refobjid = 'late'::regrole AND classid = 'pg_class'::regclass"
        assert database.admin.execute(left).fetchone() == (2,)
        database.execute("DROP OWNED BY late; DROP ROLE late")


def test_where_everybody_may_read_everything_so_it_is_with_the_journal(
    database: Database, invoke_cli: InProcess
) -> None:
    database.execute("CREATE TABLE t (a int); GRANT SELECT ON t TO PUBLIC", database.legacy)
    database.execute("CREATE ROLE anybody LOGIN; GRANT USAGE ON SCHEMA public TO PUBLIC")
    try:
        Walk(invoke_cli, database).init()
        row = database.admin.execute("SELECT has_table_privilege('anybody', 'flatsplit.step', 'SELECT')").fetchone()
        assert row == (True,)
    finally:
        database.execute("DROP ROLE anybody")
