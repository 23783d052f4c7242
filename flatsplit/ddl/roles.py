"""Roles: memberships, attributes, passwords, settings."""

from __future__ import annotations

import re
from collections.abc import Iterable

from flatsplit.config.grants import fold, format_name
from flatsplit.ddl.copied_secrets import copy_setting, withheld
from flatsplit.ddl.names import ident, literal
from flatsplit.errors import FlatsplitError
from flatsplit.model import Member, MemberOptions, RoleFacts, State, versions

# variable_is_guc_list_quote() in pg_dump: elements of these settings are quoted one by one
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
_LISTS_OF_NAMES = frozenset({"search_path", "temp_tablespaces"})


def grant_member(member: Member, options: MemberOptions, *, by: bool) -> str:
    """GRANT role TO member; ``by`` adds GRANTED BY."""
    head = f"GRANT {ident(member.role)} TO {ident(member.member)}"
    if options.inherit is None:
        return head + (" WITH ADMIN OPTION" if options.admin else "") + _granted_by(member, by) + ";"
    flags = (("ADMIN", options.admin), ("INHERIT", options.inherit), ("SET", options.set))
    text = ", ".join(f"{word} {'TRUE' if value else 'FALSE'}" for word, value in flags)
    return f"{head} WITH {text}{_granted_by(member, by)};"


def _granted_by(member: Member, by: bool) -> str:
    return f" GRANTED BY {ident(member.grantor)}" if by else ""


def revoke_member(member: Member, *, by: bool, admin_only: bool = False) -> str:
    """REVOKE role FROM member."""
    head = "REVOKE ADMIN OPTION FOR" if admin_only else "REVOKE"
    return f"{head} {ident(member.role)} FROM {ident(member.member)}{_granted_by(member, by)};"


def end_membership(state: State, role: str, member: str) -> str:
    """REVOKE role FROM member, once for each grantor: since 16 memberships are kept and revoked per grantor."""
    keys = sorted(key for key in state.members if key[:2] == (role, member)) or [Member(role, member, "")]
    by = state.target.membership_options
    return " ".join(revoke_member(key, by=by and bool(key.grantor)) for key in keys)


def join_role(name_: str, version: int) -> str:
    """Make the current user a member of a role, for the length of a transaction."""
    options = " WITH INHERIT TRUE, SET TRUE" if versions.major_of(version) >= versions.MEMBER_OPTIONS else ""
    return f"GRANT {ident(name_)} TO CURRENT_USER{options};"


def leave_role(name_: str, version: int, before: MemberOptions | None = None) -> str:
    """Undo :func:`join_role`; a membership that the current user had granted itself gets its former options again.

    One by another grantor was not changed: 16 keeps them apart, and before, a member does not join.
    """
    if before is not None:
        return rejoin_role(name_, "TRUE" if before.inherit else "FALSE", "TRUE" if before.set else "FALSE")
    by = " GRANTED BY CURRENT_USER" if versions.major_of(version) >= versions.MEMBER_OPTIONS else ""
    return f"REVOKE {ident(name_)} FROM CURRENT_USER{by};"


def rejoin_role(name_: str, inherit: str, set_: str) -> str:
    """Give a membership that the current user has granted itself these options (16+): words or psql variables."""
    return f"GRANT {ident(name_)} TO CURRENT_USER WITH INHERIT {inherit}, SET {set_} GRANTED BY CURRENT_USER;"


_FLAGS = ("superuser", "createdb", "createrole", "inherit", "replication", "bypassrls")


def role_options(have: RoleFacts, want: RoleFacts, fields: Iterable[str]) -> str:
    """The option words that lead from one to the other for these fields; "" where they do not differ."""
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


def comment_on_role(name_: str, comment: str) -> str:
    """COMMENT ON ROLE; "" removes the comment."""
    return f"COMMENT ON ROLE {ident(name_)} IS {literal(comment) if comment else 'NULL'};"


def alter_role(name_: str, options: str) -> str:
    """ALTER ROLE with option words made by :func:`role_options` or constants."""
    return f"ALTER ROLE {ident(name_)} {options};"


