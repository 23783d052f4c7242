"""The only place where an identifier becomes SQL.

Every function gives one statement as text, quoted by psycopg.sql. Types in routine and operator
signatures come quoted from the server itself (format_type() under a pinned search_path).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from functools import lru_cache

from psycopg import sql

from flatsplit import privileges
from flatsplit.errors import FlatsplitError
from flatsplit.model import (
    PUBLIC,
    ROUTINES,
    TABLES,
    DefaultRef,
    Member,
    MemberOptions,
    ObjectRef,
    RoleFacts,
)

_OPERATOR = re.compile(r"[-+*/<>=~!@#%^&|`?]+")

_ALTER_WORD: dict[str, str] = {
    "partitioned_table": "TABLE",
    "function": "ROUTINE",
    "procedure": "ROUTINE",
    "aggregate": "ROUTINE",
}
_DEFAULT_WORD = {
    "r": "TABLES",
    "S": "SEQUENCES",
    "f": "ROUTINES",
    "T": "TYPES",
    "n": "SCHEMAS",
    "L": "LARGE OBJECTS",
}
# variable_is_guc_list_quote() in pg_dump: their elements are quoted one by one.
_LIST_SETTINGS = frozenset(
    {
        "local_preload_libraries",
        "search_path",
        "session_preload_libraries",
        "shared_preload_libraries",
        "temp_tablespaces",
        "unix_socket_directories",
    }
)


@lru_cache(maxsize=65536)
def ident(*parts: str) -> str:
    """One quoted, dotted identifier: ``ident("public", "a b")`` → ``"public"."a b"``."""
    return sql.Identifier(*parts).as_string(None)


def literal(value: str) -> str:
    """A quoted string constant, safe under any standard_conforming_strings."""
    return sql.Literal(value).as_string(None).strip()


def role(name: str) -> str:
    """A grantee: a quoted role name, or PUBLIC."""
    return "PUBLIC" if name == PUBLIC else ident(name)


def alter_word(kind: str) -> str:
    """The keyword after ALTER for a kind: ``materialized_view`` → ``MATERIALIZED VIEW``."""
    return _ALTER_WORD.get(kind) or kind.replace("_", " ").upper()


_PLURALS = {"statistics": "statistics", "operator_class": "operator classes", "operator_family": "operator families"}
_PLURALS |= {"text_search_dictionary": "text search dictionaries", "policy": "policies"}


def plural(kind: str) -> str:
    """``materialized_view`` → ``materialized views``. Not SQL."""
    return _PLURALS.get(kind) or kind.replace("_", " ") + "s"


def grant_word(kind: str) -> str:
    """The keyword after ON in GRANT for a kind."""
    if kind in TABLES or kind in ("view", "materialized_view"):
        return "TABLE"
    if kind == "server":
        return "FOREIGN SERVER"
    return "TYPE" if kind == "domain" else alter_word(kind)


def name(ref: ObjectRef) -> str:
    """The object's name as ALTER and GRANT want it."""
    kind = ref.kind
    if kind in ROUTINES:
        return f"{ident(ref.schema, ref.name)}({ref.args})"
    if kind == "operator":
        if not _OPERATOR.fullmatch(ref.name):
            raise FlatsplitError(f"the server names an operator {ref.name!r}", "report this as a bug in flatsplit")
        return f"{ident(ref.schema)}.{ref.name} ({ref.args})"
    if kind in ("operator_class", "operator_family"):
        return f"{ident(ref.schema, ref.name)} USING {ident(ref.args)}"
    if kind == "large_object":
        return str(int(ref.name))
    if kind == "parameter":
        return ident(*ref.name.split("."))
    return ident(ref.schema, ref.name) if ref.schema else ident(ref.name)


