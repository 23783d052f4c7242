"""Reads ownership, rights, roles and settings from the catalog, by queries that flatsplit does not use.

:func:`snapshot` reads everything about roles that a walk forward and back could disturb, as sets of plain tuples;
:func:`difference` says how two snapshots differ, one line per fact. Privileges are compared by meaning: an access
control list that is NULL is written out (acldefault()), so a GRANT followed by its REVOKE leaves no trace.

The catalogs with an owner column or an access control list are looked up in the server itself, so that a
major version with a new kind of object fails here and is not passed over.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, TypeAlias

import psycopg
from psycopg import sql

Fact: TypeAlias = tuple[str, ...]
Snapshot: TypeAlias = dict[str, frozenset[Fact]]

TRACKING = "flatsplit"
"""flatsplit's own schema, which is left out."""

_OWNER_COLUMNS = """
    select c.relname::text, a.attname::text
    from pg_catalog.pg_class c join pg_catalog.pg_attribute a on a.attrelid = c.oid
    where c.relnamespace = 'pg_catalog'::regnamespace and c.relkind = 'r'
      and a.atttypid = 'oid'::regtype and (a.attname ~ 'owner$' or a.attname = 'datdba') and a.attnum > 0
    order by 1
"""

_ACL_COLUMNS = """
    select c.relname::text, a.attname::text
    from pg_catalog.pg_class c join pg_catalog.pg_attribute a on a.attrelid = c.oid
    where c.relnamespace = 'pg_catalog'::regnamespace and c.relkind = 'r'
      and a.atttypid = 'aclitem[]'::regtype and a.attnum > 0
    order by 1
"""

# catalog: (expression for the owner, expression for acldefault()'s kind)
_ACL_KINDS: dict[str, tuple[str, str]] = {
    "pg_class": ("o.relowner", "(case o.relkind when 'S' then 's' else 'r' end)::\"char\""),
    "pg_database": ("o.datdba", "'d'"),
    "pg_foreign_data_wrapper": ("o.fdwowner", "'F'"),
    "pg_foreign_server": ("o.srvowner", "'S'"),
    "pg_language": ("o.lanowner", "'l'"),
    "pg_largeobject_metadata": ("o.lomowner", "'L'"),
    "pg_namespace": ("o.nspowner", "'n'"),
    "pg_parameter_acl": ("10::oid", "'p'"),
    "pg_proc": ("o.proowner", "'f'"),
    "pg_tablespace": ("o.spcowner", "'t'"),
    "pg_type": ("o.typowner", "'T'"),
}
_OTHER_ACLS = {"pg_attribute", "pg_default_acl", "pg_init_privs"}

_CLASS_OF = {"pg_largeobject_metadata": "pg_largeobject"}
"""Where objects are known in pg_depend and to pg_identify_object() by another catalog than the one they are in."""

# Objects of ours: made after initdb, or shared, or schema public; never the tracking schema, TOAST or temporary things
_OURS = f"""
    (i.schema is null or i.schema <> all (array['{TRACKING}', 'pg_toast']) and i.schema !~ '^pg_(toast_)?temp_')
    and not (i.type = 'schema' and (i.name = '{TRACKING}' or i.name ~ '^pg_(toast_)?temp_'))
"""

_LIST = """pg_catalog.string_agg(x.privilege_type || case when x.is_grantable then '*' else '' end, ' '
                                 order by x.privilege_type)"""

_ROLES = """
    select r.rolname, a.name, a.value
    from pg_catalog.pg_authid r
    cross join lateral (values
        ('superuser', r.rolsuper::text), ('createdb', r.rolcreatedb::text), ('createrole', r.rolcreaterole::text),
        ('inherit', r.rolinherit::text), ('login', r.rolcanlogin::text), ('replication', r.rolreplication::text),
        ('bypassrls', r.rolbypassrls::text), ('connection limit', r.rolconnlimit::text),
        ('valid until', coalesce(nullif((r.rolvaliduntil at time zone 'UTC')::text, 'infinity'), 'unset')),
        ('password', case when r.rolpassword is null then 'none' else 'set' end),
        ('comment', coalesce(pg_catalog.shobj_description(r.oid, 'pg_authid'), 'none'))
    ) as a (name, value)
"""

