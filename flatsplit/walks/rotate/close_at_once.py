"""close-at-once: the former login does not log in any more, and its sessions in every database are ended."""

from __future__ import annotations

from flatsplit.model import Statement
from flatsplit.walks import rotate
from flatsplit.walks.kind import Step
from flatsplit.walks.rotate.close import apply, closed
from flatsplit.walks.rotate.context import Context, former
from flatsplit.walks.sessions import last_sessions


def _ending_sessions(context: Context) -> tuple[Statement, ...]:
    return last_sessions(context.former, f"end all sessions of {context.former}, in every database", everywhere=True)


STEP = Step(
    key=rotate.CLOSE_AT_ONCE,
    title="Close the former twin at once",
    purpose="The former twin may no longer log in, and its sessions are ended in every database, each named "
    "before. Somebody else knows its password.",
    apply=apply,
    adds=_ending_sessions,
    ends=former,
    retires=former,
    by_hand=closed,
    watch=("Failed logins as the former twin in the server log (SQLSTATE 28000): whose are they?",),
)
