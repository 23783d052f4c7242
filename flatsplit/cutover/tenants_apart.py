"""Whether tenants are still kept apart, by the catalog, since ``tenant-proof`` ended: rights that somebody granted, a
view, a membership.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from flatsplit.cutover.broken_promises import Broken
from flatsplit.cutover.situation import Situation
from flatsplit.errors import FlatsplitError
from flatsplit.evidence.isolation import EVENT, read_facts
from flatsplit.evidence.isolation.closure import breaches
from flatsplit.evidence.isolation.holes import open_ways
from flatsplit.walks import tenants
from flatsplit.walks.tenants.context import Context

if TYPE_CHECKING:
    from flatsplit.cutover.walk import Walk

_PROVE = "flatsplit tenants --prove --rows tries it as the tenants"


def no_longer_apart(walk: Walk, situation: Situation) -> tuple[Broken, ...]:
    """What the last proof on record did not have. Nobody acts as a tenant for it: the catalog is judged, as in a proof.

    Empty before ``tenant-proof`` is done, and where that was taken without a proof.
    """
    record = next((record for record in walk.kept if record.walk.kind == tenants.NAME), None)
    if record is None or record.walk not in {situation.name, *(link.name for link in situation.others)}:
        return ()
    there = situation.turned(record.walk)
    proof = next(reversed(walk.journal.of(record).events(EVENT)), None)
    if proof is None or there.states.get(tenants.TENANT_PROOF) != "done":
        return ()
    context: object = there.context
    assert isinstance(context, Context)
    return tuple(_news(walk, context, proof.details["breaches"], proof.details["open_holes"]))


def _news(walk: Walk, context: Context, breached: int, holes: list[str]) -> Iterator[Broken]:
    survey = context.survey
    schemas = {*walk.config.schemas, survey.tenants.schema}
    try:
        facts = read_facts(walk.session.driver, survey.tenants.group, context.live.tenants, schemas)
    except FlatsplitError as error:
        yield Broken(f"it cannot be told whether tenants are kept apart: {error.what}", error.fix)
        return
    found = breaches(facts, survey)
    if len(found) > breached:
        yield from (Broken(one.what, one.fix or _PROVE) for one in found)
    for hole in open_ways(facts, survey):
        if hole.subject not in holes:
            yield Broken(hole.what, hole.fix or f"close it; then {_PROVE}")
