"""What other databases use of a role, which a rollback here does not take away.

Roles, their attributes and memberships belong to the cluster. Where another database's application works as app_user,
or as legacy over the bridge, a rollback may neither drop the role nor take away LOGIN, its password or the membership.
The last database to go back does. Pure.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from flatsplit import words
from flatsplit.model import Finding, Member, RoleFacts, State
from flatsplit.walks import marks

NOBODY = RoleFacts()

SHOWN = 3
"""How many databases are named in one line."""


def used(state: State, role: str) -> tuple[str, ...]:
    """The other databases in which a role owns something or has rights."""
    return state.roles.get(role, NOBODY).elsewhere


def matters(state: State, key: Member) -> tuple[str, ...]:
    """The other databases for which a membership matters: the member works there, and the role gives it something
    there.

    Rights of a predefined role, or of one with attributes, count wherever the member works.
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
    """For each fact that ``want`` leaves as it is live because of other databases, and ``alone`` would change: a line
    with the reason.
    """
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
    """The same State as if there were no other database; the very same object where none counts."""
    strange = {name for name in state.roles if marks.others(state, name)}
    changed = {
        name: facts._replace(elsewhere=(), comment="" if name in strange else facts.comment)
        for name, facts in state.roles.items()
        if facts.elsewhere or name in strange
    }
    return state.but(roles={**state.roles, **changed}) if changed else state


def finding(kept: tuple[str, ...], step: str) -> Finding:
    """The finding that these facts of the cluster stay as they are."""
    return Finding(
        "stays",
        "note",
        f"{len(kept)} {'fact' if len(kept) == 1 else 'facts'} of the cluster stay as they are, for other databases",
        "Roles, their attributes and memberships are shared by all databases; taken away here, they are gone there.",
        "Nothing to do: whichever of these databases goes last takes them along.",
        kept,
        step,
    )
