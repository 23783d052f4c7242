"""``tenants --prove``: what was tried, with the results, and what no policy closes."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from flatsplit.cli.output import Printer, one_line
from flatsplit.cli.views.shapes import plain
from flatsplit.words import count

if TYPE_CHECKING:
    from flatsplit.cli.views.shapes import Json
    from flatsplit.evidence.isolation import Proof

_SHOWN = 20
ELSEWHERE = "other-database"


def show(printer: Printer, proof: Proof, paper: Path | None = None) -> None:
    """Print the tables with their counts, then everything that speaks against isolation, then the holes."""
    rows = [
        (one.table, one.kind, one.tried, one.equal, f"{one.rows:,}", f"{one.refused:,}", "; ".join(sorted(one.untried)))
        for one in proof.tables
    ]
    columns = ("table", "kind", "tenants", "saw its own", "rows", "refused", "not tried")
    printer.table(f"As {len(proof.tried):,} of {proof.tenants:,} tenants", columns, rows)
    if proof.sums:
        shown = [
            (
                one.table,
                f"{one.total:,}",
                f"{one.tenants:,}",
                f"{one.nobodys:,}",
                f"{one.roleless:,}",
                f"{one.crossing:,}",
            )
            for one in proof.sums
        ]
        titles = ("table", "rows", "of tenants", "nobody's", "without a role", "name another's")
        printer.table("Whose all rows are", titles, shown)
    breaches = [(f"{one.what}", one.fix) for one in proof.breaches]
    _list(printer, f"In the catalog ({len(breaches)})", breaches, "red")
    failures = [(f"{one.role}: {one.act} {one.table}: {one.what}", "") for one in proof.failures]
    _list(printer, f"Tried, and came out wrong ({len(failures)})", failures, "red")
    _list(
        printer,
        f"Could not be tried ({len(proof.unable)})",
        [(f"{a}: {b}", "") for a, b in proof.unable.items()],
        "red",
    )
    _list(printer, "Ways around the policies", [(one.what, one.fix) for one in proof.open_holes], "red")
    told = [(one.what, "") for one in proof.holes if not one.opens and one.key not in ("primary-key", ELSEWHERE)]
    _list(printer, "What is not promised: that a row is there can be told", told, "yellow")
    beside = [(one.what, one.fix) for one in proof.holes if one.key == ELSEWHERE]
    _list(printer, "What is not promised: what other databases let tenants do", beside, "yellow")
    keys = sum(one.key == "primary-key" for one in proof.holes)
    if keys:
        printer.say(
            f"{count(keys, 'primary key')} without the tenant's key: a taken number is told by the error", "yellow"
        )
    printer.say()
    printer.say(
        f"digest {proof.digest[:16]} at {proof.lsn}" + (f", seed {proof.seed}" if proof.seed is not None else "")
    )
    if paper is not None:
        printer.say(f"written to {one_line(str(paper))}")
    if proof.clean:
        printer.say(f"{count(proof.tenants, 'tenant')} kept apart", "green")
    elif proof.isolated:
        printer.say(f"kept apart by policies, with {count(len(proof.open_holes), 'way')} around them", "yellow")
    elif not proof.tried:
        printer.say("no tenant has a role yet, so nothing was tried: flatsplit status --walk tenants", "yellow")
    else:
        printer.say("not kept apart", "red")


def _list(printer: Printer, title: str, lines: list[tuple[str, str]], style: str) -> None:
    if not lines:
        return
    printer.heading(title)
    for what, fix in lines[:_SHOWN]:
        printer.say(one_line(what), style)
        if fix:
            printer.say(f"    {one_line(fix)}")
    if lines[_SHOWN:]:
        printer.say(f"and {len(lines) - _SHOWN:,} more: --json has them all")


def shape(proof: Proof) -> Json:
    """``tenants --prove --json``."""
    found: Json = plain(proof)
    found["tried"] = len(proof.tried)
    found["roles"] = list(proof.tried)
    return {**found, "isolated": proof.isolated, "clean": proof.clean, "crossing": proof.crossing}