def label(ref: ObjectRef) -> str:
    """The object as a person would call it: ``table public.orders``. Not SQL; one line."""
    if ref.kind == "column":
        text = f"column {ref.schema}.{ref.name}.{ref.args}"
    elif ref.kind == "policy":
        text = f"policy {ref.args} on {ref.schema}.{ref.name}"
    elif ref.kind == "user_mapping":
        text = f"user mapping of {ref.args or 'PUBLIC'} on server {ref.name}"
    else:
        dotted = f"{ref.schema}.{ref.name}" if ref.schema else ref.name
        args = f"({ref.args})" if ref.kind in ROUTINES or ref.kind == "operator" else ""
        text = f"{ref.kind.replace('_', ' ')} {dotted}{args}"
    return text.replace("\n", "\\n").replace("\r", "\\r")


def alter_owner(ref: ObjectRef, owner: str) -> str:
    """``ALTER TABLE … OWNER TO …``."""
    return f"ALTER {alter_word(ref.kind)} {name(ref)} OWNER TO {ident(owner)};"


def _as_grantor(statement: str, grantor: str) -> str:
    """GRANTED BY takes only the current user for object privileges, so another grantor means acting as it."""
    return f"SET LOCAL ROLE {ident(grantor)}; {statement} RESET ROLE;" if grantor else statement


def grant(refs: Sequence[ObjectRef], letters: str, grantee: str, *, option: bool = False, grantor: str = "") -> str:
    """GRANT on objects that share one GRANT keyword; ``grantor`` "" is the owner."""
    on = ", ".join(map(name, refs))
    tail = " WITH GRANT OPTION" if option else ""
    return _as_grantor(
        f"GRANT {privileges.names(letters)} ON {grant_word(refs[0].kind)} {on} TO {role(grantee)}{tail};", grantor
    )


def revoke(refs: Sequence[ObjectRef], letters: str, grantee: str, *, option: bool = False, grantor: str = "") -> str:
    """REVOKE, or with ``option`` REVOKE GRANT OPTION FOR."""
    on = ", ".join(map(name, refs))
    head = "REVOKE GRANT OPTION FOR" if option else "REVOKE"
    return _as_grantor(
        f"{head} {privileges.names(letters)} ON {grant_word(refs[0].kind)} {on} FROM {role(grantee)};", grantor
    )


def _column_privileges(letters: str, column: str) -> str:
    return ", ".join(f"{privileges.NAMES[letter]} ({ident(column)})" for letter in letters)


def grant_column(ref: ObjectRef, letters: str, grantee: str, *, option: bool = False, grantor: str = "") -> str:
    """GRANT on one column."""
    tail = " WITH GRANT OPTION" if option else ""
    table = ident(ref.schema, ref.name)
    return _as_grantor(
        f"GRANT {_column_privileges(letters, ref.args)} ON TABLE {table} TO {role(grantee)}{tail};", grantor
    )


def revoke_column(ref: ObjectRef, letters: str, grantee: str, *, option: bool = False, grantor: str = "") -> str:
    """REVOKE on one column."""
    head = "REVOKE GRANT OPTION FOR" if option else "REVOKE"
    table = ident(ref.schema, ref.name)
    return _as_grantor(
        f"{head} {_column_privileges(letters, ref.args)} ON TABLE {table} FROM {role(grantee)};", grantor
    )


def _defaults_head(ref: DefaultRef) -> str:
    where = f" IN SCHEMA {ident(ref.schema)}" if ref.schema else ""
    return f"ALTER DEFAULT PRIVILEGES FOR ROLE {ident(ref.creator)}{where}"


def grant_default(ref: DefaultRef, letters: str, grantee: str, *, option: bool = False) -> str:
    """ALTER DEFAULT PRIVILEGES … GRANT."""
    tail = " WITH GRANT OPTION" if option else ""
    what = f"GRANT {privileges.names(letters)} ON {_DEFAULT_WORD[ref.objtype]} TO {role(grantee)}{tail}"
    return f"{_defaults_head(ref)} {what};"


