"""switch-connections: people change the application and the migration tool to the new roles."""

from __future__ import annotations

from flatsplit.model import State
from flatsplit.walks import rests, split
from flatsplit.walks.kind import Step
from flatsplit.walks.split.context import Context


def apply(state: State, _: Context) -> State:
    """The State itself: this step changes no facts."""
    return state


STEP = Step(
    key=split.SWITCH_CONNECTIONS,
    title="Switch connections",
    purpose="People move the application's connections to app_user and the migration tool's to app_migrator. "
    "flatsplit changes nothing here; it watches until the new roles are in use and the old one is not.",
    apply=apply,
    gates=("rehearsed", "seen", "drained"),
    rests=rests.drain,
    by_people="people move the connections",
    watch=(
        "Errors of the application with SQLSTATE 42501 (insufficient privilege).",
        "Who is still connected as the old role.",
    ),
    stop=(
        (
            "The application under its new role sees fewer rows than before (row-level security), or cannot reach a "
            "table by its bare name (search_path)."
        ),
    ),
)
