"""A table that gives itself out as the one of tenants, or as their root, is read without running anybody's code."""

from __future__ import annotations

from typing import Any

import psycopg
import pytest
from psycopg import sql

from flatsplit.catalog import read_state
from flatsplit.catalog.session import look
from flatsplit.catalog.structure import read_keys, read_structure
from flatsplit.model import ObjectRef
from flatsplit.tenants.condition import COMMENT
from tests.fixtures.databases import Database

EVIL = """
create schema trap; grant usage on schema trap to public;
create table trap.ran (who text); grant insert on trap.ran to public;
create type trap.called as enum ('someone');
create function trap.mine(trap.called) returns text language plpgsql as
    $$ begin insert into trap.ran values (current_user); return 'someone'; end $$;
create cast (trap.called as text) with function trap.mine(trap.called) as assignment;
create function trap.seen() returns boolean language plpgsql as
    $$ begin insert into trap.ran values (current_user); return true; exception when others then
       perform pg_catalog.set_config('trap.ran', current_user, false); return true; end $$;
"""
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


def _ran(conn: psycopg.Connection[Any], database: Database) -> list[Any]:
    said = conn.execute("select current_setting('trap.ran', true)").fetchone()
    ran = database.admin.execute("select who from trap.ran where who <> %s", [database.legacy]).fetchall()
    return [*ran, *([said] if said and said[0] else [])]


@pytest.mark.majors("two")
@pytest.mark.parametrize("operator", ["postgres", "deputy"])
def test_a_false_table_of_tenants(trapped: Database, operator: str) -> None:
    """Its types have casts of their own, policies count for who owns nothing; whoever may not see all sees none."""
    trapped.execute("create role deputy login createrole password 'x'")
    trapped.execute(
        "alter table trap.roles enable row level security; create policy p on trap.roles using (trap.seen())",
        trapped.legacy,
    )
    with trapped.connect(operator, "x" if operator == "deputy" else None) as looking:
        assert read_state(looking).tenants == ({} if operator == "deputy" else {"someone": "1"})
        assert _ran(looking, trapped) == []


@pytest.mark.majors("two")
def test_what_is_changed_while_it_is_looked_at(trapped: Database) -> None:
    """A snapshot shows the table as it was; what is planned takes its indexes as they are."""
    fold = "create function trap.fold() returns boolean language sql immutable as 'select trap.seen()';"
    trapped.execute(
        f"{fold} create table trap.root (id character(3) primary key); insert into trap.root values ('b')",
        trapped.legacy,
    )
    root = ObjectRef("table", "trap", "root")
    with trapped.connect() as looking:
        table = read_structure(looking, ("trap",)).tables[root]
        with look(looking) as at:
            assert at.ask("structure_plain", "trap", "root") == [(True,)]
            for name, column in (("root", "id"), ("roles", "role")):
                trapped.execute(f"create index on trap.{name} (({column} is null)) where trap.fold()", trapped.legacy)
            assert at.copied(sql.Identifier("trap", "root"), "id") == [("b  ",)]
            assert at.copied(sql.Identifier("trap", "roles"), "role", "tenant") == [("someone", "1")]
        assert read_keys(looking, table) == ("b",)
        assert _ran(looking, trapped) == []
        with look(looking) as at:
            trapped.execute("drop table trap.root; create view trap.root as select trap.seen()", trapped.legacy)
            with pytest.raises(psycopg.errors.WrongObjectType):
                at.copied(sql.Identifier("trap", "root"), "seen")
        assert _ran(looking, trapped) == []


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
