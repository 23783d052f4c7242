"""``watch``: one table that is updated, or one after the other."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Sequence
from typing import TYPE_CHECKING

from flatsplit.cli.output import Output, one_line, visible
from flatsplit.cli.views.clients import COLUMNS, client_rows, headline, is_left, show_clients
from flatsplit.cli.views.refused import FEW, show_refused, summary

if TYPE_CHECKING:
    from flatsplit.model import Backend
    from flatsplit.trail.refused import Refusal


def show(
    output: Output,
    looks: Iterable[Sequence[Backend]],
    legacy: str,
    refused: Callable[[], Sequence[Refusal]],
) -> None:
    """On a terminal update one table with each look, otherwise print one after the other; with what is refused now."""
    if output.terminal:
        _live(output, looks, legacy, refused)
    else:
        _plain(output, looks, legacy, refused)


def _plain(
    output: Output,
    looks: Iterable[Sequence[Backend]],
    legacy: str,
    refused: Callable[[], Sequence[Refusal]],
) -> None:
    for place, found in enumerate(looks):
        if place:
            output.say()
        output.say(one_line(f"{time.strftime('%H:%M:%S')} {headline(found, legacy)}"))
        show_clients(output, found, legacy)
        show_refused(output, refused())
        output.stream.flush()


def _live(
    output: Output,
    looks: Iterable[Sequence[Backend]],
    legacy: str,
    refused: Callable[[], Sequence[Refusal]],
) -> None:
    from rich.live import Live
    from rich.table import Table
    from rich.text import Text

    def table(found: Sequence[Backend]) -> Table:
        old = [one for one in found if is_left(one, legacy)]
        title = visible(f"{time.strftime('%H:%M:%S')}  {headline(found, legacy)}")
        made = Table(title=Text(title, style="yellow" if old else "green"), title_justify="left")
        for column in COLUMNS:
            made.add_column(column, overflow="fold")
        caption = "\n".join(f"refused: {visible(summary(one))}" for one in refused()[:FEW])
        made.caption, made.caption_justify = Text(caption, style="yellow"), "left"
        for place, row in enumerate(client_rows(found, legacy)):
            made.add_row(*map(Text, row), style="yellow" if place < len(client_rows(old, legacy)) else "")
        return made

    with Live(console=output.console(), auto_refresh=False) as live:
        for found in looks:
            live.update(table(found), refresh=True)
