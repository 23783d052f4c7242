"""Isolation as a law: over made-up schemas and rows no tenant reaches what is not its own, at no moment."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from typing import Any

import psycopg
import pytest
from psycopg import errors, sql

from flatsplit.catalog import read_state
from flatsplit.catalog.structure import read_structure
from flatsplit.config import Config, Tenants, format_name
from flatsplit.config.tenants import NullRows
from flatsplit.differ import diff
from flatsplit.model import State, Statement
from flatsplit.walks.kind import Moment
from flatsplit.walks.tenants.context import Context
from flatsplit.walks.tenants.kind import TENANTS
from tests.fixtures.databases import Database
from tests.support.keyed_tables import Made, literal, make, quoted

ROLES = """
create role app_user login; create role app_migrator; create role app_readonly; create role auditor;
create schema app authorization app_migrator; grant usage on schema app to app_user, app_readonly, auditor;
"""
GRANTS = """
grant select, insert, update, delete on all tables in schema app to app_user;
grant select on all tables in schema app to app_readonly, auditor;
revoke all on all tables in schema app from public;
"""


@dataclass
class World:
    """The schema in a database, and the walk over it without the command line."""

    database: Database
    made: Made
    config: Config
    baseline: State | None = None

    def read(self) -> State:
        state = read_state(self.database.admin)
        return replace(state, structure=replace(read_structure(self.database.admin, ("app",)), keys=self.made.keys))

    def context(self, live: State) -> Context:
        if self.baseline is None:
            moment = Moment(live, State(live.target), self.config, {})
            self.baseline = TENANTS.remembers(moment, TENANTS.context(moment), lambda: live)
        assert self.baseline is not None
        return TENANTS.context(Moment(live, self.baseline, self.config, {}))

    def role(self, key: str) -> str:
        return f"tenant_{key}"

    def truth(self, table: str, key: str) -> int:
        """How many rows are the tenant's."""
        origin, expression = self.made.key_of[table].split(" | ")
        return _number(self, f"select count(*) from {origin} where {expression}::text = {literal(key)}")

    def sees(self, table: str, key: str) -> int:
        """How many it sees: these, and those of a NULL key where they are read."""
        return self.truth(table, key) + self.nobodys(table)

    def nobodys(self, table: str) -> int:
        """How many rows of a NULL key every tenant reads."""
        origin, expression = self.made.key_of[table].split(" | ")
        if not self.reads_null(" join " not in origin and table != "accounts"):
            return 0
        return _number(self, f"select count(*) from {origin} where {expression} is null")

    def reads_null(self, column: bool) -> bool:
        """Whether rows of a NULL key are read where the key is a column."""
        assert self.config.tenants is not None
        return column and self.config.tenants.null_rows == "read"

    @contextmanager
    def acting(self, role: str) -> Iterator[psycopg.Connection[Any]]:
        admin = self.database.admin
        with admin.transaction(force_rollback=True):
            admin.execute(sql.SQL("set local role {}").format(sql.Identifier(role)))
            yield admin


def one(connection: psycopg.Connection[Any], query: str) -> int | None:
    """The number, None where that is refused."""
    try:
        with connection.transaction(force_rollback=True):
            row = connection.execute(query.encode()).fetchone()
    except (errors.InsufficientPrivilege, errors.UndefinedTable):  # without USAGE a schema is not searched
        return None
    return int(row[0]) if row else 0


def never_more(world: World, *, exactly: bool = False) -> None:
    """No tenant sees or reaches a row that is another's; ``exactly``: and all of its own."""
    present = {row[0] for row in world.database.admin.execute("select rolname from pg_roles").fetchall()}
    for key in world.made.keys:
        truth = {table: (world.truth(table, key), world.sees(table, key)) for table in world.made.key_of}
        if world.role(key) not in present:
            continue
        with world.acting(world.role(key)) as connection:
            for table, (own, most) in truth.items():
                seen = one(connection, f"select count(*) from {table}")
                locked = one(connection, f"select count(*) from (select from {table} for update) as q")
                assert (seen == most) if exactly else (seen or 0) <= most, (key, table, seen, most)
                assert (locked or 0) <= own, (key, table, "locks", locked)


