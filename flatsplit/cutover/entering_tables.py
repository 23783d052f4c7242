"""Tables that become tenants' while their walk is under way: what the gate ``covered`` asked of all others."""

from __future__ import annotations

from dataclasses import replace

from flatsplit.cutover.situation import Situation
from flatsplit.errors import Refused
from flatsplit.walks import tenants
from flatsplit.walks.tenants.context import Context
from flatsplit.walks.tenants.table_requirements import Wanting, uncovered


def not_covered(situation: Situation) -> tuple[Wanting, ...]:
    """Why tables cannot enter as they are, where finished steps would turn row-level security on: it would hide rows
    from somebody who sees them, or a right of PUBLIC's would be the tenants'. Also tables that are left alone.
    """
    context: object = situation.context
    if not isinstance(context, Context):
        return ()
    step = situation.records.get(tenants.TENANT_RLS)
    if step is None or step.state != "done":
        return ()
    alone = {ref for ref in context.told if ref[1:3] in {policy[1:3] for policy in context.taken}}
    return tuple(uncovered(situation.live, context, {*context.entered, *alone}, context.entered))


def require_covered(situation: Situation) -> None:
    """Raise Refused where a table would enter that is not covered. Nothing is done yet then."""
    if found := kept_out(situation):
        raise Refused(found[0].what, found[0].fix)


def without_uncovered(situation: Situation) -> Situation:
    """The situation in which these tables do not enter, so that all else can be done."""
    found = kept_out(situation)
    structure = situation.live.structure
    if not found or structure is None:
        return situation
    stay = {one.table for one in found}
    tables = {ref: table for ref, table in structure.tables.items() if ref not in stay}
    live = situation.live.but(structure=replace(structure, tables=tables, worked_out={}))
    return replace(situation, live=live)


def kept_out(situation: Situation) -> tuple[Wanting, ...]:
    """Those of them that would enter, were they covered: a later step waits for them, whatever was waived before."""
    context: object = situation.context
    if not isinstance(context, Context):
        return ()
    return tuple(one for one in not_covered(situation) if one.table in context.entered)
