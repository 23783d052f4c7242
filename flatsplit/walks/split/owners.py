"""Other owners that legacy acts as: an application may log in as one role and own everything as another. Pure."""

from __future__ import annotations

from collections import Counter
from typing import NamedTuple

from flatsplit import membership
from flatsplit.model import JOURNAL_SCHEMA, ROUTINES, State
from flatsplit.walks.other_databases import abroad
from flatsplit.walks.split.context import Context


class ActedFor(NamedTuple):
    """Another role that legacy acts as, and what it owns in this database."""

    role: str
    objects: int
    schemas: tuple[str, ...]
    begins: bool
    """Whether a setting makes legacy's sessions begin as this role."""


def begins_as(state: State, legacy: str) -> frozenset[str]:
    """Roles that legacy's sessions begin as, because of a setting."""
    return frozenset(
        value
        for key, row in state.settings.items()
        if key.role == legacy and key.database in ("", state.target.database)
        for name, value in row
        if name == "role" and value not in ("none", legacy)
    )


def owned(state: State) -> dict[str, Counter[str]]:
    """How many objects each role owns in each schema, without those of extensions and of the system."""
    found: dict[str, Counter[str]] = {}
    for group in state.groups:
        schema = group.refs[0].name if group.kind == "schema" else group.schema
        facts = group.facts
        made = facts.extension or facts.note == "system" or (facts.follows and group.kind in ROUTINES)
        if schema and schema != JOURNAL_SCHEMA and not made:
            found.setdefault(facts.owner, Counter())[schema] += len(group.refs)
    return found


def acted_for(state: State, legacy: str, new: tuple[str, ...]) -> tuple[ActedFor, ...]:
    """Roles that legacy can become and that own more than it does, or that its sessions begin as; the largest owner
    first.
    """
    begins = begins_as(state, legacy)
    others = _others(state, legacy, new)
    if not others:
        return ()  # as in most databases, which are spared the look at all objects below
    have = owned(state)
    own = sum(have.get(name, Counter()).total() for name in (legacy, *new))
    found = [
        ActedFor(name, have[name].total(), tuple(sorted(have[name])), name in begins)
        for name in others
        if name in have and (name in begins or have[name].total() > own)
    ]
    return tuple(sorted(found, key=lambda one: (-one.objects, one.role)))


def _others(state: State, legacy: str, new: tuple[str, ...]) -> frozenset[str]:
    apart = {*new, state.target.operator, *abroad(legacy, state)}
    return frozenset(
        name
        for name in membership.becomes(state, legacy, new) - apart
        if name in state.roles and not name.startswith("pg_") and not state.roles[name].superuser
    )


def staying(state: State, context: Context) -> frozenset[str]:
    """Owners in the schemas in scope that legacy can become, and that by decision keep what they own."""
    if context.config.owners is None:
        return frozenset()
    members = {**state.members, **context.holdings(state).members}
    asked = State(state.target, state.roles, members)
    others = _others(asked, context.legacy, context.config.roles.new) - context.retiring
    if not others:
        return frozenset()
    have = owned(state)
    return frozenset(name for name in others if not context.scope.isdisjoint(have.get(name, ())))


def dormant(state: State, context: Context) -> tuple[str, ...]:
    """Legacy and owners that move like it, as far as the bridge would give them nothing because they are NOINHERIT.

    From 16 on the membership itself has INHERIT. One that owns nothing and works as another role needs no bridge.
    """
    if state.target.membership_options:
        return ()
    shut = [name for name in sorted(context.retiring & state.roles.keys()) if not state.roles[name].inherit]
    shut = [name for name in shut if not state.roles[name].superuser]
    if not shut or context.config.owners is None:
        return tuple(shut)
    have = owned(state)
    return tuple(name for name in shut if name in have)
