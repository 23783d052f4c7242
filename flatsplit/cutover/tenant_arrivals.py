"""Records tenants that are seen working as their own roles: each only once, since there may be thousands of them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from flatsplit.catalog import read_people
from flatsplit.gates.tenants.rings import CAME, at_work, known
from flatsplit.model import State
from flatsplit.walks import tenants
from flatsplit.words import count

if TYPE_CHECKING:
    from flatsplit.cutover.walk import Walk


def record_arrivals(walk: Walk, people: State | None = None) -> int:
    """Record the tenants seen for the first time, inside the caller's transaction. Returns how many are at work now.

    Does nothing and returns 0 without a walk over tenants, or once its ``tenant-switch`` is done. ``people``: roles and
    memberships, where they are already read.
    """
    record = next((record for record in walk.kept if record.walk.kind == tenants.NAME), None)
    if record is None or walk.config.tenants is None:
        return 0
    journal = walk.journal.of(record)
    if all(step.state == "done" for step in journal.steps() if step.key == tenants.TENANT_SWITCH):
        return 0
    there = people or read_people(walk.session.driver)
    roles = {key.member for key in there.members if key.role == walk.config.tenants.group}
    working = at_work(walk.session.driver, journal, roles, there.target.database)
    if came := working - known(journal).keys():
        journal.event(CAME, tenants.TENANT_SWITCH, f"{count(len(came), 'tenant')} came", {"roles": sorted(came)})
    return len(working)
