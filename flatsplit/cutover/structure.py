"""Columns and keys of the tables in scope, for walks that need them."""

from __future__ import annotations

from dataclasses import replace

from flatsplit import ddl
from flatsplit.catalog import unread_tenants
from flatsplit.catalog.structure import read_keys, read_structure
from flatsplit.config import Config, parse
from flatsplit.connection import Session
from flatsplit.errors import ConfigError, MissingRights
from flatsplit.evidence.tenant_rows import keys
from flatsplit.model import State, Structure
from flatsplit.tenants import survey


def structure(session: Session, config: Config) -> Structure:
    """Columns and keys from the catalog, with the keys of tenants where they can be read.

    A session that may write reads the keys with the rights of the root table's owner, in a function that belongs to it;
    one that only looks copies them, which runs nobody's code, where they are in one table.
    """
    found = read_structure(session.driver, config.schemas)
    if config.tenants is None:
        return found
    known = survey(config.tenants, found)
    if known.root is None or not known.key_type:
        return found
    if not session.write:
        return replace(found, keys=read_keys(session.driver, known.root))
    try:
        return replace(found, keys=keys(session.driver, known))
    except MissingRights:
        return found


def require_read(session: Session, config: Config, live: State) -> None:
    """Raise MissingRights where the table that maps roles to tenants cannot be read: an empty answer would be wrong."""
    if live.tenants or config.tenants is None or live.target.operator_superuser:
        return
    ref = ddl.tenancy_of(config.tenants.schema)
    if ref in live.tenancies and ref in unread_tenants(session.driver):
        owner, operator = live.objects[ref].owner, live.target.operator
        security = live.row_security.get(ref)
        if security is not None and security.forced:
            raise MissingRights(
                f"{ddl.label(ref)} says which role is whose, and its policies count for {owner}, too",
                f"ALTER TABLE {ddl.name(ref)} NO FORCE ROW LEVEL SECURITY;",
            )
        raise MissingRights(
            f"{ddl.label(ref)} says which role is whose, and {operator} may read it only as {owner}",
            f"connect to the primary, as a superuser or as a role that may act as {owner}",
        )


def require_same(config: Config, begun_with: str) -> None:
    """Raise ConfigError where names by which a walk is identified have changed since it began.

    ``begun_with`` is the configuration of then. With another name of the group, for example, it would be another walk.
    """
    before, now = parse(begun_with).tenants, config.tenants
    if before is None:
        return
    if now is None:
        raise ConfigError(
            "flatsplit.toml has no section [tenants] any more, and their walk is under way",
            "put it back as it was; once flatsplit rollback --walk tenants --all has taken the walk back, it may go",
        )
    for key in ("root", "group", "schema", "connect", *(("pool",) if before.connect == "pool" else ())):
        was, will = getattr(before, key), getattr(now, key)
        if was != will:
            raise ConfigError(
                f"[tenants] {key} is {will!r} in flatsplit.toml, and was {was!r} when the walk began",
                f"put {was!r} back, or take the walk back with it first: flatsplit rollback --walk tenants --all",
            )
