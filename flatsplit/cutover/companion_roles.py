"""Special roles that the configuration declares before the split enables logins: they are made together with that step.

Each is a walk of its own, with its plan, its gates and its way back. The split begins it, takes those of its steps for
which nobody else has to do anything, and rolls it back together with its own step.
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
"""Kinds of events of the split: which special roles are made with a step, and which of them are complete."""


@dataclass(frozen=True, slots=True)
class Riders:
    """The special roles that are declared and not begun, as a step of the split finds them."""

    step: str
    names: tuple[str, ...] = ()
    """The roles that are made with the step."""
    behind: tuple[str, ...] = ()
    """A line for each other role: why it is not made with the step, and what to do about it."""
    stopping: tuple[str, ...] = ()
    """A line for each role that will stop on its way, until somebody else has run what the operator may not."""

    def on(self, plan: Plan) -> Plan:
        """The plan with notes about these roles, so that a reader knows what else will happen."""
        return replace(plan, notes=(*plan.notes, *self.notes))

    @property
    def notes(self) -> tuple[Finding, ...]:
        """Which roles are made with the step, and which are not and why."""
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
    """The roles that are made with this step of the split: declared, not begun, and with nothing against them.

    None where the step runs as it was ``approved``, or where every plan has to be approved: then only what was approved
    is run.
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
    """What speaks against making a special role at this moment, with what to do about it, or what will stop it later;
    (None, notes) where nothing does.
    """
    there = situation.desired(situation.kind.place(key))
    moment = Moment(there, there, situation.config, dict.fromkeys(ROLE.keys, "pending"), one.subject)
    if refused := ROLE.refuses(moment):
        return refused, ()
    assert ROLE.picks is not None
    first = at_first(replace(situation, live=there), ROLE.of(ROLE.picks(moment, ())), one)
    return dry_run_outcome(walk.session, replace(first, live=situation.live), (key, there))


def _behind(one: WalkName, what: str, fix: str = "") -> str:
    """Why a role is not made with the step, what to do about it, and the command that begins it."""
    return f"{one.words} does not ride along: {what}; " + (f"{fix}, then {one.begins}" if fix else one.begins)


def keep(walk: Walk, found: Riders) -> None:
    """Record which roles are made with the step, in the transaction that begins it."""
    if found.step == ROLE.joins and walk.record.walk == SPLIT and (found.names or _missing(walk)):
        # An empty list counts too: roles of an earlier attempt that was broken off are then not waited for
        told = f"{', '.join(found.names)} ride along" if found.names else "nobody rides along"
        walk.journal.event(_DECLARED, ROLE.joins, told, {"roles": list(found.names)})


def known(walk: Walk, plan: Plan, names: tuple[str, ...], passwords: Passwords) -> Passwords:
    """The passwords of a step and of the roles made with it, all asked for before the first statement runs."""
    if not names or walk.config.auth != "password":
        return passwords
    found = Remembered(passwords)
    found.for_roles([*(role for each in plan.actions for role in each.secrets), *names])
    return found


def late(walk: Walk, situation: Situation) -> bool:
    """Whether roles that were to be made with a step are not complete, because flatsplit was killed in between."""
    if situation.name != SPLIT or not walk.config.special or situation.states[ROLE.joins] != "done":
        return False
    return bool(_missing(walk))


def ride(walk: Walk, reporter: Reporter, take: Take) -> tuple[AdvanceResult, ...]:
    """Once the step is done, make those of its roles that are not complete.

    What speaks against a role is reported and stops nothing else: the role can be begun later by itself. Raises Waiting
    where a lock was not obtained; the next call goes on with that role.
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
    """Begin a walk unless it has begun, and take its steps as far as they come with the split. One that the person
    declines is ended.
    """
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
    """The walks that were begun with one of these steps, the last one first. They are rolled back before the step."""
    if situation.name != SPLIT or ROLE.joins not in keys:
        return ()
    there = {event.details["role"]: event.at for event in walk.journal.events(_THERE) if event.details["made"]}
    step, missing = situation.records[ROLE.joins], _missing(walk)

    def came(link: KeptWalk) -> bool:
        """Whether a walk was begun with the step. One that was begun later, by itself, was not."""
        if link.name.kind != role.NAME or not link.stands_on([step]):
            return False
        at = there.get(link.name.subject)
        return link.name.subject in missing or (at is not None and (link.began is None or link.began <= at))

    return tuple(link.name for link in reversed(situation.others) if came(link))


def back(walk: Walk, riders: Iterable[WalkName], reporter: Reporter, take: Callable[[Walk], None]) -> Situation:
    """Roll back the walks that were begun with a step; returns the State after that."""
    for name in riders:
        reporter.turn_to(name)
        take(walk.turned(name))
        reporter.turn_to(SPLIT)
        walk.kept = tuple(walk.journal.walks())
        if any(record.walk == name for record in walk.kept):
            break  # the operator answered no
    return walk.situation()


def _missing(walk: Walk) -> list[str]:
    """Roles recorded as made with a step and not as complete; the last event about each counts."""
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
