"""What is said and planned does not hang on the order in which the server tells its rows.

A hash aggregate, a synchronized scan or a catalog's updated row gives them in another order on any day. A reviewer
would see a runbook that differs from yesterday's in nothing but that.
"""

from __future__ import annotations

import random
import re
import shutil
from collections.abc import Sequence
from typing import Any

import psycopg
import pytest

from flatsplit.catalog import objects
from tests.fixtures.cli import InProcess
from tests.fixtures.databases import Database
from tests.support.tenanted import WAIVED, split_done
from tests.support.walk import Walk
from tests.support.world import APPLICATION, trap_world

_ORDERED = re.compile(rb"\border\s+by\b", re.IGNORECASE)
_PLACE = re.compile(r"\b[0-9A-F]+/[0-9A-F]+\b|\b\d+:\d+:[\d,]*")
"""Of the write-ahead log, and a snapshot."""
_MOMENT = re.compile(r"(\d{4}-)?\d\d-\d\d[T ]\d\d:\d\d(:\d\d[.\d]*)?(\+00:00|Z)?|\d+([.,]\d+)? m?s\b|(\d+[dhms] )+ago")

SAYINGS = (
    ("doctor", "--json"),
    ("doctor",),
    ("plan", "--json"),
    ("plan",),
    ("status", "--json"),
    ("blast-radius", "--json"),
    ("blast-radius",),
    ("rehearse", "--file", "statements.sql", "--json"),
    ("rehearse", "--file", "statements.sql"),
    ("verify", "--json"),
    ("verify",),
    ("people", "--json"),
    ("tenants", "--survey"),
    ("runbook", "--out", "bundle"),
)
"""What is read by people and their programs, and changes nothing."""
OF_TENANTS = (
    ("doctor", "--json"),
    ("plan", "--walk", "tenants", "--json"),
    ("plan", "--walk", "tenants"),
    ("status", "--walk", "tenants", "--json"),
    ("tenants", "--survey", "--rows", "--json"),
    ("tenants", "--prove", "--all", "--rows", "--json"),
    ("tenants", "--prove", "--all"),
    ("rehearse", "--as", "tenant", "--file", "statements.sql", "--json"),
    ("blast-radius", "--json"),
    ("runbook", "--out", "bundle", "--walk", "tenants"),
)
"""The same, where a walk over tenants is under way."""

_CROWD = """
create role third_{n} {login};
create role circle_{n};
grant legacy to third_{n};
grant circle_{n} to legacy;
create schema "Part {n}" authorization {owner};
grant usage, create on schema "Part {n}" to legacy, third_{n};
create table shop.alike_{n} (a int primary key, b text default current_user);
create table "Part {n}".own (a int, tenant_id int);
create view shop.seen_{n} as select * from shop.alike_{n};
create materialized view shop.kept_{n} as select * from shop.alike_{n};
create sequence shop.turn_{n};
create function shop.done_{n}(a int) returns int language sql security definer as 'select a';
create function shop.made_{n}() returns void language plpgsql as 'begin execute $$create table x (a int)$$; end';
create procedure shop.asked_{n}() language plpgsql as 'begin perform current_user; end';
create type shop.kind_{n} as enum ('a');
create domain shop.word_{n} as text check (value <> '');
alter table shop.alike_{n} owner to {owner};
alter table "Part {n}".own owner to {owner};
alter view shop.seen_{n} owner to {owner};
alter sequence shop.turn_{n} owner to {owner};
alter function shop.done_{n}(int) owner to {owner};
alter function shop.made_{n}() owner to {owner};
alter type shop.kind_{n} owner to {owner};
revoke execute on function shop.done_{n}(int) from public;
grant select, {letter} on shop.alike_{n} to legacy with grant option;
grant select (a), update (tenant_id) on "Part {n}".own to legacy, third_{n};
grant select (a) on "Part {n}".own to public;
grant usage on sequence shop.turn_{n} to legacy, third_{n};
grant execute on function shop.done_{n}(int) to legacy;
alter table "Part {n}".own enable row level security;
create policy mine_{n} on "Part {n}".own to legacy, third_{n} using (true);
create policy all_{n} on "Part {n}".own for select using (a > 0);
alter default privileges for role third_{n} grant select on tables to legacy;
alter default privileges for role third_{n} in schema "Part {n}" grant {letter} on tables to legacy, circle_{n};
alter default privileges for role legacy in schema "Part {n}" grant select on tables to third_{n};
create publication news_{n} for table shop.alike_{n};
alter publication news_{n} owner to {owner};
select lo_create(9000 + {n});
alter large object {oid} owner to {owner};
alter role third_{n} set work_mem = '{n}MB';
"""
"""Of everything several that differ, so that there is an order to be lost."""


