"""Special roles that are declared before the split lets its roles in ride along: they are made at the same step.

Each of them is a walk of its own all the same: it has its plan, its gates, its way back. The split only takes it by the
hand, there (as far as nobody else has to do anything) and back.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable
from typing import TYPE_CHECKING, TypeAlias

from flatsplit.cutover.begin import begin, end
from flatsplit.cutover.caller import Passwords, Reporter
from flatsplit.cutover.delivery import Remembered
from flatsplit.cutover.outcome import AdvanceResult
from flatsplit.cutover.situation import Situation
from flatsplit.errors import FlatsplitError
from flatsplit.model import SPLIT, Plan, WalkName
from flatsplit.walks import role
from flatsplit.walks.role.kind import ROLE

if TYPE_CHECKING:
    from flatsplit.cutover.walk import Walk

Take: TypeAlias = "Callable[[Walk, str], AdvanceResult]"
"""Takes a walk's steps up to one of them."""

_DECLARED, _THERE = "riding", "rode"
"""Events of the split: who rides along, and who has arrived."""


def declared(walk: Walk, situation: Situation, key: str) -> tuple[str, ...]:
    """The special roles that ride along with this step of the split: declared, and neither begun nor there yet."""
    if situation.name != SPLIT or key != ROLE.joins:
        return ()
    begun = {record.walk for record in walk.kept}
    names = (one.name for one in walk.config.special)
    return tuple(one for one in names if WalkName(role.NAME, one) not in begun and one not in situation.live.roles)


def keep(walk: Walk, names: tuple[str, ...]) -> None:
    """Put on record who rides along, in the transaction that begins the step."""
    if names:
        walk.journal.event(_DECLARED, ROLE.joins, f"{', '.join(names)} ride along", {"roles": list(names)})


def known(walk: Walk, plan: Plan, names: tuple[str, ...], passwords: Passwords) -> Passwords:
    """The passwords of a step and of those that ride along with it, all asked for before the first statement runs."""
    if not names or walk.config.auth != "password":
        return passwords
    found = Remembered(passwords)
    found.for_roles([*(role for each in plan.actions for role in each.secrets), *names])
    return found


def late(walk: Walk, situation: Situation) -> bool:
    """Whether somebody has still to arrive: flatsplit was killed in between."""
    if situation.name != SPLIT or not walk.config.special or situation.states[ROLE.joins] != "done":
        return False
    return bool(_missing(walk))


def ride(walk: Walk, reporter: Reporter, take: Take) -> tuple[AdvanceResult, ...]:
    """Make those that ride along and have not arrived, once the step is done.

    What speaks against one is told, and holds up nobody: it can be begun later like any other.
    """
    found = []
    for name in _missing(walk):
        one, made = WalkName(role.NAME, name), False
        reporter.turn_to(one)
        try:
            if all(record.walk != one for record in walk.kept):
                begin(walk, one, lambda _: True)
            mine, made = turned(walk, one), True
            found.append(take(mine, role.OPEN if _alike(walk, name) else role.VERIFY))
            if not found[-1].outcomes and not found[-1].waiting:  # the person said no
                with walk.session.transaction():
                    end(mine)
        except FlatsplitError as error:
            reporter.note(f"{one.words} does not ride along: {error.what}; {error.fix}")
        reporter.turn_to(SPLIT)
        with walk.session.transaction():
            walk.journal.event(
                _THERE, ROLE.joins, f"{one.words} is as far as it comes along", {"role": name, "made": made}
            )
        walk.kept = tuple(walk.journal.walks())
    return tuple(found)


def came_along(walk: Walk, situation: Situation, keys: Collection[str]) -> tuple[WalkName, ...]:
    """Those that came along with one of these steps and stand on it, the last one first: they go back before it."""
    if situation.name != SPLIT or ROLE.joins not in keys:
        return ()
    made = {
        WalkName(role.NAME, event.details["role"]) for event in walk.journal.events(_THERE) if event.details["made"]
    }
    step = situation.records[ROLE.joins]
    return tuple(link.name for link in reversed(situation.others) if link.name in made and link.stands_on([step]))


def back(walk: Walk, riders: Iterable[WalkName], reporter: Reporter, take: Callable[[Walk], None]) -> Situation:
    """Take back those that came along; how things stand then."""
    for name in riders:
        reporter.turn_to(name)
        take(turned(walk, name))
        reporter.turn_to(SPLIT)
        walk.kept = tuple(walk.journal.walks())
        if any(record.walk == name for record in walk.kept):
            break  # the person said no
    return walk.situation()


def _missing(walk: Walk) -> list[str]:
    """Those on record as riding along, and not as there; the last word counts."""
    told = [event for kind in (_DECLARED, _THERE) for event in walk.journal.events(kind)]
    names: list[str] = []
    for event in sorted(told, key=lambda event: event.id):
        if event.kind == _DECLARED:
            names = list(event.details.get("roles", ()))
        elif event.details.get("role") in names:
            names.remove(str(event.details["role"]))
    return [name for name in names if walk.config.special_role(name) is not None]


def _alike(walk: Walk, name: str) -> bool:
    special = walk.config.special_role(name)
    return special is not None and bool(special.like)


def turned(walk: Walk, name: WalkName) -> Walk:
    """The same session, with what is kept of another walk."""
    return walk.open(walk.session, walk.config, walk=name)
