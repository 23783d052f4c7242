"""``status``: prose first, then the table."""

from __future__ import annotations

from typing import TYPE_CHECKING

from flatsplit.cli.output import Printer, one_line
from flatsplit.cli.views import findings, gates, statements
from flatsplit.cli.views.findings import show_findings
from flatsplit.cli.views.gates import how_to_go_on
from flatsplit.cli.views.shapes import plain
from flatsplit.cli.views.statements import summarise
from flatsplit.cli.views.words import ago, count

if TYPE_CHECKING:
    from flatsplit.cli.views.shapes import Json
    from flatsplit.cutover.status import Status, StepView
    from flatsplit.evidence.away import Absence

_MARKS = {"done": "done", "running": "running", "waiting": "waiting", "pending": "", "rolled_back": "rolled back"}


def show(printer: Printer, found: Status) -> None:
    """What broke, where, what next, what blocks, what changed; then every step."""
    cutover = found.cutover
    for broken in found.broken:
        printer.say(f"broken: {one_line(broken.what)}", "red")
        printer.say(f"  fix: {one_line(broken.fix)}")
    done = sum(step.state == "done" for step in found.steps)
    what = f"Cutover {cutover.name} of database {cutover.database}, away from role {cutover.legacy_role}"
    progress = f"{done} of {len(found.steps)} steps done, begun {ago(cutover.started_at)}"
    printer.say(f"{one_line(what)}: {progress}.", "bold")
    show_findings(printer, [finding for finding in found.findings if finding.blocks])
    if found.away is not None:
        _show_away(printer, found.away)
    if found.catch_up:
        printer.say(
            f"Since the last step, {count(len(found.catch_up), 'statement')} became necessary to keep what was done:",
            "yellow",
        )
        summarise(printer, found.catch_up)
        first = "`flatsplit next` runs them first; " if found.next else ""
        printer.say(f"  {first}`flatsplit repair` runs them{' alone' if first else ''}.")
    _show_next(printer, found)
    rows = [_row(number, step) for number, step in enumerate(found.steps, 1)]
    printer.table("Steps", ("", "step", "state", "when", "what"), rows)
    for finding in found.findings:
        if finding.severity == "warning" and not finding.accepted:
            printer.say()
            printer.say(f"warning: {one_line(finding.title)}. {finding.why}", "yellow")


def _show_away(printer: Printer, away: Absence) -> None:
    """What changed since the last step ended; decisions first."""
    if not away.items:
        return
    printer.say(f"While you were away (since {away.step or 'init'}, {ago(away.since)}):", "yellow")
    for then in ("decision", "catch-up", "note"):
        for item in away.items:
            if item.then != then:
                continue
            names = ", ".join(map(one_line, item.names[:5]))
            more = f" and {item.count - 5:,} more" if item.count > 5 else ""
            printer.say(f"  {one_line(item.text)}" + (f": {names}{more}" if names else ""))
            if item.advice:
                word = "to decide" if then == "decision" else "then"
                printer.say(f"    {word}: {one_line(item.advice)}", "red" if then == "decision" else "")


def _show_next(printer: Printer, found: Status) -> None:
    forget = "`flatsplit forget` takes flatsplit out of the database"
    if found.next is None:
        printer.say(f"Nothing is left to do; the cutover is {found.cutover.state}. In the end, {forget}.", "green")
        return
    if found.cutover.state == "rolled_back":
        printer.say(f"Everything is rolled back. If that is the end of it, {forget}.", "green")
    step = next(step for step in found.steps if step.key == found.next)
    word = "Under way" if step.state == "running" else "Next"
    work = f"{count(found.pending, 'statement')} to run" if found.pending else "no statements to run"
    printer.say(f"{word}: {step.key} ({one_line(step.title)}), {work}.")
    for gate in step.blocked_by:
        printer.say(f"  blocked by {gate.key}: {one_line(gate.reason)}", "yellow")
        if gate.fix:
            printer.say(f"    fix: {one_line(gate.fix)}")
    for gate in step.notices:
        printer.say(f"  {gate.key}: {one_line(gate.reason)}", "yellow")
        printer.say(f"    better: {one_line(gate.fix)}")
    if step.blocked_by:
        printer.say(f"  {how_to_go_on(step.blocked_by)}")
    elif step.state == "running":
        printer.say("  `flatsplit next` goes on with it, `flatsplit rollback` takes it back.")
    else:
        printer.say("  See it with `flatsplit plan`, take it with `flatsplit next`.")


def _row(number: int, step: StepView) -> tuple[str, ...]:
    remarks = [one_line(step.title)]
    if step.by_hand:
        remarks.append("done by hand")
    remarks += [f"waived {gate.key}: {one_line(gate.waived)}" for gate in step.waived]
    moment = step.finished_at or step.started_at
    return (str(number), step.key, _MARKS[step.state], ago(moment), "; ".join(remarks))


def shape(found: Status) -> Json:
    """``status --json``."""
    cutover = found.cutover
    return {
        "cutover": {
            "name": cutover.name,
            "state": cutover.state,
            "legacy_role": cutover.legacy_role,
            "database": cutover.database,
            "started_at": plain(cutover.started_at),
            "retire": cutover.retire,
            "roles": dict(cutover.roles),
        },
        "steps": [_step(step) for step in found.steps],
        "next": found.next,
        "pending": found.pending,
        "catch_up": [statements.shape(statement) for statement in found.catch_up],
        "findings": [findings.shape(item) for item in found.findings],
        "away": plain(found.away),
        "broken": [{"what": each.what, "fix": each.fix} for each in found.broken],
    }


def _step(step: StepView) -> Json:
    return {
        "key": step.key,
        "title": step.title,
        "state": step.state,
        "blocked_by": [item.key for item in step.blocked_by],
        "gates": [gates.shape(item) for item in (*step.blocked_by, *step.notices, *step.waived)],
        "started_at": plain(step.started_at),
        "finished_at": plain(step.finished_at),
        "by_hand": step.by_hand,
    }