_MEMBERS_16 = """
    select pg_catalog.pg_get_userbyid(m.roleid), pg_catalog.pg_get_userbyid(m.member),
           pg_catalog.pg_get_userbyid(m.grantor),
           'admin ' || m.admin_option || ', inherit ' || m.inherit_option || ', set ' || m.set_option
    from pg_catalog.pg_auth_members m
"""

_MEMBERS_15 = """
    select pg_catalog.pg_get_userbyid(m.roleid), pg_catalog.pg_get_userbyid(m.member),
           pg_catalog.pg_get_userbyid(m.grantor), 'admin ' || m.admin_option
    from pg_catalog.pg_auth_members m
"""

_SETTINGS = """
    select coalesce(r.rolname, '(all roles)'), coalesce(d.datname, '(all databases)'), s.setting
    from pg_catalog.pg_db_role_setting c
    left join pg_catalog.pg_roles r on r.oid = c.setrole
    left join pg_catalog.pg_database d on d.oid = c.setdatabase
    cross join lateral unnest(c.setconfig) as s (setting)
"""

_COLUMN_ACLS = f"""
    select i.identity, coalesce(g.rolname, 'PUBLIC'), 'by ' || pg_catalog.pg_get_userbyid(x.grantor),
           {_LIST}
    from pg_catalog.pg_attribute a
    cross join lateral pg_catalog.pg_identify_object('pg_class'::regclass, a.attrelid, a.attnum) i
    cross join lateral pg_catalog.aclexplode(a.attacl) x
    left join pg_catalog.pg_roles g on g.oid = x.grantee
    where a.attacl is not null and {_OURS}
    group by 1, 2, 3
"""

# A global row counts when it differs from the built-in default, even if only by what it lacks
_DEFAULT_PRIVILEGES = f"""
    with effective as (
        select pg_catalog.pg_get_userbyid(d.defaclrole) as creator, coalesce(n.nspname, '(everywhere)') as place,
               d.defaclobjtype::text as objtype, d.defaclacl as acl,
               case when d.defaclnamespace = 0 then pg_catalog.acldefault(
                   (case d.defaclobjtype when 'S' then 's' else d.defaclobjtype::text end)::"char", d.defaclrole)
               end as plain
        from pg_catalog.pg_default_acl d left join pg_catalog.pg_namespace n on n.oid = d.defaclnamespace
    ),
    different as (
        select * from effective
        where array(select x::text from pg_catalog.aclexplode(acl) x order by 1)
              <> array(select x::text from pg_catalog.aclexplode(plain) x order by 1)
    )
    select d.creator, d.place, d.objtype, coalesce(g.rolname, 'PUBLIC'),
           'by ' || pg_catalog.pg_get_userbyid(x.grantor), {_LIST}
    from different d cross join lateral pg_catalog.aclexplode(d.acl) x
    left join pg_catalog.pg_roles g on g.oid = x.grantee
    group by 1, 2, 3, 4, 5
    union all
    select d.creator, d.place, d.objtype, '(has a rule of its own)', '', '' from different d
"""

_POLICIES = f"""
    select i.identity, case p.polpermissive when true then 'permissive' else 'restrictive' end, p.polcmd::text,
           coalesce(r.rolname, 'PUBLIC')
    from pg_catalog.pg_policy p
    cross join lateral pg_catalog.pg_identify_object('pg_policy'::regclass, p.oid, 0) i
    cross join lateral unnest(p.polroles) as u (oid)
    left join pg_catalog.pg_roles r on r.oid = u.oid
    where {_OURS}
"""

_MAPPINGS = """
    select s.srvname, coalesce(r.rolname, 'PUBLIC'),
           pg_catalog.md5(coalesce(pg_catalog.array_to_string(
               array(select o from unnest(u.umoptions) o order by 1), ','), ''))
    from pg_catalog.pg_user_mapping u
    join pg_catalog.pg_foreign_server s on s.oid = u.umserver
    left join pg_catalog.pg_roles r on r.oid = u.umuser
"""

