"""What a look takes grows with the database, and not with its square.

Counted are the rows that the plan of each question touches, and the calls of our own functions, before and after a
database has become four times as large: no seconds, of which a busy machine has its own.
"""

from __future__ import annotations

import cProfile
import json
from collections.abc import Callable, Mapping
from typing import Any

import psycopg
import pytest

from flatsplit.catalog import read_state, unknown_dependencies
from tests.fixtures.cli import InProcess
from tests.fixtures.databases import Database
from tests.support.walk import Walk

FEW, MANY = 100, 400
ALLOWED = 2 * MANY / FEW
"""How many times as much four times the database may take; a square would be sixteen times."""
ENOUGH = 60_000
"""Rows or calls that are worth judging."""

SCHEMA = """
create schema s{n}; create table s{n}.t (id serial primary key, v text default current_user check (v <> ''));
create view s{n}.v as select * from s{n}.t; create materialized view s{n}.m as select * from s{n}.t;
create function s{n}.f(a int) returns int language sql security definer as 'select count(*)::int from s{n}.t';
create function s{n}.g() returns trigger language plpgsql
    as 'begin insert into s{n}.t (v) values (current_user); return new; end';
create trigger x after update on s{n}.t for each row execute function s{n}.g();
alter table s{n}.t enable row level security;
create policy p on s{n}.t using (v = current_user); create policy q on s{n}.t for select using (true);
create type s{n}.e as enum ('a', 'b'); create domain s{n}.d as text check (value <> ''); create type s{n}.c as (a int);
alter default privileges in schema s{n} grant select on tables to r{n}; grant select (v) on s{n}.t to r{n};
grant select on s{n}.t, s{n}.v to r{n}; grant usage on schema s{n} to r{n};
"""
"""All that a schema of legacy's may have."""


def grow(database: Database, begin: int, end: int) -> None:
    for n in range(begin, end):
        database.execute(f"create role r{n} login" + (f"; grant {database.legacy} to r{n}" if n % 2 else ""))
        database.execute(SCHEMA.format(n=n), database.legacy)
    database.execute("analyze")  # as autovacuum leaves it: what the planner does without statistics, nobody can foresee


def touched(plan: dict[str, Any]) -> float:
    """Rows that a node of a plan gave or threw away, and those below it, each time that it ran."""
    own = plan["Actual Rows"] + sum(rows for key, rows in plan.items() if key.startswith("Rows Removed"))
    return float(own * plan["Actual Loops"]) + sum(map(touched, plan.get("Plans", ())))


def rows_touched(monkeypatch: pytest.MonkeyPatch, look: Callable[[], None]) -> dict[str, float]:
    """By question, the rows that it touched most of."""
    found: dict[str, float] = {}
    execute = psycopg.Cursor.execute

    def counted(cursor: Any, query: Any, params: Any = None, **more: Any) -> Any:
        if isinstance(query, bytes) and _asks(text := query.decode()):
            execute(cursor, b"EXPLAIN (ANALYZE, TIMING OFF, FORMAT JSON) " + query, params, prepare=False)
            ((tree,),) = cursor.fetchall()
            (top,) = json.loads(tree) if isinstance(tree, str) else tree
            found[text] = max(found.get(text, 0), touched(top["Plan"]))
        return execute(cursor, query, params, **more)

    with monkeypatch.context() as patch:
        patch.setattr(psycopg.Cursor, "execute", counted)
        look()
    return found


def _asks(query: str) -> bool:
    """Whether it only reads: what sets something, locks or writes is not to happen twice."""
    plain = "\n".join(line for line in query.splitlines() if not line.lstrip().startswith("--")).strip().upper()
    return plain.startswith(("SELECT", "WITH")) and not any(
        word in plain for word in ("SET_CONFIG", "INSERT ", "UPDATE ", "DELETE ", "_LOCK(", "_UNLOCK(")
    )


def calls(look: Callable[[], None]) -> int:
    """How many functions are called, the built-in ones and generators' turns included."""
    profile = cProfile.Profile()
    profile.runcall(look)
    return sum(each.callcount for each in profile.getstats())


