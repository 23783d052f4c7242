"""Keys of another type than what they lead to, and of domains: what the server prints of them is ours again, and goes
back exactly.
"""

from __future__ import annotations

import itertools

import pytest

from flatsplit.ddl import ident
from tests.fixtures.cli import InProcess
from tests.fixtures.databases import Database
from tests.support.walk import Walk, assert_same

INTEGERS = ("smallint", "integer", "bigint")
TEXTS = ("text", "character varying", "character varying(20)")
CONFIG = '\n[tenants]\nroot = "public.accounts"\nkey = ["account_id"]\n'


DOMAINS = """
create domain small as smallint; create domain whole as integer check (value > 0); create domain more as whole not null;
create domain word as character varying(9) check (value <> ''); create domain "Words ""x"" " as text;
create domain amount as numeric(9, 2); create domain mark as uuid
"""
UUIDS = ("00000000-0000-4000-8000-000000000001", "00000000-0000-4000-8000-000000000002")


def worlds(types: tuple[str, ...], root: str, keys: tuple[str, str] = ("1", "2")) -> tuple[str, tuple[str, ...]]:
    """Tables whose key is each of these types, and on the way to them each pair; with their names."""
    one, two = (f"'{key}'" for key in keys)
    made = [DOMAINS, f"create table accounts (id {root} primary key); insert into accounts values ({one}), ({two})"]
    tables = []
    for place, kind in enumerate(types):
        own = f"own_{place}"
        made.append(
            f"create table {own} (id {kind}, more {kind}, account_id {kind} not null references accounts, "
            "primary key (id), unique (id, more))"
        )
        made.append(f"create index on {own} (account_id)")
        made.append(f"insert into {own} values ({one}, {one}, {one}), ({two}, {two}, {two})")
        tables.append(own)
    for (place, _), (number, other) in itertools.product(enumerate(types), enumerate(types)):
        way, both, far = (f"{word}_{place}_{number}" for word in ("way", "both", "far"))
        made += [
            f"create table {way} (id {other} primary key, up {other} not null references own_{place})",
            f"create table {both} (id int primary key, up {other} not null, more {other} not null)",
            f"alter table {both} add foreign key (up, more) references own_{place} (id, more)",
            f"create table {far} (id int primary key, up {types[place]} not null references {way})",
        ]
        made += [f"insert into {way} values ({one}, {one}), ({two}, {two})"]
        made += [f"insert into {far} values (1, {one}), (2, {two})"]
        made += [f"insert into {both} values (1, {one}, {one}), (2, {two}, {two})"]
        made += [f"create index on {table} (up)" for table in (way, both, far)]
        tables += [way, both, far]
    return "; ".join(made), tuple(tables)


def ready(database: Database, invoke_cli: InProcess, made: str) -> Walk:
    database.execute(f"set role legacy; {made}; reset role")
    walk = Walk(invoke_cli, database).init()
    walk.forward()
    walk.config.write_text(walk.config.read_text() + CONFIG)
    return walk


@pytest.mark.majors("two")
@pytest.mark.parametrize(
    ("types", "root", "keys"),
    [
        (INTEGERS, "bigint", ("1", "2")),
        pytest.param((*INTEGERS, "small", "whole", "more"), "whole", ("1", "2"), marks=pytest.mark.slow),
        pytest.param(TEXTS, "character varying(20)", ("1", "2"), marks=pytest.mark.slow),
        ((*TEXTS, "word", '"Words ""x"" "'), "word", ("1", "2")),
        pytest.param(("uuid", "mark"), "mark", UUIDS, marks=pytest.mark.slow),
        pytest.param(("numeric", "amount"), "amount", ("1.00", "2.00"), marks=pytest.mark.slow),
        (("character(3)",), "character(3)", ("abc", "abd")),
    ],
    ids=lambda value: value.split("(")[0] if isinstance(value, str) else "",
)
def test_what_is_converted_is_recognised(
    database: Database, invoke_cli: InProcess, types: tuple[str, ...], root: str, keys: tuple[str, str]
) -> None:
    made, tables = worlds(types, root, keys)
    walk = ready(database, invoke_cli, made)
    before = walk.snapshot()
    walk("begin", "tenants", "--yes").check()
    walk("next", "--yes", "--walk", "tenants", "--through", "tenant-roles").check()
    walk("verify", "--walk", "tenants").check()
    assert walk("plan", "--walk", "tenants", "--json").check().json["actions"] == [], "nothing drifts"
    kinds = {one["table"]: one["kind"] for one in walk("tenants", "--survey", "--json").json["tables"]}
    assert kinds == {
        "public.accounts": "root",
        **{f"public.{table}": "own" if table.startswith("own") else "through" for table in tables},
    }
    with database.connect() as tenant:
        tenant.execute(f"set role {ident(f'tenant_{keys[0]}')}".encode())
        for table in tables:
            assert tenant.execute(f"select count(*) from {ident(table)}".encode()).fetchone() == (1,), table
        tenant.execute("set enable_seqscan = off")
        plan = tenant.execute("explain (costs off) select from own_0").fetchall()
        assert any("Index Cond" in line for (line,) in plan), plan
    proof = walk("tenants", "--prove", "--all", "--rows", "--json").check().json
    assert proof["isolated"]
    assert all(one["rows"] == 2 for one in proof["tables"])
    walk("rollback", "--yes", "--all", "--walk", "tenants").check()
    assert_same(before, walk.snapshot(), "back")


@pytest.mark.majors("one")
def test_what_cannot_be_compared_as_it_is_is_said(database: Database, invoke_cli: InProcess) -> None:
    made = (
        "create table accounts (id bigint primary key); create table bills (id numeric primary key, account_id bigint "
        "not null references accounts); create table lines (id int primary key, bill int not null references bills)"
    )
    walk = ready(database, invoke_cli, made)
    said = walk("tenants", "--survey").stdout
    assert "bill is integer, and public.bills (id) numeric: they are not compared as they are" in said


COLLATION = """
create collation folded from "C"; alter collation folded owner to legacy;
update pg_collation set collisdeterministic = false where collname = 'folded'
"""
"""Made by hand, because not every build has ICU, which alone has such collations."""
FOLDED = """
create type plan as enum ('free', 'paid');
create table accounts (id text primary key); create table plans (id plan primary key);
create table folders (id text collate folded primary key, account_id text not null references accounts);
create table notes (id int primary key, account_id text collate folded not null);
create table files (id int primary key, folder_id text collate folded not null references folders)
"""


@pytest.mark.majors("one")
def test_a_key_that_equals_another_is_none(database: Database, invoke_cli: InProcess) -> None:
    """Under a nondeterministic collation A is a: a tenant would see the rows of another."""
    database.execute(COLLATION)
    walk = ready(database, invoke_cli, FOLDED)
    found = walk("tenants", "--survey", "--json").check(4).json
    hidden = {one["table"]: one["why"] for one in found["tables"] if one["kind"] == "hidden"}
    assert hidden["public.notes"] == "account_id is text COLLATE public.folded, and the key is text"
    (asked,) = found["undecided"]
    assert asked["table"] == "public.files"
    assert asked["why"].startswith(
        "folder_id is text COLLATE public.folded, and public.folders (id) text COLLATE public.folded"
    )
    plain = walk.config.read_text()
    for table, said in (("folders", "text COLLATE public.folded"), ("plans", "public.plan")):
        walk.config.write_text(plain.replace("public.accounts", f"public.{table}"))
        survey = walk("tenants", "--survey")
        assert f"its key is of type {said}, not one of the server's own" in survey.stdout + survey.stderr
