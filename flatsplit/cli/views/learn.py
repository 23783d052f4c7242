"""``learn``: the proposed list, the reason for each line, and why it may be incomplete."""

from __future__ import annotations

from typing import TYPE_CHECKING

from flatsplit.cli.output import Output, one_line
from flatsplit.config.special import heading
from flatsplit.config.text import quote
from flatsplit.words import clipped, count, more

if TYPE_CHECKING:
    from flatsplit.cli.views.shapes import Json
    from flatsplit.cutover.learn import Learnt, Line

WIDTH = 46
"""Characters of a statement's text that are shown."""


def show(output: Output, found: Learnt) -> None:
    """Print first what can be put into flatsplit.toml."""
    if found.lines:
        output.say(heading(found.role, "grants"))
        for word, names in found.grants.items():
            output.say(f"{word} = [{', '.join(map(quote, names))}]")
        rows = [
            (line.privilege, one_line(line.name), f"{line.since:%Y-%m-%d}", f"{line.calls:,}", _by(line))
            for line in found.lines
        ]
        output.table("Why", ("privilege", "on", "since", "calls", "by"), rows)
        new = [line for line in found.lines if not line.listed]
        if new and len(new) < len(found.lines):
            output.heading("Not in the list yet")
            for line in new:
                output.say(f"{line.privilege} {one_line(line.name)}", "red")
    if found.unneeded:
        output.heading("In the list, and not needed so far")
        for word, name in found.unneeded:
            output.say(f"{word} {one_line(name)}")
    if found.holes:
        output.heading(f"Holes in the evidence ({len(found.holes)})")
        for hole in found.holes:
            output.say(one_line(hole), "yellow")
    if found.answered:
        output.heading("Not told by the statement, and answered by flatsplit.toml")
        for text in found.answered:
            output.say(one_line(text))
    output.say()
    if found.since is None or found.until is None:
        output.say(f"nobody has looked yet what {one_line(found.role)} runs: flatsplit observe", "yellow")
        return
    output.say(
        f"{count(found.statements, 'statement')} of {one_line(found.role)}, seen by {count(found.looks, 'look')} from "
        f"{found.since:%Y-%m-%d %H:%M} to {found.until:%Y-%m-%d %H:%M} UTC without a hole between them"
    )


def _by(line: Line) -> str:
    if not line.ran:
        return ""
    first = line.ran[0]
    text = one_line(first.text) or f"statement {first.queryid}"
    return clipped(text, WIDTH) + more(len(line.ran) - 1)


def shape(found: Learnt) -> Json:
    """``learn --json``."""
    return {
        "role": found.role,
        "since": found.since.isoformat() if found.since else None,
        "until": found.until.isoformat() if found.until else None,
        "looks": found.looks,
        "statements": found.statements,
        "grants": found.grants,
        "lines": [
            {
                "privilege": line.privilege,
                "name": line.name,
                "since": line.since.isoformat(),
                "last": line.last.isoformat(),
                "calls": line.calls,
                "listed": line.listed,
                "statements": [
                    {"queryid": one.queryid, "calls": one.calls, "query": one.text or None} for one in line.ran
                ],
            }
            for line in found.lines
        ],
        "unneeded": [{"privilege": word, "name": name} for word, name in found.unneeded],
        "holes": list(found.holes),
        "answered": list(found.answered),
    }
