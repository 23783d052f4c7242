"""``status``: sentences first, then the table of steps."""

from __future__ import annotations

from typing import TYPE_CHECKING

from flatsplit.cli.output import Printer, one_line
from flatsplit.cli.views import findings, gates, statements
from flatsplit.cli.views.findings import show_findings
from flatsplit.cli.views.gates import how_to_go_on
from flatsplit.cli.views.not_begun import show_not_begun
from flatsplit.cli.views.refused import show_refused
from flatsplit.cli.views.shapes import plain
from flatsplit.cli.views.statements import show_surplus, summarise
from flatsplit.cli.views.words import typed
from flatsplit.words import ago, count, more

if TYPE_CHECKING:
    from flatsplit.cli.views.shapes import Json
    from flatsplit.cutover.status import Status, StepView
    from flatsplit.cutover.walks import WalkView
    from flatsplit.evidence.changes_since import Absence
    from flatsplit.gates.tenants.rings import Ring

_MARKS = {"done": "done", "running": "running", "waiting": "waiting", "pending": "", "rolled_back": "rolled back"}


def show(printer: Printer, found: Status, *, all_walks: bool = False) -> None:
    """Print what broke, where the walk is, what is next, what blocks it and what changed; then every step.
    ``all_walks``: a line for each walk.
    """
    cutover = found.cutover
    for broken in found.broken:
        printer.say(f"broken: {one_line(broken.what)}", "red")
        printer.say(f"  fix: {one_line(broken.fix)}")
    for untold in found.untold:
        printer.say(one_line(untold.what), "yellow")
        printer.say(f"  {one_line(untold.fix)}")
    if found.renamed:
        printer.say("Steps are refused until then. From here on it is what the journal says:", "yellow")
    show_findings(printer, found.misnamed)
    for finding in found.younger:
        names = ", ".join(map(one_line, finding.objects[:5])) + (", …" if finding.objects[5:] else "")
        printer.say(f"{one_line(finding.title)}: {names}")
        printer.say(f"  if it needs them: {one_line(finding.fix)}")
    show_surplus(printer, found.surplus)
    if all_walks:
        _show_changes(printer, found)
        _show_walks(printer, found)
        _show_poolers(printer, found)
        _show_ages(printer, found)
        return
    done = sum(step.state == "done" for step in found.steps)
    what = f"Cutover {cutover.name} of database {cutover.database}, away from role {cutover.legacy_role}"
    if found.walk.kind != "split":
        what = f"{found.walk.words} in database {cutover.database}"
    progress = f"{done} of {len(found.steps)} steps done, begun {ago(cutover.started_at)}"
    printer.say(f"{one_line(what)}: {progress}.", "bold")
    _show_changes(printer, found)
    _show_next(printer, found)
    _show_poolers(printer, found)
    _show_ages(printer, found)
    rows = [_row(number, step) for number, step in enumerate(found.steps, 1)]
    printer.table("Steps", ("", "step", "state", "when", "what"), rows)
    if found.rings:
        lines = [
            (str(one.number), str(len(one.roles) + one.held), str(len(one.seen)), str(one.held), ago(one.since))
            for one in found.rings
        ]
        printer.table("Rings of tenants", ("", "tenants", "seen", "held back", "first seen"), lines)
    for finding in found.findings:
        if finding.severity == "warning" and not finding.accepted:
            printer.say()
            printer.say(f"warning: {one_line(finding.title)}. {finding.why}", "yellow")


def _show_changes(printer: Printer, found: Status) -> None:
    """What stands in the way of all walks, what changed meanwhile, and what was refused."""
    show_findings(printer, [finding for finding in found.findings if finding.blocks])
    if found.away is not None:
        _show_away(printer, found.away)
    if found.catch_up:
        printer.say(
            f"Since the last step, {count(len(found.catch_up), 'statement')} became necessary to keep what was done:",
            "yellow",
        )
        summarise(printer, found.catch_up)
        next_ = typed("next", found.walk, several=found.several)
        first = f"`{next_}` runs them first; " if found.next else ""
        printer.say(f"  {first}`flatsplit repair` runs them{' alone' if first else ''}.")
    show_refused(printer, found.refused)


def _show_walks(printer: Printer, found: Status) -> None:
    for walk in found.walks:
        if walk.blocked_by:
            gate = walk.blocked_by[0]
            where = f"waiting for {gate.key} ({one_line(gate.reason)})"
        else:
            where = {"complete": "done", "rolled_back": "rolled back"}.get(walk.state, f"next: {walk.next}")
        style = "green" if walk.state == "complete" else "yellow" if walk.blocked_by else ""
        printer.say(f"{one_line(walk.walk.words)}  {walk.done}/{walk.of}  {where}", style)
    printer.say("`flatsplit status --walk KIND:SUBJECT` says more of one.")
    show_not_begun(printer, found.not_begun)


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
            printer.say(f"  {one_line(item.text)}" + (f": {names}{more(item.count - 5)}" if names else ""))
            if item.advice:
                word = "to decide" if then == "decision" else "then"
                printer.say(f"    {word}: {one_line(item.advice)}", "red" if then == "decision" else "")


