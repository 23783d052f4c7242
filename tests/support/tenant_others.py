"""What roles see that were there before the tenants', under row-level security that an application may have itself."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any, TypeAlias

import psycopg
from psycopg import errors, sql

from tests.support.tenant_rows import written

Views: TypeAlias = dict[tuple[str, str, str], str]
"""(role, who it says it is for, table): the rows that it sees, or the error."""
_ROLES = "SELECT rolname FROM pg_roles WHERE NOT rolsuper AND rolname !~ '^pg_' AND rolname <> %s ORDER BY 1"
_PEOPLE = """
SELECT format('SELECT %%I::text FROM %%s WHERE %%1$I IS NOT NULL', a.attname, a.attrelid::regclass)
FROM pg_attribute AS a JOIN pg_class AS c ON c.oid = a.attrelid JOIN pg_namespace AS n ON n.oid = c.relnamespace
WHERE c.relkind IN ('r', 'p') AND c.relrowsecurity AND a.attname IN ('user_id', 'created_by')
    AND a.atttypid = 'uuid'::regtype AND n.nspname = ANY (%s) ORDER BY 1
"""
_MOST = 3


class Others:
    """Whom policies may be for, before there are tenants: roles, and people that the application names in a token."""

    def __init__(self, admin: psycopg.Connection[Any], but: str, schemas: Collection[str]) -> None:
        """``but``: not the old role, which owns everything."""
        self.admin = admin
        self.roles = [name for (name,) in admin.execute(_ROLES, [but]).fetchall()]
        self.people = _people(admin, schemas)

    def seen(self, tables: Collection[str]) -> Views:
        """What each role sees of each table, where the token names nobody and where it names one of these people."""
        return {
            (role, whom, table): _rows(self.admin, role, whom, table)
            for whom in ("", *self.people)
            for role in self.roles
            for table in tables
        }


def _people(admin: psycopg.Connection[Any], schemas: Collection[str]) -> list[str]:
    """Some of those who have a row in a table with row-level security of the application's own."""
    queries = [query for (query,) in admin.execute(_PEOPLE, [list(schemas)]).fetchall()]
    found = {row[0] for query in queries for row in admin.execute(query.encode()).fetchall()}
    return sorted(found)[:_MOST]


def _rows(admin: psycopg.Connection[Any], role: str, whom: str, table: str) -> str:
    claims = f'{{"sub": "{whom}", "role": "{role}"}}' if whom else ""
    with admin.transaction(force_rollback=True):
        admin.execute("SELECT set_config('request.jwt.claims', %s, true)", [claims])
        admin.execute(sql.SQL("SET LOCAL ROLE {}").format(sql.Identifier(role)))
        try:
            rows = admin.execute(f"SELECT t.tableoid::bigint, t.ctid::text FROM {written(table)} AS t".encode())
            return str(sorted(rows.fetchall()))
        except errors.Error as error:
            return f"{error.sqlstate}"
