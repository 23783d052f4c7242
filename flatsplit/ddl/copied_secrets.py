"""Secrets in the catalog are copied from there: their values go into no plan, journal or file.

User mappings hold passwords, and applications keep keys in settings of their role (``app.jwt_secret``), where
functions read them with current_setting(). Such a value (:mod:`flatsplit.config.secret_settings`) is known here by a
short digest; by that the server finds it.
"""

from __future__ import annotations

import hashlib
import re

from flatsplit.config.secret_settings import holds_secret
from flatsplit.ddl.names import dollar_quote, literal
from flatsplit.model import ObjectRef

_WITHHELD = re.compile(r"\(not shown, ([0-9a-f]{4})\)")
"""Four digits tell two values apart, but for one pair in 65,536. More of them would confirm a guess from a list of
common passwords.
"""

_QUIET = """\
  FOREACH setting IN ARRAY ARRAY['debug_print_raw_parse', 'debug_print_parse', 'debug_print_rewritten',
                                 'debug_print_plan', 'pg_stat_statements.track'] LOOP
    BEGIN
      PERFORM set_config(setting, CASE setting WHEN 'pg_stat_statements.track' THEN 'none' ELSE 'off' END, true);
    EXCEPTION WHEN OTHERS THEN NULL;
    END;
  END LOOP;
"""
"""Where the server would write down the statement that is made below."""

_COPY_MAPPING = """\
DECLARE
  options text;
  setting text;
  operator text := current_setting('role');
  plain boolean := (SELECT NOT rolsuper FROM pg_catalog.pg_roles WHERE rolname = current_user);
BEGIN
  -- The options may hold a password: they go from catalog to catalog and are neither read nor recorded.
@quiet  -- Who is no superuser sees the options of its own mapping only, and only with USAGE on the server.
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


def is_withheld(value: str) -> bool:
    """Whether :func:`withheld` has made this of a secret."""
    return _WITHHELD.fullmatch(value) is not None


def copy_user_mapping(ref: ObjectRef, source: str) -> str:
    """CREATE USER MAPPING with the options of ``source``'s mapping, which never leave the server."""
    filled = {"quiet": _QUIET, "server": literal(ref.name), "source": literal(source), "role": literal(ref.args)}
    body = re.sub(r"@(quiet|server|source|role)\b", lambda match: filled[match[1]], _COPY_MAPPING)
    return f"DO {dollar_quote(body)};"


def withheld(setting: str, value: str) -> str:
    """The value of a setting as it may be shown and recorded: a few digits of a digest where it is a secret, the value
    itself else.
    """
    if _WITHHELD.fullmatch(value) or not holds_secret(setting, value):
        return value
    return f"(not shown, {hashlib.sha256(value.encode()).hexdigest()[:4]})"


_COPY_SETTING = """\
DECLARE
  found text;
  alike bigint;
  setting text;
BEGIN
  -- The value may be a secret: it goes from catalog to catalog and is neither read nor recorded.
@quiet  SELECT min(substr(c.line, length(@name) + 2)), count(DISTINCT substr(c.line, length(@name) + 2))
    INTO found, alike
    FROM pg_catalog.pg_db_role_setting AS s, unnest(s.setconfig) AS c (line)
    WHERE lower(split_part(c.line, '=', 1)) = lower(@name)
      AND left(encode(sha256(convert_to(substr(c.line, length(@name) + 2), 'UTF8')), 'hex'), 4) = @digest;
  IF alike > 1 THEN
    RAISE cardinality_violation USING MESSAGE = format('two values of %s have the same digits: set it by hand',
                                                       @name::text);
  END IF;
  IF found IS NULL THEN
    RAISE no_data_found USING MESSAGE = format('no role has the value of %s any more', @name::text);
  END IF;
  EXECUTE @head || quote_literal(found);
EXCEPTION WHEN OTHERS THEN
  RAISE EXCEPTION USING ERRCODE = SQLSTATE, MESSAGE = SQLERRM;
END"""


def copy_setting(head: str, setting: str, value: str) -> str | None:
    """``head`` (ALTER ROLE … SET … TO) with the value of this setting that some role or database has, for a value that
    :func:`withheld` has made; None for any other.
    """
    if not (digest := _WITHHELD.fullmatch(value)):
        return None
    filled = {"quiet": _QUIET, "name": literal(setting), "digest": literal(digest[1]), "head": literal(head)}
    body = re.sub(r"@(quiet|name|digest|head)\b", lambda match: filled[match[1]], _COPY_SETTING)
    return f"DO {dollar_quote(body)};"
