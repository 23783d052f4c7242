"""``rehearse``: what would fail, by verdict."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from flatsplit import privileges
from flatsplit.cli.output import Printer, one_line
from flatsplit.config.special import heading
from flatsplit.config.text import quote
from flatsplit.words import count

if TYPE_CHECKING:
    from flatsplit.cli.views.shapes import Json
    from flatsplit.model import ObjectRef
    from flatsplit.rehearsal.values import Rehearsal, Verdict

_STYLES = {"denied": "red", "silent": "red", "migrator": "yellow", "unknown": "cyan"}
_HEADINGS = {
    "denied": "Denied: would fail",
    "silent": "Silent: would succeed and do less",
    "migrator": "The migration tool's work, not the application's",
    "unknown": "Unknown: look at these yourself",
}
_SHOWN = 25
_INSTEAD = (
    "remedy: name LIKE 'x%' as name ^@ 'x' or as a range; or, where a superuser knows that it tells nothing of hidden "
    "rows, ALTER FUNCTION … LEAKPROOF for the operator's function; or live with all rows of one tenant being read"
)
_BASIS = re.compile(r" \(by the blueprint: .* does not exist yet\)\Z", re.DOTALL)
"""What verdicts rest on, where it is the same for all of them: said once at the end."""


def show(printer: Printer, found: Rehearsal) -> None:
    """Print what is bad first, each with its remedy; the numbers last."""
    for outcome, title in _HEADINGS.items():
        verdicts = [each for each in found.verdicts if each.verdict == outcome]
        if not verdicts:
            continue
        printer.heading(f"{title} ({len(verdicts)})")
        remedies = {verdict.remedy for verdict in verdicts}
        common = remedies.pop() if len(remedies) == 1 and verdicts[1:] else ""
        if common:
            printer.say(f"remedy for all of them: {one_line(common)}")
        for verdict in verdicts[:_SHOWN]:
            _show_one(printer, verdict, _STYLES[outcome], remedy=not common)
        if len(verdicts) > _SHOWN:
            printer.say(f"… and {len(verdicts) - _SHOWN:,} more: `flatsplit rehearse --json` has all", "dim")
    _show_slower(printer, found)
    for section, lines in found.grants.items():
        printer.heading("What of it flatsplit.toml can grant")
        printer.say(heading(section, "grants"))
        for word, names in lines.items():
            printer.say(f"{word} = [{', '.join(map(quote, names))}]")
    if found.applications:
        rows = [(name, *map(str, counts.values())) for name, counts in found.applications.items()]
        printer.table("By application_name", ("application", *found.summary), rows)
    printer.say()
    for note in found.notes:
        printer.say(one_line(note), "yellow")
    ground = (
        f"tried as {found.role}"
        if found.basis == "role"
        else f"reasoned from what the list of {found.role} says, without the rights that it has besides"
        if found.basis == "list"
        else f"reasoned from what {found.role} is going to be granted (it does not exist yet)"
    )
    printer.say(one_line(f"{count(len(found.verdicts), 'distinct statement')} from {found.source}, {ground}:"))
    printer.say(
        "  " + ", ".join(f"{number:,} {outcome}" for outcome, number in found.summary.items()),
        "green" if found.ok else "red",
    )


def _show_slower(printer: Printer, found: Rehearsal) -> None:
    """Print what still works but becomes slower."""
    verdicts = [each for each in found.verdicts if each.slower]
    if not verdicts:
        return
    printer.heading(f"Slower: goes on, and no index serves it ({len(verdicts)})")
    for verdict in verdicts[:_SHOWN]:
        query = one_line(verdict.query)
        printer.say(f"{query if len(query) <= 160 else query[:159] + '…'}", "yellow")
        for line in verdict.slower:
            printer.say(f"    {count(verdict.calls, 'call')}; {one_line(line)}")
    if len(verdicts) > _SHOWN:
        printer.say(f"… and {len(verdicts) - _SHOWN:,} more: `flatsplit rehearse --json` has all", "dim")
    printer.say(_INSTEAD)


def _show_one(printer: Printer, verdict: Verdict, style: str, *, remedy: bool) -> None:
    query = one_line(verdict.query)
    printer.say(f"{query if len(query) <= 160 else query[:159] + '…'}", style)
    printer.say(f"    {count(verdict.calls, 'call')}; {one_line(_BASIS.sub('', verdict.reason))}")
    if remedy and verdict.remedy:
        printer.say(f"    remedy: {one_line(verdict.remedy)}")


def shape(found: Rehearsal) -> Json:
    """``rehearse --json``."""
    return {
        "summary": dict(found.summary),
        "role": found.role,
        "basis": found.basis,
        "source": found.source,
        "notes": list(found.notes),
        "grants": {
            purpose: {word: list(names) for word, names in lines.items()} for purpose, lines in found.grants.items()
        },
        "applications": {name: dict(counts) for name, counts in found.applications.items()},
        "statements": [
            {
                "query": verdict.query,
                "calls": verdict.calls,
                "verdict": verdict.verdict,
                "reason": verdict.reason,
                "object": verdict.object or None,
                "privilege": verdict.privilege or None,
                "remedy": verdict.remedy or None,
                "sql": list(verdict.sql),
                "toml": list(verdict.toml),
                "basis": verdict.basis,
                "certain": not verdict.perhaps,
                "needs": _needs(verdict),
                "slower": list(verdict.slower),
            }
            for verdict in found.verdicts
        ],
    }


def _needs(verdict: Verdict) -> list[Json]:
    """What a statement needs; the columns of an object together, none where it is the object as a whole."""
    from flatsplit.rehearsal.remedies import shown  # nothing else here needs the parser of SQL

    grouped: dict[tuple[ObjectRef, str, str, str], list[str]] = {}
    for need in verdict.needs:
        grouped.setdefault((need.object, need.letter, need.why, need.where), []).append(need.column)
    return [
        {
            "kind": ref.kind,
            "object": shown(ref),
            "privilege": privileges.NAMES[letter],
            "columns": list(filter(None, columns)),
            "why": why,
            "where": where or None,
        }
        for (ref, letter, why, where), columns in grouped.items()
    ]
