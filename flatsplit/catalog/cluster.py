"""What belongs to the cluster: the server itself, roles, memberships, settings."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping

from flatsplit import ddl
from flatsplit.catalog.acl import Names
from flatsplit.catalog.session import Look, Row
from flatsplit.model import Member, MemberOptions, RoleFacts, SettingKey, Settings, Target

_LOGIN = RoleFacts._fields.index("login")

BOOTSTRAP = 10
"""Oid of the role that initdb creates (BOOTSTRAP_SUPERUSERID in pg_authid.dat)."""


def read_target(look: Look, names: Names, settings: Mapping[SettingKey, Settings]) -> Target:
    """The database, and the operator who is connected."""
    server = look.server
    identifier = look.ask("system_identifier")[0][0] if server.reads_identifier else ""
    return Target(
        system_identifier=identifier,
        database=server.database,
        database_oid=server.database_oid,
        version=server.version,
        operator=server.operator,
        operator_superuser=server.superuser,
        bootstrap=names[BOOTSTRAP],
        default_search_path=_default_search_path(look, settings),
    )


def _default_search_path(look: Look, settings: Mapping[SettingKey, Settings]) -> str:
    """The search_path of a role without settings of its own, in the order of process_settings() in postinit.c.

    The database's setting, then that for all roles, then the configuration files. pg_settings shows the operator's own
    session, in which other settings may hide those of the files. Where that is so and the files cannot be read, the
    built-in default is taken.
    """
    server = look.server
    for key in (SettingKey("", server.database), SettingKey("", "")):
        found = dict(settings.get(key, ())).get("search_path")
        if found is not None:
            return found
    if server.search_path_source == "default":
        return server.search_path_boot
    if server.search_path_source == "configuration file":
        return server.search_path_reset
    if server.reads_files:
        lines = look.ask("file_settings", "search_path")
        return str(lines[0][0]) if lines else server.search_path_boot
    own = any("search_path" in dict(values) for key, values in settings.items() if key.role == server.operator)
    pinned = server.search_path_reset.startswith("pg_catalog") or not server.search_path_reset
    if server.search_path_source == "session" and not own and not pinned:
        return server.search_path_reset
    return server.search_path_boot


def read_log_statement(look: Look) -> str:
    """The log_statement of a role without settings of its own other than the database's, from the configuration files.

    Where the operator has a setting of its own, only the files tell.
    """
    source, value = look.ask("log_statement")[0]
    if source in ("default", "configuration file", "command line", "environment variable"):
        return str(value)
    lines = look.ask("file_settings", "log_statement") if look.server.reads_files else []
    return str(lines[0][0]) if lines else "none"


def read_roles(look: Look, rows: list[Row]) -> dict[str, RoleFacts]:
    """The attributes of every role, also of predefined ones, since these are groups."""
    elsewhere: defaultdict[int, list[str]] = defaultdict(list)
    for oid, database in look.ask("elsewhere"):
        elsewhere[oid].append(database)
    comments: dict[int, str] = dict(look.ask("role_comments"))
    passwords = {oid for (oid,) in look.ask("passwords")} if look.server.reads_passwords else None
    return {
        name: RoleFacts._make(
            (
                *attributes,
                oid in passwords if passwords is not None else attributes[_LOGIN],
                tuple(sorted(elsewhere.get(oid, ()))),
                comments.get(oid, ""),
            )
        )
        for oid, name, *attributes in rows
    }


def read_members(look: Look, names: Names) -> dict[Member, MemberOptions]:
    """Memberships, one per grantor on 16 and later."""
    return {
        Member(names[role], names[member], names[grantor]): MemberOptions(admin, inherit, may_set)
        for role, member, grantor, admin, inherit, may_set, _ in look.ask("members")
    }


def read_settings(look: Look, names: Names) -> dict[SettingKey, Settings]:
    """Settings per role and database; of secrets a digest."""
    return {
        SettingKey(names[role] if role else "", database): tuple(
            sorted((name, ddl.withheld(name, value)) for name, _, value in (pair.partition("=") for pair in pairs))
        )
        for role, database, pairs in look.ask("settings")
    }


def read_databases(look: Look, names: Names) -> dict[str, tuple[str, ...]]:
    """The other databases of the cluster that each role owns."""
    owned: defaultdict[str, list[str]] = defaultdict(list)
    for owner, database in look.ask("databases"):
        owned[names[owner]].append(database)
    return {owner: tuple(sorted(databases)) for owner, databases in owned.items()}
