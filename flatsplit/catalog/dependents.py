"""What the server records as depending on a role, independently of what the reader reads.

For most roles that is pg_shdepend: the rows that DROP ROLE checks, with deptype o (owner), a (privileges), r (target of
a policy) and i (initial privileges of an extension member, 17 and later). The bootstrap superuser is pinned and has no
rows there; what belongs to it is found by the owner columns of the catalogs.
"""

from __future__ import annotations

from typing import NamedTuple

from flatsplit.catalog.cluster import BOOTSTRAP
from flatsplit.catalog.session import Look
from flatsplit.catalog.sources import TEMPORARY

_SHDEPEND = """
    SELECT d.objid, d.objsubid, d.deptype::text AS deptype
    FROM pg_shdepend AS d
    WHERE d.classid = '{catalog}'::regclass AND (d.objsubid <> 0) = {columns}
      AND d.refclassid = 'pg_authid'::regclass AND d.refobjid = {role} AND d.deptype IN ('o', 'a', 'r', 'i')
      AND d.dbid IN (0, (SELECT m.oid FROM pg_database AS m WHERE m.datname = current_database()))
      AND NOT ({elsewhere})
"""

_OWNED = """
    SELECT d.oid AS objid, 0 AS objsubid, 'o' AS deptype
    FROM {table} AS d
    WHERE d.{column} = {role} AND d.oid >= {first} AND NOT ({followers})
      AND NOT EXISTS (
          SELECT FROM pg_depend AS e
          WHERE e.classid = '{catalog}'::regclass AND e.objid = d.oid AND e.objsubid = 0 AND e.deptype IN ('e', 'i'))
"""

_CLASS = {"pg_largeobject_metadata": "pg_largeobject"}
"""Catalogs that have another name in dependencies (see LargeObjectRelationId in pg_largeobject.c)."""

_FIRST = {"pg_largeobject": 1}
"""The lowest oid of a user's object, where that is not FirstNormalObjectId: lo_create() takes any oid."""

_ELSEWHERE = {
    "pg_database": "{oid} <> (SELECT m.oid FROM pg_database AS m WHERE m.datname = current_database())",
    "pg_subscription": "{oid} IN (SELECT s.oid FROM pg_subscription AS s WHERE s.subdbid <> "
    "(SELECT m.oid FROM pg_database AS m WHERE m.datname = current_database()))",
}
"""Shared catalogs whose rows may concern another database (see a role's ``elsewhere``)."""

_OF_EXTENSION = """
    d.relkind = 'S' AND EXISTS (
        SELECT FROM pg_depend AS o
        JOIN pg_depend AS e ON e.classid = o.refclassid AND e.objid = o.refobjid AND e.objsubid = 0
        WHERE o.classid = 'pg_class'::regclass AND o.objid = d.oid AND o.deptype = 'a' AND e.deptype = 'e')
"""
"""The sequence of a serial column in an extension's table; the sequence itself may be no member of the extension."""

_FOLLOWERS = {
    "pg_class": f"d.relkind IN ('i', 'I', 't', 'c') OR {_OF_EXTENSION}",
    "pg_namespace": f"d.nspname ~ '{TEMPORARY}'",
}
"""Objects that follow another one without an internal dependency (pg_depend i)."""


class Dependents(NamedTuple):
    """Rows of one catalog that depend on a role."""

    catalog: str
    columns: bool
    """Whether these are columns (objsubid not 0, negative for system columns) rather than objects."""
    sql: str
    """A query for ``objid, objsubid, deptype`` of each."""


def dependents_of(look: Look, role: int) -> list[Dependents]:
    """For each catalog the query for what depends on the role and is in this database or shared."""
    if role == BOOTSTRAP:
        return [
            Dependents(
                catalog,
                False,
                _OWNED.format(
                    table=table,
                    catalog=catalog,
                    column=column,
                    role=role,
                    followers=_left_out(look, catalog),
                    first=_FIRST.get(catalog, 16384),
                ),
            )
            for table, column in look.ask("owner_columns")
            for catalog in [str(_CLASS.get(table, table))]
        ]
    return [
        Dependents(
            catalog,
            columns,
            _SHDEPEND.format(
                catalog=catalog, columns=columns, role=role, elsewhere=_elsewhere(look, catalog, "d.objid")
            ),
        )
        for catalog, columns in look.ask("dependent_catalogs", role)
    ]


def _elsewhere(look: Look, catalog: str, oid: str) -> str:
    if catalog == "pg_subscription" and not look.server.reads_subscription_oid:
        return "false"
    return _ELSEWHERE.get(catalog, "false").format(oid=oid)


def _left_out(look: Look, catalog: str) -> str:
    return f"{_elsewhere(look, catalog, 'd.oid')} OR {_FOLLOWERS.get(catalog, 'false')}"
