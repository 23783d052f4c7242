"""The statements that remedies print: complete, with the names of what was found. Pure.

They are decisions that only a person takes, so they are in a finding's ``fix`` and not in its ``sql``.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

from flatsplit import ddl, privileges
from flatsplit.hazards.registry import Seen
from flatsplit.model import OWNER, PUBLIC, Acl, ObjectFacts, ObjectRef, State


def from_public(seen: Seen, wanted: Callable[[ObjectRef, ObjectFacts], bool], letters: str | None = None) -> list[str]:
    """REVOKE of these letters (None: all) from PUBLIC, on these objects of the application."""
    mine = (
        group
        for group in seen.state.groups
        if group.facts.owner in seen.context.owners and wanted(group.refs[0], group.facts)
    )
    return taken_from_public(((group.refs, group.facts.acl) for group in mine), letters)


def given(seen: Seen, wanted: Callable[[ObjectRef, ObjectFacts], bool], letters: str, role: str) -> list[str]:
    """GRANT of these letters on these objects of the application."""
    alike: dict[str, list[ObjectRef]] = {}
    for group in seen.state.groups:
        if group.facts.owner in seen.context.owners and wanted(group.refs[0], group.facts):
            alike.setdefault(ddl.grant_word(group.kind), []).extend(group.refs)
    return [
        ddl.by_hand(ddl.grant(refs, letters, role))
        for _, found in sorted(alike.items())
        for refs in ddl.printed_parts(found)
    ]


def taken_from_public(objects: Iterable[tuple[Sequence[ObjectRef], Acl]], letters: str | None = None) -> list[str]:
    """The same on these objects, each as its grantor: REVOKE takes nothing away that another role granted."""
    alike: dict[tuple[str, str, str], list[ObjectRef]] = {}
    for refs, acl in objects:
        for item in acl:
            held = item.privileges if letters is None else privileges.within(item.privileges, letters)
            if item.grantee == PUBLIC and held:
                by = "" if item.grantor == OWNER else item.grantor
                alike.setdefault((ddl.grant_word(refs[0].kind), held, by), []).extend(refs)
    return [
        ddl.by_hand(statement)
        for (_, held, by), found in sorted(alike.items())
        for refs in ddl.printed_parts(found)
        for statement in _revoked(refs, held, by)
    ]


def _revoked(refs: list[ObjectRef], letters: str, grantor: str) -> list[str]:
    if refs[0].kind == "column":
        return [ddl.revoke_column(ref, letters, PUBLIC, grantor=grantor) for ref in refs]
    return [ddl.revoke(refs, letters, PUBLIC, grantor=grantor)]


def no_longer_passed_on(ref: ObjectRef, acl: Acl, grantee: str) -> list[str]:
    """REVOKE GRANT OPTION FOR what a role may pass on, as its grantor, and from the roles that have it from there."""
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
            found.append(ddl.by_hand(cure))
    return found


def own_path(seen: Seen, routines: Sequence[str], *, definer: bool = False) -> list[str]:
    """ALTER ROUTINE … SET search_path for these routines: the schemas in scope, and pg_temp last."""
    path = ", ".join([*map(ddl.ident, seen.context.config.schemas), "pg_temp"])
    word = " SECURITY DEFINER" if definer else ""
    return [f"ALTER ROUTINE {name}{word} SET search_path = {path};" for name in routines]


def sequences_of(state: State, table: ObjectRef) -> list[ObjectRef]:
    """The sequences of its serial columns, by the names that the server gives them."""
    return [
        ref
        for ref, facts in state.objects.items()
        if ref.kind == "sequence" and ref.schema == table.schema and facts.follows
        if ref.name.startswith(f"{table.name}_") and ref.name.endswith("_seq")
    ]
