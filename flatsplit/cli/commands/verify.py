"""``flatsplit verify``."""

from __future__ import annotations

from pathlib import Path

import click

from flatsplit.cli.app import App, make_command
from flatsplit.cli.options import logs_option, walk_option
from flatsplit.cli.views import verify as view
from flatsplit.cli.views.shapes import plain
from flatsplit.errors import Exit


@make_command("verify")
@walk_option
@click.option(
    "--password-file",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help='TOML lines such as app_user = "…", mode 0600: log in as these roles to try what they can.',
)
@click.option("--canary", is_flag=True, help="Also try, as app_user, what is refused, and find it in the log.")
@logs_option("With --canary: the server's log or its folder; else by SQL.")
def command(app: App, name: str | None, password_file: Path | None, canary: bool, logs: tuple[Path, ...]) -> Exit:
    """Try what each role can and cannot do, and look for drift of all finished steps. Changes nothing.

    Every object is judged by the catalog; a small sample is tried for real, as the role itself, and undone at once.
    The journal records as which roles flatsplit logged in, and when. The exit code is 4
    where an expectation failed or something drifted.
    """
    passwords: dict[str, str] = {}
    if password_file is not None:
        from flatsplit.passwords import read_file

        passwords = read_file(password_file)
    with app.walk("verify", write=False, name=name, any_will_do=True) as walk:
        from flatsplit.cutover.verify import remember, verify

        try:
            found = verify(walk, passwords)
            sung = None
            if canary and not found.renamed:
                from flatsplit.cutover import canary as alarm

                sung = alarm.canary(walk.session, walk.config, passwords, logs)
        finally:
            remember(walk)
    if app.output.json:
        app.output.data(view.shape(found) | ({"canary": plain(sung)} if sung is not None else {}))
    else:
        view.show(app.output, found)
        if sung is not None:
            view.show_canary(app.output, sung)
    return Exit.OK if found.ok and (sung is None or sung.ok) else Exit.DRIFT
