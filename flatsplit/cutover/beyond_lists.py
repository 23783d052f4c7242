"""What roles hold and flatsplit.toml does not say (any more), with the statements that take it away.

Nothing takes it away by itself: somebody may need it. ``status``, ``verify`` and ``plan`` tell it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from flatsplit.cutover.edited_lists import unlisted
from flatsplit.cutover.expected_rights import special_roles
from flatsplit.cutover.managed_roles import logins_made, managed
from flatsplit.differ import diff
from flatsplit.model import SPLIT, Change, Finding, Statement
from flatsplit.rights.gifts import without_gifts
from flatsplit.rights.overstepped import overstepped
from flatsplit.rights.surplus import surplus, without_lines
from flatsplit.words import count

if TYPE_CHECKING:
    from flatsplit.cutover.situation import Situation
    from flatsplit.cutover.walk import Walk


def beyond(walk: Walk, situation: Situation) -> tuple[Statement, ...]:
    """The statements, those about the four roles first."""
    first = situation.turned(SPLIT)
    lists = (surplus(situation.live, one.context, bridged=one.bridged) for one in special_roles(situation))
    found = (
        *_of_the_four(walk, situation),
        *overstepped(first.live, first.context, first.done, logins_made(first)),
        *_gifts(first),
        *(each for some in lists for each in some),
    )
    return tuple({statement.sql: statement for statement in reversed(found)}.values())[::-1]


def gives_rights(statements: Sequence[Statement]) -> bool:
    """Whether a role may do more by that. A setting that flatsplit.toml does not say gives nobody a right: people may
    set what they need. But with the setting ``role`` sessions begin with the rights of another role.
    """
    return any(_gives(change) for statement in statements for change in statement.changes)


def _gives(change: Change) -> bool:
    return change.fact != "setting" or change.detail.partition("=")[0].strip() == "role"


def note(walk: Walk, situation: Situation) -> tuple[Finding, ...]:
    """The same as a note to a plan."""
    found = [one for one in beyond(walk, situation) if gives_rights([one])]
    if not found:
        return ()
    return (
        Finding(
            "beyond-lists",
            "note",
            "roles hold what flatsplit.toml does not say",
            "A line was removed, or somebody granted more. This plan does not take it away; "
            f"{count(len(found), 'statement')} would, and `flatsplit verify` prints "
            f"{'it' if len(found) == 1 else 'them'}.",
            "If nobody needs it, run what verify prints.",
            tuple(one.description for one in found),
        ),
    )


def _gifts(first: Situation) -> tuple[Statement, ...]:
    """What somebody gave to roles of the walks that no finished step of any walk gives."""
    less = without_gifts(first.live, managed(first))
    if less is first.live:
        return ()
    now, then = replace(first), replace(first, live=less)  # each asked alone, as in _of_the_four
    return diff(now.desired(now.done), then.desired(then.done))


def _of_the_four(walk: Walk, situation: Situation) -> tuple[Statement, ...]:
    """What lines gave that are gone, as far as no step wants it for another reason."""
    lines = unlisted(walk)
    if not lines:
        return ()
    first = situation.turned(SPLIT)
    then = replace(first, live=without_lines(first.live, first.context, lines))
    now = replace(first)  # asked alone, as ``then`` is, and not through the walk that it was turned from
    return diff(now.desired(now.done), then.desired(then.done))
