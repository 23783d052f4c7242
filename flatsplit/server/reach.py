"""Relations of other roles that the application's views read and that app_migrator could not."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from typing import Any, NamedTuple

import psycopg

from flatsplit import ddl
from flatsplit.config.text import quote
from flatsplit.model import ObjectRef

# A view reads as its owner (manual, "Rules and Privileges"), so after the move app_migrator must be able to. A view on
# a system catalog that only superusers may read has no entry in pg_depend for it
_UNREACHABLE = r"""
SELECT DISTINCT v.oid::regclass::text, t.oid::regclass::text,
       CASE WHEN has_schema_privilege(%(migrator)s::regrole, n.oid, 'USAGE') THEN '' ELSE n.oid::regnamespace::text END,
       t.oid < 16384
FROM pg_catalog.pg_class AS v
JOIN pg_catalog.pg_rewrite AS r ON r.ev_class = v.oid
JOIN pg_catalog.pg_roles AS o
  ON o.oid = CASE WHEN v.relowner = %(migrator)s::regrole THEN %(legacy)s::regrole ELSE v.relowner END
CROSS JOIN LATERAL (
    SELECT d.refobjid AS oid
    FROM pg_catalog.pg_depend AS d
    WHERE d.classid = 'pg_rewrite'::regclass AND d.objid = r.oid
      AND d.refclassid = 'pg_class'::regclass AND d.refobjid <> v.oid
    UNION
    SELECT m.found[1]::oid
    FROM regexp_matches(r.ev_action::text, ':relid (\d+)', 'g') AS m (found)
    WHERE m.found[1]::oid < 16384 AND o.rolsuper) AS u
JOIN pg_catalog.pg_class AS t ON t.oid = u.oid AND t.relkind IN ('r', 'p', 'v', 'm', 'f')
JOIN pg_catalog.pg_namespace AS n ON n.oid = t.relnamespace
WHERE v.relowner = ANY (%(owners)s::regrole[]::oid[]) AND NOT v.oid = ANY (%(left)s::regclass[]::oid[])
  AND NOT t.relowner = ANY (%(owners)s::regrole[]::oid[])
  AND has_any_column_privilege(o.oid, t.oid, 'SELECT, INSERT, UPDATE')
  AND (NOT has_schema_privilege(%(migrator)s::regrole, n.oid, 'USAGE')
       OR NOT has_any_column_privilege(%(migrator)s::regrole, t.oid, 'SELECT, INSERT, UPDATE'))
ORDER BY 1, 2
"""


class Unreachable(NamedTuple):
    """A view, a relation that it reads, and the schema of that where it cannot be used either; all quoted."""

    view: str
    table: str
    schema: str
    system: bool
    """Whether it is a system catalog or view that only superusers read."""


def unreachable(
    conn: psycopg.Connection[Any],
    legacy: str,
    migrator: str,
    left: Iterable[ObjectRef] = (),
    others: Collection[str] = (),
) -> tuple[Unreachable, ...]:
    """What views could not read after the move, except those that are ``left`` with a role that may read all of it.

    Views of ``others``, which move like legacy's own, are compared with what their own owner may read.
    """
    owners = [ddl.ident(role) for role in (legacy, migrator, *others)]
    apart = [ddl.ident(ref.schema, ref.name) for ref in left]
    parameters = {"owners": owners, "legacy": ddl.ident(legacy), "migrator": ddl.ident(migrator), "left": apart}
    return tuple(Unreachable(*row) for row in conn.execute(_UNREACHABLE, parameters))


def opening(lacking: Sequence[Unreachable], migrator: str) -> str:
    """Statements that let the views be read: GRANTs for app_migrator, but none on what is kept for superusers.

    Views on such relations go to dba, by a line of the configuration.
    """
    role = ddl.ident(migrator)
    given = [each for each in lacking if not each.system]
    schemas = sorted({each.schema for each in given if each.schema})
    tables = sorted({each.table for each in given})
    parts = [f"GRANT USAGE ON SCHEMA {', '.join(schemas)} TO {role};"] if schemas else []
    parts += [f"GRANT SELECT ON {', '.join(tables)} TO {role};"] if tables else []
    if kept := sorted({each.view for each in lacking if each.system}):
        names = ", ".join(map(quote, kept))
        parts.append(f"[owner-powers] dba = [{names}] in flatsplit.toml leaves with dba what only superusers may read")
    return " ".join(parts)
