"""Routines that are not everybody's, in every place where a statement may come to call them with its own rights.

Measured on 13 and 18: who writes or reads needs EXECUTE for all of :data:`PLACES`; not for trigger functions, support
functions of operator classes and ranges, and the parts of an aggregate, which run by the owner's rights or unasked.
"""

from __future__ import annotations

import json

import psycopg
import pytest

from tests.fixtures.cli import InProcess
from tests.fixtures.databases import Database
from tests.support.walk import Walk, assert_same, toml
from tests.support.world import acting_as

BOOLEAN = "(int) returns boolean language plpgsql immutable as 'begin return true; end'"
NUMBER = "(int) returns int language plpgsql immutable as 'begin return $1; end'"
WHEN = (
    "create table {t} (a int); "
    "create trigger w before insert on {t} for each row when ({f}(new.a)) execute function touched()"
)
NOTHING = "() returns int language plpgsql as 'begin return 1; end'"

PLACES = {  # what is made of which routine, and the statement that calls it
    "check": (BOOLEAN, "create table {t} (a int check ({f}(a)))", "insert into {t} values (1)"),
    "column": (NOTHING, "create table {t} (a int, b int default {f}())", "insert into {t} values (1)"),
    "generated": (
        NUMBER,
        "create table {t} (a int, b int generated always as ({f}(a)) stored)",
        "insert into {t} values (1)",
    ),
    "index": (NUMBER, "create table {t} (a int); create index on {t} ({f}(a))", "insert into {t} values (1)"),
    "predicate": (
        BOOLEAN,
        "create table {t} (a int); create index on {t} (a) where {f}(a)",
        "insert into {t} values (1)",
    ),
    "exclusion": (
        NUMBER,
        "create table {t} (a int); alter table {t} add exclude using btree ({f}(a) with =)",
        "insert into {t} values (1)",
    ),
    "partitions": (
        NUMBER,
        "create table {t} (a int) partition by list ({f}(a)); create table {t}_1 partition of {t} default",
        "insert into {t} values (1)",
    ),
    "domain": (
        BOOLEAN,
        "create domain {t}_d as int check ({f}(value)); create table {t} (a {t}_d)",
        "insert into {t} values (1)",
    ),
    "domain_default": (
        NOTHING,
        "create domain {t}_d as int default {f}(); create table {t} (a int, b {t}_d)",
        "insert into {t} (a) values (1)",
    ),
    "policy": (
        BOOLEAN,
        "create table {t} (a int); alter table {t} enable row level security;create policy p on {t} using ({f}(a))",
        "insert into {t} values (1)",
    ),
    "when": (
        BOOLEAN,
        WHEN,
        "insert into {t} values (1)",
    ),
    "rule": (
        NUMBER,
        "create table {t} (a int); create rule r as on insert to {t} do also select {f}(new.a)",
        "insert into {t} values (1)",
    ),
    "view": (NUMBER, "create view {t} as select {f}(1) as a", "select * from {t}"),
    "operator": (
        "(int, int) returns boolean language plpgsql as 'begin return true; end'",
        "create operator #=# (leftarg = int, rightarg = int, function = {f})",
        "select 1 #=# 1",
    ),
}


def make(database: Database, owner: str, closed_to: str) -> None:
    """The routines of ``owner``, closed to ``closed_to``, and the application's tables that call them."""
    with acting_as(database.admin, owner):
        for place, (head, _, _) in PLACES.items():
            database.execute(f"create function public.f_{place}{head}")
        arguments = "(int, int)"
        for place, (head, _, _) in PLACES.items():
            signature = arguments if place == "operator" else head.partition(")")[0] + ")"
            database.execute(f"revoke execute on function public.f_{place}{signature} from public")
            if closed_to != owner:
                database.execute(f"grant execute on function public.f_{place}{signature} to {closed_to}")
    database.execute(
        "create function touched() returns trigger language plpgsql as 'begin return new; end'; "
        "revoke execute on function touched() from public",
        "legacy",
    )
    for place, (_, made, _) in PLACES.items():
        database.execute(made.format(t=f"public.t_{place}", f=f"public.f_{place}"), "legacy")


def refused(database: Database, role: str) -> list[str]:
    """Where this role is refused; nothing is kept."""
    found = []
    for place, (_, _, use) in PLACES.items():
        database.admin.execute(f"begin; set local role {role}".encode())
        try:
            database.admin.execute(use.format(t=f"public.t_{place}").encode())
        except psycopg.errors.InsufficientPrivilege:
            found.append(place)
        database.admin.execute("rollback")
    return found


@pytest.mark.slow
@pytest.mark.majors("two")
@pytest.mark.parametrize("holder", ["owner", "grantee", "group"])
def test_the_application_goes_on_calling_them(holder: str, database: Database, invoke_cli: InProcess) -> None:
    database.execute("grant create, usage on schema public to legacy; create role stranger")
    if holder == "owner":
        make(database, "legacy", "legacy")
    else:
        closed_to = "legacy" if holder == "grantee" else "team"
        database.execute("create role vendor; grant create, usage on schema public to vendor; create role team")
        database.execute("grant team to legacy")
        make(database, "vendor", closed_to)
    walk = Walk(invoke_cli, database)
    before = walk.snapshot()
    database.execute("grant insert, select on all tables in schema public to stranger")
    assert refused(database, "stranger") == list(PLACES), "the test calls what it says"
    database.execute("revoke all on all tables in schema public from stranger")
    assert refused(database, "legacy") == []

    walk.init().forward("enable-login")

    assert refused(database, "app_user") == []
    assert refused(database, "app_migrator") == []
    walk.forward("switch-connections")
    waiting = walk.next(exit_code=3).stdout
    assert "tried: app_readonly cannot read" in waiting
    assert "doctor says what to put into flatsplit.toml" in waiting
    told = {one["id"]: one["toml"] for one in walk("doctor", "--json").check().json["findings"]}
    names = [name for key in ("policy-rights", "view-routines") for name in _executes(told[key])]
    walk.config.write_text(f"{walk.config.read_text()}\n[grants.app_readonly]\nexecute = {toml(names)}\n")
    walk.forward()
    assert refused(database, "app_user") == []
    walk("verify").check()

    walk.rollback("--all")
    assert_same(before, walk.snapshot(), "there and back")


def _executes(lines: list[str]) -> list[str]:
    """What a finding says that app_readonly is to execute."""
    head = "[grants.app_readonly] execute = "
    return [name for line in lines for name in json.loads(line.removeprefix(head))]
