"""A database whose application keeps tenants apart by policies of its own, as Logto does: a role per tenant, a
restrictive policy by current_user beside a permissive ``true`` (logto-io/logto, schemas/tables/_after_each.sql).
"""

from __future__ import annotations

from typing import Any

import psycopg
import pytest

from tests.fixtures.cli import InProcess
from tests.fixtures.databases import Database
from tests.support.walk import Walk, assert_same

LOGTO = """
set role legacy;
create table tenants (id varchar(21) primary key, db_user varchar(128) unique, tag text);
create table systems (key varchar(256) primary key, value text);
create table users (tenant_id varchar(21) not null references tenants on delete cascade, id varchar(12) primary key);
create table applications (tenant_id varchar(21) not null references tenants on delete cascade, id varchar(21),
    name text, primary key (id));
create index on users (tenant_id); create index on applications (tenant_id);
create function set_tenant_id() returns trigger language plpgsql as $$ begin
    if new.tenant_id is not null then return new; end if;
    select tenants.id into new.tenant_id from tenants where tenants.db_user = current_user; return new; end $$;
reset role;
create role logto_tenant_logto noinherit;
create role logto_tenant_logto_default login in role logto_tenant_logto;
create role logto_tenant_logto_admin login in role logto_tenant_logto;
set role legacy;
grant select, insert, update, delete on all tables in schema public to logto_tenant_logto;
revoke all on tenants, systems from logto_tenant_logto;
grant select (id, db_user, tag) on tenants to logto_tenant_logto;
alter table tenants enable row level security;
create policy tenants_tenant_id on tenants using (db_user = current_user);
insert into tenants values ('default', 'logto_tenant_logto_default'), ('admin', 'logto_tenant_logto_admin'),
    ('third', null);
insert into users values ('default', 'u1'), ('default', 'u2'), ('admin', 'u3'), ('third', 'u4');
insert into applications values ('default', 'a1', 'x'), ('admin', 'a2', 'y'), ('third', 'a3', 'z');
"""
TABLES = ("users", "applications")
AFTER_EACH = """
create trigger set_tenant_id before insert on {0} for each row execute procedure set_tenant_id();
alter table {0} enable row level security;
create policy {0}_tenant_id on {0} as restrictive
    using (tenant_id = (select id from tenants where db_user = current_user));
create policy {0}_modification on {0} using (true);
"""
THEIRS = {f"{table}_{what}" for table in TABLES for what in ("tenant_id", "modification")} | {"tenants_tenant_id"}
OF_DEFAULT = {"users": ["u1", "u2"], "applications": ["a1"]}


def _seen(database: Database, role: str) -> dict[str, Any]:
    found: dict[str, Any] = {}
    with database.connect() as connection:
        connection.execute(f'set role "{role}"')
        for table in TABLES:
            try:
                rows = connection.execute(f"select id from {table} order by id".encode()).fetchall()
                found[table] = [row[0] for row in rows]
            except psycopg.errors.InsufficientPrivilege:
                found[table] = "refused"
    return found


def _policies(database: Database) -> dict[str, tuple[Any, ...]]:
    query = """select polname::text, polpermissive, polcmd, polroles::regrole[]::text, pg_get_expr(polqual, polrelid)
               from pg_policy"""
    return {row[0]: tuple(row[1:]) for row in database.admin.execute(query.encode()).fetchall()}


@pytest.mark.majors("two")
def test_policies_of_logto_stay_and_what_they_lack_is_said(database: Database, invoke_cli: InProcess) -> None:
    database.execute(LOGTO + "".join(AFTER_EACH.format(table) for table in TABLES) + "reset role")
    theirs = _policies(database)
    assert theirs.keys() == THEIRS
    walk = Walk(invoke_cli, database).init()
    [who] = [one for one in walk("doctor", "--json").json["findings"] if one["id"] == "policies-ask-who"]
    assert {name.partition(" on ")[0] for name in who["objects"]} == {name for name in THEIRS if "modif" not in name}
    accepted = '[hazards.accept]\n"policies-ask-who" = "it logs in as its tenants\' roles"\n'
    walk.config.write_text(f"{walk.config.read_text()}\n{accepted}")
    walk.forward()
    assert _policies(database) == theirs
    assert _seen(database, "logto_tenant_logto_default") == OF_DEFAULT
    walk.config.write_text(f'{walk.config.read_text()}\n[tenants]\nroot = "public.tenants"\nkey = ["tenant_id"]\n')
    kinds = {one["table"]: one["kind"] for one in walk("tenants", "--survey", "--json").check().json["tables"]}
    assert kinds == {
        "public.tenants": "root",
        "public.users": "own",
        "public.applications": "own",
        "public.systems": "hidden",
    }
    [uncovered] = [one for one in walk("doctor", "--json").json["findings"] if one["id"] == "tenant-uncovered"]
    assert set(uncovered["objects"]) >= {"public.applications", "public.users"}

    before, own = walk.snapshot(), {role: _seen(database, role) for role in ("app_user", "logto_tenant_logto_admin")}
    walk("begin", "tenants", "--yes").check()
    waived = ("--waive", "covered", "--waive", "holes", "--reason", "a test")
    walk("next", "--yes", "--walk", "tenants", "--through", "tenant-roles", *waived).check()
    now = _policies(database)
    assert {name: now[name] for name in THEIRS} == theirs, "somebody else's pass through untouched"
    assert {role: _seen(database, role) for role in own} == own
    assert _seen(database, "logto_tenant_logto_default") == OF_DEFAULT
    proof = walk("tenants", "--prove", "--all", "--json").check(4).json
    told = [one for one in proof["breaches"] if one["key"] == "policy"]
    assert {one["subject"].partition(" on ")[0].removeprefix("policy ") for one in told} >= {
        f"{table}_modification" for table in TABLES
    }, "it lets tenants in as soon as their own policies are gone"

    # Narrowed as is printed, nobody loses a row; theirs know Logto's own roles only: the proof says so
    database.execute("; ".join(one["fix"] for one in told))
    assert {role: _seen(database, role) for role in own} == own
    assert _seen(database, "logto_tenant_logto_default") == OF_DEFAULT
    again = walk("tenants", "--prove", "--all", "--json").check(4).json
    assert again["breaches"] == []
    assert {(one["act"], one["what"][:23]) for one in again["failures"]} == {
        ("see own rows", "saw 0 rows of its own, ")
    }

    # Where a column goes, Logto's pattern fails open, and the walk's does not
    with database.connect() as connection, connection.transaction(force_rollback=True):
        connection.execute("alter table users drop column tenant_id cascade")
        for role, rows in (("logto_tenant_logto_default", 4), ("tenant_default", 0)):
            connection.execute(f"set local role {role}")
            assert len(connection.execute("select from users").fetchall()) == rows, role
            connection.execute("reset role")
    for one in told:
        database.execute(one["fix"].partition(" TO ")[0] + " TO PUBLIC")
    walk("rollback", "--all", "--yes", "--walk", "tenants").check()
    assert_same(before, walk.snapshot(), "back")
    assert _policies(database) == theirs
