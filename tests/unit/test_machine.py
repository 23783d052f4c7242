"""The table of a step's transitions is complete, and the documentation shows the same one."""

from __future__ import annotations

import os
from pathlib import Path
from typing import get_args

from flatsplit.gates import gate
from flatsplit.model import StepState
from flatsplit.planning import machine
from flatsplit.planning.machine import TRANSITIONS, WHEN, Move
from flatsplit.render.states import render_states
from flatsplit.walks.split.kind import SPLIT

PAGE = Path(__file__).parents[2] / "runbooks/states.md"
STATES: tuple[StepState, ...] = get_args(StepState)


def test_every_move_is_told() -> None:
    assert set(TRANSITIONS) == set(WHEN) == set(get_args(Move))


def test_every_state_is_reached_and_left() -> None:
    assert {move.after for move in TRANSITIONS.values()} == set(STATES) - {"pending"}
    assert {state for move in TRANSITIONS.values() for state in move.before} == set(STATES)
    assert "running" in TRANSITIONS["begin"].before, "killed in its middle, a step goes on"
    assert "running" in TRANSITIONS["turn back"].before, "and so does its way back"


def test_what_the_states_of_all_steps_come_to() -> None:
    states: dict[str, StepState] = dict.fromkeys(("a", "b", "c"), "pending")
    assert (machine.next_step(states), machine.last_step(states), machine.done_count(states)) == ("a", None, 0)
    states |= {"a": "done", "b": "waiting"}
    assert (machine.next_step(states), machine.last_step(states), machine.done_count(states)) == ("b", "b", 1)
    assert machine.to_take_back(states, None, everything=False) == ("b",)
    assert machine.to_take_back(states, None, everything=True) == ("b", "a")
    assert machine.cutover_state(states) == "active"
    assert machine.cutover_state({"a": "rolled_back", "b": "pending"}) == "rolled_back"
    assert machine.cutover_state({"a": "done", "b": "done"}) == "complete"


def test_the_page_is_what_would_be_written_today() -> None:
    """FLATSPLIT_UPDATE_GOLDEN=1 writes it anew."""
    page = render_states(SPLIT, {key: gate(key).asks for step in SPLIT.steps for key in step.gates})
    if os.environ.get("FLATSPLIT_UPDATE_GOLDEN"):
        PAGE.write_text(page)
    assert PAGE.read_text() == page, "run this with FLATSPLIT_UPDATE_GOLDEN=1"
