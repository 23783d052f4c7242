"""Finds what would keep a new role from being dropped at the end of a rollback, before the first statement.

The plan takes back what others made for the role: rights, memberships, policies, mappings, default privileges and
objects that it owns. DROP ROLE itself checks pg_shdepend, so that is asked for what the plan misses.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from flatsplit import ddl, words
from flatsplit.catalog import unknown_dependencies
from flatsplit.connection import Session
from flatsplit.cutover.situation import Situation
from flatsplit.errors import Refused
from flatsplit.model import Acl, State
from flatsplit.server.asking import ask

if TYPE_CHECKING:
    from flatsplit.cutover.walk import Walk
    from flatsplit.model import Plan

SHOWN = 5


def require_way_back(session: Session, situation: Situation) -> None:
    """Raise Refused where a role that is to be dropped would be left with something."""
    want, gone = situation.taken_back(situation.kind.keys[0])
    for role in gone:
        left = [
            *unknown_dependencies(session.driver, role, situation.live),
            *(f"initial privileges for {name}" for (name,) in ask(session.driver, "initial_rights", {"role": role})),
            *_named(want, role),
        ]
        if left:
            raise Refused(
                f"{role} could not be dropped at the end, nothing is done yet: {words.listed(left, SHOWN, apart='; ')}",
                f"hand it over or let go of it: REASSIGN OWNED BY {ddl.ident(role)} TO …; "
                f"DROP OWNED BY {ddl.ident(role)}; then run the same command again",
            )


def _named(want: State, role: str) -> Iterator[str]:
    """Facts of the State after the rollback that name the role."""

    def holds(acl: Acl) -> bool:
        return any(role in (item.grantee, item.grantor) for item in acl)

    for group in want.groups:
        if group.facts.owner == role or holds(group.facts.acl):
            yield from map(ddl.label, group.refs)
    yield from (ddl.label(ref) for ref, acl in want.columns.items() if holds(acl))
    yield from (
        f"default privileges of {ref.creator}"
        for ref, acl in want.defaults.items()
        if ref.creator == role or holds(acl)
    )
    yield from (ddl.label(ref) for ref, named in want.policies.items() if role in named)
    yield from (ddl.label(ref) for ref in want.mappings if ref.args == role)
    if want.target.membership_options:
        yield from (f"membership of {key.member} in {key.role}" for key in want.members if role in key)


def record_policies(walk: Walk, key: str, plan: Plan) -> list[str]:
    """Record the definitions of the policies that the plan drops, inside a transaction; returns their statements."""
    found = []
    for statement in plan.statements:
        for ref in statement.objects:
            if ref.kind == "policy" and not statement.undo:
                asked = {"schema": ref.schema, "table": ref.name, "name": ref.args}
                for (definition,) in ask(walk.session.driver, "policy_definition", asked):
                    walk.journal.event("policy_dropped", key, definition)
                    found.append(str(definition))
    return found
