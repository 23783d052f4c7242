"""``flatsplit next``."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from flatsplit.cli.app import App, make_command
from flatsplit.cli.options import GateName, StepName, need_answer, yes_option
from flatsplit.errors import Exit, UsageError

if TYPE_CHECKING:
    from flatsplit.cli.progress import Narration
    from flatsplit.cutover.results import Passwords


@make_command("next")
@yes_option
@click.option("--dry-run", is_flag=True, help="Look at gates and plan as if for real, and change nothing.")
@click.option("--through", type=StepName(), help="Take all steps up to and including this one.")
@click.option("--approved", metavar="DIGEST", help="Go on only if the plan is the one with this digest.")
@click.option("--waive", type=GateName(), multiple=True, help="Go on although this gate is closed; repeatable.")
@click.option("--reason", default="", help="Why gates are waived; kept in the journal.")
@click.option(
    "--password-file",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help='TOML lines such as app_user = "…"; mode 0600.',
)
@click.option(
    "--generate-passwords",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="Make passwords up and write them to this file, or use those in it.",
)
def command(
    app: App,
    yes: bool,
    dry_run: bool,
    through: str | None,
    approved: str | None,
    waive: tuple[str, ...],
    reason: str,
    password_file: Path | None,
    generate_passwords: Path | None,
) -> Exit:
    """Take the next step. Shows it and asks first.

    Safe to repeat: what is done is not done twice. Exit code 3 means that a gate is closed or that patience for a
    lock ended; the same command goes on later.
    """
    if approved is not None and through is not None:
        raise UsageError("--approved is for one step, --through for several", "approve and take the steps one by one")
    if waive and not reason.strip():
        raise UsageError("--waive needs a reason, which goes on record", 'add --reason "…"')
    if password_file is not None and generate_passwords is not None:
        raise UsageError("--password-file and --generate-passwords exclude each other", "give one of them")
    if not dry_run:
        need_answer(app, yes=yes, command="next")
    from flatsplit.cli.progress import Asking, Narration
    from flatsplit.cli.steps_done import report
    from flatsplit.cutover.results import AdvanceOptions

    options = AdvanceOptions(dry_run, through, approved, waive, reason.strip())
    with app.walk(write=not dry_run) as walk, Narration(app.output) as narration:
        asking = Asking(narration, yes=yes)
        passwords = _passwords(app, narration, password_file, generate_passwords)
        result = walk.advance(options, reporter=narration, confirm=asking, passwords=passwords)
    return report(app, result, asking, "Nothing to do: that is done already.")


def _passwords(app: App, narration: Narration, given: Path | None, generated: Path | None) -> Passwords:
    from flatsplit import passwords

    if given is not None:
        return passwords.FromFile(given)
    if generated is not None:
        return passwords.Generated(generated)
    if not app.output.interactive:
        return passwords.Nowhere()

    def ask(role: str) -> str:
        return str(narration.asking(lambda: app.output.ask_password(f"New password of {role}")))

    return passwords.Asked(ask)
