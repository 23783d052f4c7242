"""Finds what would stop ``next --through`` at a later step, before it takes the first."""

from __future__ import annotations

from typing import TYPE_CHECKING

from flatsplit.cutover import companion_roles
from flatsplit.cutover.dry_run import dry_run
from flatsplit.cutover.interaction import Passwords
from flatsplit.cutover.situation import Situation
from flatsplit.model import SPLIT
from flatsplit.planning import machine

if TYPE_CHECKING:
    from flatsplit.cutover.walk import Walk


def look_ahead(walk: Walk, situation: Situation, through: str, passwords: Passwords) -> None:
    """Raise what would stop one of the steps up to ``through``; what would stop the next one is found when it is
    planned.

    Raises UsageError for a password that is sure to be missing, and for other walks than the split what
    :func:`flatsplit.cutover.dry_run.dry_run` raises. For the split, doctor finds these causes.
    """
    if require_passwords(walk, situation, through, passwords) and situation.name != SPLIT:
        dry_run(walk.session, situation, through)


def require_passwords(walk: Walk, situation: Situation, through: str, passwords: Passwords) -> bool:
    """Raise UsageError where a step up to ``through`` needs a password and it is certain that there is none.

    Returns whether more than one step will be taken.
    """
    place, first = situation.kind.place, machine.next_step(situation.states)
    if first is None or place(first) >= place(through):
        return False
    live, wanted = situation.live.roles, situation.desired(place(through)).roles
    roles = [name for name, facts in wanted.items() if facts.password and not (name in live and live[name].password)]
    for key in situation.kind.keys[place(first) - 1 : place(through)]:
        roles += companion_roles.riders(walk, situation, key).names
    if roles:
        passwords.require(sorted(set(roles)))
    return True
