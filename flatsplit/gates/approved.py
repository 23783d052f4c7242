"""approved: the plan that would run was approved."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from flatsplit import ddl
from flatsplit.errors import Refused
from flatsplit.evidence import memory
from flatsplit.gates.gate import Asked, Gate
from flatsplit.journal import EventRecord, Journal
from flatsplit.model import Change, GateResult, Plan, State
from flatsplit.planning import machine
from flatsplit.planning.difference import count, difference, facts, only_new

EVENT = "approved"
"""Kind of the journal event that keeps an approval."""

SHOWN = 12
"""Lines of a difference that are shown."""


def judge(asked: Asked[Any]) -> GateResult:
    """Open where the digest is the plan's, where the plan is part of what was approved, or where ``allow_new_objects``
    allows the rest.

    Raises Refused where another plan was approved than the one that would run, after telling the difference.
    """
    if asked.approval is None:
        raise ValueError("nobody has said which plan is to be approved")
    plan, given = asked.approval.plan, asked.approval.given
    approvals = records(asked.journal)
    if given is None:
        return _missing(approvals, plan, asked.typed("next"))
    record = next((event for event in reversed(approvals) if event.details.get("digest") == given), None)
    if given == plan.digest:
        return GateResult("approved", True, f"digest {given} approved{_whose(record)}", waivable=False)
    return _other_plan(asked, plan, given, record, asked.approval.tell)


def records(journal: Journal) -> list[EventRecord]:
    """Approvals that hold the facts of their plan, oldest first."""
    return [event for event in journal.events(EVENT) if "facts" in event.details]


def approved_facts(record: EventRecord) -> frozenset[Change]:
    """What the approved plan was to change."""
    return frozenset(Change(*fact) for fact in record.details["facts"])


def new_labels(record: EventRecord, live: State) -> frozenset[str]:
    """Objects that are newer than the approval, under the names that facts use."""
    return frozenset(ddl.label(ref) for ref in memory.difference(record.details["known"], live).appeared)


def _missing(records: Sequence[EventRecord], plan: Plan, next_: str) -> GateResult:
    mine = [event for event in records if event.details.get("digest") == plan.digest]
    if mine:
        reason = f"digest {plan.digest} was approved{_whose(mine[-1])}, but is not given"
        fix = f"{next_} --approved {plan.digest}"
    else:
        reason = f"digest {plan.digest} is not approved"
        fix = f"have the plan reviewed, then {next_} --approved {plan.digest}"
    return GateResult("approved", False, reason, fix, waivable=False)


def _whose(record: EventRecord | None) -> str:
    if record is None or not record.details.get("by"):
        return ""
    ticket = record.details.get("ticket")
    return f" by {record.details.get('by')}" + (f" ({ticket})" if ticket else "")


def _other_plan(
    asked: Asked[Any], plan: Plan, given: str, record: EventRecord | None, tell: Callable[[str], None]
) -> GateResult:
    """The gate where the approved plan is not the one that would run: open where it is a part of that, or allowed by
    ``allow_new_objects``. Raises Refused otherwise.
    """
    fix = f"look at `{asked.typed('plan')} {plan.step}`, have it approved, and give that digest"
    if record is None:
        raise Refused(f"the plan of {plan.step} is not the approved one: its digest is {plan.digest}", fix)
    if record.step != plan.step:
        raise Refused(
            f"the plan of {plan.step} is not the approved one: {given} is the plan of {record.step}",
            f"the next step is {plan.step}: give the digest that was approved for it",
        )
    wanted = facts(plan)
    differs = difference(approved_facts(record), wanted)
    begun = machine.begun({key: one.state for key, one in asked.records.items()}, plan.step)
    if not differs.more and (begun or not wanted):
        part = "the rest of" if wanted else "nothing is left to run of"
        reason = f"{part} digest {given}, approved{_whose(record)}"
        return GateResult("approved", True, reason, waivable=False)
    allowed = asked.context.config.allow_new_objects and (begun or not differs.less)
    if allowed and "known" in record.details and only_new(differs.more, new_labels(record, asked.state)):
        reason = f"digest {given} approved{_whose(record)}, and {count(differs.more)} for new objects by rule"
        return GateResult("approved", True, reason, waivable=False)
    lines = differs.lines()
    for line in lines[:SHOWN]:
        tell(line)
    if len(lines) > SHOWN:
        tell(f"… and {len(lines) - SHOWN} differences more")
    raise Refused(
        f"the plan of {plan.step} is not the approved one: {count(differs.more)} not approved, "
        f"{count(differs.less)} no longer wanted; its digest is {plan.digest}",
        fix,
    )


GATE = Gate("approved", judge, "what would run is what somebody approved")
