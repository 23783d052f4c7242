"""``flatsplit init``."""

from __future__ import annotations

import click

from flatsplit.cli.app import App, make_command
from flatsplit.cli.options import need_answer, yes_option
from flatsplit.cli.views import init as view
from flatsplit.errors import Exit


@make_command("init")
@click.option(
    "--legacy-role",
    metavar="ROLE",
    help="The role that does everything today; the configuration may name it.",
)
@click.option(
    "--schema",
    "schemas",
    metavar="SCHEMA",
    multiple=True,
    help="A schema in scope; repeatable. Else all in which the role owns something.",
)
@click.option("--adopt", is_flag=True, help="Take over roles that exist under the new names.")
@click.option("--owner", metavar="ROLE", help="Owner of flatsplit's own schema: a role that all operators share.")
@click.option(
    "--moved", is_flag=True, help="This is the database of the cutover under way, after pg_upgrade or a move."
)
@yes_option
def command(
    app: App, legacy_role: str | None, schemas: tuple[str, ...], adopt: bool, owner: str | None, moved: bool, yes: bool
) -> Exit:
    """Survey the database, write flatsplit.toml and take the baseline.

    Writes the configuration file, creates or upgrades the tracking schema `flatsplit` in the target database, and
    records how every object and role is now, so that a rollback can bring that back. No role and no privilege changes.
    """
    if legacy_role is None:
        if not app.config_path.exists():
            raise click.MissingParameter(param_type="option", param_hint="'--legacy-role'")
        from flatsplit import config as configuration

        legacy_role = configuration.load(app.config_path).legacy_role
    need_answer(app, yes=yes, command="init")
    from flatsplit.cutover.init import init
    from flatsplit.cutover.survey import InitRequest, survey

    output = app.output
    request = InitRequest(legacy_role, app.config_path, schemas, adopt, owner, moved)
    with app.session(write=True) as session:
        found = survey(session, request)
        view.show(output.err, found)
        if not yes and not output.ask("Upgrade it?" if found.existing else "Write this down and begin?"):
            output.err.say("nothing was changed")
            return Exit.ERROR
        init(session, found)
    if output.json:
        output.data(view.shape(found))
    else:
        view.show_done(output, found)
    return Exit.OK
