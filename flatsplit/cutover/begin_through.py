"""``begin --through``: begins another walk and takes its first steps in one process, with one look at the catalog."""

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

    What is sure to stop these steps is raised before anything is recorded. It can be repeated: a walk that is under way
    is continued. ``asked``: whether ``agree`` asks a person; ``began`` is called once the walk is recorded. The result
    is None where the answer was no. The first step is planned from the State read for ``begin``, unless a person has
    thought about it meanwhile.
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
