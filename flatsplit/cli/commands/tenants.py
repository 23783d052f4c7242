"""``flatsplit tenants``."""

from __future__ import annotations

from pathlib import Path

import click

from flatsplit.cli.app import App, make_command
from flatsplit.cli.options import yes_option
from flatsplit.cli.secrets import check_password_options, password_options, passwords_from
from flatsplit.cli.views import tenants as view
from flatsplit.errors import Exit, UsageError

_SAY = "flatsplit tenants --survey says which table is whose, --sync catches up with what is new"


@make_command("tenants")
@click.option("--survey", is_flag=True, help="Say which table belongs to a tenant how, by keys and foreign keys.")
@click.option("--rows", is_flag=True, help="With --survey: count rows too, with the rights of the tables' owner.")
@click.option("--sync", is_flag=True, help="Give new tenants their roles and new tables their policies.")
@click.option("--add", metavar="KEY", multiple=True, help="Give this tenant its role now; repeatable.")
@click.option("--drop", metavar="KEY", multiple=True, help="Drop this tenant's role; repeatable.")
@yes_option
@password_options
def command(
    app: App,
    survey: bool,
    rows: bool,
    sync: bool,
    add: tuple[str, ...],
    drop: tuple[str, ...],
    yes: bool,
    password_file: Path | None,
    generate_passwords: Path | None,
) -> Exit:
    """Which table belongs to a tenant how, and who has come, for a role per tenant by row-level security.

    Where a table's kind has to be said first, the exit code is 4. Migrations call --sync as their last line: a new
    table is closed to tenants until then.
    """
    if rows and not survey:
        raise UsageError("--rows counts for a survey", "flatsplit tenants --survey --rows")
    if sum(map(bool, (survey, sync, add, drop))) != 1:
        raise UsageError("what about the tenants? one of --survey, --sync, --add and --drop", _SAY)
    check_password_options(password_file, generate_passwords)
    if survey:
        return _survey(app, rows=rows)
    from flatsplit.cli.progress import Asking, Narration

    with app.walk("tenants", write=True, alone=True, name="tenants") as walk, Narration(app.output) as narration:
        asking = Asking(narration, yes=yes or not app.output.interactive)
        passwords = passwords_from(app, narration, password_file, generate_passwords)
        from flatsplit.cutover import tenants

        if sync:
            synced = tenants.sync(walk, reporter=narration, confirm=asking, passwords=passwords)
            return view.show_synced(app.output, synced, refused=asking.refused)
        act = tenants.add if add else tenants.drop
        result = act(walk, add or drop, reporter=narration, confirm=asking, passwords=passwords)
    return view.show_result(app.output, result, refused=asking.refused)


def _survey(app: App, *, rows: bool) -> Exit:
    config = app.config()
    from flatsplit.cutover import tenants

    with app.session(write=rows) as session:
        found = tenants.survey(session, config, rows=rows)
    if app.output.json:
        app.output.data(view.shape(found))
    else:
        view.show(app.output, found)
    return Exit.OK if found.survey.complete else Exit.DRIFT
