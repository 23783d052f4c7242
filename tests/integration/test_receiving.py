"""What the server asks of the new owner of an object, kind by kind, and that a walk is told of it before it stops."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import psycopg
import pytest
from psycopg import errors

from flatsplit import catalog, ddl, privileges
from flatsplit.model import ObjectRef
from flatsplit.rights.receiving import lacking, needed
from flatsplit.server.dry_run import receiving
from tests.fixtures.cli import InProcess
from tests.fixtures.databases import Database
from tests.support.operators import OPERATOR, SHAPES, OperatorsWalk, make_operator

OBJECTS = {
    "table": "create table k.t (a int, b int)",
    "partitioned_table": "create table k.p (a int) partition by list (a)",
    "view": "create view k.v as select 1 as a",
    "materialized_view": "create materialized view k.m as select 1 as a",
    "sequence": "create sequence k.s",
    "foreign_table": "create foreign table k.f (a int) server remote",
    "function": "create function k.fn() returns int language sql as 'select 1'",
    "procedure": "create procedure k.pr() language sql as 'select 1'",
    "aggregate": "create aggregate k.ag(int) (sfunc = int4pl, stype = int)",
    "type": "create type k.c as (a int)",
    "domain": "create domain k.d as int",
    "collation": "create collation k.co (locale = 'C')",
    "conversion": "create conversion k.con for 'UTF8' to 'LATIN1' from utf8_to_iso8859_1",
    "operator": "create operator k.=== (leftarg = int, rightarg = int, function = int4eq)",
    "operator_family": "create operator family k.of using btree",
    "operator_class": "create operator class k.oc for type int using btree family k.of as operator 1 <, "
    "operator 2 <=, operator 3 =, operator 4 >=, operator 5 >, function 1 btint4cmp(int, int)",
    "text_search_configuration": "create text search configuration k.tc (parser = default)",
    "text_search_dictionary": "create text search dictionary k.td (template = simple)",
    "statistics": "create statistics k.st on a, b from k.t",
    "schema": "create schema kept",
    "language": "create function k.handler() returns language_handler language c as '$libdir/plpgsql', "
    "'plpgsql_call_handler'; create trusted language other handler k.handler",
    "large_object": "select lo_create(0)",
    "publication": "create publication k for table k.t",
    "server": "create server kserver foreign data wrapper wrapper",
}
_MAKE = """
create role giver; create role taker; create role helper; grant giver, taker to helper; create schema k;
create foreign data wrapper wrapper; create server remote foreign data wrapper wrapper;
grant usage on schema k to taker; grant create on schema k to giver;
grant create on database {database} to giver, helper;
"""


@pytest.fixture
def made(database: Database) -> Iterator[psycopg.Connection[Any]]:
    with psycopg.connect(database.dsn) as conn:
        conn.execute(_MAKE.format(database=database.name).encode())
        for kind, text in OBJECTS.items():
            before = _all(conn)
            conn.execute(text.encode())
            for ref in sorted(_all(conn) - before):
                if ref.kind == kind:
                    conn.execute(ddl.alter_owner(ref, "giver").encode())
        yield conn
        conn.rollback()


def _all(conn: psycopg.Connection[Any]) -> set[ObjectRef]:
    return set(catalog.read_state(conn).objects)


@pytest.mark.majors("two")
def test_the_server_asks_just_what_is_said(made: psycopg.Connection[Any]) -> None:
    """Of each kind: refused without the privilege, and given with it; a kind that asks for none is given at once."""
    state = catalog.read_state(made)
    refs = sorted(ref for ref, facts in state.objects.items() if facts.owner == "giver" and not facts.follows)
    assert {ref.kind for ref in refs} == OBJECTS.keys()
    wrappers = {"kserver": "wrapper"}
    said = receiving(made, state, [(ref, "taker") for ref in refs])
    assert said == lacking(state, [(ref, "taker") for ref in refs], wrappers)
    waiting = {ref for group in said.values() for ref in group}
    assert {ref.kind for ref in set(refs) - waiting} == {"schema", "language", "large_object"}
    for ref in refs:
        wants = needed(ref, "taker", state.target.database, wrappers)
        assert _given(made, ref) is (wants is None), ref
        if wants is not None:
            grant = ddl.grant([wants.on], wants.letter, wants.role)
            assert _given(made, ref, grant), (ref, grant)


def _given(conn: psycopg.Connection[Any], ref: ObjectRef, grant: str = "") -> bool:
    """Whether a member of both may give it away, after a grant; undone."""
    try:
        with conn.transaction(force_rollback=True):
            conn.execute(f"{grant} set local role helper; {ddl.alter_owner(ref, 'taker')}".encode())
    except errors.InsufficientPrivilege:
        return False
    return True


@pytest.mark.slow
@pytest.mark.majors("two")
def test_the_walk_waits_before_it_begins_to_give(database: Database, invoke_cli: InProcess, major: int) -> None:
    """A server, a publication and a table that lie where the new owner holds nothing; a superuser walks on."""
    legacy = database.legacy
    database.execute(
        "create schema far; create extension postgres_fdw; create server s foreign data wrapper postgres_fdw"
    )
    database.execute(
        f"create table t (a int primary key); alter table t owner to {legacy}; create publication p for table t"
    )
    database.execute(
        f"alter server s owner to {legacy}; alter publication p owner to {legacy}; create table far.t (a int)"
    )
    database.execute(f"alter table far.t owner to {legacy}; grant usage on schema far to {legacy}")
    make_operator(database, SHAPES["createrole"])
    name = f'"{database.name}"'
    operator = ddl.ident(OPERATOR)
    database.execute(f"alter database {name} owner to {operator}; alter schema far owner to {operator}")
    walk = OperatorsWalk(invoke_cli, database)
    walk.init(schemas=["public"], database_owner="keep")
    grants = {
        f'GRANT {privileges.names(letter)} ON {on} TO "app_migrator";'
        for letter, on in (
            ("C", f"DATABASE {name}"),
            ("C", 'SCHEMA "far"'),
            ("U", 'FOREIGN DATA WRAPPER "postgres_fdw"'),
        )
    }

    def told(id_: str) -> set[str]:
        found = walk("doctor", "--json").json["findings"]
        return {
            line for one in found if (one["id"], one["step"]) == (id_, "transfer-ownership") for line in one["objects"]
        }

    assert told("operator-statements") == grants
    walk.forward("default-privileges")
    assert told("operator-lacks") == grants
    result = walk.next(exit_code=3)
    assert all(grant in result.stdout + result.stderr for grant in grants)
    assert database.admin.execute(
        "select count(*) from pg_class where relowner = 'app_migrator'::regrole"
    ).fetchone() == (0,)
    for grant in grants:
        database.execute(grant)
    walk.step("transfer-ownership")
    walk.rollback()
    walk.step("transfer-ownership")
