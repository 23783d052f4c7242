"""``doctor``: its findings, and the story of one hazard."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from flatsplit.cli.output import Printer, one_line
from flatsplit.cli.views.findings import manual, show_findings
from flatsplit.words import clipped

if TYPE_CHECKING:
    from flatsplit.cli.views.shapes import Json
    from flatsplit.evidence.rows_alike import RowCounts
    from flatsplit.hazards import Hazard
    from flatsplit.hazards.stories import HazardStory
    from flatsplit.model import Finding

FEW = 3
"""How many objects of a finding are shown; the JSON has all of them."""


def show(printer: Printer, findings: Sequence[Finding], proposed: str) -> None:
    """Print a table of all, then each with the reason, the first objects, and what to do; at the end the lines of
    flatsplit.toml that they propose.
    """
    if not findings:
        return
    printer.table("", ("severity", "hazard", "before", "objects", "what"), map(_row, findings))
    printer.say()
    show_findings(printer, findings, few=FEW, ids=True)
    printer.say()
    if proposed:
        printer.say(
            "For flatsplit.toml, all together. A section that it has already is whole here: put it in its place."
        )
        printer.say("Leave out what you do not want; behind each stands the hazard.")
        printer.say()
        printer.code(proposed)
        printer.say()
    printer.say("`flatsplit doctor --explain HAZARD` tells more about one of them.", "dim")


def show_counted(printer: Printer, counted: Sequence[RowCounts]) -> None:
    """Print what was counted in each table, and whether it is the same."""
    if not counted:
        printer.say("No policy asks who looks: nothing to count.")
        printer.say()
        return
    rows = [(one_line(f"{one.schema}.{one.table}"), *_counts(one)) for one in counted]
    printer.table("", ("table", "as legacy", "as app_user", "rows"), rows)
    printer.say()


def _counts(one: RowCounts) -> tuple[str, str, str]:
    if one.as_legacy is None or one.as_app is None:
        return ("–", "–", one_line(f"not counted: {one.said}"))
    alike = "the same" if one.alike else "others" if one.as_app == one.as_legacy else "fewer or more"
    return (f"{one.as_legacy:,}", f"{one.as_app:,}", alike)


def counted_shape(one: RowCounts) -> Json:
    """``doctor --rows --json``, per table."""
    return {
        "table": f"{one.schema}.{one.table}",
        "as_legacy": one.as_legacy,
        "as_app_user": one.as_app,
        "alike": one.alike,
        "said": one.said,
    }


def _row(found: Finding) -> tuple[str, ...]:
    severity = f"accepted {found.severity}" if found.accepted else found.severity
    shown = clipped(one_line(found.title), 100)
    return (severity, found.id, found.step or "the walk", str(len(found.objects) or ""), shown)


def show_story(printer: Printer, hazard: Hazard, story: HazardStory) -> None:
    """The long story of one hazard."""
    printer.say(f"{hazard.id}: {hazard.severity}, before {hazard.step or 'the walk'}", "bold")
    printer.say()
    printer.say(story.text)
    printer.heading("Why")
    printer.say(hazard.why)
    printer.heading("Looks at")
    printer.say(hazard.looks_at)
    printer.heading("What to do")
    printer.say(hazard.fix)
    printer.say(f'Or take it on in flatsplit.toml, under [hazards.accept]: "{hazard.id}" = "the reason"')
    printer.heading("Seen for yourself")
    printer.code(story.reproduction)
    printer.heading("PostgreSQL's manual")
    printer.say(manual(hazard.manual))


def story_shape(found: Hazard, told: HazardStory) -> Json:
    """``doctor --explain ID --json``."""
    return {
        "id": found.id,
        "severity": found.severity,
        "step": found.step,
        "looked_at": found.looks_at,
        "why": found.why,
        "fix": found.fix,
        "manual": manual(found.manual),
        "since": found.since,
        "story": told.text,
        "reproduction": told.reproduction,
    }
