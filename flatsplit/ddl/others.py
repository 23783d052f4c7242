"""Policies, dropping user mappings, what only REASSIGN OWNED moves, and ending sessions."""

from __future__ import annotations

import re
from collections.abc import Iterable

from psycopg import sql

from flatsplit.ddl.names import alter_owner, dollar_quote, ident, literal, role
from flatsplit.model import ObjectRef


def alter_policy(ref: ObjectRef, roles: Iterable[str]) -> str:
    """ALTER POLICY … TO …."""
    to = ", ".join(role(each) for each in sorted(roles))
    return f"ALTER POLICY {ident(ref.args)} ON {ident(ref.schema, ref.name)} TO {to};"


def drop_policy(ref: ObjectRef) -> str:
    """DROP POLICY."""
    return f"DROP POLICY {ident(ref.args)} ON {ident(ref.schema, ref.name)};"


def drop_user_mapping(ref: ObjectRef) -> str:
    """DROP USER MAPPING."""
    return f"DROP USER MAPPING FOR {role(ref.args)} SERVER {ident(ref.name)};"


def run_jobs_as(heir: str, jobs: Iterable[object]) -> str:
    """Let jobs of pg_cron, given by number, run as another role; in the database that keeps the jobs of all."""
    ids = ", ".join(str(int(str(job))) for job in jobs)
    return f"UPDATE cron.job SET username = {literal(heir)} WHERE jobid IN ({ids});"  # noqa: S608 (numbers)


_NOTE_RIGHTS = """\
BEGIN
  -- Other databases and tablespaces may come and go below, and the rights of both owners there would become one.
  PERFORM pg_catalog.set_config('flatsplit.rights', coalesce((
    SELECT pg_catalog.jsonb_object_agg(t.thing, t.acl::text)
    FROM (@things) AS t
    WHERE t.owner = @old AND t.acl IS NOT NULL)::text, '{}'), true);
END"""

_GIVE_BACK = """\
DECLARE
  rights jsonb := pg_catalog.current_setting('flatsplit.rights');
  taken text;
  given text;
BEGIN
  -- REASSIGN OWNED reaches beyond this database. What this transaction took there goes back; nothing else does.
  FOR taken IN
    SELECT t.thing
    FROM (@things) AS t
    WHERE t.owner = @new
      AND CASE WHEN pg_catalog.age(t.by) <= 0
               THEN pg_catalog.pg_xact_status((pg_catalog.pg_current_xact_id()::text::numeric - pg_catalog.age(t.by))
                                              ::text::xid8) = 'in progress' END
    ORDER BY 1
  LOOP
    EXECUTE pg_catalog.format('ALTER %s OWNER TO %I', taken, @old);
    FOR given IN
      SELECT CASE
             WHEN was.is_grantable IS NULL
             THEN pg_catalog.format('REVOKE %s ON %s FROM %I', privilege_type, taken, r.rolname)
             WHEN now.is_grantable AND NOT was.is_grantable
             THEN pg_catalog.format('REVOKE GRANT OPTION FOR %s ON %s FROM %I', privilege_type, taken, r.rolname)
             ELSE pg_catalog.format('GRANT %s ON %s TO %I%s', privilege_type, taken, r.rolname,
                    CASE WHEN was.is_grantable THEN ' WITH GRANT OPTION' ELSE '' END) END
      FROM pg_catalog.aclexplode((rights ->> taken)::aclitem[]) AS was
      FULL JOIN (
        SELECT a.grantee, a.privilege_type, a.is_grantable
        FROM (@things) AS t CROSS JOIN pg_catalog.aclexplode(t.acl) AS a
        WHERE t.thing = taken) AS now USING (grantee, privilege_type)
      JOIN pg_catalog.pg_roles AS r ON r.oid = grantee
      WHERE rights ? taken AND r.rolname IN (@old, @new) AND was.is_grantable IS DISTINCT FROM now.is_grantable
    LOOP
      EXECUTE given;
    END LOOP;
  END LOOP;
END"""

_THINGS = """
      SELECT pg_catalog.format('DATABASE %I', d.datname) AS thing, pg_catalog.pg_get_userbyid(d.datdba) AS owner,
             d.datacl AS acl, d.xmin AS by
      FROM pg_catalog.pg_database AS d WHERE d.datname <> pg_catalog.current_database()
      UNION ALL
      SELECT pg_catalog.format('TABLESPACE %I', s.spcname), pg_catalog.pg_get_userbyid(s.spcowner), s.spcacl, s.xmin
      FROM pg_catalog.pg_tablespace AS s"""


def reassign_owned(old: str, new: str, restore: Iterable[tuple[ObjectRef, str]]) -> str:
    """REASSIGN OWNED, then a block that gives back what it moved against the plan: ``restore`` in this database, and
    objects outside of it.

    It moves every database and tablespace of ``old``, also one that another session created or moved since this was
    planned. So what has to go back is found when it runs: rows that this transaction wrote, in a savepoint or not
    (age() counts from the transaction's own number, and all later ones have committed).
    """
    back = " ".join(alter_owner(ref, owner) for ref, owner in restore)
    move = f"REASSIGN OWNED BY {ident(old)} TO {ident(new)};" + (f" {back}" if back else "")
    before, after = (dollar_quote(_filled(body, old, new)) for body in (_NOTE_RIGHTS, _GIVE_BACK))
    return f"DO {before}; {move} DO {after};"


def _filled(body: str, old: str, new: str) -> str:
    filled = {"things": _THINGS, "old": literal(old), "new": literal(new)}
    return re.sub(r"@(things|old|new)\b", lambda match: filled[match[1]], body)


def terminate_backend(pid: int) -> str:
    """End one session."""
    return f"SELECT pg_catalog.pg_terminate_backend({pid:d});"


def terminate_sessions(name_: str, *, everywhere: bool = False) -> str:
    """End all sessions of a role in this database, or in all."""
    query = sql.SQL(
        "SELECT pg_catalog.pg_terminate_backend(pid) FROM pg_catalog.pg_stat_activity "
        "WHERE usename = {} {}AND pid <> pg_catalog.pg_backend_pid();"
    )
    here = sql.SQL("" if everywhere else "AND datname = pg_catalog.current_database() ")
    return query.format(sql.Literal(name_), here).as_string(None)
