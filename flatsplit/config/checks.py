"""Checks that the types of a Config cannot express: which values are possible together."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from flatsplit.config import accept, grants, owner_powers, people, set_role, special, tenants
from flatsplit.config.text import quote
from flatsplit.config.values import DEADLOCK_TIMEOUT, NAME_BYTES, PURPOSES, Config
from flatsplit.errors import ConfigError
from flatsplit.words import clipped


def show(value: Any) -> str:
    """A value of the file in an error message: on one line, and not too long."""
    if isinstance(value, bool):
        return str(value).lower()
    text = quote(value) if isinstance(value, str) else str(value).replace("\n", " ")
    return clipped(text, 60)


def validate(config: Config, source: str = "flatsplit.toml") -> None:
    """Raise ConfigError, which names ``source`` and the key, for values that are not possible."""

    def refuse(key: str, what: str, fix: str) -> None:
        raise ConfigError(f"{source}: {key} {what}", fix)

    if not config.name or "\0" in config.name:
        refuse("[cutover] name", "is empty or holds a NUL", "name the cutover, for example after the application")
    _check_name(config.legacy_role, f"{source}: [cutover] legacy_role", "role")
    if not config.schemas:
        refuse("[cutover] schemas", "is empty", 'name at least one schema, for example ["public"]')
    for schema in config.schemas:
        _check_name(schema, f"{source}: [cutover] schemas", "schema")
    if len(set(config.schemas)) < len(config.schemas):
        twice = next(schema for schema in config.schemas if config.schemas.count(schema) > 1)
        refuse("[cutover] schemas", f"names {show(twice)} twice", "name each schema once")
    seen: dict[str, str] = {config.legacy_role: "legacy_role"}
    for purpose in PURPOSES:
        name, key = getattr(config.roles, purpose), f"[roles] {purpose}"
        if purpose == "dba" and not name:
            continue
        _check_name(name, f"{source}: {key}", "role")
        if name in seen:
            refuse(key, f"= {show(name)} is also {seen[name]}", "give every role a name of its own")
        seen[name] = purpose
    for key in ("database_owner", "extension_owner"):
        if getattr(config, key) == "dba" and not config.roles.dba:
            refuse(
                f"[cutover] {key}",
                '= "dba", but there is no such role',
                'use "app_migrator" or "keep", or name dba under [roles]',
            )
    if config.gates.largest_hole <= timedelta(0):
        refuse("[gates] largest_hole", "is not above 0", 'allow some time between two looks, for example "15m"')
    timeout = config.locks.lock_timeout
    if not timedelta(0) < timeout < DEADLOCK_TIMEOUT:
        refuse(
            "[locks] lock_timeout",
            "is not above 0 and below the deadlock_timeout of 1s",
            'keep it small, for example "200ms": the application waits behind flatsplit for as long',
        )
    for name in config.owners or ():
        _check_name(name, f"{source}: [cutover] owners", "role")
        if name in seen:
            refuse("[cutover] owners", f"names {show(name)}, which is {seen[name]}", "leave it out")
    for name in config.other_owners:
        _check_name(name, f"{source}: [cutover] other_owners", "role")
        if name in seen or name in (config.owners or ()):
            why = seen.get(name, "among owners")
            refuse("[cutover] other_owners", f"names {show(name)}, which is {why}", "leave it out")
    for name in config.other_schemas:
        _check_name(name, f"{source}: [cutover] other_schemas", "schema")
        if name in config.schemas:
            refuse("[cutover] other_schemas", f"names {show(name)}, which is among schemas", "leave it out of one")
    grants.check(config.grants, source)
    set_role.check(config.become, seen, source)
    strong = [name for name in (config.roles.app_migrator, config.roles.dba) if name]
    special.check(config.special, seen, PURPOSES, strong, source, _check_name)
    for group in config.groups:
        for name in group.logins:
            _check_name(name, f"{source}: [group.{group.purpose}] logins", "role")
    for name, _ in config.people:
        _check_name(name, f"{source}: [people]", "role")
    people.check(config.members, config.groups, config.people, seen, [one.name for one in config.special], source)
    accept.check(config.accept, source)
    owner_powers.check(config.powers, config.roles.dba, source)
    tenants.check(config.tenants, seen, source)
    if config.locks.max_replication_lag <= timedelta(0):
        refuse("[locks] max_replication_lag", "is not above 0", 'allow standbys some lag, for example "10s"')


def _check_name(name: str, where: str, what: str) -> None:
    """Raise ConfigError where PostgreSQL cannot have a role or schema of this name, or it is reserved."""
    if not name:
        raise ConfigError(f"{where} is empty", f"give the {what} a name")
    if "\0" in name:
        raise ConfigError(f"{where} holds a NUL character", f"no {what} can be named so; correct the name")
    size = len(name.encode("utf-8", "surrogatepass"))
    if size > NAME_BYTES:
        raise ConfigError(
            f"{where} = {show(name)} is {size} bytes long, PostgreSQL keeps {NAME_BYTES}", "shorten the name"
        )
    reserved = ("public", "none") if what == "role" else ("information_schema", "flatsplit")
    if name.startswith("pg_") or name in reserved:
        raise ConfigError(f"{where} = {show(name)} is reserved", f"use another {what}")