def drop_role(name_: str) -> str:
    """DROP ROLE."""
    return f"DROP ROLE {ident(name_)};"


def verifier_variable(name_: str) -> str:
    """The psql variable for a role's password verifier, made of letters, digits and _ only, as psql requires."""
    safe = re.sub(r"[^A-Za-z0-9]", "_", name_) if name_.isascii() and name_.replace("_", "a").isalnum() else ""
    return f"{safe}_verifier" if safe else f"role_{name_.encode().hex()}_verifier"


def login_with_password(name_: str) -> str:
    """ALTER ROLE … LOGIN PASSWORD with a psql variable for the verifier; executor/records.py fills it in."""
    return f"ALTER ROLE {ident(name_)} LOGIN PASSWORD :'{verifier_variable(name_)}';"


def change_password(name_: str) -> str:
    """ALTER ROLE … PASSWORD with a psql variable for the verifier, for a role that can log in already."""
    return f"ALTER ROLE {ident(name_)} PASSWORD :'{verifier_variable(name_)}';"


def fill_verifier(statement: str, name_: str, verifier: str) -> str:
    """The statement with the psql variable replaced by the verifier, just before it is sent."""
    head, found, tail = statement.rpartition(f":'{verifier_variable(name_)}'")
    if not found:
        raise FlatsplitError(f"no place for the verifier of {name_!r}", "report this as a bug in flatsplit")
    return head + literal(verifier) + tail


def split_list(value: str) -> list[str]:
    """The elements of a list setting as stored in setconfig, unquoted (SplitGUCList(), dumputils.c).

    Empty elements are left out: an empty list is stored as ``""``.
    """
    return [quoted.replace('""', '"') if quoted else plain for quoted, plain in _elements(value)]


def _elements(value: str) -> list[tuple[str, str]]:
    """(with quotes, without quotes) of each element that is not empty; one of the two is ""."""
    found = re.findall(r'\s*(?:"((?:[^"]|"")*)"|([^,"\s][^,]*?))\s*(?:,|$)', value)
    return [(quoted, plain) for quoted, plain in found if quoted or plain]


def folded_list(setting: str, value: str) -> str:
    """A list of names as the server stores it: names without quotes are folded, as in SQL (SplitIdentifierString(),
    varlena.c). Other settings are returned as they are.
    """
    if setting.lower() not in _LISTS_OF_NAMES:
        return value
    names = (quoted.replace('""', '"') if quoted else fold(plain) for quoted, plain in _elements(value))
    return ", ".join(map(format_name, names))


def same_setting(setting: str, one: str | None, other: str | None) -> bool:
    """Whether two values of a setting mean the same: the server may quote the elements of a list differently."""
    if one is None or other is None:
        return one is other
    if setting.lower() not in _LIST_SETTINGS:
        return withheld(setting, one) == withheld(setting, other)
    return split_list(one) == split_list(other)


def _setting_value(setting: str, value: str) -> str:
    if setting.lower() in _LIST_SETTINGS:
        return ", ".join(map(literal, split_list(value))) or "''"
    return literal(value)


def _settings_head(name_: str, database: str) -> str:
    if not name_:
        return f"ALTER DATABASE {ident(database)}" if database else "ALTER ROLE ALL"
    return f"ALTER ROLE {ident(name_)}" + (f" IN DATABASE {ident(database)}" if database else "")


def set_setting(name_: str, database: str, setting: str, value: str) -> str:
    """ALTER ROLE … IN DATABASE … SET. A secret is copied from where it is."""
    head = f"{_settings_head(name_, database)} SET {ident(*setting.split('.'))} TO "
    return copy_setting(head, setting, value) or f"{head}{_setting_value(setting, value)};"


def reset_setting(name_: str, database: str, setting: str) -> str:
    """ALTER ROLE … IN DATABASE … RESET; ALTER DATABASE … RESET where it is set for all roles."""
    return f"{_settings_head(name_, database)} RESET {ident(*setting.split('.'))};"
