"""Who is connected as legacy or as a new role, directly or as a member."""

from __future__ import annotations

from collections.abc import Collection, Mapping

from flatsplit import membership
from flatsplit.catalog import read_people
from flatsplit.config import Config
from flatsplit.connection import APPLICATION_NAME, Session
from flatsplit.model import Backend, State
from flatsplit.server.sessions import read_sessions


def acting(config: Config, people: State) -> Mapping[str, tuple[str, ...]]:
    """Every role that acts as legacy or a new role, with the roles it acts as."""
    return membership.attributed(people, config.legacy_role, config.roles.new, config.owners or ())


def connected(
    session: Session, config: Config, people: State | None = None, also: Collection[str] = ()
) -> tuple[Backend, ...]:
    """Sessions that act as legacy or a new role, without flatsplit's own, which log in to try what a role can do.

    ``people``: roles and memberships, where they are already read. ``also``: further roles whose sessions are wanted.
    """
    legacy = config.legacy_role
    whom = {**dict.fromkeys(also, ()), **acting(config, people or read_people(session.driver))}
    found = read_sessions(session.driver, whom, legacy)
    return tuple(client for client in found if legacy in client.acts_as or client.application != APPLICATION_NAME)
