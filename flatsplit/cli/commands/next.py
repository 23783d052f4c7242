"""``flatsplit next``."""

from __future__ import annotations

from pathlib import Path

import click

from flatsplit.cli.app import App, make_command
from flatsplit.cli.options import (
    StepName,
    check_waived,
    gates_options,
    need_answer,
    of_tenants,
    tenant_option,
    walk_option,
    yes_option,
)
from flatsplit.cli.secrets import check_password_options, password_options, passwords_from
from flatsplit.errors import Exit, UsageError


@make_command("next")
@walk_option
@yes_option
@click.option("--dry-run", is_flag=True, help="Look at gates and plan as if for real, and change nothing.")
@click.option("--through", type=StepName(), help="Take all steps up to and including this one.")
@click.option("--approved", metavar="DIGEST", help="Go on only if the plan is the one with this digest.")
@gates_options
@tenant_option
@password_options
def command(
    app: App,
    name: str | None,
    yes: bool,
    dry_run: bool,
    through: str | None,
    approved: str | None,
    waive: tuple[str, ...],
    reason: str,
    tenant: tuple[str, ...],
    logs: tuple[Path, ...],
    password_file: Path | None,
    generate_passwords: Path | None,
) -> Exit:
    """Take the next step. Shows it and asks first.

    Safe to repeat: what is done is not done twice. Exit code 3 means that a gate is closed or that patience for a
    lock ended; the same command goes on later.
    """
    if tenant:
        name = of_tenants(name, refused=dry_run or through is not None or approved is not None)
    if approved is not None and through is not None:
        raise UsageError("--approved is for one step, --through for several", "approve and take the steps one by one")
    check_waived(waive, reason)
    check_password_options(password_file, generate_passwords)
    if not dry_run:
        need_answer(app, yes=yes, command="next")
    from flatsplit.cli.progress import Asking, Narration
    from flatsplit.cli.views import next as view

    with (
        app.walk("next", write=not dry_run, alone=True, name=name) as walk,
        Narration(app.output, walk.record.walk, several=walk.several) as narration,
    ):
        asking = Asking(narration, yes=yes)
        passwords = passwords_from(app, narration, password_file, generate_passwords, walk)
        from flatsplit.cutover.next import AdvanceOptions, advance

        options = AdvanceOptions(dry_run, through, approved, waive, reason.strip(), logs)
        if tenant:
            from flatsplit.cutover.tenant_by_tenant import let_in

            result = let_in(walk, tenant, options, reporter=narration, confirm=asking, passwords=passwords)
        else:
            result = advance(walk, options, reporter=narration, confirm=asking, passwords=passwords)
    return view.show(app.output, result, refused=asking.refused)
