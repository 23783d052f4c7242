"""Isolation as a law: at random, every tenant sees exactly its owner's ``WHERE key = …``, and changes no other row.

The truth is asked for by the test itself, and so is what a tenant sees; the proof must say the same.
"""

from __future__ import annotations

import json
import os
import random
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import psycopg
import pytest

from flatsplit.config import format_name
from flatsplit.ddl import ident, literal
from tests.fixtures.cli import InProcess
from tests.fixtures.databases import Database, MakeDatabase
from tests.support.tenantworlds import Made, World, world
from tests.support.walk import Walk, assert_same
from tests.support.ways_to_rows import PLACE, Rows, drawn

WAYS = 3
"""By so many ways besides the plain one each tenant looks at each table, drawn."""
WALKED = [int(seed) for seed in os.environ.get("FLATSPLIT_SEEDS", "0 1").split()]
"""More of them find more: FLATSPLIT_SEEDS="1 2 3"."""
SEEDS = (0, 2, *(pytest.param(seed, marks=pytest.mark.slow) for seed in (1, *range(3, 12))))


@contextmanager
def acting(admin: psycopg.Connection[Any], role: str) -> Iterator[psycopg.Connection[Any]]:
    """As the role, all undone."""
    with admin.transaction(force_rollback=True):
        admin.execute(f"set local role {ident(role)}".encode())
        yield admin


def rows(admin: psycopg.Connection[Any], query: str) -> Rows:
    return frozenset(admin.execute(query.encode()).fetchall())


def truth(admin: psycopg.Connection[Any], one: Made, key: str) -> Rows:
    return rows(admin, one.keyed(PLACE, f"KEY = {literal(key)}"))


