"""Rows of other tables that a foreign key changes."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from flatsplit.model import versions
from flatsplit.rehearsal import definers
from flatsplit.rehearsal.values import Problem

if TYPE_CHECKING:
    from flatsplit.rehearsal.judge_protocol import Judging


def problems(judge: Judging, oid: int, letter: str) -> Iterator[Problem]:
    """Problems of the triggers of referencing tables. The rows change as the owner of their table, and so BEFORE
    triggers run as that owner; AFTER triggers run as the role that began the statement.

    Since 18 AFTER triggers run as the role that was current when they were queued, the owner as well
    (AfterTriggerExecute() in trigger.c).
    """
    if letter not in "dw":
        return
    world = judge.world
    for key in world.foreign_keys.get(oid, ()):
        action = key.on_delete if letter == "d" else key.on_update
        if action not in ("c", "n", "d"):
            continue
        does = "d" if letter == "d" and action == "c" else "w"
        table = world.by_oid.get(key.referencing)
        for trigger in world.triggers.get(key.referencing, ()):
            if not trigger.fires(does):
                continue
            if trigger.after and judge.actor.major < versions.TRIGGERS_AS_QUEUED:
                yield from judge.trigger(trigger)
            elif table is not None and (routine := world.routines.get(trigger.routine)) is not None:
                yield from definers.as_owner(judge, routine, table.ref)
