"""Closed gates, and the command to type then."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from flatsplit.cli.views.words import typed

if TYPE_CHECKING:
    from flatsplit.cli.views.shapes import Json
    from flatsplit.model import GateResult, WalkName


def how_to_go_on(gates: Sequence[GateResult], walk: WalkName, *, several: bool) -> str:
    """The command to type when these gates are closed. ``several``: whether the database has more walks than this."""
    go_on = typed("next", walk, several=several)
    text = f"`{go_on}` goes on when that is settled"
    if not all(gate.waivable for gate in gates):
        return f"{text}."
    waivers = " ".join(f"--waive {gate.key}" for gate in gates)
    return f'{text}; to go on all the same: {go_on} {waivers} --reason "…"'


def shape(found: GateResult) -> Json:
    """The result of a gate."""
    return {
        "key": found.key,
        "open": found.open,
        "reason": found.reason,
        "fix": found.fix,
        "waivable": found.waivable,
        "waived": found.waived or None,
        "notice": found.notice,
    }
