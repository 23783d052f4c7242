"""``flatsplit demo``."""

from __future__ import annotations

import click

from flatsplit.cli.app import App, make_command
from flatsplit.errors import Exit


@make_command("demo")
@click.argument(
    "story", type=click.Choice(["split", "rotate", "jobs", "tenants", "people"]), default="split", required=False
)
@click.option("--keep", is_flag=True, help="Leave the server running, and say how to walk by hand.")
def command(app: App, story: str, keep: bool) -> Exit:
    """Show the whole story on an embedded server: a flat shop, its traffic, all steps, before and after.

    It needs no server and takes less than a minute. `flatsplit demo rotate` shows how a password is changed afterwards,
    `flatsplit demo jobs` how a background worker gets a role of its own while it works, `flatsplit demo tenants` how
    each tenant gets a role that reaches only its own rows, and `flatsplit demo people` how somebody leaves.
    """
    from flatsplit.demo.run import run

    if story == "rotate":
        from flatsplit.demo.rotation import RotationStory

        return Exit(run(keep=keep, output=app.output, telling=RotationStory))
    if story == "jobs":
        from flatsplit.demo.jobs import Jobs

        return Exit(run(keep=keep, output=app.output, telling=Jobs))
    if story == "tenants":
        from flatsplit.demo.tenants import TenantsStory

        return Exit(run(keep=keep, output=app.output, telling=TenantsStory))
    if story == "people":
        from flatsplit.demo.people import Leaving

        return Exit(run(keep=keep, output=app.output, telling=Leaving))
    return Exit(run(keep=keep, output=app.output))
