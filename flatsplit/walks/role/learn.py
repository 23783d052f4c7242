"""learn: what the role needs is learned while it runs, for as long as everything takes to run once."""

from __future__ import annotations

from datetime import timedelta

from flatsplit.model import State
from flatsplit.walks import role as keys
from flatsplit.walks.kind import Step
from flatsplit.walks.role.context import Context


def apply(state: State, _: Context) -> State:
    """The State itself: this step changes no facts."""
    return state


def _learn(context: Context) -> timedelta:
    return context.special.learn if context.special is not None else timedelta()


STEP = Step(
    key=keys.LEARN,
    title="Learn what the role needs",
    purpose="Each look of `flatsplit observe` works out which privileges the statements of the role need that were not "
    "seen before. `flatsplit learn` proposes a list, with since when, how often and by which statement each of its "
    "lines is needed. People write it into flatsplit.toml. Changes nothing.",
    apply=apply,
    gates=("evidence",),
    rests=_learn,
    by_people="people write what was learned into flatsplit.toml",
    watch=("What runs once a month or once a year: it is not learned before it has run.",),
)
