"""Who approved which plan, and whether what would run is still what was approved.

An approval is an event that holds the facts of the plan, so that a later plan can be held against it: what would be
done that nobody approved, and what was approved and is no longer wanted.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from flatsplit import ddl, privileges
from flatsplit.errors import Refused
from flatsplit.evidence import memory
from flatsplit.journal import EventRecord
from flatsplit.model import Change, GateResult, Plan, State, Statement
from flatsplit.model.report import Approved
from flatsplit.planning import machine

if TYPE_CHECKING:
    from flatsplit.cutover.caller import Reporter
    from flatsplit.cutover.situation import Situation
    from flatsplit.cutover.walk import Walk

EVENT = "approved"
"""Kind of the journal event that keeps an approval."""

SHOWN = 12
"""Lines of a difference that are shown."""

NAMED = 4
"""Objects named in one line of it."""


@dataclass(frozen=True, slots=True)
class Difference:
    """Between an approved plan and the one that would run."""

    more: frozenset[Change]
    """Would be done, and was not approved."""
    less: frozenset[Change]
    """Was approved, and is not wanted any more."""

    def lines(self) -> list[str]:
        """In words, alike things together, what was not approved first."""
        said = [f"not approved: {line}" for line in _words(self.more)]
        return said + [f"approved, but not in the plan any more: {line}" for line in _words(self.less)]


def record_approval(walk: Walk, situation: Situation, plan: Plan, by: str, ticket: str) -> None:
    """Put the approval of a plan on record; without ``by`` it was taken as approved by its digest alone."""
    details: dict[str, object] = {"digest": plan.digest, "by": by, "ticket": ticket, "facts": sorted(_facts(plan))}
    if walk.config.allow_new_objects:
        details["known"] = memory.objects(situation.live)
    where = f" ({ticket})" if ticket else ""
    whose = f"{by}{where} approved" if by else "taken as approved, by its digest alone:"
    walk.journal.event(EVENT, plan.step, f"{whose} digest {plan.digest}, {len(plan.actions)} statements", details)


def found(events: Iterable[EventRecord]) -> Iterator[Approved]:
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
    """The ``approved`` gate where one is asked for; empty where approval is neither wanted nor given.

    Raises Refused where ``given``, the digest that the operator has, is that of another plan than the one that would
    run, after telling the reporter what is different.
    """
    records = [event for event in walk.journal.events(EVENT) if "facts" in event.details]
    if given is None:
        return (_missing(records, plan),) if walk.config.gates.require_approval else ()
    matching = [event for event in records if event.details.get("digest") == given]
    record = matching[-1] if matching else None
    whose = _whose(record)
    if given == plan.digest:
        if record is None and not dry_run:  # later calls, after a kill, are held against it
            with walk.session.transaction():
                record_approval(walk, situation, plan, "", "")
        return (GateResult(EVENT, True, f"digest {given} approved{whose}", waivable=False),)
    return (_other_plan(walk, situation, plan, given, record, reporter),)


def _missing(records: Sequence[EventRecord], plan: Plan) -> GateResult:
    mine = [event for event in records if event.details.get("digest") == plan.digest]
    if mine:
        reason = f"digest {plan.digest} was approved{_whose(mine[-1])}, but is not given"
        fix = f"flatsplit next --approved {plan.digest}"
    else:
        reason = f"digest {plan.digest} is not approved"
        fix = f"have the plan reviewed, then flatsplit next --approved {plan.digest}"
    return GateResult(EVENT, False, reason, fix, waivable=False)


def _whose(record: EventRecord | None) -> str:
    if record is None or not record.details.get("by"):
        return ""
    ticket = record.details.get("ticket")
    return f" by {record.details.get('by')}" + (f" ({ticket})" if ticket else "")


def _other_plan(
    walk: Walk, situation: Situation, plan: Plan, given: str, record: EventRecord | None, reporter: Reporter
) -> GateResult:
    """What was approved is not what would run: is it a part of it, or allowed by rule? Else Refused."""
    fix = f"look at `flatsplit plan {plan.step}`, have it approved, and give that digest"
    if record is None:
        raise Refused(f"the plan of {plan.step} is not the approved one: its digest is {plan.digest}", fix)
    if record.step != plan.step:
        raise Refused(
            f"the plan of {plan.step} is not the approved one: {given} is the plan of {record.step}",
            f"the next step is {plan.step}: give the digest that was approved for it",
        )
    wanted = _facts(plan)
    differs = difference(approved_facts(record), wanted)
    begun = machine.begun(situation.states, plan.step)
    if not differs.more and (begun or not wanted):
        part = "the rest of" if wanted else "nothing is left to run of"
        reason = f"{part} digest {given}, approved{_whose(record)}"
        return GateResult(EVENT, True, reason, waivable=False)
    allowed = walk.config.allow_new_objects and (begun or not differs.less)
    if allowed and "known" in record.details and _only_new(differs.more, new_labels(record, situation.live)):
        reason = f"digest {given} approved{_whose(record)}, and {_count(differs.more)} for new objects by rule"
        return GateResult(EVENT, True, reason, waivable=False)
    lines = differs.lines()
    for line in lines[:SHOWN]:
        reporter.note(line)
    if len(lines) > SHOWN:
        reporter.note(f"… and {len(lines) - SHOWN} differences more")
    raise Refused(
        f"the plan of {plan.step} is not the approved one: {_count(differs.more)} not approved, "
        f"{_count(differs.less)} no longer wanted; its digest is {plan.digest}",
        fix,
    )


def straying(walk: Walk, situation: Situation, given: str, statements: Iterable[Statement]) -> Difference | None:
    """What appeared while an approved step ran, and is in nobody's approval; None where all is well."""
    records = [event for event in walk.journal.events(EVENT) if event.details.get("digest") == given]
    if not records or "facts" not in records[-1].details:
        return None
    record = records[-1]
    changes = {change for one in statements for change in one.changes}
    more = frozenset(changes - approved_facts(record))
    if not more:
        return None
    by_rule = walk.config.allow_new_objects and "known" in record.details
    if by_rule and _only_new(more, new_labels(record, situation.live)):
        return None
    return Difference(more, frozenset())