def _show_next(printer: Printer, found: Status) -> None:
    forget = "`flatsplit forget` takes flatsplit out of the database"
    if found.next is None:
        what = "cutover" if found.walk.kind == "split" else "walk"
        if found.not_begun:
            printer.say(f"The {what} is {found.cutover.state}; flatsplit.toml asks for more.", "green")
            show_not_begun(printer, found.not_begun)
        else:
            printer.say(f"Nothing is left to do; the {what} is {found.cutover.state}. In the end, {forget}.", "green")
        return
    if found.cutover.state == "rolled_back":
        printer.say(f"Everything is rolled back. If that is the end of it, {forget}.", "green")
    step = next(step for step in found.steps if step.key == found.next)
    if found.renamed:
        printer.say(f"Next: {step.key} ({one_line(step.title)}).")
        return
    word = "Under way" if step.state == "running" else "Next"
    work = f"{count(found.pending, 'statement')} to run" if found.pending else "no statements to run"
    printer.say(f"{word}: {step.key} ({one_line(step.title)}), {work}.")
    for gate in step.blocked_by:
        printer.say(f"  blocked by {gate.key}: {one_line(gate.reason)}", "yellow")
        if gate.fix:
            printer.say(f"    fix: {one_line(gate.fix)}")
    for gate in step.notices:
        printer.say(f"  {gate.key}: {one_line(gate.reason)}", "yellow")
        if gate.fix:
            printer.say(f"    better: {one_line(gate.fix)}")
    if step.blocked_by:
        printer.say(f"  {how_to_go_on(step.blocked_by, found.walk, several=found.several)}")
    elif step.state == "running":
        next_, back = (typed(verb, found.walk, several=found.several) for verb in ("next", "rollback"))
        printer.say(f"  `{next_}` goes on with it, `{back}` takes it back.")
    else:
        plan, next_ = (typed(verb, found.walk, several=found.several) for verb in ("plan", "next"))
        printer.say(f"  See it with `{plan}`, take it with `{next_}`.")


def _show_poolers(printer: Printer, found: Status) -> None:
    for one in found.poolers:
        name = f", database {one_line(one.database)}" if one.database else ""
        printer.say(
            f"PgBouncer {one_line(one.place)}{name}: {one.goes}; {one_line(one.seen)}", "green" if one.works else ""
        )
        if one.todo:
            printer.say(f"  to do: {one_line(one.todo)}", "yellow")


def _show_ages(printer: Printer, found: Status) -> None:
    if not found.tells_ages:
        return
    for one in found.ages:
        if one.at is None:
            printer.say(f"password of {one_line(one.role)}: not set by flatsplit, its age is not known")
            continue
        late = f", older than max_age: `{one_line(one.change)}` changes it" if one.old else ""
        by = f" by {one_line(one.by)}" if one.by else ""
        printer.say(f"password of {one_line(one.role)}: set {ago(one.at)}{by}{late}", "yellow" if one.old else "")


def _ring(one: Ring) -> dict[str, object]:
    return {"tenants": len(one.roles) + one.held, "seen": len(one.seen), "held": one.held, "since": plain(one.since)}


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
        "younger": [findings.shape(item) for item in found.younger],
        "misnamed": [findings.shape(item) for item in found.misnamed],
        "surplus": [statements.surplus_shape(statement) for statement in found.surplus],
        "away": plain(found.away),
        "refused": [plain(one) for one in found.refused],
        "broken": [{"what": each.what, "fix": each.fix} for each in found.broken],
        "untold": [{"what": each.what, "fix": each.fix} for each in found.untold],
        "renamed": [{"role": each.was, "now": each.now} for each in found.renamed],
        "walks": [_walk(walk) for walk in found.walks],
        "not_begun": [plain(one) for one in found.not_begun],
        "rings": [{"ring": one.number, **_ring(one)} for one in found.rings],
        "poolers": [
            {
                "place": one.place,
                "database": one.database,
                "way": one.way,
                "todo": one.todo,
                "seen": one.seen,
                "works": one.works,
            }
            for one in found.poolers
        ],
        "passwords": [
            {"role": one.role, "set_at": plain(one.at), "by": one.by, "walk": one.walk, "old": one.old}
            for one in found.ages
        ],
    }


def _walk(found: WalkView) -> Json:
    return {
        "walk": str(found.walk),
        "kind": found.walk.kind,
        "subject": found.walk.subject,
        "state": found.state,
        "done": found.done,
        "of": found.of,
        "next": found.next,
        "blocked_by": [gate.key for gate in found.blocked_by],
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