def commanded(walk: Walk, *words: str) -> Callable[[], None]:
    """A command that only looks."""

    def look() -> None:
        assert walk(*words).exit_code in (0, 4, 5)  # doctor has a blocker

    return look


def compared(monkeypatch: pytest.MonkeyPatch, looks: Mapping[str, Callable[[], None]], more: Callable[[], None]) -> str:
    """What grew too much from before to after ``more``, a line each."""
    before = {name: (rows_touched(monkeypatch, look), calls(look)) for name, look in looks.items()}
    more()
    wrong = []
    for name, look in looks.items():
        rows, turns = rows_touched(monkeypatch, look), calls(look)
        was, few = before[name]
        wrong += [
            f"{name}: {was.get(query, 0):,.0f} rows became {now:,.0f}: {query[:300]}"
            for query, now in rows.items()
            if now > max(ENOUGH, ALLOWED * was.get(query, ENOUGH / ALLOWED))
        ]
        if turns > max(ENOUGH, ALLOWED * few):
            wrong.append(f"{name}: {few:,} calls became {turns:,}")
    return "\n".join(wrong)


@pytest.mark.slow
@pytest.mark.majors("two")
def test_nothing_looks_at_each_for_each(
    database: Database, invoke_cli: InProcess, monkeypatch: pytest.MonkeyPatch
) -> None:
    grow(database, 0, FEW)
    walk = Walk(invoke_cli, database).init()

    def proof() -> None:
        unknown_dependencies(database.admin, database.legacy, read_state(database.admin))

    looks = {"proof": proof} | {
        word: commanded(walk, word) for word in ("doctor", "plan", "status", "blast-radius", "people")
    }
    assert compared(monkeypatch, looks, lambda: grow(database, FEW, MANY)) == ""


OF_TENANTS = (
    ("tenants", "--prove", "--sample", "1"),  # first: what the others look at hangs on it
    ("tenants", "--survey"),
    ("plan", "--walk", "tenants"),
    ("status", "--walk", "tenants"),
    ("doctor",),
    ("blast-radius",),
)
FEW_TABLES, MANY_TABLES = 50, 200
"""Of tenants, with policies each and a tenant for each: that is many times as many rows."""


def grow_tenants(database: Database, begin: int, end: int, owner: str) -> None:
    """Tables of tenants, with a way to another and policies of somebody else's, and as many tenants."""
    database.execute(
        "".join(
            f"create table t{n} (id int primary key, account_id int not null); create index on t{n} (account_id);"
            f"create table way{n} (id int primary key, t_id int not null references t{n});"
            f"create index on way{n} (t_id); create view seen{n} as select * from t{n};"
            f"create view again{n} as select * from seen{n};"
            for n in range(begin, end)
        ),
        owner,
    )
    database.execute(f"insert into accounts select n from generate_series({begin}, {end - 1}) as n; analyze")


@pytest.mark.slow
@pytest.mark.majors("two")
def test_nothing_looks_at_each_for_each_of_the_tenants(
    database: Database, invoke_cli: InProcess, monkeypatch: pytest.MonkeyPatch
) -> None:
    database.execute("create table accounts (id int primary key)", database.legacy)
    grow_tenants(database, 0, FEW_TABLES, database.legacy)
    walk = Walk(invoke_cli, database).init()
    walk.forward()
    walk.config.write_text(walk.config.read_text() + '[tenants]\nroot = "public.accounts"\nkey = ["account_id"]\n')
    walk("begin", "tenants", "--yes").check()
    walk("next", "--yes", "--walk", "tenants", "--through", "tenant-roles").check()

    def more() -> None:
        grow_tenants(database, FEW_TABLES, MANY_TABLES, "app_migrator")
        walk("tenants", "--sync", "--yes").check()

    assert compared(monkeypatch, {" ".join(words): commanded(walk, *words) for words in OF_TENANTS}, more) == ""
