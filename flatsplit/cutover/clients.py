"""Who is connected as legacy or as one of the new roles, as itself or as a member."""

from __future__ import annotations

from collections.abc import Collection, Mapping

from flatsplit import membership
from flatsplit.catalog import read_people
from flatsplit.config import Config
from flatsplit.connection import APPLICATION_NAME, Session
from flatsplit.model import Backend, State
from flatsplit.server.sessions import read_sessions


def acting(config: Config, people: State) -> Mapping[str, tuple[str, ...]]:
    """Who acts as legacy or a new role, and as which."""
    return membership.attributed(people, config.legacy_role, config.roles.new, config.owners or ())


def connected(
    session: Session, config: Config, people: State | None = None, also: Collection[str] = ()
) -> tuple[Backend, ...]:
    """Sessions that act as legacy or a new role, without those by which flatsplit itself tries what a new role can.

    ``people``: roles and memberships, where they were read a moment ago. ``also``: roles whose sessions are wanted
    though they act as none of these.
    """
    legacy = config.legacy_role
    whom = {**dict.fromkeys(also, ()), **acting(config, people or read_people(session.driver))}
    found = read_sessions(session.driver, whom, legacy)
    return tuple(client for client in found if legacy in client.acts_as or client.application != APPLICATION_NAME)
