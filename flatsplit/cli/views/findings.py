"""Hazards and decisions."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from flatsplit.cli.output import Printer, one_line, visible
from flatsplit.config.proposed import shortened

if TYPE_CHECKING:
    from flatsplit.cli.views.shapes import Json
    from flatsplit.model import Finding

STYLES = {"blocker": "red", "warning": "yellow", "note": "cyan"}


def show_findings(printer: Printer, findings: Iterable[Finding], few: int = 10, *, ids: bool = False) -> None:
    """Print hazards and decisions: what, why, for which objects, and what to do; with their ids for --explain."""
    for found in findings:
        named = f" ({found.id})" if ids else ""
        style = "" if found.accepted else STYLES[found.severity]
        printer.say(f"{found.severity}: {one_line(found.title)}{named}", style)
        if found.accepted:
            printer.say(f"    accepted: {one_line(found.accepted)}")
        printer.say(f"    why: {one_line(found.why)}")
        objects = told_objects(found)
        for name in objects[:few]:
            printer.say(f"      {one_line(name)}", "dim")
        if len(objects) > few:
            printer.say(f"      … and {len(objects) - few:,} more", "dim")
        if found.fix:
            first, *lines = found.fix.split("\n")
            printer.say(f"    fix: {one_line(first)}")
            for line in lines:
                printer.say(f"      {visible(shortened(line))}")


def told_objects(found: Finding) -> list[str]:
    """Its objects, but for statements that stand in what to do as well."""
    return [name for name in found.objects if name not in found.sql]


def shape(found: Finding) -> Json:
    """One hazard or decision."""
    return {
        "id": found.id,
        "severity": found.severity,
        "title": found.title,
        "why": found.why,
        "fix": found.fix,
        "step": found.step or None,
        "objects": list(found.objects),
        "looked_at": found.looked_at or None,
        "manual": manual(found.manual) or None,
        "accepted": found.accepted or None,
        "sql": list(found.sql),
        "toml": list(found.toml),
    }


def manual(section: str) -> str:
    """The address of a section of PostgreSQL's manual."""
    return f"https://www.postgresql.org/docs/current/{section}" if section else ""
