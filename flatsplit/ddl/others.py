"""Policies, user mappings, what only REASSIGN OWNED moves, and sessions."""

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


_COPY_MAPPING = """\
DECLARE
  options text;
  setting text;
  operator text := current_setting('role');
  plain boolean := (SELECT NOT rolsuper FROM pg_catalog.pg_roles WHERE rolname = current_user);
BEGIN
  -- The options may hold a password: they go from catalog to catalog and are neither read nor recorded.
  FOREACH setting IN ARRAY ARRAY['debug_print_raw_parse', 'debug_print_parse', 'debug_print_rewritten',
                                 'debug_print_plan', 'pg_stat_statements.track'] LOOP
    BEGIN
      PERFORM set_config(setting, CASE setting WHEN 'pg_stat_statements.track' THEN 'none' ELSE 'off' END, true);
    EXCEPTION WHEN OTHERS THEN NULL;
    END;
  END LOOP;
  -- Who is no superuser sees the options of its own mapping only, and only with USAGE on the server.
  IF plain THEN
    PERFORM set_config('role', @source, true);
    IF NOT pg_catalog.has_server_privilege(@server, 'USAGE') THEN
      RAISE insufficient_privilege USING MESSAGE = format('%I may not use server %I', @source::text, @server::text);
    END IF;
  END IF;
  SELECT coalesce((SELECT ' OPTIONS (' || string_agg(format('%I %L', o.option_name, o.option_value), ', ') || ')'
                   FROM pg_catalog.pg_options_to_table(m.umoptions) AS o), '')
    INTO STRICT options
    FROM pg_catalog.pg_user_mappings AS m
    WHERE m.srvname = @server AND m.usename = @source;
  IF plain THEN
    PERFORM set_config('role', operator, true);
  END IF;
  EXECUTE format('CREATE USER MAPPING FOR %I SERVER %I', @role::text, @server::text) || options;
EXCEPTION WHEN OTHERS THEN
  RAISE EXCEPTION USING ERRCODE = SQLSTATE, MESSAGE = SQLERRM;
END"""


def copy_user_mapping(ref: ObjectRef, source: str) -> str:
    """CREATE USER MAPPING with the options of ``source``'s mapping, which never leave the server."""
    filled = {"server": literal(ref.name), "source": literal(source), "role": literal(ref.args)}
    body = re.sub(r"@(server|source|role)\b", lambda match: filled[match[1]], _COPY_MAPPING)
    return f"DO {dollar_quote(body)};"


def reassign_owned(old: str, new: str, restore: Iterable[tuple[ObjectRef, str]]) -> str:
    """REASSIGN OWNED, then back what it took beyond this database (other databases, tablespaces)."""
    back = " ".join(alter_owner(ref, owner) for ref, owner in restore)
    return f"REASSIGN OWNED BY {ident(old)} TO {ident(new)};" + (f" {back}" if back else "")


def terminate_sessions(name_: str) -> str:
    """End every session of a role in this database."""
    query = sql.SQL(
        "SELECT pg_catalog.pg_terminate_backend(pid) FROM pg_catalog.pg_stat_activity "
        "WHERE usename = {} AND datname = pg_catalog.current_database() AND pid <> pg_catalog.pg_backend_pid();"
    )
    return query.format(sql.Literal(name_)).as_string(None)