def everybody_else(world: World) -> dict[tuple[str, str], int | None]:
    found = {}
    for role in ("app_user", "app_readonly", "auditor", "app_migrator"):
        with world.acting(role) as connection:
            for table in world.made.key_of:
                found[role, table] = one(connection, f"select count(*) from {table}")
    return found


def foreign_acts_fail(world: World) -> None:
    """Nothing foreign or nobody's is inserted, and no own row becomes another's or nobody's."""
    admin, keys = world.database.admin, world.made.keys
    for table, where in world.made.key_of.items():
        origin, expression = where.split(" | ")
        if table == "accounts":
            continue
        for mine, theirs in ((keys[0], f"::text = {literal(keys[1])}"), (keys[1], " is null")):
            found = f"select to_jsonb(t) from {origin} where {expression}{theirs} limit 1"
            row = admin.execute(found.encode()).fetchone()
            if row is None:
                continue
            with world.acting(world.role(mine)) as connection:
                foreign = f"jsonb_populate_record(null::{table}, {literal(json.dumps({**row[0], 'id': 777}))})"
                with pytest.raises(errors.InsufficientPrivilege), connection.transaction(force_rollback=True):
                    connection.execute(f"insert into {table} select ({foreign}).*".encode())
                columns = [name for name in row[0] if name not in ("id", "body", "up")]
                sets = ", ".join(f"{quoted(name)} = q.{quoted(name)}" for name in columns)
                own = world.truth(table, mine)
                if own:
                    with pytest.raises(errors.InsufficientPrivilege), connection.transaction(force_rollback=True):
                        connection.execute(f"update {table} set {sets} from {foreign} as q".encode())
                gone = 0
                with suppress(errors.ForeignKeyViolation), connection.transaction(force_rollback=True):
                    gone = connection.execute(f"delete from {table}".encode()).rowcount
                assert gone <= own, table


def only_rows_that_are_its_own(world: World) -> None:
    """What is shared, and the root, is read and not written; no table is emptied or given a trigger."""
    made = world.made
    writing = ("insert into {0} select * from {0}", "update {0} set id = id", "delete from {0}")
    owning = ("truncate {0}", "create trigger t before update on {0} execute function unique_key_recheck()")
    acts = [act.format(table) for table in (*made.shared, "accounts") for act in writing]
    acts += [act.format(table) for table in (*made.shared, *made.key_of) for act in owning]
    for act in (*acts, "insert into tenancy.roles values (current_user, null)", "delete from tenancy.roles"):
        with world.acting(world.role(made.keys[0])) as connection, pytest.raises(errors.InsufficientPrivilege):
            connection.execute(act.encode())
    with world.acting(world.role(made.keys[0])) as connection:
        assert one(connection, "select count(*) from tenancy.roles") == 1


def run(world: World, statements: tuple[Statement, ...], seen: dict[tuple[str, str], int | None]) -> None:
    """One by one, and after each all that was promised."""
    for statement in statements:
        world.database.admin.execute(statement.sql.encode())
        never_more(world)
        assert everybody_else(world) == seen, statement.sql


