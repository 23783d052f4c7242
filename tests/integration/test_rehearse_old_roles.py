"""Whatever old role and operator are: what is said of a statement, before the walk and after it, is what happens."""

from __future__ import annotations

import psycopg
import pytest

from tests.fixtures.cli import InProcess
from tests.fixtures.databases import Database, MakeDatabase
from tests.fixtures.servers import FreshCluster
from tests.support.drawn import KINDS
from tests.support.old_roles import OWNER, decide, hand_to_owner, log_in_as_member
from tests.support.operators import SHAPES, OperatorsWalk, as_if_granted_by_operator, make_operator
from tests.support.special import quoted
from tests.support.walk import Walk

WORLD = """
create schema aux;
create table t (id serial primary key, a int);
insert into t (a) values (1), (2);
create table u (id int primary key references t, a int);
create table aux.x (id bigint generated always as identity primary key, a int);
create table part (id int) partition by range (id);
create table part_1 partition of part for values from (0) to (10);
create view v as select * from t;
create materialized view mv as select 1 as a;
create function f() returns int language sql as 'select 1';
create function counts() returns int language sql security definer as 'select count(*)::int from t';
create function empties() returns void language plpgsql as 'begin truncate t cascade; end';
create function writes() returns void language plpgsql as 'begin insert into t (a) values (3); end';
create procedure p() language plpgsql as 'begin update t set a = 4; end';
create function trg() returns trigger language plpgsql as 'begin new.a := 1; return new; end';
create trigger tg before insert on aux.x for each row execute function trg();
create type mood as enum ('good');
create sequence s;
revoke all on function f() from public;
select lo_create(4711);
grant select on t to reporting;
"""
STATEMENTS = """
select * from t for update
select a from v
select * from mv
select f(), counts()
select empties()
select writes()
call p()
insert into u values (1, 1)
insert into aux.x (a) values (1)
insert into part values (1)
update v set a = 2
delete from t where id = 77
with w as (insert into t (a) values (9) returning *) select * from w
truncate u
lock table t
lock table t in row exclusive mode
refresh materialized view mv
reindex table t
cluster t using t_pkey
create table made (id int)
create temp table made as select * from t
create view made as select * from t
create temp view made as select * from t
create index on t (a)
create schema made
create type made as (a int)
create extension if not exists plpgsql
create role made
alter table t add column b int
alter table if exists nothing add column b int
alter table t disable trigger all
alter table aux.x disable trigger tg
alter sequence s restart
alter schema aux rename to made
alter role legacy set work_mem = '5MB'
alter role current_user set work_mem = '5MB'
comment on table t is 'x'
drop table if exists u
drop table if exists nothing
drop trigger tg on aux.x
set role legacy
set role none
set role reporting
set session authorization legacy
set work_mem = '7MB'
set log_statement = 'all'
set session_replication_role = replica
select nextval('s')
select setval('s', 5)
select last_value from s
select lo_creat(-1)
select lo_unlink(4711)
select lo_get(4711)
listen channel
notify channel
prepare looks as select * from t
declare c cursor with hold for select * from t
do $$ begin insert into t (a) values (1); end $$
do $$ begin execute 'create table made (id int)'; end $$
copy (select 1) to program 'true'
explain analyze insert into t (a) values (1)
checkpoint
select pg_reload_conf()
select pg_read_file('PG_VERSION')
select * from pg_authid
select set_config('log_statement', 'all', false)
select set_config('role', 'legacy', false)
create publication made for table t
create policy made on t using (true)
create trigger made before insert on t for each row execute function trg()
create statistics made on id, a from t
create foreign data wrapper made
alter system set work_mem = '5MB'
"""
"""Each as its application or its migrations run it, in a transaction of its own where that is possible."""
OUTSIDE = ("alter system",)
ROLES = ("app_user", "app_migrator", "app_readonly")
CASES = (("superuser", ""), ("members", "createrole"), ("owner", "small-host"))
"""The kind of old role, and the shape of the operator; "" for a superuser. Eight seconds each."""


def happens(database: Database, role: str, password: str, statement: str) -> str:
    """The SQLSTATE, "" for success."""
    with psycopg.connect(database.conninfo(role, password), autocommit=True) as connection:
        try:
            if statement.startswith(OUTSIDE):
                connection.execute(statement.encode())
            else:
                with connection.transaction(force_rollback=True):
                    connection.execute(statement.encode())
        except psycopg.Error as error:
            return error.sqlstate or "?"
    return ""


def made(fresh_cluster: FreshCluster, make_database: MakeDatabase, kind: str) -> Database:
    """The database of this kind of old role, in a cluster of its own."""
    database = make_database(cluster=fresh_cluster(), legacy_options=KINDS[kind])
    database.execute(
        f"grant create on database {quoted(database.name)} to legacy; grant usage, create on schema public to legacy;"
        f"create role reporting login; set role legacy; {WORLD} reset role"
    )
    if kind == "owner":
        hand_to_owner(database)
    if kind == "members":
        log_in_as_member(database)
    return database


@pytest.mark.share(3)
@pytest.mark.slow
@pytest.mark.majors("two")
@pytest.mark.parametrize(("kind", "operator"), CASES)
def test_what_is_said_is_what_happens(
    kind: str, operator: str, fresh_cluster: FreshCluster, make_database: MakeDatabase, invoke_cli: InProcess
) -> None:
    database = made(fresh_cluster, make_database, kind)
    if operator:
        make_operator(database, SHAPES[operator], reach=("reporting", *((OWNER,) if kind == "owner" else ())))
        as_if_granted_by_operator(database)
    walk = (OperatorsWalk if operator else Walk)(invoke_cli, database).init()
    decide(walk, kind)
    statements = STATEMENTS.strip().splitlines()
    file = invoke_cli.cwd / "statements.sql"
    file.write_text(";\n".join(statements))

    def said(role: str) -> dict[str, str]:
        found = walk("rehearse", "--file", str(file), "--as", role, "--json").check(4).json["statements"]
        return {each["query"]: each["verdict"] for each in found}

    early = {role: said(role) for role in ROLES}
    walk.next("--through", "enable-login", "--waive", "no-blockers", "--waive", "owner-powers", "--reason", "a test")
    wrong = []
    for role in ROLES:
        late = said(role)
        for statement in statements:
            state = happens(database, role, walk.passwords[role], statement)
            refused = {"": False, "42501": True}.get(state)
            for when, verdict in (("before", early[role][statement]), ("after", late[statement])):
                if refused is None or (verdict == "allowed" and refused) or (verdict == "denied" and not refused):
                    wrong.append(f"{role}, said {when} the walk: {statement}: {verdict}, and it ends with {state!r}")
    assert wrong == []
