"""A table that gives itself out as the one of tenants, or as their root, is read without running anybody's code."""

from __future__ import annotations

from contextlib import nullcontext
from typing import Any

import psycopg
import pytest
from psycopg import sql

from flatsplit.catalog import read_state
from flatsplit.catalog.session import Look, look
from flatsplit.catalog.structure import read_keys, read_structure
from flatsplit.model import ObjectRef
from flatsplit.tenants.condition import COMMENT
from tests.fixtures.databases import Database

EVIL = """
create schema trap; grant usage on schema trap to public;
create type trap.called as enum ('someone');
create function trap.mine(trap.called) returns text language plpgsql as
    $$ begin perform pg_catalog.pg_advisory_lock(4711); return 'someone'; end $$;
create cast (trap.called as text) with function trap.mine(trap.called) as assignment;
create function trap.seen() returns boolean language plpgsql as
    $$ begin perform pg_catalog.pg_advisory_lock(4711); return true; end $$;
create function trap.fold() returns boolean language sql immutable as 'select trap.seen()';
"""
"""What ran is seen by a lock of the session, which outlives the rolled back transaction that it was taken in."""
FALSE = f"""
create table trap.roles (role trap.called primary key, tenant bigint not null);
comment on table trap.roles is $${COMMENT}$$; grant select on trap.roles to public;
insert into trap.roles values ('someone', 1);
"""


@pytest.fixture
def trapped(database: Database) -> Database:
    """Whoever owns the database may do all that a table's owner may."""
    database.execute(EVIL + FALSE, database.legacy)
    return database


def _ran(conn: psycopg.Connection[Any], database: Database) -> bool:
    held = "select from pg_locks where locktype = 'advisory' and objid = 4711 and pid = %s"
    return bool(database.admin.execute(held, [conn.info.backend_pid]).rowcount)


def _deputy(database: Database) -> None:
    """An operator who may become the owner."""
    database.execute("create role deputy login createrole password 'x'")
    if database.cluster.major >= 16:
        database.execute(f"grant {database.legacy} to deputy with admin true, inherit false, set false")


@pytest.mark.majors("two")
@pytest.mark.parametrize("operator", ["postgres", "deputy"])
def test_a_false_table_of_tenants(trapped: Database, operator: str) -> None:
    """Its types have casts of their own, policies count for who owns nothing; who may not be its owner sees none."""
    trapped.execute("create role deputy login createrole password 'x'")
    trapped.execute(
        "alter table trap.roles enable row level security; create policy p on trap.roles using (trap.seen())",
        trapped.legacy,
    )
    with trapped.connect(operator, "x" if operator == "deputy" else None) as looking:
        alone = operator == "deputy" and trapped.cluster.major >= 16
        assert read_state(looking).tenants == ({} if alone else {"someone": "1"})
        assert not _ran(looking, trapped)


MOMENTS = {
    "an index": ("create index i on trap.roles (tenant) where trap.fold()", "drop index trap.i"),
    "a policy": ("create policy q on trap.roles using (trap.fold())", "drop policy q on trap.roles"),
    "statistics": ("create statistics trap.s on (trap.fold()), tenant from trap.roles", "drop statistics trap.s"),
    "FORCE": (
        "alter table trap.roles force row level security; create policy q on trap.roles using (trap.fold())",
        "drop policy q on trap.roles; alter table trap.roles no force row level security",
    ),
    "a view": (
        "alter table trap.roles rename to gone; create view trap.roles as select * from trap.gone where trap.fold()",
        "drop view trap.roles; alter table trap.gone rename to roles",
    ),
    "a rule": ("create rule r as on update to trap.roles do also select trap.fold()", "drop rule r on trap.roles"),
}
"""What its owner may do between the check and the reading, and how it is undone."""


