"""``flatsplit forget``."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from flatsplit.cli.app import App, make_command
from flatsplit.cli.views import forget as view
from flatsplit.errors import Exit, Refused

if TYPE_CHECKING:
    from flatsplit.cutover.status import Status


@make_command("forget")
@click.option(
    "--export",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="Write the journal, and what [trail] has recorded, to this file first.",
)
@click.option("--yes", is_flag=True, help="Do not ask, and forget a walk that is under way, too.")
def command(app: App, export: Path | None, yes: bool) -> Exit:
    """Take flatsplit out of the database: the journal and the baseline, and with them the way back.

    The roles and privileges stay as they are. Asks first on a terminal;
    elsewhere it refuses while a cutover is under way, unless --yes is given.
    """
    with app.journal(write=True) as walk:
        if not yes:
            from flatsplit.cutover.forget import is_recorded
            from flatsplit.cutover.status import status

            under_way, lost = _under_way(status(walk)), export is None and is_recorded(walk)
            if not app.output.interactive:
                _refuse(under_way, lost=lost)
            elif not _agreed(app, under_way, export, lost=lost):
                app.output.err.say("nothing was changed")
                return Exit.ERROR
        from flatsplit.cutover.forget import forget

        forget(walk, export)
    if app.output.json:
        app.output.data({"forgotten": True, "export": str(export) if export else None})
    else:
        view.show(app.output, export)
    return Exit.OK


def _under_way(status: Status) -> str:
    """The walk of which some step is done or begun, and not all are; another than the split also before that."""
    states = {step.state for step in status.steps}
    if status.next is not None and not states <= {"pending", "rolled_back"}:
        return "the cutover"
    others = (walk.walk.words for walk in status.walks if walk.walk.kind != "split" and walk.state == "active")
    return next(others, "")


def _refuse(under_way: str, *, lost: bool) -> None:
    if under_way:
        raise Refused(
            f"{under_way} is under way, and without flatsplit's memory it cannot go back",
            "finish it or roll it back first; `flatsplit forget --yes` forgets all the same",
        )
    if lost:
        raise Refused(
            "the structural changes that were recorded (flatsplit.ddl) would be lost",
            "keep them with --export FILE; `flatsplit forget --yes` forgets all the same",
        )


def _agreed(app: App, under_way: str, export: Path | None, *, lost: bool) -> bool:
    view.show_warning(app.output.err, under_way=bool(under_way), kept=export is not None, recorded=lost)
    return app.output.ask("Remove it?")
