"""What an operator who is no superuser lacks is found before the walk, and enough once an administrator gives it."""

from __future__ import annotations

from contextlib import nullcontext
from typing import Any

import pytest
from psycopg import sql

from flatsplit.model import ObjectRef, State
from flatsplit.server import dry_run
from flatsplit.server.dry_run import thinned
from flatsplit.walks.split import STEP_KEYS
from flatsplit.walks.split.context import Context
from tests.fixtures.cli import InProcess
from tests.fixtures.databases import Database
from tests.support.operators import OPERATOR, SHAPES, OperatorsWalk, make_operator
from tests.support.walk import Walk, assert_same
from tests.support.world import trap_world

LEFT_OUT = ("row_security",)  # its own blocker has nothing to do with the operator


def findings(walk: Walk) -> dict[tuple[str, str], dict[str, Any]]:
    """Doctor's findings by id and step."""
    found = walk("doctor", "--json").json["findings"]
    return {(each["id"], each["step"]): each for each in found}


@pytest.fixture
def bare(database: Database, invoke_cli: InProcess) -> OperatorsWalk:
    """The walk of an operator with CREATEROLE, legacy to administer, and nothing else."""
    trap_world(database.admin, database.legacy, leave_out=LEFT_OUT)
    make_operator(database, SHAPES["createrole"])
    database.admin.execute(sql.SQL("alter role {} nocreatedb").format(sql.Identifier(OPERATOR)))
    database.execute("alter schema public owner to postgres")
    return OperatorsWalk(invoke_cli, database)


def named(found: dict[tuple[str, str], dict[str, Any]], id_: str) -> set[str]:
    """The objects of all findings of this id."""
    return {line for (key, _), each in found.items() if key == id_ for line in each["objects"]}


@pytest.mark.majors("two")
def test_what_is_missing_is_named(bare: OperatorsWalk, major: int) -> None:
    before = bare.snapshot()
    bare.init()
    assert_same(before, bare.snapshot(), "init tried what the operator may do, and left a trace")

    found = findings(bare)

    assert_same(before, bare.snapshot(), "doctor tried what the operator may do, and left a trace")
    name = sql.Identifier(OPERATOR).as_string(None)
    expected = {f"ALTER ROLE {name} CREATEDB;"}
    if major >= 15:
        expected |= {f"GRANT SET ON PARAMETER {it} TO {name};" for it in ('"shop"."api_token"', '"Shop"."Signing_KEY"')}
    if major >= 16:
        expected |= {
            f'GRANT "{role}" TO {name} WITH ADMIN OPTION;'
            for role in ("vendor", "team", "pg_read_all_settings", "pg_create_subscription")
        }
    assert named(found, "operator-lacks") == expected
    assert ("operator-monitor", "switch-connections") in found
    # No grant to the operator helps with what belongs to the superuser, and what it has granted
    others = named(found, "operator-statements")
    assert any("postgres_fdw" in line for line in others)
    assert any('ON SCHEMA "public" FROM PUBLIC' in line for line in others)
    assert any(line.startswith('REVOKE "legacy" FROM "person"') for line in others) is (major >= 16)
    bare.next(exit_code=5)

    # A superuser lacks nothing
    bare("forget", "--yes").check()
    found = bare.run("doctor", "--json", dsn=bare.database).check().json["findings"]
    assert not [each["id"] for each in found if each["id"].startswith("operator")]


@pytest.mark.majors("two")
def test_a_few_of_each_kind_tell_as_much_as_all(
    bare: OperatorsWalk, monkeypatch: pytest.MonkeyPatch, major: int
) -> None:
    """Of many objects that are alike a few are tried; what somebody else has to run names all the same all of them."""
    tables = [f"shop.bulk_{number}" for number in range(30)]
    bare.database.execute("".join(f"create table {table} (a int, b int);" for table in tables))
    bare.database.execute(f"grant select, insert on {', '.join(tables)} to legacy; create role supplier")
    bare.database.execute("".join(f"create table shop.own_{n} (a int); " for n in range(9)))
    bare.database.execute("".join(f"alter table shop.own_{n} owner to supplier; " for n in range(9)))
    bare.database.execute("grant select (a) on shop.own_7 to legacy")  # which nothing but the column tells apart
    bare.init()
    tried: list[State] = []

    def counted(state: State, context: Context) -> tuple[State, frozenset[ObjectRef]]:
        few = thinned(state, context)
        tried.append(few[0])
        return few

    monkeypatch.setattr(dry_run, "thinned", counted)
    said = []
    for few in (0, 1_000_000):
        monkeypatch.setattr(dry_run, "FEW", few)
        said.append(findings(bare))

    assert said[0] == said[1]
    assert len(tried[0].objects) < len(tried[1].objects) - len(tables)
    own = {ref.name for ref in tried[0].objects if ref.name.startswith("own_")}
    assert len(own) == 2
    assert "own_7" in own
    grant = next(line for line in named(said[0], "operator-statements") if "bulk_0" in line)
    assert all(f'"bulk_{number}"' in grant for number in range(30))


@pytest.mark.slow
@pytest.mark.majors("two")
def test_with_what_was_named_the_walk_goes_through(bare: OperatorsWalk) -> None:
    database, walk = bare.database, bare
    walk.init()
    for line in named(findings(walk), "operator-lacks"):
        database.execute(line)
    found = findings(walk)
    assert not [key for key, each in found.items() if each["severity"] == "blocker"]

    ran: set[str] = set()
    for key in STEP_KEYS:
        assert walk.next_step() == key
        while True:
            with walk.switched() if key == "switch-connections" else nullcontext():
                result = walk("next", "--yes", "--password-file", str(walk.password_file))
            if result.exit_code == 0:
                break
            lines = found[("operator-statements", key)]["objects"]
            assert not ran & set(lines), f"stopped in {key} for want of what doctor did not name:\n{result.stderr}"
            for line in lines:
                database.execute(line)
            ran |= set(lines)

    assert ran == named(found, "operator-statements")
    walk("verify").check()


@pytest.mark.slow
@pytest.mark.majors("two")
def test_adopted_roles_have_to_be_the_operators_too(database: Database, invoke_cli: InProcess, major: int) -> None:
    database.execute("create table public.customer (id int primary key)", database.legacy)
    database.execute("create role app_user; create role app_migrator")
    make_operator(database, SHAPES["rds"])
    walk = OperatorsWalk(invoke_cli, database).init("--adopt")
    name = sql.Identifier(OPERATOR).as_string(None)

    lacking = named(findings(walk), "operator-lacks")
    expected = {f'GRANT "{role}" TO {name} WITH ADMIN OPTION;' for role in ("app_user", "app_migrator")}
    assert lacking == (expected if major >= 16 else set())

    for line in lacking:
        database.execute(line)
    assert not named(findings(walk), "operator-lacks")
    walk.forward()
    walk.rollback("--all")
