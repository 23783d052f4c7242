"""``flatsplit begin``."""

from __future__ import annotations

import click

from flatsplit.cli.app import App, make_command
from flatsplit.cli.options import need_answer, yes_option
from flatsplit.errors import Exit


@make_command("begin")
@click.argument("kind", required=False, default="")
@click.argument("subject", required=False, default="")
@click.option("--leaked", is_flag=True, help="rotate: somebody else knows the password; nothing is waited for.")
@click.option("--in-place", is_flag=True, help="rotate: change the password of ROLE itself, under its clients.")
@yes_option
def command(app: App, kind: str, subject: str, leaked: bool, in_place: bool, yes: bool) -> Exit:
    """Begin another kind of walk, beside the split or after it. Shows its first plan and asks; takes no step.

    What is there now is what its rollback returns to. Two walks may go on side by side where they are about different
    roles. `flatsplit begin` alone names the kinds that there are.
    """
    from flatsplit.cli.views import begin as view
    from flatsplit.cutover.begin import Beginning, begin, kind_of
    from flatsplit.model import WalkName

    name = WalkName(kind, subject)
    ways = [way for way, given in (("leaked", leaked), ("in-place", in_place)) if given]
    kind_of(name, ways)
    need_answer(app, yes=yes, command="begin")

    def confirm(found: Beginning) -> bool:
        if yes:
            return True
        view.show_question(app.output.err, found)
        return app.output.ask("Begin it?")

    with app.walk("begin", write=True, alone=True) as walk:
        found = begin(walk, name, confirm, ways)
    if not found.begun:
        app.output.err.say("nothing was changed")
        return Exit.ERROR
    if app.output.json:
        app.output.data(view.shape(found))
    else:
        view.show(app.output, found)
    return Exit.OK
