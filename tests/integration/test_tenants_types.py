"""Keys of another type than what they lead to: what the server prints of them is ours again, and goes back exactly.

And where no comparison without a conversion is to be had: what the survey says takes it away, as it is printed.
"""

from __future__ import annotations

import itertools
import re

import pytest

from flatsplit.ddl import ident
from tests.fixtures.cli import InProcess
from tests.fixtures.databases import Database
from tests.support.walk import Walk, assert_same

INTEGERS = ("smallint", "integer", "bigint")
TEXTS = ("text", "character varying", "character varying(20)")
CONFIG = '\n[tenants]\nroot = "public.accounts"\nkey = ["account_id"]\n'


def worlds(types: tuple[str, ...], root: str) -> tuple[str, dict[str, str]]:
    """Tables whose key is each of these types, and on the way to them each pair; with the rows of tenant 1 by table."""
    made = [f"create table accounts (id {root} primary key); insert into accounts values ('1'), ('2')"]
    truth: dict[str, str] = {}
    for place, one in enumerate(types):
        own = f"own_{place}"
        made.append(
            f"create table {own} (id {one}, more {one}, account_id {one} not null references accounts, "
            "primary key (id), unique (id, more))"
        )
        made.append(f"create index on {own} (account_id); insert into {own} values ('1', '1', '1'), ('2', '2', '2')")
        truth[own] = f"select count(*) from {own} where account_id = '1'"
    for (place, _), (number, other) in itertools.product(enumerate(types), enumerate(types)):
        way, both, far = (f"{word}_{place}_{number}" for word in ("way", "both", "far"))
        made += [
            f"create table {way} (id {other} primary key, up {other} not null references own_{place})",
            f"create table {both} (id int primary key, up {other} not null, more {other} not null)",
            f"alter table {both} add foreign key (up, more) references own_{place} (id, more)",
            f"create table {far} (id int primary key, up {types[place]} not null references {way})",
        ]
        made += [f"insert into {way} values ('1', '1'), ('2', '2')", f"insert into {far} values (1, '1'), (2, '2')"]
        made += [f"insert into {both} values (1, '1', '1'), (2, '2', '2')"]
        made += [f"create index on {table} (up)" for table in (way, both, far)]
        truth |= dict.fromkeys((way, both, far), "select 1")
    return "; ".join(made), truth


def ready(database: Database, invoke_cli: InProcess, made: str, config: str = CONFIG) -> Walk:
    database.execute(f"set role legacy; {made}; reset role")
    walk = Walk(invoke_cli, database).init()
    walk.forward()
    walk.config.write_text(walk.config.read_text() + config)
    return walk


@pytest.mark.majors("two")
@pytest.mark.parametrize(
    ("types", "root"),
    [
        (INTEGERS, "bigint"),
        pytest.param(INTEGERS, "smallint", marks=pytest.mark.slow),
        (TEXTS, "character varying(20)"),
        pytest.param(TEXTS, "text", marks=pytest.mark.slow),
    ],
)
def test_what_is_converted_is_recognised(
    database: Database, invoke_cli: InProcess, types: tuple[str, ...], root: str
) -> None:
    made, truth = worlds(types, root)
    walk = ready(database, invoke_cli, made)
    before = walk.snapshot()
    walk("begin", "tenants", "--yes").check()
    walk("next", "--yes", "--walk", "tenants", "--through", "tenant-roles").check()
    walk("verify", "--walk", "tenants").check()
    assert walk("plan", "--walk", "tenants", "--json").check().json["actions"] == [], "nothing drifts"
    kinds = {one["table"]: one["kind"] for one in walk("tenants", "--survey", "--json").json["tables"]}
    assert kinds == {
        "public.accounts": "root",
        **{f"public.{table}": "own" if table.startswith("own") else "through" for table in truth},
    }
    with database.connect() as tenant:
        tenant.execute("set role tenant_1")
        for table, rows in truth.items():
            seen = tenant.execute(f"select count(*), min(id::text) from {ident(table)}".encode()).fetchone()
            assert seen == (1, "1"), (table, rows)
    proof = walk("tenants", "--prove", "--all", "--rows", "--json").check().json
    assert proof["isolated"]
    walk("rollback", "--yes", "--all", "--walk", "tenants").check()
    assert_same(before, walk.snapshot(), "back")


ODD = r"""
create domain key as bigint check (value > 0); create domain word as character varying(9) check (value <> '');
create table accounts (id key primary key); create table "Things ""x"" " (id word primary key, account_id key not null);
create index on "Things ""x"" " (account_id);
create table lines (id int primary key, thing character varying not null references "Things ""x"" ");
create index on lines (thing); insert into accounts values (1), (2);
insert into "Things ""x"" " values ('a', 1), ('b', 2);
insert into lines values (1, 'a'), (2, 'b')
"""


@pytest.mark.majors("two")
def test_what_the_survey_says_of_domains_takes_them_away(database: Database, invoke_cli: InProcess) -> None:
    """Each as it is printed, until nothing is left to say; the tables are not written anew."""
    walk = ready(database, invoke_cli, ODD)
    files = """select relname::text, pg_relation_filenode(oid) from pg_class
               where relkind = 'r' and relnamespace = 'public'::regnamespace order by 1"""
    places = database.admin.execute(files).fetchall()
    taken = []
    for _ in range(5):
        said = walk("tenants", "--survey")
        remedies = re.findall(r"ALTER TABLE .*? TYPE [^;]*;", said.stdout + said.stderr)
        if not remedies:
            break
        assert remedies[0] not in taken, said
        taken.append(remedies[0])
        with database.connect("app_migrator", "test") as migrator:
            migrator.execute(remedies[0].encode())
    assert len(taken) == 3, taken
    assert database.admin.execute(files).fetchall() == places
    before = walk.snapshot()
    walk("begin", "tenants", "--yes").check()
    walk("next", "--yes", "--walk", "tenants", "--through", "tenant-roles").check()
    assert walk("tenants", "--prove", "--all", "--rows", "--json").check().json["isolated"]
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
