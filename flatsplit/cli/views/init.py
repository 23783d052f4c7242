"""``init``: what it found, before it writes anything."""

from __future__ import annotations

from typing import TYPE_CHECKING

from flatsplit.cli.output import Printer, one_line
from flatsplit.cli.views import findings
from flatsplit.cli.views.findings import show_findings
from flatsplit.config import PURPOSES
from flatsplit.words import count, listed, singular

if TYPE_CHECKING:
    from flatsplit.cli.views.shapes import Json
    from flatsplit.cutover.survey import Proposal


def show(printer: Printer, found: Proposal) -> None:
    """Print the database, what legacy owns, the proposed names, and what stands in the way."""
    config, target = found.config, found.target
    printer.heading(one_line(f"{target.database} on PostgreSQL {target.major}, seen as {target.operator}"))
    if found.existing:
        printer.say(
            "A cutover is under way here: only the schema flatsplit is upgraded, where it is older than this tool."
        )
        if found.adopted:
            printer.say(one_line(f"Taken over as they are: {', '.join(found.adopted)}."))
        return
    owned = ", ".join(f"{number:,} {singular(kind) if number == 1 else kind}" for kind, number in found.counts)
    printer.say(one_line(f"{config.legacy_role} owns {owned or 'nothing'}."))
    for role, number in found.acts_as:
        printer.say(one_line(f"{config.legacy_role} acts as {role}, which owns {count(number, 'object')}."))
    printer.say(one_line(f"Schemas in scope: {listed(config.schemas, 20)}."))
    _show_names(printer, found)
    if found.findings:
        printer.heading("To know")
        show_findings(printer, [one for one in found.findings if one.severity != "note"])
        notes = sum(one.severity == "note" for one in found.findings)
        if notes:
            printer.say(f"And {count(notes, 'note')}: `flatsplit doctor`", "dim")
    printer.say()
    printer.say(f"To write: {found.request.config_path}, the schema flatsplit, the baseline. No role changes yet.")


def show_done(printer: Printer, found: Proposal) -> None:
    """Print that it is done, and what to read and type next."""
    if found.existing:
        printer.say("Up to date: the schema flatsplit. `flatsplit status` says where the cutover stands.", "green")
        return
    where = f"{found.request.config_path}, and the schema flatsplit in {found.target.database}"
    printer.say(f"Ready: {where}.", "green")
    printer.say("Read the configuration, then `flatsplit doctor`, `flatsplit plan`, `flatsplit next`.")


def _show_names(printer: Printer, found: Proposal) -> None:
    rows = []
    for purpose in PURPOSES:
        name = getattr(found.config.roles, purpose)
        how = "exists, is adopted" if name in found.adopted else "will be created" if name else ""
        if logins := found.config.logins(name):
            how = f"{how} as the group that it is: {', '.join(logins)}"
        rows.append((purpose, name or "left out", how))
    printer.table("The new roles", ("purpose", "name", ""), rows)
    others = [purpose for purpose in PURPOSES if getattr(found.config.roles, purpose) not in ("", purpose)]
    if others and not found.request.adopt and not found.request.config_path.exists():
        printer.say(
            f"Some of {', '.join(PURPOSES)} exist already. If they are meant for this application (made by hand, by "
            "Terraform or Ansible), `flatsplit init --adopt` takes them over as they are and does only what is missing."
        )


def shape(found: Proposal) -> Json:
    """``init --json``."""
    return {
        "config": str(found.request.config_path),
        "database": found.target.database,
        "legacy_role": found.request.legacy_role,
        "schemas": list(found.config.schemas),
        "roles": {purpose: getattr(found.config.roles, purpose) for purpose in PURPOSES},
        "owned": dict(found.counts),
        "adopted": list(found.adopted),
        "existing": found.existing,
        "findings": [findings.shape(item) for item in found.findings],
    }
