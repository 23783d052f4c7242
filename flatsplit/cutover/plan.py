"""``plan``: the statements of the next step or a named one, with the findings to know of."""

from __future__ import annotations

from typing import TYPE_CHECKING

from flatsplit import hazards
from flatsplit.cutover import begun_like, beyond_lists, companion_roles
from flatsplit.cutover.changed_settings import changed_settings
from flatsplit.cutover.which_walk import require_step
from flatsplit.hazards.before_step import notes_of
from flatsplit.model import SPLIT, Plan
from flatsplit.planning import machine

if TYPE_CHECKING:
    from flatsplit.cutover.walk import Walk


def plan(walk: Walk, key: str | None) -> Plan:
    """The plan of the step, or of the next one; an empty plan where every step is done."""
    situation = walk.situation()
    step = key or machine.next_step(situation.states)
    if step is None:
        return Plan("", "", (), ())
    require_step(situation, step)
    begun_like.refuse_changed(walk.changed_likes, situation)
    walk.require_own(situation)
    split = situation.name == SPLIT  # hazards are about the steps of the split
    found = hazards.find(walk.session.driver, situation.live, situation.context, hazards.of_step(step)) if split else ()
    made = companion_roles.riders(walk, situation, step).on(situation.plan(step))
    notes = (
        *made.notes,
        *notes_of(found, step),
        *beyond_lists.note(walk, situation),
        *changed_settings(situation),
    )
    return Plan(made.step, made.digest, made.catch_up, made.statements, notes)