@pytest.mark.majors("two")
@pytest.mark.parametrize(("seed", "null_rows"), [(23, "read"), (20, "hidden"), (2, "hidden")])
def test_no_tenant_reaches_what_is_not_its_own(database: Database, seed: int, null_rows: NullRows) -> None:
    made = make(seed)
    database.execute(ROLES)
    admin = database.admin
    admin.execute("set search_path = app")
    admin.execute("set role app_migrator")
    for text in (*made.ddl, *made.rows):
        admin.execute(text.encode())
    admin.execute("reset role")
    database.execute(GRANTS)
    column = made.key_of[next(iter([t for t in made.key_of if t != "accounts"]))].rpartition(".")[2]
    column = column[1:-1].replace('""', '"')
    tenants = Tenants(
        "app.accounts",
        (column,),
        null_rows=null_rows,
        shared=tuple(f"app.{name}" for name in made.shared),
        hidden=tuple(f"app.{name}" for name in made.hidden),
    )
    world = World(database, made, Config("shop", "nobody", ("app",), tenants=tenants))
    live = world.read()
    context = world.context(live)
    assert context.survey.complete, (context.survey.undecided, context.survey.wrong)
    assert {format_name("app", ref.name) for ref in context.apart} == {
        format_name("app", name[1:-1].replace('""', '"') if name.startswith('"') else name) for name in made.key_of
    }
    seen = everybody_else(world)
    start = live
    for step in TENANTS.steps[:6]:
        now = world.read()
        assert diff(now, TENANTS.through(now, world.context(now), TENANTS.place(step.key) - 1)) == ()
        run(world, diff(now, TENANTS.through(now, world.context(now), TENANTS.place(step.key))), seen)
    never_more(world, exactly=True)
    foreign_acts_fail(world)
    for key in made.keys:
        with world.acting(world.role(key)) as connection:
            assert [one(connection, f"select count(*) from {name}") for name in made.shared] == [2]
            assert {one(connection, f"select count(*) from {name}") for name in (*made.hidden, *made.parts)} <= {None}
    only_rows_that_are_its_own(world)
    tampered(world)
    come_and_gone(world, seen)
    detached_and_attached(world, seen)

    # And back at once: rights go first
    now = world.read()
    origin = TENANTS.origin(now, world.context(now), TENANTS.keys)
    run(world, diff(now, origin), seen)
    assert diff(world.read(), start) == () == diff(start, world.read())


def come_and_gone(world: World, seen: dict[tuple[str, str], int | None]) -> None:
    """A table becomes another's child, and is named hidden, and each time comes back: after catching up tenants are
    refused there, and then see their own again.
    """
    admin, config = world.database.admin, world.config
    table = next(one for one in world.made.key_of if one not in ("accounts", *_partitioned(world)))
    name = format_name("app", table[1:-1].replace('""', '"') if table.startswith('"') else table)
    tenants = config.tenants
    assert tenants is not None
    hidden = replace(config, tenants=replace(tenants, hidden=(*tenants.hidden, name)))
    admin.execute(f"set role app_migrator; create table above (like {table}); reset role".encode())
    for act, then in (
        (f"alter table {table} inherit above", config),
        (f"alter table {table} no inherit above", config),
        ("", hidden),
        ("", config),
    ):
        admin.execute(act.encode())
        world.config = then
        now = world.read()
        run(world, diff(now, TENANTS.through(now, world.context(now), 6)), seen)
        now = world.read()
        assert diff(now, TENANTS.through(now, world.context(now), 6)) == ()
        gone = then is hidden or " inherit" in act.replace("no inherit", "")
        for key in world.made.keys:
            with world.acting(world.role(key)) as connection:
                assert one(connection, f"select count(*) from {table}") == (None if gone else world.sees(table, key))
    admin.execute(b"drop table above")


