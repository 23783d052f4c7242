"""``people``: a row for each person, then the differences."""

from __future__ import annotations

from typing import TYPE_CHECKING

from flatsplit.cli.output import Output, Printer, one_line
from flatsplit.cli.views import statements
from flatsplit.errors import Exit
from flatsplit.words import ago, count, listed

if TYPE_CHECKING:
    from flatsplit.cli.views.shapes import Json
    from flatsplit.cutover.people import People, Person

NAMED = 5
"""How many logins of a group are named in its row."""
COLUMNS = ("person", "is in", "since", "last seen", "differs")


def show(output: Output, found: People) -> Exit:
    """Print all of them, also as JSON; the exit code is 0 even with differences, since nothing was promised."""
    if output.json:
        output.data(shape(found))
        return Exit.OK
    if found.joined:
        output.say(f"Let in: {count(found.joined, 'statement')}.", "green")
    for one in found.renamed:
        output.say(one_line(one.what), "yellow")
        output.say(f"  fix: {one_line(one.fix)}")
    if not found.persons:
        output.say('Nobody is in the new roles. Write [people] into flatsplit.toml: name = ["app_readonly", "dba"]')
        return Exit.OK
    output.table("", COLUMNS, [_row(person) for person in found.persons])
    for person in found.persons:
        for each in person.differs:
            output.say(f"{one_line(person.name)} {one_line(each.what)}", "yellow")
            output.say(f"  fix: {one_line(each.fix)}")
    return Exit.OK


def show_question(printer: Printer, found: People) -> None:
    """What would be run."""
    for each in found.joining:
        printer.say(f"-- {one_line(each.description)}", "dim")
        printer.say(statements.terminated(each.sql))
        printer.say(f"-- undo: {one_line(each.undo)}", "dim")


def _row(person: Person) -> tuple[str, ...]:
    inside = ", ".join(each.role if each.inherits else f"{each.role} (SET ROLE)" for each in person.groups)
    times = [each.since for each in person.groups if each.since]
    seen = "now" if person.connected else ago(person.last_seen) if person.last_seen else ""
    name = f"{person.name} ({listed(person.through, NAMED)})" if person.through else person.name
    return (
        one_line(name),
        one_line(inside),
        ago(min(times)) if times else "",
        seen,
        one_line("; ".join(each.what for each in person.differs)),
    )


def shape(found: People) -> Json:
    """``people --json``."""
    return {
        "people": [
            {
                "name": person.name,
                "login": person.login,
                "groups": [
                    {
                        "role": each.role,
                        "since": each.since.isoformat() if each.since else None,
                        "inherits": each.inherits,
                    }
                    for each in person.groups
                ],
                "connected": person.connected,
                "last_seen": person.last_seen.isoformat() if person.last_seen else None,
                "through": list(person.through),
                "differs": [{"what": each.what, "fix": each.fix} for each in person.differs],
            }
            for person in found.persons
        ],
        "renamed": [{"role": one.was, "now": one.now} for one in found.renamed],
        "joining": [{"description": each.description, "sql": each.sql, "undo": each.undo} for each in found.joining],
        "joined": found.joined,
    }
