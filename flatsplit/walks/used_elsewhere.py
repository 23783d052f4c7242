"""What other databases use of a role: nothing of that is taken back from here.

Roles, their attributes and memberships are the cluster's. Where another database's application works as app_user, or as
legacy over the bridge, a rollback here may neither drop the role, nor take LOGIN, its password or the membership away.
The last database that goes back takes them along. Pure.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from flatsplit import words
from flatsplit.model import Finding, Member, RoleFacts, State
from flatsplit.walks import marks

NOBODY = RoleFacts()

SHOWN = 3
"""Databases that are called by their names in one line."""


def used(state: State, role: str) -> tuple[str, ...]:
    """The other databases in which a role owns or may do something."""
    return state.roles.get(role, NOBODY).elsewhere


def matters(state: State, key: Member) -> tuple[str, ...]:
    """The other databases for which a membership matters: those in which the member works and the role leads somewhere.

    What a predefined role or one with attributes may do, it may do wherever its member is.
    """
    at = frozenset(used(state, key.member))
    if not at:
        return ()
    found: set[str] = set()
    for role in {key.role, *state.member_of(key.role)}:
        facts = state.roles.get(role, NOBODY)
        if role.startswith("pg_") or facts.superuser or facts.createrole or facts.createdb or facts.bypassrls:
            return tuple(sorted(at))
        found |= at.intersection(facts.elsewhere)
    return tuple(sorted(found))


def listed(databases: Iterable[str]) -> str:
    """``a, b, c and 4 more``."""
    return words.listed([*databases], SHOWN)


def kept(live: State, want: State, alone: State, managed: Iterable[str]) -> Iterator[str]:
    """What ``want`` leaves as it is live and ``alone``, where no other database counts, would not; with the reason."""
    for role in sorted(set(managed) & live.roles.keys() & want.roles.keys()):
        if role not in alone.roles:
            maker = marks.others(live, role)
            why = f"{listed(used(live, role))} uses it" if used(live, role) else f"it was made for {maker}"
            yield f"role {role} stays: {why}"
            continue
        now, then = want.roles[role], alone.roles[role]
        changed = [
            name.upper().replace("_", " ")
            for name in ("login", "password", "superuser", "createdb", "createrole", "replication", "bypassrls")
            if getattr(now, name) and not getattr(then, name)
        ]
        if changed:
            yield f"{role} stays {', '.join(changed)}: {listed(used(live, role))} uses it"
    for key in sorted(live.members.keys() & want.members.keys() - alone.members.keys()):
        if databases := matters(live, key):
            yield f"membership of {key.member} in {key.role} stays: {listed(databases)} uses it"


def alone(state: State) -> State:
    """The same State as if there were no other database; itself where none counts."""
    strange = {name for name in state.roles if marks.others(state, name)}
    changed = {
        name: facts._replace(elsewhere=(), comment="" if name in strange else facts.comment)
        for name, facts in state.roles.items()
        if facts.elsewhere or name in strange
    }
    return state.but(roles={**state.roles, **changed}) if changed else state


def finding(kept: tuple[str, ...], step: str) -> Finding:
    """That these facts of the cluster stay as they are, for the plan that would take them otherwise."""
    return Finding(
        "stays",
        "note",
        f"{len(kept)} {'fact' if len(kept) == 1 else 'facts'} of the cluster stay as they are, for other databases",
        "Roles, their attributes and memberships are shared by all databases; taken away here, they are gone there.",
        "Nothing to do: whichever of these databases goes last takes them along.",
        kept,
        step,
    )
