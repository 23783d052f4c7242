"""record-ddl: committed structural changes are recorded in a table, with who made them."""

from __future__ import annotations

from flatsplit import ddl
from flatsplit.model import State
from flatsplit.walks import trail
from flatsplit.walks.kind import Step
from flatsplit.walks.trail.context import Context


def apply(state: State, context: Context) -> State:
    """The whole recorder, as flatsplit creates it."""
    wanted = {part.name: "" for part in ddl.PARTS}
    if not context.config.trail.table or state.recorder == wanted:
        return state
    return state.but(recorder=wanted)


STEP = Step(
    key=trail.RECORD_DDL,
    title="Record structural changes",
    purpose="Two event triggers write each structural change that is committed into flatsplit.ddl: what it was, about "
    "which object, by which login, acting as whom, from where and when; no statement's text, which may hold passwords. "
    "A recorder that fails warns and lets the statement pass. Not recorded: TRUNCATE, what is about roles and "
    "databases, what was refused or rolled back, temporary tables.",
    apply=apply,
    gates=("allowed",),
    watch=(
        'Warnings "flatsplit recorded nothing" in the log: the statement went on, its row is missing.',
        "On Amazon RDS event triggers have to be dropped before an upgrade to a new major: take this step back first.",
    ),
)
