"""Forward, back, forward again: after each step the catalog says exactly what it said there the last time.

The snapshots are taken by queries of the tests' own (tests/support/snapshot.py), never by flatsplit's reader.
"""

import psycopg
import pytest
from psycopg import sql

from flatsplit.walks.split import STEP_KEYS
from tests.fixtures.cli import InProcess
from tests.fixtures.databases import Database, MakeDatabase, shared_apps, shared_schemas
from tests.support.separation import Possessions, assert_separated
from tests.support.snapshot import verifier
from tests.support.thinned import slow_but
from tests.support.walk import Walk, assert_same
from tests.support.world import trap_world


def there_and_back(
    run: InProcess, database: Database, retire: str = "revoke", *, separated: bool = False, closely: bool = True
) -> None:
    """The whole of it. With ``separated`` what the roles can do at the end is tried as those roles, too; less
    ``closely`` the second time forward is only looked at when it is over.
    """
    had = Possessions.of(database.admin, database.legacy)
    untouched = Walk(run, database).snapshot()
    password = verifier(database.admin, database.legacy)
    walk = Walk(run, database, retire=retire).init()
    assert_same(untouched, walk.snapshot(), "init changed something outside its own schema")

    first = walk.looking()
    assert list(first) == list(STEP_KEYS)
    upto = list(STEP_KEYS)
    if retire == "drop":
        # The one point of no return
        walk("rollback", "--yes").check(5)
        return

    if separated:
        assert_separated(walk, had)

    expected = [untouched, *first.values()]
    while upto:
        key = upto.pop()
        walk.rollback()
        assert walk.states()[key] in {"pending", "rolled_back"}
        assert_same(expected[len(upto)], walk.snapshot(), f"rolled back {key}")
    assert verifier(database.admin, database.legacy) == password

    again = walk.looking() if closely else {}
    if not closely:
        walk.to_the_end()
        again[STEP_KEYS[-1]] = walk.snapshot()
    for step, found in again.items():
        assert_same(first[step], found, f"took {step} for the second time")
    walk("verify").check()

    walk.rollback("--all")
    assert_same(untouched, walk.snapshot(), "rolled back everything in one call")


@pytest.mark.share(2)
@pytest.mark.majors("two")
@pytest.mark.parametrize("schema", slow_but(shared_schemas(), "pagila"))
def test_every_schema(schema: str, make_database: MakeDatabase, invoke_cli: InProcess) -> None:
    there_and_back(invoke_cli, make_database(schema), separated=True)


@pytest.mark.share(4)
@pytest.mark.slow
@pytest.mark.majors("between")
@pytest.mark.parametrize("schema", shared_schemas())
def test_every_schema_on_the_other_majors(schema: str, make_database: MakeDatabase, invoke_cli: InProcess) -> None:
    there_and_back(invoke_cli, make_database(schema), closely=False)


@pytest.mark.share(2)
@pytest.mark.slow
@pytest.mark.parametrize("app", shared_apps())
def test_every_application(app: str, make_database: MakeDatabase, invoke_cli: InProcess) -> None:
    there_and_back(invoke_cli, make_database(app=app))


@pytest.mark.slow
@pytest.mark.majors("two")
@pytest.mark.parametrize("retire", slow_but(["revoke", "repurpose", "drop"], "revoke"))
def test_the_world_of_traps(retire: str, database: Database, invoke_cli: InProcess) -> None:
    trap_world(database.admin, database.legacy)

    there_and_back(invoke_cli, database, retire)


@pytest.mark.share(2)
@pytest.mark.slow
@pytest.mark.majors("two")
@pytest.mark.parametrize("options", ["SUPERUSER", "CREATEDB CREATEROLE REPLICATION BYPASSRLS"])
def test_legacy_with_attributes(options: str, make_database: MakeDatabase, invoke_cli: InProcess) -> None:
    database = make_database(legacy_options=options)
    trap_world(database.admin, database.legacy, leave_out=["row_security"])

    there_and_back(invoke_cli, database)


@pytest.mark.slow
@pytest.mark.majors("two")
def test_legacy_that_does_not_inherit(make_database: MakeDatabase, invoke_cli: InProcess, major: int) -> None:
    """It cannot use the bridge unless the bridge itself says INHERIT, which exists since 16."""
    database = make_database(legacy_options="NOINHERIT")
    trap_world(database.admin, database.legacy, leave_out=["row_security"])
    if major < 16:
        stopped = Walk(invoke_cli, database).init()("next", "--yes").check(5)
        assert "NOINHERIT" in stopped.stderr
        invoke_cli("forget", "--yes", dsn=database).check()
        (invoke_cli.cwd / "flatsplit.toml").unlink()
        database.admin.execute(sql.SQL("alter role {} inherit").format(sql.Identifier(database.legacy)))

    there_and_back(invoke_cli, database)


@pytest.mark.majors("two")
def test_back_in_one_call_to_a_step(database: Database, invoke_cli: InProcess) -> None:
    trap_world(database.admin, database.legacy)
    walk = Walk(invoke_cli, database).init()
    taken = walk.looking("lock-legacy")

    walk.rollback("--through", "transfer-ownership")

    assert walk.next_step() == "transfer-ownership"
    assert_same(taken["default-privileges"], walk.snapshot(), "rolled back down to transfer-ownership")


def test_the_screaming_test_ends_in_a_second(database: Database, invoke_cli: InProcess) -> None:
    trap_world(database.admin, database.legacy)
    walk = Walk(invoke_cli, database).init()
    walk.forward("lock-legacy")
    with pytest.raises(psycopg.OperationalError, match="not permitted to log in"):
        walk.connect(database.legacy)

    walk.rollback()

    walk.connect(database.legacy).close()
