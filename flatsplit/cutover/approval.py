"""Who approved which plan, and whether the plan that would run is still the approved one.

An approval is an event that holds the facts of the plan. A later plan is compared with it: what it would do that nobody
approved, and what was approved and is no longer wanted.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace
from typing import TYPE_CHECKING

from flatsplit import gates
from flatsplit.evidence import memory
from flatsplit.gates.approved import EVENT, approved_facts, new_labels, records
from flatsplit.gates.gate import Approval
from flatsplit.journal import EventRecord
from flatsplit.model import GateResult, Plan, Statement
from flatsplit.model.report import Approved
from flatsplit.planning.difference import Difference, facts, only_new
from flatsplit.words import count

if TYPE_CHECKING:
    from flatsplit.cutover.interaction import Reporter
    from flatsplit.cutover.situation import Situation
    from flatsplit.cutover.walk import Walk


def record_approval(walk: Walk, situation: Situation, plan: Plan, by: str, ticket: str) -> None:
    """Record the approval of a plan. Without ``by``, it counts as approved because its digest was given."""
    details: dict[str, object] = {"digest": plan.digest, "by": by, "ticket": ticket, "facts": sorted(facts(plan))}
    if walk.config.allow_new_objects:
        details["known"] = memory.objects(situation.live)
    where = f" ({ticket})" if ticket else ""
    whose = f"{by}{where} approved" if by else "taken as approved, by its digest alone:"
    walk.journal.event(
        EVENT, plan.step, f"{whose} digest {plan.digest}, {count(len(plan.actions), 'statement')}", details
    )


def approvals(events: Iterable[EventRecord]) -> Iterator[Approved]:
    """The approvals among these events, oldest first."""
    for event in events:
        if event.kind == EVENT:
            said = event.details
            yield Approved(
                event.step or "",
                str(said.get("digest", "")),
                str(said.get("by", "")),
                str(said.get("ticket", "")),
                event.at,
                event.db_user,
            )


def gate(
    walk: Walk, situation: Situation, plan: Plan, given: str | None, reporter: Reporter, *, dry_run: bool
) -> tuple[GateResult, ...]:
    """The ``approved`` gate; empty where approval is neither required nor given.

    Raises Refused where ``given`` is the digest of another plan than the one that would run, after telling the reporter
    how the two differ.
    """
    if given is None and not walk.config.gates.require_approval:
        return ()
    asked = replace(walk.asked(situation, plan.step), approval=Approval(plan, given, reporter.note))
    found = gates.judge(asked, ["approved"])
    if given == plan.digest and not dry_run:  # later calls, after a kill, are compared with it
        known = any(event.details.get("digest") == given for event in records(walk.journal))
        if not known:
            with walk.session.transaction():
                record_approval(walk, situation, plan, "", "")
    return found


def straying(walk: Walk, situation: Situation, given: str, statements: Iterable[Statement]) -> Difference | None:
    """What appeared while an approved step ran and nobody approved; None where there is nothing."""
    records = [event for event in walk.journal.events(EVENT) if event.details.get("digest") == given]
    if not records or "facts" not in records[-1].details:
        return None
    record = records[-1]
    changes = {change for one in statements for change in one.changes}
    more = frozenset(changes - approved_facts(record))
    if not more:
        return None
    by_rule = walk.config.allow_new_objects and "known" in record.details
    if by_rule and only_new(more, new_labels(record, situation.live)):
        return None
    return Difference(more, frozenset())
