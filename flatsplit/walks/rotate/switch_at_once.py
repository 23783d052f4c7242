"""switch-at-once: as switch-connections, but it does not wait for the last users of the former login."""

from __future__ import annotations

from flatsplit.walks import rotate
from flatsplit.walks.kind import Step
from flatsplit.walks.rotate.context import coming, former
from flatsplit.walks.rotate.switch_connections import WATCH, apply

STEP = Step(
    key=rotate.SWITCH_AT_ONCE,
    title="Switch connections at once",
    purpose="The password is read back from the store and tried: it logs in as the twin and acts as the role. Then the "
    "store gives it out, and people move whoever logs in as the former twin. As soon as the new twin has come, the "
    "walk goes on: somebody else knows the former password.",
    apply=apply,
    gates=("delivered", "seen"),
    comes=coming,
    leaves=former,
    delivers=coming,
    by_people="people move the connections",
    watch=WATCH,
)
