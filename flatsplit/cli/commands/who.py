"""``flatsplit who``."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import click

from flatsplit.cli.app import App, make_command
from flatsplit.cli.options import Span, logs_option
from flatsplit.cli.progress import Counting
from flatsplit.cli.views import who as view
from flatsplit.errors import ConnectFailed, Exit

if TYPE_CHECKING:
    from flatsplit.config import Config
    from flatsplit.cutover.who import Question
    from flatsplit.trail import Trail


@make_command("who")
@click.argument("text", default="")
@click.option("--refused", is_flag=True, help="Only what the server did not let through.")
@click.option("--since", metavar="SPAN", type=Span(), help="Only the last 7d, 12h or 30m.")
@logs_option("A server log (stderr, csvlog or jsonlog, also .gz) or a folder of them; else the server's own, by SQL.")
@click.option("--prefix", metavar="TEXT", help="log_line_prefix of the logs; else the server's, else it is guessed.")
@click.option("--literal", is_flag=True, help="Show the constants of statements too; passwords never.")
def command(
    app: App,
    text: str,
    refused: bool,
    since: timedelta | None,
    logs: tuple[Path, ...],
    prefix: str | None,
    literal: bool,
) -> Exit:
    """Find out who did something, or tried to. TEXT is a statement, a command and an object, or the name of an object.

    Judged by role and address only: a client can call itself anything. If any of it is suspicious, the exit code is 4.
    """
    from flatsplit.cutover.who import Question
    from flatsplit.trail import parse_query

    question = Question(parse_query(text), refused, since, logs, prefix)
    found = _asked(app, app.config(), question)
    if app.output.json:
        app.output.data(view.shape(found, literal=literal))
    else:
        view.show(app.output, found, literal=literal, every=bool(text))
    return Exit.DRIFT if found.suspicious else Exit.OK


def _asked(app: App, config: Config, question: Question) -> Trail:
    """With the server where it can be reached; with the logs alone where it cannot, and they are named."""
    from flatsplit.cutover.who import who

    with Counting(app.output) as counting:
        try:
            with app.session(write=False) as session:
                return who(session, config, question, counting)
        except ConnectFailed:
            if not question.logs:
                raise
        return who(None, config, question, counting)
