"""``flatsplit repair``."""

from __future__ import annotations

from pathlib import Path

import click

from flatsplit.cli.app import App, make_command
from flatsplit.cli.options import walk_option
from flatsplit.cli.secrets import check_password_options, password_options, passwords_from
from flatsplit.errors import Exit


@make_command("repair")
@walk_option
@click.option("--yes", is_flag=True, help="Do not ask on a terminal either.")
@password_options
def command(app: App, name: str | None, yes: bool, password_file: Path | None, generate_passwords: Path | None) -> Exit:
    """Apply again what drifted from what finished steps promised.

    It is about all walks, whichever is named, and takes no new step. Asks first on a terminal; elsewhere it goes ahead,
    since the steps were agreed to before.
    """
    check_password_options(password_file, generate_passwords)
    from flatsplit.cli.progress import Asking, Narration
    from flatsplit.cli.views import repair as view

    with (
        app.walk("repair", write=True, alone=True, name=name, any_will_do=True) as walk,
        Narration(app.output, walk.record.walk, several=walk.several) as narration,
    ):
        asking = Asking(narration, yes=yes or not app.output.interactive)
        passwords = passwords_from(app, narration, password_file, generate_passwords)
        from flatsplit.cutover.repair import repair

        result = repair(walk, reporter=narration, confirm=asking, passwords=passwords)
    return view.show(app.output, result, refused=asking.refused)
