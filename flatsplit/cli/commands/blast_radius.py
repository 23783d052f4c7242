"""``flatsplit blast-radius``."""

from __future__ import annotations

from pathlib import Path

import click

from flatsplit.cli.app import App, make_command
from flatsplit.cli.views import blast_radius as view
from flatsplit.errors import Exit, UsageError


@make_command("blast-radius")
@click.option("--compare", is_flag=True, help="Today and after side by side, role by role.")
@click.option("--legacy-role", metavar="ROLE", help="Before there is a flatsplit.toml: the role that does everything.")
def command(app: App, compare: bool, legacy_role: str | None) -> Exit:
    """Show what each role could do here, today and after the cutover.

    What an attacker could do who has the role's password. Counts its own rights, inherited ones, those of PUBLIC, by
    ownership, by predefined roles, and those that the role could give itself. Judged from the catalog; pg_hba.conf
    may let in fewer clients. Changes nothing, and needs no `flatsplit init`.
    """
    from flatsplit.cutover.blast_radius import blast_radius

    if legacy_role is not None and app.config_path.exists():
        raise UsageError(
            f"{app.config_path} says which role it is about", "leave --legacy-role out, or name another --config"
        )
    config = app.config() if legacy_role is None else None
    with app.session(write=False) as session:
        if config is None:
            from flatsplit.cutover.survey import InitRequest, proposed

            config = proposed(session, InitRequest(str(legacy_role), Path("flatsplit.toml")))
        found = blast_radius(session, config)
    if app.output.json:
        app.output.data(view.shape(found, config.roles, config.legacy_role))
    elif compare:
        view.show_compared(app.output, found)
    else:
        view.show(app.output, found)
    return Exit.OK