def detached_and_attached(world: World, seen: dict[tuple[str, str], int | None]) -> None:
    """A partition becomes a table of its own and a partition again, with rows in it: it is closed until tenants' rights
    are caught up with, shows each its own then, and the table it was of shows the rest.
    """
    admin = world.database.admin
    pairs = "select relname from pg_inherits join pg_class on oid = inhparent where inhrelid = %s::regclass"
    for part in world.made.parts:
        parent = quoted(admin.execute(pairs, [part]).fetchall()[0][0])
        column = world.made.key_of[parent].rpartition(" | t.")[2]
        read = f"or {column} is null" if world.reads_null(True) else ""
        bound = admin.execute(
            "select pg_get_expr(relpartbound, oid) from pg_class where oid = %s::regclass", [part]
        ).fetchone()
        assert bound is not None
        referred = admin.execute(
            "select from pg_constraint where contype = 'f' and confrelid = %s::regclass and conparentid = 0", [parent]
        )
        if referred.rowcount:  # the server does not detach what rows of others refer to
            continue
        for act in (
            f"alter table {parent} detach partition {part}",
            f"alter table {parent} attach partition {part} {bound[0]}",
        ):
            admin.execute(act.encode())
            never_more(world)
            whole = {
                key: _number(world, f"select count(*) from {part} where {column}::text = {literal(key)} {read}")
                for key in world.made.keys
            }
            for key, own in whole.items():
                with world.acting(world.role(key)) as connection:
                    assert (one(connection, f"select count(*) from {part}") or 0) <= (
                        own if " attach " in act else 0
                    ), (act, key)
            now = world.read()
            for statement in diff(now, TENANTS.through(now, world.context(now), 6)):
                admin.execute(statement.sql.encode())
                never_more(world)
            for key, own in whole.items():
                with world.acting(world.role(key)) as connection:
                    assert one(connection, f"select count(*) from {part}") == own, (act, key)
        never_more(world, exactly=True)
        assert everybody_else(world) == seen


def _number(world: World, query: str) -> int:
    return one(world.database.admin, query) or 0


def _partitioned(world: World) -> set[str]:
    found = world.database.admin.execute("select relname from pg_class where relkind = 'p'").fetchall()
    return {quoted(name) for (name,) in found}


def tampered(world: World) -> None:
    """Whatever somebody does to it, a tenant never sees more than its own; all of it undone."""
    admin = world.database.admin
    first, second = (world.role(key) for key in world.made.keys[:2])
    apart = [table for table in world.made.key_of if table != "accounts"]
    column = world.made.key_of[apart[0]].rpartition(".")[2]
    halves: dict[tuple[str, bool], list[str]] = {}
    for name, policy, permissive in admin.execute(
        "select tablename, policyname, permissive = 'PERMISSIVE' from pg_policies where policyname like 'tenant%'"
    ).fetchall():
        halves.setdefault((name, permissive), []).append(f"drop policy {policy} on {quoted(name)}")
    acts = [
        "drop table tenancy.roles cascade",
        f"alter table {apart[0]} drop column {column} cascade",
        *(f"create policy theirs on {table} using (true)" for table in apart),
        *(f"create policy theirs on {table} to app_tenant using (true)" for table in apart),
        *map("; ".join, halves.values()),
        f"grant app_user to {quoted(first)}",
        f"grant app_readonly to {quoted(first)}",
        f"alter role {quoted(first)} rename to somebody",
        f"alter role {quoted(first)} rename to somebody; create role {quoted(first)} in role app_tenant",
        f"alter role {quoted(first)} rename to somebody; alter role {quoted(second)} rename to {quoted(first)}",
        f"grant select on all tables in schema app to {quoted(first)}",
    ]
    if admin.info.server_version < 150000:  # whoever has logged in administers itself there
        given = f"grant {quoted(first)} to {quoted(second)}"
        acts.append(f"set local session authorization {quoted(first)}; {given}; reset session authorization")
    for act in acts:
        truth = {(table, key): world.sees(table, key) for table in world.made.key_of for key in world.made.keys}
        nobodys = {table: world.nobodys(table) for table in world.made.key_of}
        with admin.transaction(force_rollback=True):
            admin.execute(act.encode())
            there = {row[0] for row in admin.execute("select rolname from pg_roles").fetchall()}
            for key in world.made.keys:
                role = world.role(key) if world.role(key) in there else "somebody"
                with admin.transaction(force_rollback=True):
                    admin.execute(sql.SQL("set local role {}").format(sql.Identifier(role)))
                    for table in world.made.key_of:
                        found = one(admin, f"select count(*) from {table}")
                        most = truth[table, key] if role != "somebody" else nobodys[table]
                        assert (found or 0) <= most, (act, key, table)
