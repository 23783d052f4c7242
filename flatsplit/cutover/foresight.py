"""Who is refused is told before: passwords that steps to come will ask for, looked for before the first of them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from flatsplit.cutover import riding
from flatsplit.cutover.caller import Passwords
from flatsplit.cutover.situation import Situation
from flatsplit.planning import machine

if TYPE_CHECKING:
    from flatsplit.cutover.walk import Walk


def foresee(walk: Walk, situation: Situation, through: str, passwords: Passwords) -> None:
    """Raise UsageError where steps up to ``through`` give somebody a password, and it is sure that there is none.

    The next step itself asks when it is planned; this is about what would stop in the middle of several.
    """
    place, first = situation.kind.place, machine.next_step(situation.states)
    if first is None or place(first) >= place(through):
        return
    live, wanted = situation.live.roles, situation.desired(place(through)).roles
    roles = [name for name, facts in wanted.items() if facts.password and not (name in live and live[name].password)]
    for key in situation.kind.keys[place(first) - 1 : place(through)]:
        roles += riding.riders(walk, situation, key).names
    if roles:
        passwords.foresee(sorted(set(roles)))
