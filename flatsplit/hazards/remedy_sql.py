"""Statements to be copied, as the remedies of hazards print them: complete, with the names of what was found. Pure.

They are decisions, which nobody but a person takes: they stand in a finding's ``fix`` and not in its ``sql``.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from flatsplit import ddl, privileges
from flatsplit.hazards.registry import Seen
from flatsplit.model import OWNER, PUBLIC, Acl, ObjectFacts, ObjectRef

TOGETHER = 50
"""Objects in one statement."""


def from_public(seen: Seen, wanted: Callable[[ObjectRef, ObjectFacts], bool], letters: str | None = None) -> list[str]:
    """REVOKE of these letters (None: all that there are) from PUBLIC, on those of the application's objects."""
    alike: dict[tuple[str, str], list[ObjectRef]] = {}
    for group in seen.state.groups:
        if group.facts.owner not in seen.context.owners or not wanted(group.refs[0], group.facts):
            continue
        held = privileges.letters(group.facts.acl, PUBLIC)
        held = held if letters is None else privileges.within(held, letters)
        alike.setdefault((ddl.grant_word(group.kind), held), []).extend(group.refs)
    return [
        ddl.revoke(refs[start : start + TOGETHER], held, PUBLIC)
        for (_, held), found in sorted(alike.items())
        for refs in [sorted(found)]
        for start in range(0, len(refs), TOGETHER)
    ]


def no_longer_passed_on(ref: ObjectRef, acl: Acl, grantee: str) -> list[str]:
    """REVOKE GRANT OPTION FOR what a role may pass on, as whoever gave it, and from those who have it from there."""
    more = any(item.grantor == grantee for item in acl)
    found = []
    for item in acl:
        if item.grantee == grantee and item.grantable:
            by = "" if item.grantor == OWNER else item.grantor
            cure = (
                ddl.revoke_column(ref, item.grantable, grantee, option=True, grantor=by)
                if ref.kind == "column"
                else ddl.revoke([ref], item.grantable, grantee, option=True, grantor=by)
            )
            cure = (
                cure.replace(f" FROM {ddl.ident(grantee)};", f" FROM {ddl.ident(grantee)} CASCADE;") if more else cure
            )
            found.append(f"BEGIN; {cure} COMMIT;" if by else cure)
    return found


def own_path(seen: Seen, routines: Sequence[str], *, definer: bool = False) -> list[str]:
    """ALTER ROUTINE … SET search_path, by the server's own names of routines: the schemas in scope, pg_temp last."""
    path = ", ".join([*map(ddl.ident, seen.context.config.schemas), "pg_temp"])
    word = " SECURITY DEFINER" if definer else ""
    return [f"ALTER ROUTINE {name}{word} SET search_path = {path};" for name in routines]
