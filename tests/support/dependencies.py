"""The dependencies on a role that the server itself records."""

from __future__ import annotations

from typing import Any

import psycopg


def dependencies_of(conn: psycopg.Connection[Any], role: str) -> list[str]:
    """What depends on the role by pg_shdepend: in this database, in others, and shared objects."""
    with conn.transaction():
        rows = conn.execute(
            """
            select coalesce(d.datname, '(shared)'), s.deptype::text, s.classid::regclass::text, s.objid::text,
                   case when s.dbid in (0, (select oid from pg_catalog.pg_database
                                            where datname = pg_catalog.current_database()))
                        then pg_catalog.pg_describe_object(s.classid, s.objid, s.objsubid) else '' end
            from pg_catalog.pg_shdepend s
            join pg_catalog.pg_authid r on s.refclassid = 'pg_authid'::regclass and s.refobjid = r.oid
            left join pg_catalog.pg_database d on d.oid = s.dbid
            where r.rolname = %s
            """,
            [role],
        ).fetchall()
    return sorted(" ".join(map(str, row)) for row in rows)
