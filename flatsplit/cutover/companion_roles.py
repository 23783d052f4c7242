"""Special roles that are declared before the split lets its roles in ride along: they are made at the same step.

Each of them is a walk of its own all the same: it has its plan, its gates, its way back. The split only takes it by the
hand, there (as far as nobody else has to do anything) and back.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, TypeAlias

from flatsplit.cutover.begin import at_first, begin, end
from flatsplit.cutover.dry_run import dry_run_outcome
from flatsplit.cutover.interaction import Passwords, Reporter
from flatsplit.cutover.outcome import AdvanceResult
from flatsplit.cutover.password_delivery import Remembered
from flatsplit.cutover.situation import Situation
from flatsplit.cutover.which_walk import states
from flatsplit.errors import FlatsplitError, Waiting
from flatsplit.model import SPLIT, Finding, Plan, WalkName
from flatsplit.planning import machine
from flatsplit.planning.chain import KeptWalk
from flatsplit.walks import role
from flatsplit.walks.kind import Moment
from flatsplit.walks.role.kind import ROLE
from flatsplit.words import count

if TYPE_CHECKING:
    from flatsplit.cutover.walk import Walk

Take: TypeAlias = "Callable[[Walk, str], AdvanceResult]"
"""Takes a walk's steps up to one of them."""

_DECLARED, _THERE = "riding", "rode"
"""Events of the split: who rides along, and who has arrived."""


@dataclass(frozen=True, slots=True)
class Riders:
    """The special roles that are declared and not begun, as one step of the split finds them."""

    step: str
    names: tuple[str, ...] = ()
    """Those that ride along with it."""
    behind: tuple[str, ...] = ()
    """Of those that do not: who, why, and what to do about it. One line each."""
    stopping: tuple[str, ...] = ()
    """Where one that does will stop, until somebody else has run what the operator may not."""

    def on(self, plan: Plan) -> Plan:
        """The plan with a word about them, so that whoever reads it knows what else happens."""
        return replace(plan, notes=(*plan.notes, *self.notes))

    @property
    def notes(self) -> tuple[Finding, ...]:
        """Who comes along, and who stays behind."""
        found = []
        if self.names:
            ride = "rides" if len(self.names) == 1 else "ride"
            lines = tuple(f"role {name} rides along: it is made once {self.step} is done" for name in self.names)
            lines += self.stopping
            found.append(
                Finding(
                    "rides-along",
                    "note",
                    f"{count(len(self.names), 'special role')} {ride} along",
                    "Each is a walk of its own, which is begun and taken as far as it can be taken by itself. The "
                    "digest of this plan does not cover it: with --approved it stays behind.",
                    "",
                    lines,
                    self.step,
                )
            )
        if self.behind:
            stay = "stays" if len(self.behind) == 1 else "stay"
            title = f"{count(len(self.behind), 'special role')} of flatsplit.toml {stay} behind"
            why = "The step is taken without; each can be begun afterwards like any other."
            found.append(Finding("stays-behind", "note", title, why, "", self.behind, self.step))
        return tuple(found)


def riders(walk: Walk, situation: Situation, key: str, *, approved: bool = False) -> Riders:
    """Who rides along with this step of the split: declared, not begun, and nothing speaks against it.

    Nobody where the step runs as it was ``approved``, or where each plan wants an approval: what was approved is what
    runs.
    """
    if situation.name != SPLIT or key != ROLE.joins or situation.states[key] == "done" or not walk.config.special:
        return Riders(key)
    begun, names, behind, stopping = {record.walk for record in walk.kept}, [], [], list[str]()
    for special in walk.config.special:
        one = WalkName(role.NAME, special.name)
        if one in begun:
            continue
        if approved:
            behind.append(_behind(one, "what was approved is what runs"))
        elif walk.config.gates.require_approval:
            behind.append(_behind(one, "each of its plans wants an approval of its own"))
        else:
            objection, notes = _speaks_against(walk, situation, key, one)
            if objection is not None:
                behind.append(_behind(one, *objection))
            else:
                names.append(special.name)
                stopping += [f"{one.words}: {note}" for note in notes]
    return Riders(key, tuple(names), tuple(behind), tuple(stopping))


