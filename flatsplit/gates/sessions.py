"""The sessions that gates ask about, with the roles they act as."""

from __future__ import annotations

from collections.abc import Mapping

from flatsplit import membership
from flatsplit.gates.gate import Asked
from flatsplit.model import Backend
from flatsplit.server.sessions import read_sessions
from flatsplit.walks.split.context import Context


def acting(asked: Asked[Context]) -> Mapping[str, tuple[str, ...]]:
    """Every role that acts as legacy or a new role, with the roles it acts as: a member's session counts as
    the role's.
    """
    context = asked.context
    return membership.attributed(asked.state, context.legacy, context.config.roles.new, context.retiring)


def clients(asked: Asked[Context]) -> tuple[Backend, ...]:
    """Sessions of these roles in any database."""
    return read_sessions(asked.session.driver, acting(asked), asked.context.legacy)


def on_legacy(asked: Asked[Context]) -> tuple[Backend, ...]:
    """Sessions of this database that act as legacy."""
    database, legacy = asked.state.target.database, asked.context.legacy
    return tuple(one for one in clients(asked) if legacy in one.acts_as and one.database == database)
