"""What has appeared since the last step that no step takes care of, so that a person has to decide. Pure."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterator

from flatsplit import blueprint, ddl, privileges
from flatsplit.cutover import new_memberships
from flatsplit.cutover.situation import Situation
from flatsplit.differ import diff
from flatsplit.evidence.memory import ObjectChanges
from flatsplit.model import TABLES, Finding, ObjectRef, State
from flatsplit.rights.matrix import Rights
from flatsplit.walks import split
from flatsplit.walks.draft import Draft
from flatsplit.walks.split.transfer_ownership import heir

_PRINTED = 5
"""Statements that are printed one by one."""
_RELATIONS = TABLES | {"view", "materialized_view"}


def strays(situation: Situation, since: ObjectChanges, before: Collection[tuple[str, str]]) -> tuple[Finding, ...]:
    """Objects given away, new schemas without default privileges, tables of other roles, and new memberships.

    ``before``: role and member of each membership of then.
    """
    if situation.done < split.ORDINAL[split.GRANT_EXISTING]:
        return ()
    return (
        *given_away(situation, since),
        *_schemas(situation, since),
        *_tables(situation, since),
        *new_memberships.findings(situation, before),
    )


def given_away(situation: Situation, since: ObjectChanges) -> Iterator[Finding]:
    """Objects that were the application's and now belong to somebody else. They go back to whose they were: before
    ownership moves that is the old role, which is no member of app_migrator yet.
    """
    owners = situation.context.owners
    found: defaultdict[tuple[str, str], list[ObjectRef]] = defaultdict(list)
    for ref, (before, now) in since.moved.items():
        if before in owners and now not in owners and now != _heir(situation, ref, before):
            found[now, before].append(ref)
    for (owner, former), refs in sorted(found.items()):
        back = _back(situation.live, refs, former)
        fix = _first(back, former)
        if all(ref.kind == "extension" for ref in refs):
            fix = "Nothing, where pg_upgrade did it: it gives extensions to the superuser that it runs as, which no "
            fix += f"statement takes back. That superuser alters and drops them from now on, not {former}."
            back = []
        yield Finding(
            "given-away",
            "warning",
            f"somebody gave {len(refs)} object{'' if len(refs) == 1 else 's'} of the application to {owner}",
            f"{former} can no longer change or drop {_them(refs)}.",
            fix,
            tuple(ddl.label(ref) for ref in sorted(refs)),
            sql=tuple(back),
        )


def _heir(situation: Situation, ref: ObjectRef, before: str) -> str:
    """Whose the object becomes by the walk, while ``before`` owns it: some go to the administrator."""
    return heir(ref, situation.live.objects[ref]._replace(owner=before), situation.live, situation.context)


def _back(live: State, refs: list[ObjectRef], owner: str) -> list[str]:
    """The statements by which the objects are this owner's again."""
    draft = Draft(live)
    given = frozenset(refs)
    draft.rewrite(
        lambda ref, facts: (
            facts._replace(owner=owner, acl=privileges.settle(facts.acl, owner)) if ref in given else facts
        ),
        apart=given,
    )
    return [one.sql for one in diff(live, draft.state()) if any(change.fact == "owner" for change in one.changes)]


def _first(statements: list[str], owner: str) -> str:
    """The statements in words, or what they look like where there are many."""
    if not statements or len(statements) > _PRINTED:
        return f"ALTER … OWNER TO {ddl.ident(owner)}, then flatsplit repair."
    return f"{' '.join(statements)} Then flatsplit repair."


def _schemas(situation: Situation, since: ObjectChanges) -> Iterator[Finding]:
    context = situation.context
    who = blueprint.who(situation.config)
    for ref, owner in sorted(since.appeared.items()):
        if ref.kind == "schema" and owner in context.owners and not context.in_scope(ref):
            yield Finding(
                "schema-outside",
                "warning",
                f"schema {ref.name} of {owner} is new and not in scope",
                f"No default privileges apply there: {who.application} and {who.reader} can use nothing in it.",
                "Add it to `schemas` in flatsplit.toml, then flatsplit repair.",
                (ddl.label(ref),),
            )


def _tables(situation: Situation, since: ObjectChanges) -> Iterator[Finding]:
    context = situation.context
    who = blueprint.who(situation.config)
    user = Rights(situation.live, who.application)
    found: defaultdict[str, list[ObjectRef]] = defaultdict(list)
    for ref, owner in since.appeared.items():
        if ref.kind not in _RELATIONS or owner in context.owners or not context.in_scope(ref):
            continue
        if "r" not in user.letters(situation.live.objects[ref]):
            found[owner].append(ref)
    for owner, refs in sorted(found.items()):
        things = "table or view" if len(refs) == 1 else "tables and views"
        yield Finding(
            "created-by-another",
            "warning",
            f"{owner} created {len(refs)} {things} in schemas in scope, "
            f"and {who.application} may not read {_them(refs)}",
            f"Default privileges act for {who.owner} and the old role only: not for what others create.",
            f"Run such migrations as {who.owner}; for what is there: "
            f"ALTER … OWNER TO {ddl.ident(who.owner)}, then flatsplit repair.",
            tuple(ddl.label(ref) for ref in sorted(refs)),
        )


def _them(refs: list[ObjectRef]) -> str:
    return "it" if len(refs) == 1 else "them"