@pytest.mark.majors("two")
@pytest.mark.parametrize("inside", [False, True], ids=["looking", "in a transaction"])
def test_what_comes_between_the_check_and_the_reading(
    trapped: Database, inside: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An operator for whom policies count reads as a member of the owner, which plans nothing."""
    legacy = trapped.legacy
    _deputy(trapped)
    trapped.execute(
        "alter table trap.roles enable row level security; create policy p on trap.roles for select using (true)",
        legacy,
    )
    whole, plant = Look.copied, ""

    def copied(*asked: Any) -> Any:
        trapped.execute(plant, legacy)
        return whole(*asked)

    monkeypatch.setattr(Look, "copied", copied)
    for what, moment in MOMENTS.items():
        plant, undo = moment
        if what == "statistics" and trapped.cluster.major < 14:
            continue  # they have no expressions there
        with trapped.connect("deputy", "x") as looking:
            with looking.transaction(force_rollback=True) if inside else nullcontext():
                try:
                    found = read_state(looking).tenants
                except psycopg.errors.WrongObjectType:
                    found = {}
                    assert what == "a view"
            assert found == ({} if what in ("a view", "FORCE") else {"someone": "1"}), what
            assert not _ran(looking, trapped), what
        trapped.execute(undo, legacy)


@pytest.mark.majors("two")
def test_what_is_changed_while_it_is_looked_at(trapped: Database) -> None:
    """A snapshot shows the table as it was; what is planned takes its indexes as they are."""
    trapped.execute(
        "create table trap.root (id character(3) primary key); insert into trap.root values ('b')",
        trapped.legacy,
    )
    root = ObjectRef("table", "trap", "root")
    with trapped.connect() as looking:
        table = read_structure(looking, ("trap",)).tables[root]
        with look(looking) as at:
            assert at.ask("structure_plain", "trap", "root") == [(True, False)]
            for name, column in (("root", "id"), ("roles", "role")):
                trapped.execute(f"create index on trap.{name} (({column} is null)) where trap.fold()", trapped.legacy)
            assert at.copied(sql.Identifier("trap", "root"), "id") == [("b  ",)]
            assert at.copied(sql.Identifier("trap", "roles"), "role", "tenant") == [("someone", "1")]
        assert read_keys(looking, table) == ("b",)
        assert not _ran(looking, trapped)
        _deputy(trapped)
        trapped.execute(
            "alter table trap.root enable row level security; create policy p on trap.root using (trap.seen())",
            trapped.legacy,
        )
        with trapped.connect("deputy", "x") as deputy:
            assert read_keys(deputy, table) == ("b",)
            trapped.execute("alter table trap.root force row level security", trapped.legacy)
            assert read_keys(deputy, table) is None
            assert not _ran(deputy, trapped)
        with look(looking) as at:
            trapped.execute("drop table trap.root; create view trap.root as select trap.seen()", trapped.legacy)
            with pytest.raises(psycopg.errors.WrongObjectType):
                at.copied(sql.Identifier("trap", "root"), "seen")
        assert not _ran(looking, trapped)


@pytest.mark.majors("two")
def test_keys_are_the_same_texts_however_they_are_read(database: Database) -> None:
    kinds = {
        "boolean": ("false", "true"),
        "integer": ("9", "10"),
        "inet": ("10.0.0.1", "10.0.0.2/8"),
        "character(4)": ("a", "b\\"),
        "bit(3)": ("101", "110"),
        "text": ("a\tb", "É"),
        "timestamp with time zone": ("2020-01-01 10:00+02", "2021-01-01 10:00+02"),
    }
    for number, (kind, values) in enumerate(kinds.items()):
        database.execute(f"create table k{number} (id {kind} primary key)")
        database.admin.cursor().executemany(f"insert into k{number} values (%s::text::{kind})", [(v,) for v in values])
        ref = ObjectRef("table", "public", f"k{number}")
        table = read_structure(database.admin, ("public",)).tables[ref]
        with look(database.admin) as at:
            cast = at.rows(f"select k.id::text as said from public.k{number} as k order by k.id")
        assert read_keys(database.admin, table) == tuple(key for (key,) in cast), kind