_RELATIONS = f"""
    select i.type, i.identity, 'row security ' || c.relrowsecurity || ', forced ' || c.relforcerowsecurity,
           coalesce(c.reloptions::text, 'no options')
    from pg_catalog.pg_class c cross join lateral pg_catalog.pg_identify_object('pg_class'::regclass, c.oid, 0) i
    where c.oid >= 16384 and c.relkind <> 't' and {_OURS}
"""

_ROUTINES = f"""
    select i.type, i.identity, case when p.prosecdef then 'definer' else 'invoker' end,
           coalesce(p.proconfig::text, 'no settings')
    from pg_catalog.pg_proc p cross join lateral pg_catalog.pg_identify_object('pg_proc'::regclass, p.oid, 0) i
    where p.oid >= 16384 and {_OURS}
"""

_TRIGGERS = f"""
    select i.identity, t.tgenabled::text
    from pg_catalog.pg_trigger t
    cross join lateral pg_catalog.pg_identify_object('pg_trigger'::regclass, t.oid, 0) i
    where not t.tgisinternal and {_OURS}
"""


def snapshot(conn: psycopg.Connection[Any]) -> Snapshot:
    """Everything about roles in this database and cluster. ``conn`` belongs to a superuser."""
    with conn.transaction():
        taken: Snapshot = {
            "owner": frozenset(_owners(conn)),
            "privilege": frozenset(_privileges(conn)),
            "role": _rows(conn, _ROLES),
            "member": _rows(conn, _MEMBERS_16 if conn.info.server_version >= 160000 else _MEMBERS_15),
            "setting": _rows(conn, _SETTINGS),
            "column privilege": _rows(conn, _COLUMN_ACLS),
            "default privilege": _rows(conn, _DEFAULT_PRIVILEGES),
            "policy": _rows(conn, _POLICIES),
            "user mapping": _rows(conn, _MAPPINGS),
            "relation": _rows(conn, _RELATIONS),
            "routine": _rows(conn, _ROUTINES),
            "trigger": _rows(conn, _TRIGGERS),
        }
    return taken


def difference(before: Snapshot, after: Snapshot) -> list[str]:
    """What the second snapshot lacks (``-``) or has besides (``+``), sorted; empty when they are the same."""
    lines: list[tuple[Fact, str, str]] = []
    for what in sorted(before.keys() | after.keys()):
        old, new = before.get(what, frozenset()), after.get(what, frozenset())
        lines += [(fact, "-", what) for fact in old - new]
        lines += [(fact, "+", what) for fact in new - old]
    # The sides of one change stand together
    lines.sort(key=lambda line: (line[2], line[0][:2], line[1] == "+", line[0]))
    return [f"{side} {what}: {' | '.join(fact)}" for fact, side, what in lines]


def without_roles(taken: Snapshot, roles: Iterable[str]) -> Snapshot:
    """The same snapshot as if these roles were not in it, neither as subject nor as object of a fact."""
    names = set(roles)
    return {what: frozenset(fact for fact in facts if names.isdisjoint(fact)) for what, facts in taken.items()}


def of_role(taken: Snapshot, role: str) -> Snapshot:
    """Only the facts that name this role."""
    return {what: frozenset(fact for fact in facts if role in fact) for what, facts in taken.items()}


def owned_by(conn: psycopg.Connection[Any], role: str) -> list[str]:
    """All that the role owns, by the owner columns: right also for the bootstrap superuser, whom pg_shdepend omits.

    Without what initdb made, what belongs to an extension, other databases.
    """
    with conn.transaction():
        return sorted(
            f"{kind} {identity}"
            for kind, identity, _ in _owners(conn, role=role, extension_members=False, tracking=True)
        )


def verifier(conn: psycopg.Connection[Any], role: str) -> str | None:
    """The stored password verifier of the role, to tell whether anybody touched it."""
    with conn.transaction():
        row = conn.execute("select rolpassword from pg_catalog.pg_authid where rolname = %s", [role]).fetchone()
    return row[0] if row else None


