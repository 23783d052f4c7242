"""What is behind a view: relations used as its owner or as its user, and functions always as its user.

Manual, CREATE VIEW: with security_invoker (15 and later) the relations are used as the user, also where another view
uses the view; otherwise the owner's privileges and policies count. After the transfer that is app_migrator, which has
the rights of legacy, but may not be a superuser or exempt from row security (facts in rows.py).
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from flatsplit.rehearsal import catalogs, definers, legacy_names
from flatsplit.rehearsal.grammar import Unparsable, parse_one
from flatsplit.rehearsal.relation_parts import Relation
from flatsplit.rehearsal.remedies import shown
from flatsplit.rehearsal.uses import RelationUse, Uses, uses_of
from flatsplit.rehearsal.values import Problem, distinct, within

if TYPE_CHECKING:
    from flatsplit.rehearsal.judge_protocol import Judging


def behind(judge: Judging, view: Relation, use: RelationUse) -> list[Problem]:
    """Problems of using a view, besides the privileges on the view itself."""
    written = frozenset(use.letters - {"r"}) if use.target else frozenset()
    key = (view.oid, written | use.strict)
    found = judge.views.get(key)
    if found is None:
        judge.views[key] = []
        found = judge.views[key] = distinct(_read(judge, view, use, written))
    return found


def _read(judge: Judging, view: Relation, outer: RelationUse, written: frozenset[str]) -> list[Problem]:
    where = f"view {shown(view.ref)}"
    try:
        parsed = parse_one(judge.world.view(view.oid))
    except Unparsable as why:
        return [Problem("unknown", f"the definition of {shown(view.ref)} {why}", shown(view.ref))]
    if view.invoker and not written:
        return within(where, judge.planned(parsed.node, ()), planned=True)
    uses = uses_of(parsed.node)
    found: list[Problem] = []
    for use in uses.relations:
        if written:
            use = replace(use, letters=use.letters | written, target=True, strict=outer.strict, updated=outer.updated)
        if view.invoker:
            found += judge.relation(use, uses, ())
        else:
            found += _owners(judge, view, use, uses)
    found += catalogs.compared(judge.actor, uses)
    found += legacy_names.problems(judge.actor, parsed.node)
    for call in uses.routines:  # the application's own are found by pg_depend
        if not view.invoker and call.name not in judge.world.routines_of:
            found += judge.routine(call, ())
    return within(where, found, planned=view.invoker)


def _owners(judge: Judging, view: Relation, use: RelationUse, uses: Uses) -> list[Problem]:
    """Problems of one relation in a view that reads as its owner."""
    actor = judge.actor
    facts = actor.goal.objects.get(view.ref)
    meant = actor.resolve(use.schema, use.name, ())
    if facts is None or len(meant.relations) > 1:
        return []
    readers = meant.readers
    if readers is not None:
        found = definers.behind(judge, facts.owner, lambda owner: catalogs.readable(owner.actor, use, readers))
        return [*found, *catalogs.problems(actor, use, uses)]
    if not meant.relations:
        return []
    relation = meant.relations[0]
    if relation.ref.kind == "view" and relation.invoker:
        return judge.relation(use, uses, ())
    found = definers.behind(judge, facts.owner, lambda owner: owner.held(relation, use, uses))
    if relation.ref.kind == "view":
        found += behind(judge, relation, use)
    return found
