"""``verify``: the matrix, what was tried, and drift with its causes."""

from __future__ import annotations

import itertools
from collections import Counter
from typing import TYPE_CHECKING

from flatsplit.cli.output import Printer, one_line
from flatsplit.cli.views import findings, statements
from flatsplit.cli.views.findings import show_findings
from flatsplit.cli.views.shapes import plain
from flatsplit.cli.views.statements import show_surplus, summarise
from flatsplit.rights.special import GONE
from flatsplit.words import ago, count

if TYPE_CHECKING:
    from flatsplit.cli.views.shapes import Json
    from flatsplit.cutover.canary import Canary
    from flatsplit.cutover.verify import VerifyReport
    from flatsplit.evidence.trial import RoleProof

_FEW = 10


def show(printer: Printer, found: VerifyReport) -> None:
    """Print everything, what is wrong last. Where roles were renamed, nothing else is known."""
    if found.renamed:
        for role in found.renamed:
            printer.say(f"broken: {one_line(role.what)}", "red")
            printer.say(f"  fix: {one_line(role.fix)}")
        printer.say("Nothing else was compared or tried: all of it finds roles by their names.", "yellow")
        return
    _matrix(printer, found)
    for proof in found.proofs:
        printer.say(one_line(proved(proof)), "red" if any(not trial.ok for trial in proof.trials) else "dim")
    _wrong(printer, found)
    for one in found.broken:
        printer.say(f"broken: {one_line(one.what)}", "red")
        printer.say(f"  fix: {one_line(one.fix)}")
    show_findings(printer, found.notes)
    show_findings(printer, found.strays)
    _drift(printer, found)
    for way in found.apart:
        printer.say(f"tenants: {one_line(way.what)}", "red")
        printer.say(f"  fix: {one_line(way.fix)}")
    show_surplus(printer, found.surplus)
    for age in found.old:
        printer.say(f"password of {one_line(age.role)}: set {ago(age.at)}, older than max_age of [rotation]", "yellow")
    if not found.finished and found.ok:
        printer.say("No step is finished yet, so nothing was promised.")
        return
    steps = count(found.finished, "finished step")
    printer.say(
        f"All that {steps} promised holds." if found.ok else f"Not all that {steps} promised holds.",
        "green" if found.ok else "red",
    )


def _matrix(printer: Printer, found: VerifyReport) -> None:
    rows = [
        (
            check.role,
            "can" if check.expected else "cannot",
            check.act,
            f"{check.count:,}",
            ("ok" if check.count else "nothing there")
            if check.ok
            else f"NO: {count(check.exception_count, 'exception')}",
        )
        for check in found.checks
    ]
    if rows:
        printer.table("Can and cannot", ("role", "", "act", "objects", "holds"), rows)
        printer.say()


def proved(proof: RoleProof) -> str:
    """What was proved by trying, and what by the catalog alone."""
    if not proof.how:
        return f"{proof.role}: by the catalog only; {proof.reason}"
    how = {"logged in": "logged in with its password", "as the role": "as the role, undone"}[proof.how]
    outcomes = Counter(trial.outcome for trial in proof.trials)
    parts = [f"{number} {outcome}" for outcome, number in sorted(outcomes.items())]
    tail = f"; {proof.reason}" if proof.reason else ""
    return f"{proof.role}: {count(proof.tried, 'act')} tried ({how}): {', '.join(parts)}; the rest by the catalog{tail}"


def _wrong(printer: Printer, found: VerifyReport) -> None:
    for trial in found.failed:
        word = "cannot" if trial.expected else "can"
        why = f" ({trial.reason})" if trial.reason else ""
        printer.say(one_line(f"tried: {trial.role} {word} {trial.act} {trial.target}{why}"), "red")
    for check in found.checks:
        if not check.ok:
            word = "cannot" if check.expected else "can"
            printer.say(one_line(f"{check.role} {word} {check.act}: {count(check.exception_count, 'object')}"), "red")
            for name in check.exceptions:
                printer.say(f"    {one_line(name)}")
            if check.exception_count > len(check.exceptions):
                printer.say(f"    … and {check.exception_count - len(check.exceptions):,} more", "dim")


def _drift(printer: Printer, found: VerifyReport) -> None:
    if found.drift:
        printer.say(
            f"Drift: {count(len(found.drift), 'statement')} would bring back what finished steps promised:", "red"
        )
        for cause, number in Counter(found.causes).most_common(_FEW):
            printer.say(f"  because {one_line(cause)}" + (f" ({count(number, 'statement')})" if number > 1 else ""))
        summarise(printer, found.drift)
        printer.say("`flatsplit repair` runs them.")
    elif not (found.ok or found.surplus or _each_with_its_fix(found)):
        wrong = [name for check in found.checks if not check.ok for name in check.exceptions]
        lists = {one.role for one in found.checks if any(name.endswith(GONE) for name in one.exceptions)}
        if wrong and all(one.ok or one.role in lists for one in found.checks):
            printer.say("A list in flatsplit.toml names what is not here: correct the name, or take it out.")
            return
        if not wrong and found.notes and all(trial.expected for trial in found.failed):
            printer.say("What a role needs beyond its rights, flatsplit.toml can give it: see the findings above.")
            return
        printer.say("No finished step asks for what is wrong here: whoever granted or changed it has to take it back.")


def _each_with_its_fix(found: VerifyReport) -> bool:
    """Whether all that is wrong is printed with what ends it."""
    told = found.apart or found.broken or found.strays
    return bool(told) and all(check.ok for check in found.checks) and not found.failed


def show_canary(printer: Printer, sung: Canary) -> None:
    """Print whether an attack with the application's role would have been noticed."""
    if sung.ok and sung.found is not None:
        deed = sung.found
        client = f" from {deed.client}" if deed.client else ""
        told = f"found {sung.seconds:.1f} s later in {deed.source}: {deed.judgement}"
        what = f"{deed.act} by {deed.login}{client} at {deed.at} was refused"
        printer.say(one_line(f"canary: {what}, and {told}"), "green")
        return
    if sung.refused:
        printer.say(one_line(f"canary: {sung.role} was refused, and nobody would know: {sung.reason}"), "red")
        printer.say("  fix: name the server's log with --log, with %u, %h and %e in log_line_prefix, or write csvlog")
    else:
        printer.say(one_line(f"canary: {sung.role} was not refused: {sung.reason}"), "red")
        printer.say("  fix: take that right away from it")


def shape(report: VerifyReport) -> Json:
    """``verify --json``: the matrix and the drift."""
    return {
        "ok": report.ok,
        "renamed": [{"role": one.was, "now": one.now} for one in report.renamed],
        "steps": list(report.steps),
        "broken": [{"what": one.what, "fix": one.fix} for one in report.broken],
        "tenants": [{"what": one.what, "fix": one.fix} for one in report.apart],
        "checks": [
            {
                "role": check.role,
                "act": check.act,
                "expected": "can" if check.expected else "cannot",
                "ok": check.ok,
                "count": check.count,
                "exceptions": list(check.exceptions),
                "exception_count": check.exception_count,
            }
            for check in report.checks
        ],
        "drift": [
            {**statements.shape(statement), "cause": cause}
            for statement, cause in itertools.zip_longest(report.drift, report.causes, fillvalue="")
            if not isinstance(statement, str)
        ],
        "surplus": [statements.surplus_shape(statement) for statement in report.surplus],
        "strays": [findings.shape(stray) for stray in report.strays],
        "proofs": [plain(proof) for proof in report.proofs],
        "notes": [findings.shape(note) for note in report.notes],
    }
