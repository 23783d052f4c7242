"""Which walk a command is about: the named one, or the one that is under way."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from flatsplit.config import Config
from flatsplit.errors import JournalError, UsageError
from flatsplit.journal import CutoverRecord, Journal
from flatsplit.model import SPLIT, UNTOUCHED, StepRecord, StepState, WalkName
from flatsplit.planning import machine
from flatsplit.planning.situation import Situation
from flatsplit.walks.kind import Kind
from flatsplit.walks.kinds import KINDS

DAMAGED = "the tracking schema is damaged; restore it from a backup"


def choose(
    journal: Journal,
    kept: Sequence[CutoverRecord],
    asked: WalkName | None,
    config: Config,
    *,
    any_will_do: bool = False,
) -> CutoverRecord:
    """The walk of this name; without a name the one under way, or the only one there is.

    Raises UsageError where there are several, unless ``any_will_do``: then it is the split.
    """
    if asked is not None:
        for record in kept:
            if record.walk == asked:
                return record
        there = f"there is {_listed(kept)}: flatsplit status"
        kind = KINDS.get(asked.kind)
        able = kind is not None and asked != SPLIT and bool(kind.about) == bool(asked.subject)
        begin = f"{asked.begins} begins it; " if able else ""
        raise UsageError(f"there is no walk {asked} here", begin + there)
    under_way = [record for record in kept if machine.cutover_state(states(journal, record, config)) == "active"]
    for only in (kept, under_way):
        if len(only) == 1:
            return only[0]
    if any_will_do:
        return next(record for record in kept if record.walk == SPLIT)
    found = under_way or kept
    what = "walks are under way" if under_way else "walks are kept, and none of them is under way"
    raise UsageError(f"{len(found)} {what}: {_listed(found)}", f"say which, for example {found[-1].walk.option}")


def several(journal: Journal, kept: Sequence[CutoverRecord], record: CutoverRecord, config: Config) -> bool:
    """Whether a command without ``--walk`` would be refused, or be about another walk than this one."""
    try:
        return choose(journal, kept, None, config).walk != record.walk
    except UsageError:
        return True


def _listed(records: Sequence[CutoverRecord]) -> str:
    return ", ".join(str(record.walk) for record in records)


def states(journal: Journal, record: CutoverRecord, config: Config) -> dict[str, StepState]:
    """The state of each step of a walk, in the order of the list it began with."""
    return {key: step.state for key, step in steps(journal, record, config)[1].items()}


def steps(journal: Journal, record: CutoverRecord, config: Config) -> tuple[Kind[Any], dict[str, StepRecord]]:
    """The kind of a walk with the steps it began with, and the record of each of them.

    A newer release may have more steps; a walk under way does not get them. Steps that depend on the configuration come
    and go with it, until one of them is begun.
    """
    kind = KINDS.get(record.kind)
    if kind is None:
        raise _unknown(f"no walk of kind {record.kind}")
    rows = {step.key: step for step in journal.steps(record.id)}
    if [step.ordinal for step in rows.values()] != list(range(1, len(rows) + 1)) or not rows:
        lost = next((key for key in kind.keys if key not in rows), "")
        raise JournalError(f"the journal has lost the step {lost}", DAMAGED)
    strange = next((key for key in rows if key not in kind.keys), None)
    if strange is not None:
        raise _unknown(f"no step {strange} of {record.walk}")
    for key, wanted in kind.optional(config).items():
        if wanted and key not in rows:
            rows[key] = StepRecord(key, len(rows) + 1, "pending", None, None, None, by_hand=False)
        elif not wanted and key in rows and rows[key].state in UNTOUCHED:
            del rows[key]
    return kind.of(tuple(rows)), rows


def require_step(situation: Situation[Any], key: str) -> None:
    """Raise UsageError for a step of another kind of walk."""
    if key not in situation.kind.keys:
        raise UsageError(f"{situation.name} has no step {key}", f"its steps are {', '.join(situation.kind.keys)}")


def _unknown(what: str) -> JournalError:
    return JournalError(
        f"this flatsplit knows {what}, which is under way here",
        "install the newest flatsplit: pip install --upgrade flatsplit",
    )
