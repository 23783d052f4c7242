"""``flatsplit people``."""

from __future__ import annotations

from pathlib import Path

import click

from flatsplit.cli.app import App, make_command
from flatsplit.cli.options import need_answer, yes_option
from flatsplit.cli.secrets import check_password_options, password_options, passwords_from
from flatsplit.errors import Exit


@make_command("people")
@click.option("--join", is_flag=True, help="Create those in [people] who are missing, with their memberships.")
@yes_option
@password_options
def command(app: App, join: bool, yes: bool, password_file: Path | None, generate_passwords: Path | None) -> Exit:
    """Show who is a member of the new roles, since when, last seen when, and what differs from [people].

    --join shows the statements with their undo, asks, and runs them. It ends no membership: for somebody who leaves
    there is `flatsplit begin leave NAME`.
    """
    check_password_options(password_file, generate_passwords)
    if join:
        need_answer(app, yes=yes, command="people")
    from flatsplit.cli.views import people as view

    with app.walk("people", write=join, alone=join) as walk:
        from flatsplit.cutover import people as use_case

        if not join:
            return view.show(app.output, use_case.people(walk))
        from flatsplit.cli.progress import Narration

        with Narration(app.output) as narration:
            refused = False

            def confirm(found: use_case.People) -> bool:
                nonlocal refused
                if yes:
                    return True
                view.show_question(app.output.err, found)
                refused = not app.output.ask("Let them in?")
                return not refused

            passwords = passwords_from(app, narration, password_file, generate_passwords)
            found = use_case.join(walk, reporter=narration, confirm=confirm, passwords=passwords)
    if refused:
        app.output.err.say("nothing was changed")
        return Exit.ERROR
    return view.show(app.output, found)
