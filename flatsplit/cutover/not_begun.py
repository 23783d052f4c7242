"""Sections of flatsplit.toml whose walk was never begun: what is left to do once the split is complete."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from flatsplit.errors import Refused
from flatsplit.model import SPLIT, WalkName
from flatsplit.planning import machine
from flatsplit.walks.kind import Kind, Moment
from flatsplit.walks.kinds import begun_by_people

if TYPE_CHECKING:
    from flatsplit.cutover.situation import Situation
    from flatsplit.cutover.walk import Walk


@dataclass(frozen=True, slots=True)
class NotBegun:
    """A section that asks for what nobody has begun to do."""

    section: str
    """Its heading: ``[group.app_user]``."""
    fix: str
    """What begins it, or what to do first."""
    stopped: str = ""
    """What speaks against beginning it now; "" where the fix begins it."""


def not_begun(walk: Walk, situation: Situation) -> tuple[NotBegun, ...]:
    """Them all, in the order of the kinds of walk; none before the split is complete: till then its steps are next."""
    split = situation.turned(SPLIT)
    if machine.next_step(split.states) is not None:
        return ()
    kept = {record.walk for record in walk.kept}
    found = [
        _judged(split, kind, name, heading)
        for kind in begun_by_people()
        for subject, heading in kind.declares(_moment(kind, split)).items()
        if (name := WalkName(kind.name, subject)) not in kept
    ]
    return (*found, *_people(walk, split))


def _moment(kind: Kind[Any], split: Situation, subject: str = "") -> Moment:
    return Moment(split.live, split.live, split.config, dict.fromkeys(kind.keys, "pending"), subject)


def _judged(split: Situation, kind: Kind[Any], name: WalkName, heading: str) -> NotBegun:
    if objection := kind.refuses(_moment(kind, split, name.subject)):
        return NotBegun(heading, objection[1], objection[0])
    from flatsplit.cutover.begin import at_first, refuse_beside  # imports many modules, and seldom is one left

    try:
        refuse_beside(at_first(split, kind, name))
    except Refused as error:
        return NotBegun(heading, error.fix, error.what)
    return NotBegun(heading, name.begins)


def _people(walk: Walk, split: Situation) -> Iterator[NotBegun]:
    """[people], where somebody is not there or has not got what is said there."""
    if not walk.config.people:
        return
    from flatsplit.cutover.people import missing

    if missing(walk, split.live):
        yield NotBegun("[people]", "flatsplit people --join")
