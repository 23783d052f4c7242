"""What a connection keeps of many tables and policies is what another one reads anew, whatever changes."""

from __future__ import annotations

import psycopg
import pytest

from flatsplit.catalog import memory, read_state
from flatsplit.catalog.structure import read_structure
from flatsplit.ddl import create_tenancy, tenancy_of
from tests.fixtures.databases import Database

MADE = """
create role crowd; create table accounts (id bigint primary key);
create table a (id serial primary key, account_id bigint not null references accounts);
create table b (id bigint primary key, account_id bigint, kind text);
create policy own on a to crowd using (account_id = (select r.tenant from tenancy.roles r where r.role = current_user));
create policy own on b to crowd using (account_id = (select r.tenant from tenancy.roles r where r.role = current_user));
create policy partly on b using (kind = 'x') with check (true);
"""
CHANGES = (
    "grant select on a to crowd; alter table a enable row level security",
    "alter table a rename column account_id to firm_id",
    "alter policy own on b using (account_id = 1)",
    "drop policy own on b; create policy own on b to crowd using (id = 2)",
    "alter policy partly on b rename to others",
    "alter table b rename to c",
    "create schema other; alter table c set schema other",
    "alter schema other rename to third",
    "alter table third.c set schema public",
    "alter table a owner to crowd",
    "alter role crowd rename to people",
    "alter table a alter column firm_id drop not null",
    "create index on a (firm_id)",
    "drop index a_firm_id_idx",
    "alter table a drop constraint a_account_id_fkey",
    "create table d (like a); create policy own on d using (true)",
    "drop table d; create table d (id int)",
    "alter table d alter column id type bigint",
    "create sequence s owned by d.id",
    "alter sequence s owned by none",
    "create table e () inherits (a)",
    "alter table tenancy.roles rename column tenant to firm",
)


@pytest.mark.slow
@pytest.mark.majors("two")
def test_what_is_kept_is_what_is_read_anew(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(memory, "MANY", 1)
    tenancy = create_tenancy(tenancy_of("tenancy"), "bigint", database.admin.info.user, schema=True)
    database.execute(f"{tenancy} {MADE}".replace("crowd", f"crowd_{database.name}"))
    with psycopg.connect(database.conninfo(), autocommit=True) as kept:
        for change in ("select 1", *CHANGES):
            for role in ("crowd", "people"):
                change = change.replace(role, f"{role}_{database.name}")
            database.execute(change)
            with psycopg.connect(database.conninfo(), autocommit=True) as fresh:
                assert read_state(kept) == read_state(fresh), change
                assert read_structure(kept, ("public",)).tables == read_structure(fresh, ("public",)).tables, change
        assert read_structure(kept, ("public",)) is read_structure(kept, ("public",))
    role = f"people_{database.name}"
    database.execute(f"drop table e, a cascade; drop owned by {role} cascade; drop role {role}")
