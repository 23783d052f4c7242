"""runbooks/states.md: the states of a step, their transitions, and the steps and gates of a kind of walk."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from flatsplit.model import WAIVABLE, GateKey
from flatsplit.planning.machine import TRANSITIONS, WHEN
from flatsplit.render.engine import environment
from flatsplit.walks.kind import Kind


def render_states(kind: Kind[Any], asks: Mapping[GateKey, str]) -> str:
    """The page, from the tables that the state machine and the journal use. ``asks``: what is true when a
    gate is open.
    """
    moves = [(word, *transition, WHEN[word]) for word, transition in TRANSITIONS.items()]
    waivable = [key for key in WAIVABLE if any(key in step.gates for step in kind.steps)]
    return environment().get_template("states.md.j2").render(kind=kind, moves=moves, waivable=waivable, asks=asks)