def _speaks_against(
    walk: Walk, situation: Situation, key: str, one: WalkName
) -> tuple[tuple[str, str] | None, tuple[str, ...]]:
    """What does, and what to do about it, at the moment in which it begins: what the step wants is there, and nothing
    of the role. Else where it will stop.
    """
    there = situation.desired(situation.kind.place(key))
    moment = Moment(there, there, situation.config, dict.fromkeys(ROLE.keys, "pending"), one.subject)
    if refused := ROLE.refuses(moment):
        return refused, ()
    assert ROLE.picks is not None
    first = at_first(replace(situation, live=there), ROLE.of(ROLE.picks(moment, ())), one)
    return dry_run_outcome(walk.session, replace(first, live=situation.live), (key, there))


def _behind(one: WalkName, what: str, fix: str = "") -> str:
    """Why it does not ride along, what to do about that, and the command that begins it."""
    return f"{one.words} does not ride along: {what}; " + (f"{fix}, then {one.begins}" if fix else one.begins)


def keep(walk: Walk, found: Riders) -> None:
    """Put on record who rides along, in the transaction that begins the step."""
    if found.step == ROLE.joins and walk.record.walk == SPLIT and (found.names or _missing(walk)):
        # Also that nobody does: those of an attempt that was broken off are not waited for any more
        told = f"{', '.join(found.names)} ride along" if found.names else "nobody rides along"
        walk.journal.event(_DECLARED, ROLE.joins, told, {"roles": list(found.names)})


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

    What speaks against one is told, and holds up nobody: it can be begun later like any other. Raises Waiting where a
    lock did not come; the next call goes on with it.
    """
    found = []
    for name in _missing(walk):
        one = WalkName(role.NAME, name)
        reporter.turn_to(one)
        try:
            result = _take(walk, one, take)
            found.append(result)
            made = _begun(walk, one)
            told = f"{one.words} came along" if made else _behind(one, "you said no")
            if not made:
                reporter.note(told)
        except Waiting:
            raise
        except FlatsplitError as error:
            made = _begun(walk, one)
            told = _stuck(one, error) if made else _behind(one, error.what, error.fix)
            reporter.note(told)
        finally:
            reporter.turn_to(SPLIT)
        with walk.session.transaction():
            walk.journal.event(_THERE, ROLE.joins, told, {"role": name, "made": made})
        walk.kept = tuple(walk.journal.walks())
    return tuple(found)


def _take(walk: Walk, one: WalkName, take: Take) -> AdvanceResult:
    """Begin a walk where it is not, and take it as far as it comes along. One that the person does not want is over."""
    live = begin(walk, one, lambda _: True).live if not _begun(walk, one) else None
    mine = walk.turned(one, live)
    result = take(mine, role.OPEN if _alike(walk, one.subject) else role.VERIFY)
    if not result.waiting and machine.last_step(states(mine.journal, mine.record, walk.config)) is None:
        with walk.session.transaction():
            end(mine)
    return result


def _stuck(one: WalkName, error: FlatsplitError) -> str:
    first = f"{error.fix}, then " if error.fix else ""
    return f"{one.words} came along and got stuck: {error.what}; {first}flatsplit next {one.option}"


def _begun(walk: Walk, one: WalkName) -> bool:
    return any(record.walk == one for record in walk.journal.walks())


def came_along(walk: Walk, situation: Situation, keys: Collection[str]) -> tuple[WalkName, ...]:
    """Those that came along with one of these steps and stand on it, the last one first: they go back before it."""
    if situation.name != SPLIT or ROLE.joins not in keys:
        return ()
    there = {event.details["role"]: event.at for event in walk.journal.events(_THERE) if event.details["made"]}
    step, missing = situation.records[ROLE.joins], _missing(walk)

    def came(link: KeptWalk) -> bool:
        """It was on its way, or it arrived; one that was begun after that, somebody else has begun."""
        if link.name.kind != role.NAME or not link.stands_on([step]):
            return False
        at = there.get(link.name.subject)
        return link.name.subject in missing or (at is not None and (link.began is None or link.began <= at))

    return tuple(link.name for link in reversed(situation.others) if came(link))


def back(walk: Walk, riders: Iterable[WalkName], reporter: Reporter, take: Callable[[Walk], None]) -> Situation:
    """Take back those that came along; how things stand then."""
    for name in riders:
        reporter.turn_to(name)
        take(walk.turned(name))
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