def crowd(database: Database) -> None:
    """Make several of everything, some of which belong to legacy and some to others."""
    letters = ("insert", "update", "delete", "truncate", "references", "trigger")
    for n, letter in enumerate(letters, 1):
        owner = f"third_{n}" if n % 2 else "legacy"
        login = "login" if n % 2 else "nologin bypassrls"
        database.execute(_CROWD.format(n=n, letter=letter, owner=owner, oid=9000 + n, login=login))


@pytest.fixture
def chance(monkeypatch: pytest.MonkeyPatch) -> random.Random:
    """Rows come in any order but where the question asks for one; so do the objects that one row tells of."""
    chance = random.Random(0)
    told = psycopg.Cursor.fetchall
    made = objects.objects_of

    def fetchall(cursor: psycopg.Cursor[Any]) -> list[Any]:
        rows = told(cursor)
        asked = cursor._query
        if asked is None or not _ORDERED.search(asked.query):
            chance.shuffle(rows)
        return rows

    def objects_of(*arguments: Any) -> objects.Objects:
        found = made(*arguments)
        named = list(found.facts.items())
        chance.shuffle(named)
        chance.shuffle(found.groups)
        return objects.Objects(dict(named), found.groups)

    monkeypatch.setattr(psycopg.Cursor, "fetchall", fetchall)
    monkeypatch.setattr(objects, "objects_of", objects_of)
    return chance


def all_said(walk: Walk, sayings: Sequence[tuple[str, ...]] = SAYINGS) -> dict[str, str]:
    """What every command says, and every file that it writes, but for the times in them."""
    said = {}
    for saying in sayings:
        result = walk(*saying)
        assert result.exit_code in (0, 3, 4), f"{saying}: {result.stderr}"
        said[" ".join(saying)] = result.stdout + result.stderr
    bundle = walk.run.cwd / "bundle"
    said |= {str(path.relative_to(bundle)): path.read_text() for path in bundle.rglob("*") if path.is_file()}
    shutil.rmtree(bundle)
    del said["manifest.json"]  # the sums of the others, moments included
    return {key: _PLACE.sub("…", _MOMENT.sub("…", text)) for key, text in said.items()}


def same_in_any_order(walk: Walk, chance: random.Random, sayings: Sequence[tuple[str, ...]] = SAYINGS) -> None:
    """Say everything twice, each time with rows in another order, and compare."""
    texts = []
    for seed in range(2):
        chance.seed(seed)
        texts.append(all_said(walk, sayings))
        walk.database.execute("delete from flatsplit.event where kind in ('rehearsed', 'proved')")  # for the next
    first, second = texts
    assert second.keys() == first.keys()
    for key, text in second.items():
        assert text == first[key], f"{key} came in another order"


@pytest.mark.majors("two")
@pytest.mark.parametrize(
    "upto",
    [
        "",
        pytest.param("switch-connections", marks=pytest.mark.slow),
        pytest.param("revoke-legacy", marks=pytest.mark.slow),
    ],
)
def test_any_order_says_the_same(database: Database, invoke_cli: InProcess, chance: random.Random, upto: str) -> None:
    trap_world(database.admin)
    crowd(database)
    walk = Walk(invoke_cli, database).init()
    (invoke_cli.cwd / "statements.sql").write_text(";\n".join(APPLICATION))
    if upto:
        walk.forward(upto)
    same_in_any_order(walk, chance)


@pytest.mark.slow
@pytest.mark.majors("two")
def test_any_order_says_the_same_of_tenants(database: Database, invoke_cli: InProcess, chance: random.Random) -> None:
    walk = split_done(database, invoke_cli)
    (invoke_cli.cwd / "statements.sql").write_text("select * from orders where total = 1; select * from users")
    walk("begin", "tenants", "--yes").check()
    walk("next", "--yes", "--walk", "tenants", "--through", "tenant-roles", *WAIVED).check()
    database.execute(
        "grant select on users to tenant_1, tenant_2; alter role tenant_3 createrole;"
        "grant auditor to tenant_1, tenant_2;"
        "create policy more on orders using (total > 1); create policy most on orders using (total > 2);"
        "insert into accounts values (4, 'late'), (5, 'later');"
        "create table memos (id int, account_id bigint); create table notices (id int, account_id bigint);"
        "alter table memos owner to app_migrator; alter table notices owner to app_migrator"
    )
    database.execute("analyze")  # else the server may count rows of its own accord between two sayings
    same_in_any_order(walk, chance, OF_TENANTS)
