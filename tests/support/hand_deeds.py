"""What somebody does by hand to a database in the middle of a walk, drawn at random; and what the roles may do then."""

from __future__ import annotations

import random
from collections.abc import Callable
from typing import Any

import psycopg

WORLD = """
create schema aux;
create table t (id serial primary key, a int, b text);
create table u (id int primary key);
create table aux.x (id bigint generated always as identity primary key, a int);
create view v as select * from t;
create materialized view mv as select 1 as a;
create function f() returns int language sql as 'select 1';
create procedure p() language sql as 'select 1';
create type mood as enum ('a');
create sequence s;
"""
"""As the old role, before the walk."""
OTHERS = """
create role stranger login; create role grp; create role person login in role grp;
grant usage, create on schema public to stranger;
"""
"""Roles that are none of the walk's business."""

_NEW = ("app_user", "app_migrator", "app_readonly", "dba")
_PROGRAMS = ("app_user", "app_readonly")
PEOPLE = ("stranger", "grp", "person")
_TABLES = ("t", "u", "aux.x", "v", "mv")
_RIGHTS = ("select", "insert", "update", "delete", "truncate", "references", "trigger", "all")
_OBJECTS = (
    *("table t", "table u", "table aux.x", "view v", "materialized view mv", "function f()", "procedure p()"),
    *("type mood", "sequence s", "schema aux"),
)
_ATTRIBUTES = (
    *("nologin", "login", "noinherit", "createdb", "createrole", "bypassrls", "nobypassrls", "replication"),
    *("connection limit 3", "valid until '2001-01-01'", "password null"),
)
_POWERS = ("pg_monitor", "pg_execute_server_program", "pg_signal_backend")

_SCOPE = "array(select oid from pg_namespace where nspname in ('public', 'aux'))"
_MAY = """
select r.role || ' ' || p.right_ || ' ' || c.oid::regclass, has_table_privilege(r.role, c.oid, p.right_)
from pg_class c, unnest(%(roles)s::text[]) r (role),
     unnest('{select,insert,update,delete,truncate,trigger}'::text[]) p (right_)
where c.oid >= 16384 and c.relkind in ('r', 'v') and c.relnamespace = any ({scope})
  and (p.right_ <> 'truncate' or c.relkind = 'r')
union all
select 'app_readonly ' || p.right_ || ' a column of ' || c.oid::regclass,
       has_any_column_privilege('app_readonly', c.oid, p.right_)
from pg_class c, unnest('{insert,update}'::text[]) p (right_)
where c.oid >= 16384 and c.relkind in ('r', 'v') and c.relnamespace = any ({scope})
union all
select 'app_readonly changes ' || c.oid::regclass, has_sequence_privilege('app_readonly', c.oid, 'usage, update')
from pg_class c where c.oid >= 16384 and c.relkind = 'S' and c.relnamespace = any ({scope})
union all
select m.rolname || ' may become ' || r.rolname, pg_has_role(m.oid, r.oid, 'member')
from pg_roles m, pg_roles r
where m.rolname = any (%(people)s) and r.rolname = any (%(new)s) and m.rolname <> r.rolname
union all
select r.role || ' usage ' || c.oid::regclass, has_sequence_privilege(r.role, c.oid, 'usage')
from pg_class c, unnest('{app_user}'::text[]) r (role)
where c.oid >= 16384 and c.relkind = 'S' and c.relnamespace = any ({scope})
union all
select r.role || ' ' || p.right_ || ' schema ' || n.nspname, has_schema_privilege(r.role, n.oid, p.right_)
from pg_namespace n, unnest(%(roles)s::text[]) r (role), unnest('{usage,create}'::text[]) p (right_)
where n.oid = any ({scope})
union all
select 'app_user execute ' || p.oid::regprocedure, has_function_privilege('app_user', p.oid, 'execute')
from pg_proc p where p.oid >= 16384 and p.prokind in ('f', 'p') and p.pronamespace = any ({scope})
union all
select 'app_migrator ' || p.right_ || ' its own ' || c.oid::regclass,
       has_table_privilege('app_migrator', c.oid, p.right_)
from pg_class c, unnest('{select,insert,update,trigger}'::text[]) p (right_)
where c.oid >= 16384 and c.relkind in ('r', 'v', 'm') and c.relnamespace = any ({scope})
  and c.relowner = 'app_migrator'::regrole
union all
select 'app_migrator owns ' || c.oid::regclass, pg_has_role('app_migrator', c.relowner, 'usage')
from pg_class c where c.oid >= 16384 and c.relkind in ('r', 'v', 'm') and c.relnamespace = any ({scope})
""".replace("{scope}", _SCOPE)