# -- pure


def approved_facts(record: EventRecord) -> frozenset[Change]:
    """What the approved plan was to change."""
    return frozenset(Change(*fact) for fact in record.details["facts"])


def difference(approved: Collection[Change], wanted: Collection[Change]) -> Difference:
    """What is more and what is less than approved."""
    return Difference(frozenset(wanted) - frozenset(approved), frozenset(approved) - frozenset(wanted))


def new_labels(record: EventRecord, live: State) -> frozenset[str]:
    """Objects that were not there when this was approved, as facts call them."""
    return frozenset(ddl.label(ref) for ref in memory.difference(record.details["known"], live).appeared)


def _facts(plan: Plan) -> frozenset[Change]:
    return frozenset(change for statement in plan.actions for change in statement.changes)


def _only_new(changes: Iterable[Change], new: frozenset[str]) -> bool:
    """Whether all of these are rights on, or the ownership of, new objects."""
    return all(change.fact in ("owner", "privilege") and change.subject in new for change in changes)


def _count(changes: Collection[Change]) -> str:
    return f"{len(changes):,} change{'' if len(changes) == 1 else 's'}"


def _words(changes: Iterable[Change]) -> list[str]:
    """One line for changes that say the same of several objects."""
    gained = {change.subject for change in changes if change.side == "+" and change.fact == "owner"}
    said: dict[tuple[str, str], list[str]] = {}
    for change in sorted(changes):
        if change.fact == "owner" and change.side == "-" and change.subject in gained:
            continue  # the other half of a change of owner
        said.setdefault(_phrase(change), []).append(change.subject)
    lines = []
    for (before, after), subjects in said.items():
        names = ", ".join(subjects[:NAMED]) + (f" and {len(subjects) - NAMED:,} more" if subjects[NAMED:] else "")
        lines.append(f"{before}{names}{after}")
    return lines


def _phrase(change: Change) -> tuple[str, str]:
    """The words before and after the subject."""
    gives = change.side == "+"
    if change.fact == "owner":
        return ("", f": owned by {change.detail} from then on" if gives else f": no longer owned by {change.detail}")
    if change.fact in ("privilege", "column_privilege", "default_privilege"):
        grantee, _, rest = change.detail.partition("=")
        letters = rest.partition("/")[0].replace("*", "")
        what = privileges.names(letters) if set(letters) <= privileges.NAMES.keys() else letters
        return f"{'grant' if gives else 'revoke'} {what} {'to' if gives else 'from'} {grantee or 'PUBLIC'} on ", ""
    if change.fact == "role":
        return ("create role " if gives else "drop role "), ""
    if change.fact == "member":
        return "", f" becomes {change.detail}" if gives else f" is no longer {change.detail}"
    word = "becomes" if gives else "was"
    return f"{change.fact.replace('_', ' ')} of ", f" {word} {change.detail}"
