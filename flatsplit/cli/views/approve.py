"""``approve``: the approved plans, and the command that takes each."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from flatsplit.cli.output import Output, one_line
from flatsplit.cli.views.words import typed

if TYPE_CHECKING:
    from flatsplit.model import WalkName
    from flatsplit.model.report import Approved


def show(output: Output, found: Sequence[Approved], walk: WalkName, *, several: bool) -> None:
    """One line for each plan of this walk. ``several``: whether the database has more walks."""
    for one in found:
        where = f" ({one_line(one.ticket)})" if one.ticket else ""
        output.say(f"{one.step} {one.digest} approved by {one_line(one.by)}{where}")
    next_ = typed("next", walk, several=several)
    output.err.say(f"`{next_} --approved {found[0].digest}` runs {found[0].step} as long as it is that plan")
