"""runbooks/states.md: the states of a step and how they follow on each other, and the steps of a kind of walk."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from flatsplit.model import WAIVABLE, GateKey
from flatsplit.planning.machine import TRANSITIONS, WHEN
from flatsplit.render.engine import environment
from flatsplit.walks.kind import Kind


def render_states(kind: Kind[Any], asks: Mapping[GateKey, str]) -> str:
    """As the tables say that the machine and the journal work with. ``asks``: what is true when a gate is open."""
    moves = [(word, *transition, WHEN[word]) for word, transition in TRANSITIONS.items()]
    waivable = [key for key in WAIVABLE if any(key in step.gates for step in kind.steps)]
    return environment().get_template("states.md.j2").render(kind=kind, moves=moves, waivable=waivable, asks=asks)
