"""What the configuration, the catalog and the journal say about the logins in a log."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from flatsplit import blueprint, membership
from flatsplit.catalog import read_people
from flatsplit.config import Config
from flatsplit.connection import OwnSession, Session
from flatsplit.journal import TRIAL, Journal
from flatsplit.model import HIDDEN_ADDRESS, State
from flatsplit.trail.suspicion import Cast


def known(session: Session, config: Config) -> Cast:
    """The known logins of this database."""
    people = read_people(session.driver)
    acting = _acting(config, people)
    legacy = {config.legacy_role, *(config.owners or ())}
    legacy |= {name for name, acts_as in acting.items() if config.legacy_role in acts_as}
    persons, addresses = _journaled(session, config, people)
    return Cast(
        purposes_of(config, acting),
        persons - legacy,
        frozenset(legacy),
        frozenset(people.roles),
        addresses,
        *_allowed(config),
        bool(addresses),
        trials(session),
    )


def named(config: Config) -> Cast:
    """What the configuration alone says, where there is no connection."""
    legacy = frozenset({config.legacy_role, *(config.owners or ())})
    become, truncate = _allowed(config)
    return Cast(purposes_of(config), legacy=legacy, become=become, truncate=truncate, watched=False)


def purposes_of(config: Config, acting: Mapping[str, tuple[str, ...]] | None = None) -> dict[str, tuple[str, ...]]:
    """By login, the new roles that it acts as, by purpose. ``acting``: which role acts as which, where there is a
    catalog.
    """
    roles = config.roles
    purposes: dict[str, tuple[str, ...]] = {name: (roles.purpose(name),) for name in roles.new}
    for group in config.groups:
        purposes |= dict.fromkeys(group.logins, (group.purpose,))
    purposes |= {name: (purpose,) for name, purpose in config.members}
    purposes |= {one.name: ("special",) for one in config.special}
    for name, acts_as in (acting or {}).items():
        purposes.setdefault(name, tuple(roles.purpose(role) for role in acts_as if roles.purpose(role)))
    return purposes


def _acting(config: Config, people: State) -> Mapping[str, tuple[str, ...]]:
    return membership.attributed(people, config.legacy_role, config.roles.new, config.owners or ())


def _allowed(config: Config) -> tuple[dict[str, frozenset[str]], dict[str, frozenset[str]]]:
    """By purpose, the roles that it may become, and the tables that it may empty."""
    become = {purpose: frozenset(names) for purpose, names in config.become}
    truncate = {grant.purpose: frozenset(grant.names) for grant in config.grants if grant.privilege == "truncate"}
    return become, truncate


def trials(session: Session) -> tuple[OwnSession, ...]:
    """Sessions in which flatsplit itself tried what a role may not do."""
    journal = Journal(session)
    if not journal.exists():
        return ()
    events = (event for record in journal.walks() for event in journal.of(record).events(TRIAL))
    return tuple(
        OwnSession(login, pid, datetime.fromisoformat(began), datetime.fromisoformat(ended))
        for event in events
        for login, pid, began, ended in event.details["sessions"]
    )


def _journaled(session: Session, config: Config, people: State) -> tuple[frozenset[str], frozenset[str]]:
    """Persons and operators, and the addresses from which the migration tool was seen."""
    persons = {people.target.operator, session.driver.info.user}
    if blueprint.administrator(config):
        persons |= {blueprint.administrator(config), *membership.logins_of(people, blueprint.administrator(config))}
    journal = Journal(session)
    if not journal.exists():
        return frozenset(persons), frozenset()
    persons |= {event.db_user for event in journal.events()}
    seen = journal.observations(blueprint.owner(config))
    return frozenset(persons), frozenset({each.client for each in seen} - {HIDDEN_ADDRESS})
