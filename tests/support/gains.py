"""Checks that no role gains powers: reads from the catalog what a role could do that an ordinary owner could not."""

from __future__ import annotations

from typing import Any

import psycopg

INSTALL = """
do $$
declare
    name text;
begin
    for name in select e.name from pg_available_extensions as e where e.installed_version is null order by 1 loop
        begin
            execute format('create extension if not exists %I cascade', name);
        exception when others then
            raise notice '%: %', name, sqlerrm;  -- a language whose library is not there
        end;
    end loop;
end $$
"""
"""Creates every extension that this server has, owned by the role that runs it."""

_BEYOND = """
with kept as (
    -- What initdb or an extension's script left to PUBLIC; no row: the default, which is EXECUTE for everybody
    select p.oid, p.oid::regprocedure::text as name
    from pg_proc as p
    left join pg_init_privs as i on i.classoid = 'pg_proc'::regclass and i.objoid = p.oid
    where not exists (select from aclexplode(coalesce(i.initprivs, acldefault('f', p.proowner))) as x
                      where x.grantee = 0)
), role as (
    select r.* from pg_roles as r where r.rolname = %(role)s
)
select 'execute ' || k.name from kept as k, role where has_function_privilege(role.oid, k.oid, 'EXECUTE')
union all
select 'own ' || p.oid::regprocedure::text
from pg_proc as p
join pg_language as l on l.oid = p.prolang and l.lanname in ('c', 'internal')
join role on pg_has_role(role.oid, p.proowner, 'MEMBER')
where p.prosecdef
union all
select 'is ' || g.rolname
from pg_roles as g, role
where pg_has_role(role.oid, g.oid, 'MEMBER') and g.oid <> role.oid and g.rolname <> 'pg_database_owner'
  and (g.rolname like 'pg\\_%%' or g.rolsuper or g.rolcreaterole or g.rolreplication)
union all
select 'has an attribute' from role where rolsuper or rolcreaterole or rolreplication
union all
select lower(x.letter) || ' ' || c.oid::regclass::text
from pg_class as c
cross join (values ('SELECT'), ('INSERT'), ('UPDATE'), ('DELETE'), ('TRUNCATE')) as x (letter)
join role on has_table_privilege(role.oid, c.oid, x.letter) or has_any_column_privilege(
    role.oid, c.oid, case when x.letter in ('DELETE', 'TRUNCATE') then 'SELECT' else x.letter end)
    and x.letter not in ('DELETE', 'TRUNCATE')
left join pg_init_privs as i on i.classoid = 'pg_class'::regclass and i.objoid = c.oid and i.objsubid = 0
where (c.oid < 16384 and c.relkind in ('r', 'v') or c.relkind = 'v' and i.initprivs is not null)
  and not exists (select from aclexplode(i.initprivs) as a where a.grantee = 0 and a.privilege_type = x.letter)
  and not exists (select from aclexplode(c.relacl) as a where a.grantee = 0 and a.privilege_type = x.letter)
union all
select 'alter system ' || a.parname
from (select to_jsonb(t) ->> 'parname' as parname from {parameters} as t) as a, role
where {altering}
order by 1
"""


def beyond(conn: psycopg.Connection[Any], role: str) -> set[str]:
    """Everything that the role may do and a role without any right of its own may not."""
    since_15 = conn.info.server_version >= 150000
    query = _BEYOND.format(
        parameters="pg_parameter_acl" if since_15 else "pg_authid",
        altering="has_parameter_privilege(role.oid, a.parname, 'ALTER SYSTEM')" if since_15 else "false",
    )
    with conn.transaction(force_rollback=True):
        conn.execute("create role nobody_special")
        mine, theirs = (
            {name for (name,) in conn.execute(query.encode(), {"role": each})} for each in (role, "nobody_special")
        )
    return mine - theirs
