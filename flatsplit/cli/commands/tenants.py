"""``flatsplit tenants``."""

from __future__ import annotations

import click

from flatsplit.cli.app import App, make_command
from flatsplit.cli.views import tenants as view
from flatsplit.errors import Exit, UsageError


@make_command("tenants")
@click.option("--survey", is_flag=True, help="Say which table belongs to a tenant how, by keys and foreign keys.")
@click.option("--rows", is_flag=True, help="With --survey: count rows too, with the rights of the tables' owner.")
def command(app: App, survey: bool, rows: bool) -> Exit:
    """Which table belongs to a tenant how, for a role per tenant by row-level security. Changes nothing.

    Where a table's kind has to be said first, the exit code is 4.
    """
    if rows and not survey:
        raise UsageError("--rows counts for a survey", "flatsplit tenants --survey --rows")
    if not survey:
        raise UsageError("what about the tenants?", "flatsplit tenants --survey says which table is whose")
    config = app.config()
    from flatsplit.cutover import tenants

    with app.session(write=rows) as session:
        found = tenants.survey(session, config, rows=rows)
    if app.output.json:
        app.output.data(view.shape(found))
    else:
        view.show(app.output, found)
    return Exit.OK if found.survey.complete else Exit.DRIFT