def seen(admin: psycopg.Connection[Any], made: World, one: Made, role: str) -> set[Rows]:
    """What the role sees of a table, by each of some ways."""
    dice, found = random.Random(f"{made.seed} {one.name} {role}"), set()
    for way in drawn(dice, admin.info.server_version // 10000, WAYS):
        with acting(admin, role):
            found.add(way(admin, one.sql))
    return found


def exactly(admin: psycopg.Connection[Any], made: World) -> None:
    """Each tenant sees its own and nothing else, and reaches nothing else."""
    for role, key in made.tenants.items():
        for one in made.apart:
            own = truth(admin, one, key)
            assert seen(admin, made, one, role) == {own}, (role, one)
            column = one.links[0][0] if one.links else one.column
            for change in (f"update {one.sql} set body = 'x'", f"delete from {one.sql}"):
                with acting(admin, role):
                    try:
                        assert admin.execute(change.encode()).rowcount == len(own), (role, change)
                    except (psycopg.errors.ForeignKeyViolation, psycopg.errors.InsufficientPrivilege):
                        assert change.startswith("delete")  # rows of others name these: T28
            foreign = one.keyed(f"t.{ident(column)}::text", f"KEY <> {literal(key)}") + " limit 1"
            value = admin.execute(foreign.encode()).fetchone()
            if value is not None:
                move = f"update {one.sql} set {ident(column)} = {literal(value[0])}"
                with acting(admin, role), pytest.raises(psycopg.Error) if own else acting(admin, role):
                    admin.execute(move.encode())
            comes_in_by_no_other_way(admin, one, role, key)
        hidden = [f"select from {one.sql}" for one in made.tables if one.kind == "hidden"]
        for refused in (*hidden, *made.around.closed):
            with acting(admin, role), pytest.raises(psycopg.errors.InsufficientPrivilege):
                admin.execute(refused.encode())
        for query, table in made.around.counting:
            own = truth(admin, next(one for one in made.apart if one.sql == table), key)
            with acting(admin, role):
                assert admin.execute(query.encode()).fetchone() == (len(own),), (role, query)


def comes_in_by_no_other_way(admin: psycopg.Connection[Any], one: Made, role: str, key: str) -> None:
    """A foreign row is not changed where an insert meets it, and COPY is for the owner."""
    closed = (psycopg.errors.FeatureNotSupported, psycopg.errors.InsufficientPrivilege)
    into = f"copy {one.sql} (body) from stdin".encode()
    with acting(admin, role), pytest.raises(closed), admin.cursor().copy(into) as copy:
        copy.write("x\n")
    keyed = "select 1 from pg_index where indrelid = %s::regclass and indisprimary"
    column = one.links[0][0] if one.links else one.column
    mine, theirs = (
        admin.execute(f"{one.keyed(f't.id, t.{ident(column)}::text', where)} limit 1".encode()).fetchone()
        if admin.execute(keyed, [one.sql]).rowcount
        else None
        for where in (f"KEY = {literal(key)}", f"KEY <> {literal(key)}")
    )
    if mine is None or theirs is None:
        return
    made = f"insert into {one.sql} (id, {ident(column)}, body) overriding system value values "
    for values in ((theirs[0], mine[1]), theirs):
        insert = f"{made} ({literal(str(values[0]))}, {literal(values[1])}, 'x') on conflict (id) do "
        with acting(admin, role), pytest.raises(psycopg.errors.InsufficientPrivilege):
            admin.execute(f"{insert} update set body = 'met' returning id".encode())
        with acting(admin, role):
            try:
                assert admin.execute(f"{insert} nothing returning id".encode()).fetchall() == []
            except psycopg.errors.InsufficientPrivilege:
                assert values == theirs
    with acting(admin, role):
        own = f"{made} ({literal(str(mine[0]))}, {literal(mine[1])}, 'x') on conflict (id) do update set body = 'met'"
        assert admin.execute(own.encode()).rowcount == 1, (role, one)


def never_more(admin: psycopg.Connection[Any], made: World, without: Made | None = None) -> None:
    for role, key in made.tenants.items():
        for one in made.apart:
            gone = without is not None and (one is without or without.name in {table for _, table in one.links})
            own = frozenset() if gone else truth(admin, one, key)
            assert all(found <= own for found in seen(admin, made, one, role)), (role, one)


def made_at_random(make_database: MakeDatabase, seed: int) -> tuple[Database, World]:
    """A random database."""
    database = make_database()
    made = world(seed, database.cluster.major)
    database.execute("set role legacy;" + ";\n".join(made.script) + "; reset role")
    database.execute("; ".join(made.around.besides))
    return database, made


@pytest.mark.majors("two")
@pytest.mark.parametrize("seed", SEEDS)
def test_exactly_its_own_and_never_more(make_database: MakeDatabase, invoke_cli: InProcess, seed: int) -> None:
    database, made = made_at_random(make_database, seed)
    database.execute("create role app_user")
    database.execute(";\n".join(made.protection))
    database.execute("revoke create on schema public from public")
    walk = Walk(invoke_cli, database).init("--adopt")
    walk.config.write_text(walk.config.read_text() + made.config)
    admin = database.admin
    exactly(admin, made)
    proof = walk("tenants", "--prove", "--all", "--rows", "--json")
    found = json.loads(proof.stdout)
    assert proof.exit_code == 0, (found["breaches"], found["failures"], [one for one in found["holes"] if one["opens"]])
    assert {one["table"] for one in found["tables"] if one["equal"]} >= {f"public.{one.name}" for one in made.apart}
    assert {(one["tried"], one["equal"]) for one in found["tables"] if one["kind"] in ("own", "through")} == {
        (len(made.tenants), len(made.tenants))
    }

    role = next(iter(made.tenants))
    for one in made.apart:
        database.execute(f"create policy open_to_all on {one.sql} using (true)")
    database.execute(f"grant app_user to {ident(role)}")
    never_more(admin, made)
    said = walk("tenants", "--prove", "--json").check(4).json
    assert {"policy", "member"} <= {one["key"] for one in said["breaches"]}
    assert sum(one["key"] == "policy" for one in said["breaches"]) == len(made.apart)

    for one in made.apart:
        database.execute(f"drop policy open_to_all on {one.sql}")
    database.execute(f"revoke app_user from {ident(role)}")

    victim = next(one for one in made.apart if one.kind == "own")
    database.execute(f"alter table {victim.sql} drop column {ident(victim.column)} cascade")
    never_more(admin, made, victim)
    assert walk("tenants", "--prove", "--json").check(4).json["isolated"] is False
    database.execute("drop table tenancy.roles cascade")
    for role in made.tenants:
        assert [seen(admin, made, one, role) for one in made.apart] == [{frozenset()}] * len(made.apart)
    assert "there is no table tenancy.roles" in walk("tenants", "--prove").check(2).stderr


@pytest.mark.slow
@pytest.mark.majors("two")
@pytest.mark.parametrize("seed", WALKED)
def test_walked_exactly_its_own_and_back(make_database: MakeDatabase, invoke_cli: InProcess, seed: int) -> None:
    """The walk itself over such a database: what a tenant sees, what the proof says, and exactly back."""
    database, made = made_at_random(make_database, seed)
    walk = Walk(invoke_cli, database).init()
    walk.forward()
    walk.config.write_text(walk.config.read_text() + made.config.replace("[tenants]", '[tenants]\nrole = "t {key}"'))
    survey = walk("tenants", "--survey", "--json").check().json
    kinds = {one["table"]: one["kind"] for one in survey["tables"]}
    assert (
        kinds.items()
        >= {format_name("public", one.name): "own" if one.kind == "own" else one.kind for one in made.tables}.items()
    )
    before = walk.snapshot()
    walk("begin", "tenants", "--yes").check()
    waived = ("--waive", "keys", "--reason", "NULL is nobody's")
    walk("next", "--yes", "--walk", "tenants", "--through", "tenant-roles", *waived).check()
    assert walk("plan", "--walk", "tenants", "--json").check().json["actions"] == [], "nothing drifts"
    exactly(database.admin, made)
    proof = walk("tenants", "--prove", "--all", "--rows", "--json")
    found = json.loads(proof.stdout)
    assert proof.exit_code == 0, (found["breaches"], found["failures"], [one for one in found["holes"] if one["opens"]])
    walk("rollback", "--yes", "--all", "--walk", "tenants").check()
    assert_same(before, walk.snapshot(), "back")
