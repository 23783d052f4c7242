"""``begin --through``: another walk begins and goes on in the same go: one process, one look at the catalog."""

from __future__ import annotations

from collections.abc import Callable, Collection
from typing import TYPE_CHECKING, Any

from flatsplit.connection import operator_lock
from flatsplit.cutover.begin import Beginning, begin
from flatsplit.cutover.interaction import Confirm, Passwords, Reporter
from flatsplit.cutover.lookahead import require_passwords
from flatsplit.cutover.next import AdvanceOptions, advance
from flatsplit.cutover.outcome import AdvanceResult
from flatsplit.cutover.which_walk import require_step
from flatsplit.model import WalkName
from flatsplit.planning.situation import Situation

if TYPE_CHECKING:
    from flatsplit.cutover.walk import Walk


def begin_through(
    walk: Walk,
    name: WalkName,
    ways: Collection[str],
    options: AdvanceOptions,
    *,
    agree: Callable[[Beginning], bool],
    asked: bool,
    began: Callable[[Beginning], None],
    reporter: Reporter,
    confirm: Confirm,
    passwords: Passwords,
) -> tuple[Beginning, AdvanceResult | None]:
    """Begin a walk and take its steps up to ``options.through``, as ``begin`` and then ``next`` would.

    What would stop these steps for sure is raised before anything is on record. Safe to repeat: one that is under way
    goes on. ``asked``: whether a person answers in ``agree``; ``began`` hears that it is on record. No result where the
    answer was no. What was looked at for the beginning is what the first step is planned from, unless a person thought
    about it meanwhile.
    """
    through = options.through
    assert through is not None

    def foreseen(situation: Situation[Any]) -> None:
        require_step(situation, through)
        require_passwords(walk, situation, through, passwords)

    with operator_lock(walk.session):
        found = begin(walk, name, agree, ways, foreseen)
        if not (found.begun or found.under_way):
            return found, None
        began(found)
        fresh = found.begun and not asked
        mine = walk.turned(name, None if asked and found.begun else found.live)
        return found, advance(
            mine, options, reporter=reporter, confirm=confirm, passwords=passwords, looked_ahead=fresh
        )
