"""Who did something, as text and as JSON. What is shown comes from logs, so anybody may have written it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from flatsplit.cli.output import Printer, one_line, visible
from flatsplit.words import clipped, count

if TYPE_CHECKING:
    from flatsplit.cli.views.shapes import Json
    from flatsplit.trail import Deed, Trail

_STYLES = {"suspicious": "red", "look": "yellow", "person": "", "legitimate": "green"}
_LONGEST = 200
_FEW = 5


def show(printer: Printer, found: Trail, *, literal: bool, every: bool = True) -> None:
    """Print a line for each act, what was searched, and what cannot be known.

    ``every``: also acts of flatsplit itself where there are many.
    """
    own = [deed for deed in found.deeds if deed.source == "journal"]
    for deed in found.deeds:
        if every or len(own) <= _FEW or deed not in own:
            _show(printer, deed, found.database, literal=literal)
        elif deed is own[-1]:
            printer.say(f"{deed.at}  {len(own):,} acts of flatsplit's own since {own[0].at} (flatsplit history)", "dim")
    if found.deeds:
        printer.say()
    for source in found.sources:
        span = f": {source.begins or '?'} to {source.ends or '?'}" if source.begins or source.ends else ""
        printer.say(
            f"read {source.kind}{'' if source.name == source.kind else f' {one_line(source.name)}'}{span}", "dim"
        )
    for note in found.notes:
        printer.say(one_line(note), "yellow")
    from flatsplit.trail import JUDGEMENTS

    counts = {each: sum(deed.judgement == each for deed in found.deeds) for each in JUDGEMENTS}
    told = ", ".join(f"{number:,} {each}" for each, number in counts.items() if number)
    printer.say(
        f"{count(len(found.deeds), 'act')}{f': {told}' if told else ''}",
        "red" if counts["suspicious"] else "yellow" if counts["look"] else "green",
    )


def _show(printer: Printer, deed: Deed, database: str, *, literal: bool) -> None:
    who = one_line(deed.login or deed.acting_as or "nobody knows who")
    if deed.login and deed.acting_as not in ("", deed.login):
        who += f" as {one_line(deed.acting_as)}"
    client = f" from {one_line(deed.client)}" if deed.client else ""
    claimed = printer.style(f" (says it is {one_line(deed.application)!r})", "dim") if deed.application else ""
    times = f", {count(deed.calls, 'time')}" if deed.calls > 1 or deed.source == "pg_stat_statements" else ""
    where = f" in database {deed.database}" if database and deed.database not in (database, "") else ""
    what = one_line(f"{deed.act} {deed.object}".strip() + where)
    judged = printer.style(deed.judgement, _STYLES[deed.judgement])
    when = one_line(deed.at) or "nobody knows when"
    printer.stream.write(
        f"{when}  {visible(who)}{visible(client)}{claimed}  {visible(what)}: {deed.outcome}{times}  {judged}\n"
    )
    printer.say(f"    {_statement(deed, literal=literal)}", "cyan")
    if deed.judgement != "legitimate" or deed.outcome == "refused":  # refused, but a trial of flatsplit's own
        printer.say(f"    {one_line(deed.why)}", "dim")


def _statement(deed: Deed, *, literal: bool) -> str:
    from flatsplit.trail import without_constants, without_secrets

    text = one_line((without_secrets if literal else without_constants)(deed.statement))
    return clipped(text, _LONGEST)


def shape(found: Trail, *, literal: bool) -> Json:
    """The shape of ``who --json``."""
    from flatsplit.trail import without_constants, without_secrets

    hide = without_secrets if literal else without_constants
    return {
        "sources": [
            {"name": source.name, "kind": source.kind, "from": source.begins or None, "to": source.ends or None}
            for source in found.sources
        ],
        "acts": [
            {
                "at": deed.at or None,
                "login": deed.login or None,
                "acting_as": deed.acting_as or None,
                "application": deed.application or None,
                "client": deed.client or None,
                "act": deed.act,
                "object": deed.object or None,
                "database": deed.database or None,
                "outcome": deed.outcome,
                "judgement": deed.judgement,
                "source": deed.source,
                "why": deed.why,
                "statement": hide(deed.statement),
                "calls": deed.calls,
            }
            for deed in found.deeds
        ],
        "notes": found.notes,
    }