def may(conn: psycopg.Connection[Any]) -> dict[str, bool]:
    """What the server says of the application's rights in the schemas in scope, object by object."""
    with conn.transaction():
        conn.execute("set local search_path = pg_catalog")
        return dict(
            conn.execute(_MAY, {"roles": list(_PROGRAMS), "people": [*_PROGRAMS, *PEOPLE], "new": [*_NEW]}).fetchall()
        )


def deed(chance: random.Random, number: int) -> str:
    """A statement, or some; a name that it makes ends with ``number``. ``{database}`` is for the database's name."""
    one = chance.choice

    def role() -> str:
        return one((*_NEW, *_NEW, "legacy", *PEOPLE))

    def given(what: str) -> str:
        verb, way = one((("grant", "to"), ("revoke", "from")))
        return f"{verb} {what} {way} {one((*_NEW, *_NEW, 'legacy', *PEOPLE, 'public'))}"

    kinds: tuple[Callable[[], str], ...] = (
        lambda: given(f"{one(_RIGHTS)} on {one(_TABLES)}"),
        lambda: given(f"{one(_RIGHTS)} on {one(_TABLES)}"),
        lambda: f"grant {one(_RIGHTS)} on {one(_TABLES)} to {role()} with grant option",
        lambda: f"grant update ({one(('id', 'a'))}) on {one(('t', 'aux.x'))} to {role()}",
        lambda: given(f"{one(('usage', 'all'))} on sequence {one(('s', 't_id_seq', 'aux.x_id_seq'))}"),
        lambda: given(f"{one(('usage', 'create', 'all'))} on schema {one(('public', 'aux'))}"),
        lambda: given(f"execute on {one(('function f()', 'procedure p()', 'function pg_ls_dir(text)'))}"),
        lambda: given("usage on type mood"),
        lambda: given(f"{one(('connect', 'create', 'temporary'))} on database {{database}}"),
        lambda: f"alter {one(_OBJECTS)} owner to {role()}",
        lambda: f"set role {role()}; create table {one(('public', 'aux'))}.n{number} (id serial); reset role",
        lambda: f"set role {role()}; create view public.n{number} as select * from public.t; reset role",
        lambda: f"create schema n{number} authorization {role()}",
        lambda: f"drop {one(('view v', 'function f()', 'table u', 'sequence s', 'schema aux'))} cascade",
        lambda: f"alter {one(('table t', 'table u', 'schema aux'))} rename to n{number}",
        lambda: f"alter table {one(('t', 'u'))} set schema aux",
        lambda: f"alter role {role()} {one(_ATTRIBUTES)}",
        lambda: f"alter role {role()} in database {{database}} set statement_timeout = 77000",
        lambda: f"grant {role()} to {role()}",
        lambda: f"revoke {role()} from {role()}",
        lambda: f"grant {one(_POWERS)} to {role()}",
        lambda: "revoke app_migrator from legacy",
        lambda: f"alter default privileges for role app_migrator in schema public {given('all on tables')}",
        lambda: f"alter default privileges for role legacy {given('select on tables')}",
        lambda: f"drop owned by {one(_PROGRAMS)}",
    )
    return one(kinds)()