def revoke_default(ref: DefaultRef, letters: str, grantee: str, *, option: bool = False) -> str:
    """ALTER DEFAULT PRIVILEGES … REVOKE."""
    head = "REVOKE GRANT OPTION FOR" if option else "REVOKE"
    what = f"{head} {privileges.names(letters)} ON {_DEFAULT_WORD[ref.objtype]} FROM {role(grantee)}"
    return f"{_defaults_head(ref)} {what};"


def grant_member(member: Member, options: MemberOptions, *, by: bool) -> str:
    """GRANT role TO member; ``by`` names the grantor (16+, where it is not the one the server would record)."""
    head = f"GRANT {ident(member.role)} TO {ident(member.member)}"
    if options.inherit is None:
        return head + (" WITH ADMIN OPTION;" if options.admin else ";")
    flags = (("ADMIN", options.admin), ("INHERIT", options.inherit), ("SET", options.set))
    text = ", ".join(f"{word} {'TRUE' if value else 'FALSE'}" for word, value in flags)
    return f"{head} WITH {text}{_granted_by(member, by)};"


def _granted_by(member: Member, by: bool) -> str:
    return f" GRANTED BY {ident(member.grantor)}" if by else ""


def revoke_member(member: Member, *, by: bool, admin_only: bool = False) -> str:
    """REVOKE role FROM member."""
    head = "REVOKE ADMIN OPTION FOR" if admin_only else "REVOKE"
    return f"{head} {ident(member.role)} FROM {ident(member.member)}{_granted_by(member, by)};"


def join_role(name_: str, version: int) -> str:
    """Make the current user a member of a role, for the length of a transaction."""
    options = " WITH INHERIT TRUE, SET TRUE" if version >= 160000 else ""
    return f"GRANT {ident(name_)} TO CURRENT_USER{options};"


def leave_role(name_: str, version: int) -> str:
    """Undo :func:`join_role`; a membership of the current user's by another grantor stays."""
    by = " GRANTED BY CURRENT_USER" if version >= 160000 else ""
    return f"REVOKE {ident(name_)} FROM CURRENT_USER{by};"


_FLAGS = ("superuser", "createdb", "createrole", "inherit", "replication", "bypassrls")


def role_options(have: RoleFacts, want: RoleFacts, fields: Iterable[str]) -> str:
    """The option words that lead from one to the other, for the given fields; "" if there is no difference."""
    words = []
    for field in fields:
        value = getattr(want, field)
        if value == getattr(have, field):
            continue
        if field == "connection_limit":
            words.append(f"CONNECTION LIMIT {int(value)}")
        elif field == "valid_until":
            words.append(f"VALID UNTIL {literal(value if value is not None else 'infinity')}")
        else:
            words.append(("" if value else "NO") + field.upper())
    return " ".join(words)


def create_role(name_: str, facts: RoleFacts) -> str:
    """CREATE ROLE, always NOLOGIN and without a password."""
    options = role_options(RoleFacts(), facts, (*_FLAGS, "connection_limit", "valid_until"))
    return f"CREATE ROLE {ident(name_)} NOLOGIN{' ' + options if options else ''};"


def alter_role(name_: str, options: str) -> str:
    """ALTER ROLE with option words made by :func:`role_options` or constants."""
    return f"ALTER ROLE {ident(name_)} {options};"


def drop_role(name_: str) -> str:
    """DROP ROLE."""
    return f"DROP ROLE {ident(name_)};"


def verifier_variable(name_: str) -> str:
    """The psql variable that holds a role's password verifier: letters, digits and _ only, as psql wants it."""
    safe = re.sub(r"[^A-Za-z0-9]", "_", name_) if name_.isascii() and name_.replace("_", "a").isalnum() else ""
    return f"{safe}_verifier" if safe else f"role_{name_.encode().hex()}_verifier"