def _owners(
    conn: psycopg.Connection[Any], role: str | None = None, *, extension_members: bool = True, tracking: bool = False
) -> Iterable[Fact]:
    for catalog, column in conn.execute(_OWNER_COLUMNS).fetchall():
        yield from _rows(
            conn,
            sql.SQL(
                """
                select i.type, i.identity, pg_catalog.pg_get_userbyid(o.{column})
                from pg_catalog.{catalog} o
                cross join lateral pg_catalog.pg_identify_object({catalog_name}::regclass, o.oid, 0) i
                where {mine} and ({ours} or {tracking}) and {here}
                  and (o.oid >= 16384 or {shared} or {public})
                  and ({extension_members} or not exists (
                    select from pg_catalog.pg_depend d
                    where d.deptype = 'e' and (d.classid, d.objid) in
                      (({catalog_name}::regclass, o.oid), ('pg_type'::regclass, {row_type}))))
                """
            ).format(
                catalog=sql.Identifier(catalog),
                catalog_name=sql.Literal(_CLASS_OF.get(catalog, catalog)),
                column=sql.Identifier(column),
                ours=sql.SQL(_OURS),
                here=sql.SQL(
                    "o.datname = pg_catalog.current_database()"
                    if catalog == "pg_database" and role is not None
                    else "true"
                ),
                tracking=sql.SQL("i.schema = {}").format(sql.Literal(TRACKING)) if tracking else sql.SQL("false"),
                mine=sql.SQL("true")
                if role is None
                else sql.SQL("o.{} = (select oid from pg_catalog.pg_authid where rolname = {})").format(
                    sql.Identifier(column), sql.Literal(role)
                ),
                # For one role's possessions the template databases and default tablespaces are initdb's
                shared=sql.Literal(role is None and catalog in {"pg_database", "pg_tablespace"}),
                public=sql.SQL("o.nspname = 'public'" if catalog == "pg_namespace" and role is None else "false"),
                extension_members=sql.Literal(extension_members),
                # Of a composite type the row type is the member, not the relation behind it
                row_type=sql.SQL("o.reltype" if catalog == "pg_class" else "o.oid"),
            ),
        )


def _privileges(conn: psycopg.Connection[Any]) -> Iterable[Fact]:
    columns = dict(conn.execute(_ACL_COLUMNS).fetchall())
    unknown = columns.keys() - _ACL_KINDS.keys() - _OTHER_ACLS
    assert not unknown, f"this server keeps privileges in catalogs that the snapshot does not know: {unknown}"
    for catalog, column in columns.items():
        if catalog not in _ACL_KINDS:
            continue
        owner, kind = _ACL_KINDS[catalog]
        yield from _rows(
            conn,
            sql.SQL(
                """
                with explained as (
                    select o.oid, coalesce(o.{column}, pg_catalog.acldefault({kind}, {owner})) as acl
                    from pg_catalog.{catalog} o
                    where o.oid >= 16384 or o.{column} is not null
                      and array(select x::text from unnest(o.{column}) x order by 1)
                          <> array(select x::text from unnest(pg_catalog.acldefault({kind}, {owner})) x order by 1)
                ),
                -- an object is named once, not once for each of its privileges, which takes most of the time
                named as materialized (
                    select i.type, i.identity, e.acl
                    from explained e
                    cross join lateral pg_catalog.pg_identify_object({catalog_name}::regclass, e.oid, 0) i
                    where {ours}
                )
                select e.type, e.identity, coalesce(g.rolname, 'PUBLIC'),
                       'by ' || pg_catalog.pg_get_userbyid(x.grantor), {privileges}
                from named e
                cross join lateral pg_catalog.aclexplode(e.acl) x
                left join pg_catalog.pg_authid g on g.oid = x.grantee
                group by 1, 2, 3, 4
                """
            ).format(
                privileges=sql.SQL(_LIST),
                catalog=sql.Identifier(catalog),
                catalog_name=sql.Literal(_CLASS_OF.get(catalog, catalog)),
                column=sql.Identifier(column),
                owner=sql.SQL(owner),
                kind=sql.SQL(kind),
                ours=sql.SQL(_OURS),
            ),
        )


def _rows(conn: psycopg.Connection[Any], query: str | sql.Composed) -> frozenset[Fact]:
    text = query.encode() if isinstance(query, str) else query
    rows = conn.execute(text).fetchall()
    return frozenset(tuple("" if value is None else str(value) for value in row) for row in rows)
