"""``flatsplit begin``."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from flatsplit.cli.app import App, make_command
from flatsplit.cli.options import StepName, check_waived, gates_options, need_answer, yes_option
from flatsplit.cli.secrets import check_password_options, password_options, passwords_from
from flatsplit.errors import Exit, UsageError

if TYPE_CHECKING:
    from flatsplit.cutover.begin import Beginning
    from flatsplit.model import WalkName


@make_command("begin")
@click.argument("kind", required=False, default="")
@click.argument("subject", required=False, default="")
@click.option("--leaked", is_flag=True, help="rotate: the password has leaked; change it without waiting.")
@click.option("--in-place", is_flag=True, help="rotate: change the password of ROLE itself, while clients use it.")
@yes_option
@click.option("--through", type=StepName(), help="Go on at once, as `next` does, up to and including this step.")
@gates_options
@password_options
def command(
    app: App,
    kind: str,
    subject: str,
    leaked: bool,
    in_place: bool,
    yes: bool,
    through: str | None,
    waive: tuple[str, ...],
    reason: str,
    logs: tuple[Path, ...],
    password_file: Path | None,
    generate_passwords: Path | None,
) -> Exit:
    """Begin another kind of walk, beside the split or after it. Shows its first plan and asks; takes no step.

    A rollback of it returns to the state of now. Two walks may be under way at the same time where they are about
    different roles. `flatsplit begin` alone lists the kinds of walk.

    With --through it goes on to take steps as `flatsplit next` does, with the same gates and questions. It is safe to
    repeat: a walk that is under way is continued. Exit code 3 means that a gate is closed; repeat the command later.
    """
    from flatsplit.cutover.begin import kind_of
    from flatsplit.model import WalkName

    name = WalkName(kind, subject)
    ways = [way for way, given in (("leaked", leaked), ("in-place", in_place)) if given]
    kind_of(name, ways)
    check_waived(waive, reason)
    check_password_options(password_file, generate_passwords)
    if through is None and (waive or reason or logs or password_file or generate_passwords):
        raise UsageError("begin alone takes no step", "say how far to go on at once: add --through STEP")
    need_answer(app, yes=yes, command="begin")
    if through is None:
        return _begin(app, name, ways, yes=yes)
    from flatsplit.cli.progress import Asking, Narration
    from flatsplit.cli.views import begin as view

    with (
        app.walk("setting_out", write=True, alone=True) as walk,
        Narration(app.output, name) as narration,
    ):
        from flatsplit.cutover.begin_through import begin_through
        from flatsplit.cutover.next import AdvanceOptions

        asking = Asking(narration, yes=yes)
        found, result = begin_through(
            walk,
            name,
            ways,
            AdvanceOptions(through=through, waive=waive, reason=reason.strip(), logs=logs),
            agree=lambda found: _agreed(app, found, yes=yes),
            asked=not yes,
            began=lambda found: view.show_begun(app.output, found),
            reporter=narration,
            confirm=asking,
            passwords=passwords_from(app, narration, password_file, generate_passwords, walk, name),
        )
    if result is None:
        return _unchanged(app)
    return view.show_taken(app.output, found, result, refused=asking.refused)


def _begin(app: App, name: WalkName, ways: list[str], *, yes: bool) -> Exit:
    from flatsplit.cli.views import begin as view
    from flatsplit.cutover.begin import begin

    with app.walk("begin", write=True, alone=True) as walk:
        found = begin(walk, name, lambda found: _agreed(app, found, yes=yes), ways)
    if not found.begun:
        return _unchanged(app)
    view.show(app.output, found)
    return Exit.OK


def _agreed(app: App, found: Beginning, *, yes: bool) -> bool:
    from flatsplit.cli.views import begin as view

    if yes:
        view.show_notes(app.output.err, found)
        return True
    view.show_question(app.output.err, found)
    return bool(app.output.ask("Begin it?"))


def _unchanged(app: App) -> Exit:
    app.output.err.say("nothing was changed")
    return Exit.ERROR
