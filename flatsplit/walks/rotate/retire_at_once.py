"""retire-at-once: the former password is removed, without waiting."""

from __future__ import annotations

from flatsplit.walks import rotate
from flatsplit.walks.kind import Step
from flatsplit.walks.rotate.context import former
from flatsplit.walks.rotate.retire import apply, unseen

STEP = Step(
    key=rotate.RETIRE_AT_ONCE,
    title="Forget the former password at once",
    purpose="Takes the password from the former twin: whoever has got hold of it has nothing any more. There is no way "
    "back.",
    apply=apply,
    adds=unseen,
    forgets=former,
)
