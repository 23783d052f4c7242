"""``approve``: records who approved which plan."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from flatsplit.cutover.approval import approvals, record_approval
from flatsplit.cutover.which_walk import require_step
from flatsplit.errors import Refused, UsageError
from flatsplit.gates.approved import EVENT
from flatsplit.model.report import Approved
from flatsplit.planning import machine

if TYPE_CHECKING:
    from flatsplit.cutover.walk import Walk


def approve(
    walk: Walk, steps: Sequence[str], *, by: str, ticket: str, digest: str | None = None
) -> tuple[Approved, ...]:
    """Record that ``by`` approved the plans of these steps as they are now; without steps, the plan of the next one.

    Raises Refused where the plan has another digest than ``digest``, the one that was read, and UsageError for a step
    that is done.
    """
    if not by.strip():
        raise UsageError("an approval needs a name", "give it with --by NAME")
    situation = walk.situation()
    keys = list(steps)
    if not keys:
        following = machine.next_step(situation.states)
        if following is None:
            raise UsageError("every step is done: there is nothing to approve", "flatsplit history shows what was")
        keys = [following]
    plans = []
    for key in keys:
        require_step(situation, key)
        if situation.states[key] == "done":
            raise UsageError(f"step {key} is done already", "name one of the steps that flatsplit status shows as open")
        plans.append(situation.plan(key))
    if digest is not None and (len(plans) != 1 or plans[0].digest != digest):
        raise Refused(
            f"the plan of {plans[0].step} is not the one with digest {digest}: it is {plans[0].digest}",
            f"read `{situation.typed('plan')} {plans[0].step}` (or a new runbook) and approve that",
        )
    with walk.session.transaction():
        for plan in plans:
            record_approval(walk, situation, plan, by.strip(), ticket.strip())
    return tuple(approvals(walk.journal.events(EVENT)))[-len(plans) :]
