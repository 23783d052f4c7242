"""grant: the role gets the rights of its list."""

from __future__ import annotations

from flatsplit.model import State
from flatsplit.walks import role as keys
from flatsplit.walks.draft import Draft
from flatsplit.walks.kind import Step
from flatsplit.walks.role import grant_list
from flatsplit.walks.role.context import Context


def apply(state: State, context: Context) -> State:
    """The rights of its list, where they are missing. Rights that somebody granted besides are shown by the matrix."""
    draft = Draft(state)
    grant_list.give(draft, context)
    return draft.state()


STEP = Step(
    key=keys.GRANT,
    title="Grant what its list says",
    purpose="Gives the role what [grants] of its name lists in flatsplit.toml, everything that reads in the schemas "
    "that are wholly its own to read, and default privileges where it may use what comes later. GRANT takes no lock "
    "that readers or writers wait for.",
    apply=apply,
    gates=("listed",),
    watch=("Long VACUUM, CREATE INDEX or ALTER TABLE on the same tables: GRANT waits for them, briefly, and retries.",),
)
