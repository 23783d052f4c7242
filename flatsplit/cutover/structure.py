"""Columns and keys of the tables in scope, for walks that ask for them."""

from __future__ import annotations

from dataclasses import replace

from flatsplit.catalog.structure import read_keys, read_structure
from flatsplit.config import Config
from flatsplit.connection import Session
from flatsplit.errors import MissingRights
from flatsplit.evidence.tenantrows import keys
from flatsplit.model import Structure
from flatsplit.tenants import survey


def structure(session: Session, config: Config) -> Structure:
    """As the catalog has them, with the keys of the tenants where these can be asked for.

    In a session that may write they are asked for with the rights of the root's owner, in a function of its own; in one
    that may not, by a superuser where that runs nobody's code.
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