def login_with_password(name_: str) -> str:
    """ALTER ROLE … LOGIN PASSWORD with the verifier as a psql variable; executor.py fills it in."""
    return f"ALTER ROLE {ident(name_)} LOGIN PASSWORD :'{verifier_variable(name_)}';"


def fill_verifier(statement: str, name_: str, verifier: str) -> str:
    """The statement with the psql variable replaced by the verifier, at the last moment before it is sent."""
    head, found, tail = statement.rpartition(f":'{verifier_variable(name_)}'")
    if not found:
        raise FlatsplitError(f"no place for the verifier of {name_!r}", "report this as a bug in flatsplit")
    return head + literal(verifier) + tail


def split_list(value: str) -> list[str]:
    """The elements of a list setting as kept in setconfig, unquoted (SplitGUCList(), dumputils.c)."""
    elements = []
    for quoted, plain in re.findall(r'\s*(?:"((?:[^"]|"")*)"|([^,"\s][^,]*?))\s*(?:,|$)', value):
        elements.append(quoted.replace('""', '"') if quoted else plain)
    return elements


def same_setting(setting: str, one: str | None, other: str | None) -> bool:
    """Whether two values of a setting mean the same: the server quotes the elements of a list as it sees fit."""
    if one is None or other is None or setting.lower() not in _LIST_SETTINGS:
        return one == other
    return split_list(one) == split_list(other)


def _setting_value(setting: str, value: str) -> str:
    if setting.lower() in _LIST_SETTINGS:
        return ", ".join(map(literal, split_list(value))) or "''"
    return literal(value)


def _settings_head(name_: str, database: str) -> str:
    return f"ALTER ROLE {ident(name_)}" + (f" IN DATABASE {ident(database)}" if database else "")


def set_setting(name_: str, database: str, setting: str, value: str) -> str:
    """ALTER ROLE … IN DATABASE … SET."""
    return f"{_settings_head(name_, database)} SET {ident(*setting.split('.'))} TO {_setting_value(setting, value)};"


def reset_setting(name_: str, database: str, setting: str) -> str:
    """ALTER ROLE … IN DATABASE … RESET."""
    return f"{_settings_head(name_, database)} RESET {ident(*setting.split('.'))};"


def alter_policy(ref: ObjectRef, roles: Iterable[str]) -> str:
    """ALTER POLICY … TO …."""
    to = ", ".join(role(each) for each in sorted(roles))
    return f"ALTER POLICY {ident(ref.args)} ON {ident(ref.schema, ref.name)} TO {to};"


def drop_user_mapping(ref: ObjectRef) -> str:
    """DROP USER MAPPING."""
    return f"DROP USER MAPPING FOR {role(ref.args)} SERVER {ident(ref.name)};"


def dollar_quote(body: str) -> str:
    """``body`` between dollar quotes whose tag does not occur in it."""
    tag = "flatsplit"
    while f"${tag}$" in body:
        tag += "_"
    return f"${tag}$\n{body}\n${tag}$"


_COPY_MAPPING = """\
DECLARE
  options text;
  setting text;
BEGIN
  -- The options may hold a password: they go from catalog to catalog and are neither read nor recorded.
  FOREACH setting IN ARRAY ARRAY['debug_print_raw_parse', 'debug_print_parse', 'debug_print_rewritten',
                                 'debug_print_plan', 'pg_stat_statements.track'] LOOP
    BEGIN
      PERFORM set_config(setting, CASE setting WHEN 'pg_stat_statements.track' THEN 'none' ELSE 'off' END, true);
    EXCEPTION WHEN OTHERS THEN NULL;
    END;
  END LOOP;
  SELECT coalesce((SELECT ' OPTIONS (' || string_agg(format('%I %L', o.option_name, o.option_value), ', ') || ')'
                   FROM pg_catalog.pg_options_to_table(m.umoptions) AS o), '')
    INTO STRICT options
    FROM pg_catalog.pg_user_mappings AS m
    WHERE m.srvname = @server AND m.usename = @source;
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
