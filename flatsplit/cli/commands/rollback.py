"""``flatsplit rollback``."""

from __future__ import annotations

import click

from flatsplit.cli.app import App, make_command
from flatsplit.cli.options import StepName, need_answer, of_tenants, tenant_option, walk_option, yes_option
from flatsplit.errors import Exit, UsageError


@make_command("rollback")
@walk_option
@click.option("--through", type=StepName(), help="Undo down to and including this step.")
@click.option("--all", "everything", is_flag=True, help="Undo everything.")
@tenant_option
@yes_option
def command(
    app: App, name: str | None, through: str | None, everything: bool, tenant: tuple[str, ...], yes: bool
) -> Exit:
    """Undo the last step, or more. Shows what it will run and asks first.

    What flatsplit changed returns to what it was when first seen; what others changed meanwhile stays.
    """
    if through is not None and everything:
        raise UsageError("--through and --all exclude each other", "give one of them")
    if tenant:
        name = of_tenants(name, refused=through is not None or everything)
    need_answer(app, yes=yes, command="rollback")
    from flatsplit.cli.progress import Asking, Narration
    from flatsplit.cli.views import rollback as view

    with (
        app.walk("rollback", write=True, alone=True, name=name) as walk,
        Narration(app.output, walk.record.walk, several=walk.several) as narration,
    ):
        asking = Asking(narration, yes=yes)
        from flatsplit.cutover.rollback import rollback

        if tenant:
            from flatsplit.cutover.tenant_by_tenant import hold_back

            result = hold_back(walk, tenant, reporter=narration, confirm=asking)
        else:
            result = rollback(walk, through=through, everything=everything, reporter=narration, confirm=asking)
    return view.show(app.output, result, refused=asking.refused)
