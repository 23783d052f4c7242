"""``approve``: the approved plans, and the command that takes each."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from flatsplit.cli.output import Output, one_line

if TYPE_CHECKING:
    from flatsplit.model.report import Approved


def show(output: Output, found: Sequence[Approved]) -> None:
    """One line for each plan."""
    for one in found:
        where = f" ({one_line(one.ticket)})" if one.ticket else ""
        output.say(f"{one.step} {one.digest} approved by {one_line(one.by)}{where}")
    output.err.say(f"`flatsplit next --approved {found[0].digest}` runs {found[0].step} as long as it is that plan")
