"""Who is refused is told before: what steps to come will ask for is looked for before the first of them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from flatsplit.cutover import riding
from flatsplit.cutover.caller import Passwords
from flatsplit.cutover.situation import Situation
from flatsplit.cutover.tried import tried
from flatsplit.model import SPLIT
from flatsplit.planning import machine

if TYPE_CHECKING:
    from flatsplit.cutover.walk import Walk


def foresee(walk: Walk, situation: Situation, through: str, passwords: Passwords) -> None:
    """Raise what would stop in the middle of several steps, up to ``through``; the next one itself asks when planned.

    Raises UsageError for a password that is sure to be missing, and what :func:`flatsplit.cutover.tried.tried` does; of
    the split, doctor says that.
    """
    if foresee_passwords(walk, situation, through, passwords) and situation.name != SPLIT:
        tried(walk.session, situation, through)


def foresee_passwords(walk: Walk, situation: Situation, through: str, passwords: Passwords) -> bool:
    """Raise UsageError where steps up to ``through`` give somebody a password, and it is sure that there is none.

    Whether there is more than one step to come.
    """
    place, first = situation.kind.place, machine.next_step(situation.states)
    if first is None or place(first) >= place(through):
        return False
    live, wanted = situation.live.roles, situation.desired(place(through)).roles
    roles = [name for name, facts in wanted.items() if facts.password and not (name in live and live[name].password)]
    for key in situation.kind.keys[place(first) - 1 : place(through)]:
        roles += riding.riders(walk, situation, key).names
    if roles:
        passwords.foresee(sorted(set(roles)))
    return True
